import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { ClusterClient } from '../../../src/kube/client.ts';
import { subjectAccessReviews, tokenReviews } from '../../../src/kube/reviews.ts';
import { type Answer, clientOf, json, type StandIn, standIn } from './standin.ts';

let server: StandIn;
let client: ClusterClient;

afterEach(async () => {
  await client.close();
  server.close();
});

async function start(answer: Answer) {
  server = await standIn(answer);
  client = clientOf(server).client;
}

describe('tokenReviews', { timeout: 30_000 }, () => {
  it('asks with the token alone, and reads the user', async () => {
    await start((_received, response) =>
      json(response, 201, {
        kind: 'TokenReview',
        status: {
          authenticated: true,
          user: {
            username: 'system:serviceaccount:ns:sa',
            uid: 'u',
            groups: ['system:serviceaccounts', 'system:authenticated'],
            extra: { 'authentication.kubernetes.io/pod-name': ['p'] },
          },
          audiences: ['https://kubernetes.default.svc'],
        },
      }),
    );
    assert.deepEqual(await tokenReviews(client)('abc'), {
      authenticated: true,
      user: {
        name: 'system:serviceaccount:ns:sa',
        uid: 'u',
        groups: ['system:serviceaccounts', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/pod-name': ['p'] },
      },
    });
    const [received] = server.received;
    assert.deepEqual(
      [received!.method, received!.url],
      ['POST', '/apis/authentication.k8s.io/v1/tokenreviews'],
    );
    assert.deepEqual(JSON.parse(received!.body), {
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { token: 'abc' },
    });
  });

  const statuses: [string, object, object][] = [
    ['a no', { status: { user: {}, error: 'expired' } }, { authenticated: false, error: 'expired' }],
    [
      'a no that names a user',
      { status: { authenticated: false, user: { username: 'x' } } },
      { authenticated: false },
    ],
    ['no status', {}, { authenticated: false }],
    ['a yes in other clothes', { status: { authenticated: 'true' } }, { authenticated: false }],
    [
      'a user with only a name',
      { status: { authenticated: true, user: { username: 'x' } } },
      { authenticated: true, user: { name: 'x', groups: [], extra: {} } },
    ],
  ];
  for (const [name, answer, expected] of statuses) {
    it(name, async () => {
      await start((_received, response) => json(response, 201, answer));
      assert.deepEqual(await tokenReviews(client)('abc'), expected);
    });
  }

  it('is asked again on a passing fault', async () => {
    await start((_received, response, index) => {
      if (index === 0) response.destroy();
      else if (index === 1) json(response, 503, {});
      else json(response, 201, { status: { authenticated: true, user: { username: 'x' } } });
    });
    assert.equal((await tokenReviews(client)('abc')).authenticated, true);
    assert.equal(server.received.length, 3);
  });

  it('rejects on a refusal, with its message and without the token', async () => {
    await start((_received, response) =>
      json(response, 403, { kind: 'Status', message: 'tokenreviews is forbidden' }),
    );
    await assert.rejects(tokenReviews(client)('secret'), (error: Error) => {
      assert.match(error.message, /HTTP 403: tokenreviews is forbidden/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
});

describe('subjectAccessReviews', { timeout: 30_000 }, () => {
  const spec = { user: 'al', groups: ['g'], nonResourceAttributes: { path: '/metrics', verb: 'get' } };

  const statuses: [string, object, object][] = [
    ['yes', { allowed: true, reason: 'RBAC: allowed by …' }, { allowed: true, reason: 'RBAC: allowed by …' }],
    ['no opinion', { allowed: false }, { allowed: false }],
    ['no', { allowed: false, denied: true }, { allowed: false, denied: true }],
    ['nothing', {}, { allowed: false }],
    ['no truth', { allowed: 'yes' }, { allowed: false }],
  ];
  for (const [name, status, expected] of statuses) {
    it(name, async () => {
      await start((_received, response) => json(response, 201, { kind: 'SubjectAccessReview', status }));
      assert.deepEqual(await subjectAccessReviews(client)(spec), expected);
      const [received] = server.received;
      assert.equal(received!.url, '/apis/authorization.k8s.io/v1/subjectaccessreviews');
      assert.deepEqual(JSON.parse(received!.body), {
        kind: 'SubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1',
        spec,
      });
    });
  }

  const failures: [string, Answer, RegExp][] = [
    ['a refusal', (_received, response) => json(response, 403, { message: 'no' }), /HTTP 403: no/],
    ['a lasting fault', (_received, response) => json(response, 500, {}), /HTTP 500/],
    ['an answer that is no JSON', (_received, response) => response.end('<html>'), /not JSON/],
    [
      'a page of a proxy',
      (_received, response) => response.writeHead(502).end('<html>bad'),
      /HTTP 502: <html>bad/,
    ],
  ];
  for (const [name, answer, message] of failures) {
    it(`rejects on ${name}`, async () => {
      await start(answer);
      await assert.rejects(subjectAccessReviews(client)(spec), message);
    });
  }
});
