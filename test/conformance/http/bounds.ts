import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { User } from '../../../src/access/user.ts';
import type { HttpGroup } from '../http.ts';
import { base, json, type Setting } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/widgets`;
const busy = { authorization: 'Bearer busy' };
const hangs = JSON.stringify({ metadata: { name: 'hangs' } });

/** Starts a create that never ends, and waits until it is being served. */
async function hang(setting: Setting): Promise<ReturnType<Setting['request']>[]> {
  const before = setting.widgets.hanging.length;
  const request = setting.connection.request({
    method: 'POST',
    path,
    headers: { ...json, ...busy },
    body: hangs,
  });
  await until(() => setting.widgets.hanging.length > before);
  return [request];
}

/** What the metrics say of the requests that wait. */
function queued(level: string, kind: string, count: number): RegExp {
  return new RegExp(
    `current_inqueue_requests\\{request_kind="${kind}",priority_level="${level}"\\} ${count}\\n`,
  );
}

/** What the authenticator of one test waits for. */
let lookup: Promise<User>;
let lookups = 0;

/** Time, requests in flight, sizes. */
export const bounds: HttpGroup = suite => {
  suite.test('a request that takes too long is answered 504 and its work told to stop', async setting => {
    const [answer] = await hang(setting);
    const [signal] = setting.widgets.hanging;
    setting.clock.advance(59_999);
    assert.equal(signal!.aborted, false);
    setting.clock.advance(1);
    const { code, json: body } = await answer!;
    assert.equal(code, 504);
    assert.equal(body().reason, 'Timeout');
    assert.equal(body().message, 'Timeout: request did not complete within the allotted timeout');
    assert.equal(signal!.aborted, true);
  });

  suite.test('a client may ask for less time, not for more', async setting => {
    const asked = (timeout: string) =>
      setting.connection.request({
        method: 'POST',
        path: `${path}?timeout=${timeout}`,
        headers: { ...json, ...busy },
        body: hangs,
      });
    const short = asked('5s');
    const long = asked('500s');
    await until(() => setting.widgets.hanging.length === 2);
    setting.clock.advance(5_000);
    assert.equal((await short).code, 504);
    setting.clock.advance(55_000);
    assert.equal((await long).code, 504);
  });

  suite.test('a client that goes stops the work', async setting => {
    const going = setting.connect();
    const answer = going.request({ method: 'POST', path, headers: json, body: hangs });
    await until(() => setting.widgets.hanging.length === 1);
    going.close();
    await assert.rejects(answer);
    await until(() => setting.widgets.hanging[0]!.aborted);
  });

  suite.test(
    'a request beyond the places of its user waits for one, and not for ever',
    async setting => {
      const [first] = await hang(setting);
      const post = () =>
        setting.connection.request({ method: 'POST', path, headers: { ...json, ...busy }, body: '{}' });
      const late = post();
      // The times of two requests, and of one wait.
      await until(() => setting.clock.waiting === 3);
      assert.match((await setting.request({ path: '/metrics' })).text, queued('users', 'mutating', 1));
      const body = JSON.stringify({ metadata: { name: 'a' } });
      assert.equal((await setting.request({ method: 'POST', path, headers: json, body })).code, 201);
      assert.equal((await setting.connection.request({ path, headers: busy })).code, 200);
      assert.equal((await setting.connection.request({ path: '/healthz' })).code, 200);
      setting.clock.advance(15_000);
      const refused = await late;
      assert.equal(refused.code, 429);
      assert.equal(refused.text, 'Too many requests, please try again later.\n');
      assert.equal(refused.headers['retry-after'], '1');
      assert.match(String(refused.headers['content-type']), /^text\/plain/);
      setting.clock.advance(40_000);
      const patient = post();
      await until(() => setting.clock.waiting === 3);
      setting.clock.advance(5_000);
      assert.equal((await first!).code, 504);
      assert.equal((await patient).code, 400);
      const { text } = await setting.request({ path: '/metrics' });
      assert.match(text, queued('users', 'mutating', 0));
      assert.match(
        text,
        /rejected_requests_total\{priority_level="users",request_kind="mutating",reason="time-out"\} 1\n/,
      );
    },
    { bounds: { maxMutatingRequestsInflight: 4, requestTimeoutMs: 60_000 } },
  );

  suite.test(
    'reads have a bound of their own; probes and administrators are not held up',
    async setting => {
      const refused = await setting.connection.request({ path, headers: busy });
      assert.equal(refused.code, 429);
      assert.equal((await setting.connection.request({ path: '/readyz' })).code, 200);
      assert.equal((await setting.request({ path })).code, 200);
    },
    { bounds: { maxRequestsInflight: 0 } },
  );

  suite.test(
    'who may not do a thing waits for no place, and takes none',
    async setting => {
      const answer = await setting.connection.request({ path, headers: { authorization: 'Bearer told' } });
      assert.equal(answer.code, 403);
    },
    { bounds: { maxRequestsInflight: 0 } },
  );

  suite.test(
    'a wait ends with the time of the request, and leaves the queue',
    async setting => {
      const [first] = await hang(setting);
      first!.catch(() => {});
      const late = setting.connection.request({
        method: 'POST',
        path: `${path}?timeout=5s`,
        headers: { ...json, ...busy },
        body: '{}',
      });
      await until(() => setting.clock.waiting === 3);
      setting.clock.advance(5_000);
      assert.equal((await late).code, 504);
      assert.match((await setting.request({ path: '/metrics' })).text, queued('users', 'mutating', 0));
    },
    { bounds: { maxMutatingRequestsInflight: 4 } },
  );

  suite.test(
    'a client that goes while its user is looked up takes no place for good',
    async setting => {
      const { promise, resolve } = Promise.withResolvers<User>();
      lookup = promise;
      lookups = 0;
      const going = setting.connect();
      const answer = going.request({ path, headers: { authorization: 'Bearer looked-up' } });
      await until(() => lookups > 0);
      going.close();
      await assert.rejects(answer);
      await until(() => setting.log.some(({ message }) => message === 'request'));
      resolve({ name: 'busy', groups: [], extra: {} });
      await nextTurn();
      const { text } = await setting.connection.request({ path: '/metrics' });
      assert.match(text, /current_inflight_requests\{request_kind="readOnly"\} 1\n/);
    },
    {
      authenticate: async ({ rawHeaders }) => {
        if (rawHeaders.includes('Bearer looked-up')) {
          lookups++;
          return lookup;
        }
        return { name: 'admin', groups: ['system:masters'], extra: {} };
      },
    },
  );

  suite.test(
    'watches are bounded too, and not by the requests in flight',
    async setting => {
      const open = await setting.stream({ path: `${path}?watch=true` });
      const refused = await setting.request({ path: `${path}?watch=true` });
      assert.equal(refused.code, 429);
      assert.equal(refused.headers['retry-after'], '5');
      assert.equal(refused.json().reason, 'TooManyRequests');
      open.cancel();
      await until(() => setting.widgets.watches.size === 0);
      const next = await setting.stream({ path: `${path}?watch=true` });
      assert.equal(next.code, 200);
    },
    { bounds: { maxWatchers: 1, maxRequestsInflight: 0 } },
  );

  suite.test('a large selector is read, one that is too large is refused', async ({ request }) => {
    const selector = (count: number) =>
      Array.from({ length: count }, (_, at) => `label-${String(at).padStart(5, '0')}=value`).join(',');
    assert.equal((await request({ path: `${path}?labelSelector=${selector(900)}` })).code, 200);
    const many = await request({ path: `${path}?labelSelector=${selector(2000)}` });
    assert.equal(many.code, 400);
    assert.equal(many.json().reason, 'BadRequest');
  });

  suite.test('a user of many groups gets through', async ({ request }) => {
    const headers = Object.fromEntries(
      Array.from({ length: 600 }, (_, at) => [`x-remote-extra-${at}`, 'group']),
    );
    assert.equal((await request({ path, headers })).code, 200);
  });

  suite.test('headers beyond the bound are refused, and the server lives', async setting => {
    const headers = { 'x-large': 'x'.repeat(80_000) };
    const refused = setting.request({ path, headers }).then(
      answer => answer.code,
      () => 'broken off',
    );
    assert.ok([431, 'broken off'].includes(await refused));
    const next = setting.connect();
    assert.equal((await next.request({ path: '/healthz' })).code, 200);
  });
};
