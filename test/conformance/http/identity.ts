import assert from 'node:assert/strict';
import { unauthorized } from '../../../src/machinery/status.ts';
import type { HttpGroup } from '../http.ts';
import { base } from './setting.ts';

const user = (name: string) => ({ authorization: `Bearer ${name}` });

/** Who may do what, and in which order that is found out. */
export const identity: HttpGroup = suite => {
  suite.test(
    'an anonymous caller gets the health endpoints and the open paths only',
    async ({ connection }) => {
      for (const path of ['/healthz', '/livez', '/readyz', '/healthz?verbose']) {
        assert.equal((await connection.request({ path })).code, 200, path);
      }
      assert.equal((await connection.request({ path: '/open/x' })).code, 404);
      for (const path of [
        '/',
        '/version',
        '/metrics',
        '/readyz/ping',
        '/apis',
        base,
        `${base}/widgets`,
        '/nowhere',
        '/openx',
      ]) {
        assert.equal((await connection.request({ path })).code, 403, path);
      }
    },
  );

  suite.test('403 says who, what and why', async ({ connection }) => {
    const forbidden: [method: string, path: string, message: string, details: object][] = [
      ['GET', '/version', 'forbidden: User "told" cannot get path "/version": no <right>', {}],
      [
        'GET',
        `${base}/widgets/a`,
        'widgets.projectcalico.org "a" is forbidden: User "told" cannot get resource "widgets" in API group ' +
          '"projectcalico.org" at the cluster scope: no <right>',
        { name: 'a', group: 'projectcalico.org', kind: 'widgets' },
      ],
      [
        'PATCH',
        `${base}/namespaces/x/gadgets/a/status`,
        'gadgets.projectcalico.org "a" is forbidden: User "told" cannot patch resource "gadgets/status" in API group ' +
          '"projectcalico.org" in the namespace "x": no <right>',
        { name: 'a', group: 'projectcalico.org', kind: 'gadgets' },
      ],
      [
        'GET',
        `${base}/%3Cb%3E`,
        '<b>.projectcalico.org is forbidden: User "told" cannot list resource "&lt;b&gt;" in API group ' +
          '"projectcalico.org" at the cluster scope: no <right>',
        { group: 'projectcalico.org', kind: '<b>' },
      ],
    ];
    for (const [method, path, message, details] of forbidden) {
      const answer = await connection.request({ method, path, headers: user('told') });
      assert.equal(answer.code, 403);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.json().message, message);
      assert.deepEqual(answer.json().details, details);
    }
  });

  suite.test('rights come before routing, identity before rights', async ({ connection }) => {
    assert.equal((await connection.request({ path: `${base}/things`, headers: user('told') })).code, 403);
    assert.equal((await connection.request({ path: `${base}/things`, headers: user('admin') })).code, 404);
    assert.equal((await connection.request({ path: `${base}/things`, headers: user('invalid') })).code, 401);
  });

  suite.test('an invalid credential is a Status 401, on open paths too', async ({ connection }) => {
    for (const path of ['/version', '/healthz']) {
      const answer = await connection.request({ path, headers: user('invalid') });
      assert.equal(answer.code, 401);
      assert.deepEqual(answer.json(), unauthorized().status);
    }
  });

  suite.test('who cannot be asked about is a 500 in text', async ({ connection, log }) => {
    const authn = await connection.request({ path: '/version?a=b', headers: user('broken') });
    assert.equal(authn.code, 500);
    assert.equal(authn.text, 'Internal Server Error: "/version?a=b": no <answer>\n');
    assert.equal(authn.headers['content-type'], 'text/plain; charset=utf-8');
    const authz = await connection.request({ path: '/version', headers: user('undecided') });
    assert.equal(authz.code, 500);
    assert.equal(authz.text, 'Internal Server Error: "/version": no answer from the cluster\n');
    assert.equal(log.filter(({ level }) => level === 'error').length, 2);
  });

  suite.test('impersonation is refused, never ignored', async ({ connection }) => {
    for (const header of [
      'impersonate-user',
      'Impersonate-Group',
      'impersonate-extra-x',
      'impersonate-uid',
    ]) {
      const answer = await connection.request({
        path: '/version',
        headers: { ...user('admin'), [header]: 'x' },
      });
      assert.equal(answer.code, 400, header);
      assert.match(String(answer.json().message), /^impersonation is not supported: .* impersonate-/);
    }
  });

  suite.test('the attributes that an authorizer is asked about', async ({ connection, attributes }) => {
    const gr = {
      resource: 'widgets',
      subresource: '',
      group: 'projectcalico.org',
      version: 'v3',
      namespace: '',
    };
    const asked: [method: string, path: string, attributes: object][] = [
      ['GET', '/version/', { path: '/version', verb: 'get' }],
      ['POST', '/a%20b', { path: '/a b', verb: 'post' }],
      ['GET', `${base}/widgets/a`, { ...gr, name: 'a', verb: 'get' }],
      ['GET', `${base}/widgets`, { ...gr, name: '', verb: 'list' }],
      ['DELETE', `${base}/widgets`, { ...gr, name: '', verb: 'deletecollection' }],
      [
        'PUT',
        `${base}/namespaces/x/gadgets/a/status`,
        { ...gr, resource: 'gadgets', namespace: 'x', name: 'a', subresource: 'status', verb: 'update' },
      ],
      [
        'GET',
        `${base}/widgets?watch=1&fieldSelector=metadata.name%3Da`,
        {
          ...gr,
          name: 'a',
          verb: 'watch',
          fieldSelector: [{ key: 'metadata.name', operator: 'In', values: ['a'] }],
        },
      ],
      [
        'DELETE',
        `${base}/widgets?fieldSelector=metadata.name%3Da`,
        {
          ...gr,
          name: '',
          verb: 'deletecollection',
          fieldSelector: [{ key: 'metadata.name', operator: 'In', values: ['a'] }],
        },
      ],
      [
        'GET',
        `${base}/widgets?labelSelector=a%3Db,c!%3Dd,e%20in%20(f,g),h,!i,j%3E1&fieldSelector=metadata.name!%3Da`,
        {
          ...gr,
          name: '',
          verb: 'list',
          fieldSelector: [{ key: 'metadata.name', operator: 'NotIn', values: ['a'] }],
          labelSelector: [
            { key: 'a', operator: 'In', values: ['b'] },
            { key: 'c', operator: 'NotIn', values: ['d'] },
            { key: 'e', operator: 'In', values: ['f', 'g'] },
            { key: 'h', operator: 'Exists' },
            { key: 'i', operator: 'DoesNotExist' },
          ],
        },
      ],
      ['GET', `${base}/widgets?labelSelector=((&fieldSelector=((`, { ...gr, name: '', verb: 'list' }],
    ];
    for (const [method, path, expected] of asked) {
      attributes.length = 0;
      await connection.request({ method, path, headers: user('nobody') });
      assert.deepEqual(attributes, [expected], `${method} ${path}`);
    }
  });

  suite.test(
    'headers of identity reach the authenticator as they came, and nobody after it',
    async ({ connection }) => {
      const answer = await connection.request({
        path: '/version',
        headers: { 'x-remote-user': 'a', 'X-Remote-Group': 'b' },
      });
      assert.equal(answer.code, 403);
      assert.match(String(answer.json().message), /User "a\/b"/);
    },
    {
      authenticate: async ({ rawHeaders }) => {
        const value = (name: string) =>
          rawHeaders[rawHeaders.findIndex(header => header.toLowerCase() === name) + 1];
        return { name: `${value('x-remote-user')}/${value('x-remote-group')}`, groups: [], extra: {} };
      },
    },
  );
};
