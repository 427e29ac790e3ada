import assert from 'node:assert/strict';
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
    'beyond the bound of requests in flight the answer is 429 in text, but not for all',
    async setting => {
      const running = [...(await hang(setting)), ...(await hang(setting))];
      const refused = await setting.connection.request({
        method: 'POST',
        path,
        headers: { ...json, ...busy },
        body: '{}',
      });
      assert.equal(refused.code, 429);
      assert.equal(refused.text, 'Too many requests, please try again later.\n');
      assert.equal(refused.headers['retry-after'], '1');
      assert.match(String(refused.headers['content-type']), /^text\/plain/);
      const body = JSON.stringify({ metadata: { name: 'a' } });
      assert.equal((await setting.request({ method: 'POST', path, headers: json, body })).code, 201);
      assert.equal((await setting.connection.request({ path, headers: busy })).code, 200);
      assert.equal((await setting.connection.request({ path: '/healthz' })).code, 200);
      setting.clock.advance(60_000);
      for (const answer of running) assert.equal((await answer).code, 504);
      const freed = await setting.connection.request({
        method: 'POST',
        path,
        headers: { ...json, ...busy },
        body: '{}',
      });
      assert.equal(freed.code, 400);
    },
    { bounds: { maxMutatingRequestsInflight: 2 } },
  );

  suite.test(
    'reads have a bound of their own; probes are not held up',
    async setting => {
      const refused = await setting.connection.request({ path, headers: busy });
      assert.equal(refused.code, 429);
      assert.equal((await setting.connection.request({ path: '/readyz' })).code, 200);
      assert.equal((await setting.request({ path })).code, 200);
    },
    { bounds: { maxRequestsInflight: 0 } },
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
