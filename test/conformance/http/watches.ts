import assert from 'node:assert/strict';
import type { HttpGroup } from '../http.ts';
import type { AnswerStream } from './client.ts';
import { base, json, type Setting } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/widgets`;
const watchPath = `${path}?watch=true`;

function create(setting: Setting, name: string, note = ''): ReturnType<Setting['request']> {
  const body = JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Widget',
    metadata: { name },
    spec: { note },
  });
  return setting.request({ method: 'POST', path, headers: json, body });
}

async function events(stream: AnswerStream, count: number): Promise<Record<string, unknown>[]> {
  const seen: Record<string, unknown>[] = [];
  while (seen.length < count) seen.push((await stream.next())!);
  return seen;
}

const asked = (as: string) => ({ accept: `application/json;as=${as};g=meta.k8s.io;v=v1` });

/** Streams of events: framing, ends, forms, many at once. */
export const watches: HttpGroup = suite => {
  suite.test('the headers come before any event', async ({ stream }) => {
    const watch = await stream({ path: watchPath, headers: { 'accept-encoding': 'gzip' } });
    assert.equal(watch.code, 200);
    assert.equal(watch.headers['content-type'], 'application/json');
    assert.equal(watch.headers['content-encoding'], undefined);
    assert.equal(watch.headers['content-length'], undefined);
    if (suite.transport.name === 'HTTP/1.1') assert.equal(watch.headers['transfer-encoding'], 'chunked');
  });

  suite.test('each event is one line, whatever asks for indentation', async setting => {
    const watch = await setting.stream({
      path: `${watchPath}&pretty=true`,
      headers: { 'user-agent': 'curl/8' },
    });
    const created = (await create(setting, 'a')).json();
    assert.deepEqual(await watch.next(), { type: 'ADDED', object: created });
    await setting.request({ method: 'DELETE', path: `${path}/a` });
    assert.deepEqual(await watch.next(), { type: 'DELETED', object: created });
  });

  suite.test('all ways to ask for a watch', async setting => {
    const gadgets = `${base}/namespaces/x/gadgets`;
    for (const way of [
      `${path}?watch`,
      `${path}?watch=1`,
      `${base}/watch/widgets`,
      `${base}/watch/widgets/a`,
      `${gadgets}?watch=1`,
      `${base}/gadgets?watch=1`,
    ]) {
      const watch = await setting.stream({ path: way });
      assert.equal(watch.code, 200, way);
      watch.cancel();
    }
    assert.deepEqual(
      setting.widgets.watchOptions.map(options => [options.watch, options.fieldSelector]),
      [
        [true, ''],
        [true, ''],
        [true, ''],
        [true, 'metadata.name=a'],
      ],
    );
  });

  suite.test('a refusal before the start is an ordinary answer', async ({ stream, request }) => {
    assert.equal((await stream({ path: `${watchPath}&resourceVersion=refused` })).code, 400);
    assert.equal((await request({ path: `${base}/things?watch=true` })).code, 404);
  });

  suite.test('it ends cleanly when its time is up', async setting => {
    const watch = await setting.stream({ path: `${watchPath}&timeoutSeconds=7` });
    assert.equal(setting.widgets.watchOptions[0]!.timeoutSeconds, 7);
    setting.clock.advance(6_999);
    await create(setting, 'a');
    assert.equal((await watch.next())!.type, 'ADDED');
    setting.clock.advance(1);
    assert.equal(await watch.next(), undefined);
    assert.equal(setting.widgets.watches.size, 0);
  });

  suite.test('shortly before the end it tells how far it has come, if that is wanted', async setting => {
    const wanted = await setting.stream({ path: `${watchPath}&timeoutSeconds=7&allowWatchBookmarks=true` });
    const unwanted = await setting.stream({ path: `${watchPath}&timeoutSeconds=7` });
    const short = await setting.stream({ path: `${watchPath}&timeoutSeconds=2&allowWatchBookmarks=true` });
    setting.clock.advance(5_000);
    assert.deepEqual(await wanted.next(), {
      type: 'BOOKMARK',
      object: { kind: 'Widget', apiVersion: 'projectcalico.org/v3', metadata: { resourceVersion: '1' } },
    });
    assert.equal(await short.next(), undefined);
    setting.clock.advance(2_000);
    assert.equal(await wanted.next(), undefined);
    assert.equal(await unwanted.next(), undefined);
  });

  suite.test(
    'without a time it lives between one and two minima; a request timeout does not cut it',
    async setting => {
      const watch = await setting.stream({ path: `${watchPath}&timeout=1s` });
      assert.equal(setting.widgets.watchOptions[0]!.timeoutSeconds, 2700);
      setting.clock.advance(2_699_999);
      await create(setting, 'a');
      assert.equal((await watch.next())!.type, 'ADDED');
      setting.clock.advance(1);
      assert.equal(await watch.next(), undefined);
    },
  );

  suite.test('a client that goes is let go', async setting => {
    const stays = await setting.stream({ path: watchPath });
    const cancels = await setting.stream({ path: watchPath });
    const leaves = setting.connect();
    await leaves.stream({ path: watchPath, headers: { authorization: 'Bearer admin' } });
    assert.equal(setting.widgets.watches.size, 3);
    cancels.cancel();
    await until(() => setting.widgets.watches.size === 2);
    leaves.close();
    await until(() => setting.widgets.watches.size === 1);
    await create(setting, 'a');
    assert.equal((await stays.next())!.type, 'ADDED');
  });

  suite.test('as metadata', async setting => {
    const watch = await setting.stream({
      path: `${watchPath}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      headers: asked('PartialObjectMetadata'),
    });
    const about = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    assert.deepEqual(await watch.next(), {
      type: 'BOOKMARK',
      object: { ...about, metadata: { resourceVersion: '1', annotations } },
    });
    const { metadata } = (await create(setting, 'a')).json();
    assert.deepEqual(await watch.next(), { type: 'ADDED', object: { ...about, metadata } });
  });

  suite.test('as a Table: the columns come once, errors stay as they are', async setting => {
    const watch = await setting.stream({ path: `${watchPath}&includeObject=None`, headers: asked('Table') });
    await create(setting, 'a', 'hello');
    await create(setting, 'b', 'there');
    const [first, second] = (await events(watch, 2)) as {
      type: string;
      object: { columnDefinitions: unknown[]; rows: unknown[]; metadata: object };
    }[];
    assert.equal(first!.type, 'ADDED');
    assert.equal(first!.object.columnDefinitions.length, 2);
    assert.deepEqual(first!.object.rows, [{ cells: ['a', 'hello'], object: null }]);
    assert.deepEqual(first!.object.metadata, { resourceVersion: '2' });
    assert.equal(second!.object.columnDefinitions, null);
    assert.deepEqual(second!.object.rows, [{ cells: ['b', 'there'], object: null }]);
  });

  suite.test(
    'the bookmark of a Table tells the end of the initial events whatever is included',
    async setting => {
      const watch = await setting.stream({
        path: `${watchPath}&includeObject=None&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
        headers: asked('Table'),
      });
      const { type, object } = (await watch.next()) as {
        type: string;
        object: { rows: unknown[]; metadata: object };
      };
      assert.equal(type, 'BOOKMARK');
      assert.deepEqual(object.metadata, { resourceVersion: '1' });
      const metadata = { resourceVersion: '1', annotations: { 'k8s.io/initial-events-end': 'true' } };
      assert.deepEqual(object.rows, [
        {
          cells: ['', null],
          object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
        },
      ]);
    },
  );

  suite.test(
    'a client that does not read is let go, and holds up nobody',
    async setting => {
      const slow = setting.connect();
      const stuck = await slow.stream({ path: watchPath, headers: { authorization: 'Bearer admin' } });
      stuck.pause();
      const [held] = setting.widgets.watches;
      // More than the windows and socket buffers on the way can hold.
      const event = Buffer.alloc(1024 * 1024, ' ');
      while (held!.sink.bufferedBytes() <= 200_000) {
        held!.sink.write(event);
        await new Promise(resolve => setImmediate(resolve));
      }
      const reader = await setting.stream({ path: watchPath });
      await create(setting, 'a', 'for all');
      assert.equal((await reader.next())!.type, 'ADDED');
      const buffered = held!.sink.bufferedBytes();
      held!.sink.write(event);
      assert.ok(held!.sink.bufferedBytes() <= buffered, 'an ended stream takes nothing more');
      setting.clock.advance(30_000);
      await until(() => setting.widgets.watches.size === 1);
      await held!.sink.drained();
    },
    { bounds: { maxWatchBufferBytes: 100_000 } },
  );

  suite.test('drained waits for the client', async setting => {
    const slow = setting.connect();
    const stuck = await slow.stream({ path: watchPath, headers: { authorization: 'Bearer admin' } });
    const { sink } = [...setting.widgets.watches][0]!;
    await sink.drained();
    const line = `${JSON.stringify({ type: 'ADDED', object: 'x'.repeat(8 * 1024 * 1024) })}\n`;
    sink.write(Buffer.from(line));
    let drained = false;
    const waiting = sink.drained().then(() => {
      drained = true;
    });
    assert.equal(drained, false);
    assert.equal((await stuck.next())!.type, 'ADDED');
    await waiting;
    assert.equal(sink.bufferedBytes(), 0);
  });

  // Over HTTP/1.1 each is a connection of its own, and there is nothing that they could share.
  const many = suite.transport.name === 'HTTP/2' ? 998 : 50;
  suite.test(
    `${many} watches, cancelled all at once, three times over, leave the others alone`,
    async setting => {
      const survivor = await setting.stream({ path: watchPath });
      for (let round = 0; round < 3; round++) {
        const streams = await Promise.all(
          Array.from({ length: many }, () => setting.stream({ path: watchPath })),
        );
        assert.equal(setting.widgets.watches.size, many + 1);
        const named = `w${round}`;
        await create(setting, named);
        const seen = await Promise.all(streams.map(stream => stream.next()));
        assert.ok(seen.every(event => event?.type === 'ADDED'));
        for (const stream of streams) stream.cancel();
        await until(() => setting.widgets.watches.size === 1);
        const { object } = (await survivor.next()) as { object: { metadata: { name: string } } };
        assert.equal(object.metadata.name, named);
      }
    },
    { isFrontProxy: () => true },
  );
};
