import assert from 'node:assert/strict';
import type { HttpGroup } from '../http.ts';
import { base, json, type Setting } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/namespaces/x/gadgets`;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function lines(setting: Setting, count: number): Promise<Record<string, unknown>[]> {
  const requests = () => setting.log.filter(({ message }) => message === 'request');
  await until(() => requests().length >= count);
  return requests().map(({ fields }) => fields);
}

async function metrics(setting: Setting): Promise<string> {
  return (await setting.request({ path: '/metrics' })).text;
}

/** What a request leaves behind: headers of every answer, its line in the log, metrics. */
export const records: HttpGroup = suite => {
  suite.test('every answer has an audit id, the caller’s where there is one', async ({ request }) => {
    for (const asked of ['/version', '/nowhere', base, `${path}/none`]) {
      const sent = await request({ path: asked, headers: { 'Audit-ID': 'from-the-front' } });
      assert.equal(sent.headers['audit-id'], 'from-the-front');
      assert.match(String((await request({ path: asked })).headers['audit-id']), uuid);
      assert.equal(sent.headers['cache-control'], 'no-cache, private');
      assert.equal(sent.headers['x-powered-by'], undefined);
    }
  });

  suite.test('one line a request', async setting => {
    const headers = { ...json, 'user-agent': 'test/1', 'audit-id': 'id-1' };
    await setting.request({ method: 'POST', path, headers, body: '{"metadata":{"name":"a"}}' });
    await setting.request({ path: `${path}/none`, headers });
    await setting.connection.request({
      path: '/version',
      headers: { 'user-agent': 'test/1', 'audit-id': 'id-2' },
    });
    const [created, missing, version] = await lines(setting, 3);
    const about = {
      auditId: 'id-1',
      user: 'admin',
      resource: 'gadgets',
      namespace: 'x',
      ms: 0,
      userAgent: 'test/1',
    };
    assert.deepEqual(created, { ...about, verb: 'create', name: '', code: 201 });
    assert.deepEqual(missing, {
      ...about,
      verb: 'get',
      name: 'none',
      code: 404,
      reason: 'gadgets.projectcalico.org "none" not found',
    });
    assert.deepEqual(version, {
      auditId: 'id-2',
      user: 'system:anonymous',
      verb: 'get',
      path: '/version',
      code: 403,
      reason: 'forbidden: User "system:anonymous" cannot get path "/version"',
      ms: 0,
      userAgent: 'test/1',
    });
  });

  suite.test('of many failures of one user a sample is written, and how many are left out', async setting => {
    const failing = async (user: string, asked: string) => {
      const answer = await setting.connection.request({
        path: asked,
        headers: { authorization: `Bearer ${user}` },
      });
      assert.ok(answer.code >= 400);
    };
    for (let sent = 0; sent < 15; sent++) {
      await failing('mallory', `${path}?n=${sent}`);
      await failing('admin', `${path}/none`);
    }
    await failing('other', path);
    await setting.request({ path });
    await lines(setting, 22);
    setting.clock.advance(1_000);
    const written = setting.log.map(({ message, fields }) => [
      message,
      fields.user,
      fields.code,
      fields.count,
    ]);
    const tally = (user: string, code: number) =>
      written.filter(([message, ...rest]) => message === 'request' && rest[0] === user && rest[1] === code)
        .length;
    assert.deepEqual(
      [tally('mallory', 403), tally('admin', 404), tally('other', 403), tally('admin', 200)],
      [10, 10, 1, 1],
    );
    assert.deepEqual(
      written.filter(([message]) => message !== 'request'),
      [
        ['requests left out of the log', 'mallory', 403, 5],
        ['requests left out of the log', 'admin', 404, 5],
      ],
    );
    await failing('mallory', path);
    await lines(setting, 23);
  });

  suite.test('what clients chose is cut', async setting => {
    const long = 'x'.repeat(5_000);
    await setting.connection.request({
      path: `${path}/${long}`,
      headers: { authorization: `Bearer ${long}`, 'user-agent': long },
    });
    const [line] = await lines(setting, 1);
    assert.equal(line!.code, 403);
    assert.ok(JSON.stringify(line).length < 2_000);
    assert.ok(!JSON.stringify(line).includes('Bearer'));
  });

  suite.test('a watch has its line at its end, a probe that is well only at level debug', async setting => {
    const watch = await setting.stream({ path: `${path}?watch=1&timeoutSeconds=3` });
    setting.clock.advance(3_000);
    assert.equal(await watch.next(), undefined);
    await setting.connection.request({ path: '/healthz' });
    const [first] = await lines(setting, 2);
    assert.deepEqual(
      { verb: first!.verb, code: first!.code, ms: first!.ms },
      { verb: 'watch', code: 200, ms: 3_000 },
    );
    assert.deepEqual(
      setting.log.map(({ level }) => level),
      ['info', 'debug'],
    );
  });

  suite.test('requests are counted and timed', async setting => {
    await setting.request({ path });
    await setting.request({
      method: 'POST',
      path: `${path}?dryRun=All`,
      headers: json,
      body: '{"metadata":{"name":"a"}}',
    });
    await setting.request({ path: `${path}/none` });
    await lines(setting, 3);
    const text = await metrics(setting);
    const target = 'group="projectcalico.org",version="v3",resource="gadgets",subresource=""';
    for (const labels of [
      `verb="LIST",${target},scope="namespace",component="apiserver",dry_run="",code="200"`,
      `verb="POST",${target},scope="resource",component="apiserver",dry_run="All",code="201"`,
      `verb="GET",${target},scope="resource",component="apiserver",dry_run="",code="404"`,
    ]) {
      assert.ok(text.includes(`apiserver_request_total{${labels}} 1\n`), labels);
    }
    assert.match(text, /apiserver_request_duration_seconds_count\{verb="LIST",/);
    assert.match(text, /apiserver_response_sizes_count\{verb="LIST",/);
    assert.match(text, /apiserver_current_inflight_requests\{request_kind="readOnly"\} 1\n/);
  });

  suite.test('what clients make up does not become a label', async setting => {
    for (const made of ['/apis/g/v/made-up', `${base}/made-up`, '/made-up', `${path}/a/made-up`]) {
      await setting.request({ method: 'PROPFIND', path: made });
    }
    await lines(setting, 4);
    assert.ok(!(await metrics(setting)).includes('made-up'));
  });

  suite.test('watches are counted while they are open, and their events', async setting => {
    const watch = await setting.stream({ path: `${base}/widgets?watch=1` });
    await setting.request({
      method: 'POST',
      path: `${base}/widgets`,
      headers: json,
      body: '{"metadata":{"name":"a"}}',
    });
    await watch.next();
    const text = await metrics(setting);
    assert.match(text, /apiserver_longrunning_requests\{verb="WATCH",.*resource="widgets".*\} 1\n/);
    assert.match(text, /apiserver_watch_events_total\{.*resource="widgets"\} 1\n/);
    watch.cancel();
    await until(() => setting.widgets.watches.size === 0);
    assert.match(
      await metrics(setting),
      /apiserver_longrunning_requests\{verb="WATCH",.*resource="widgets".*\} 0\n/,
    );
  });
};
