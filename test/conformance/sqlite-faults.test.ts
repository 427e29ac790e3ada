import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { kinds } from '../../src/kinds/index.ts';
import { decode } from '../../src/machinery/decode.ts';
import { Resource } from '../../src/registry/resource.ts';
import type { SqliteBackend } from '../../src/storage/sqlite/backend.ts';
import { v3Codec } from '../../src/storage/v3-codec.ts';
import { WatchCache } from '../../src/watch/cache.ts';
import { HistoryPool } from '../../src/watch/history.ts';
import { objectEncoder, type WatchSink } from '../../src/watch/stream.ts';
import { directoryOf, openStore } from './sqlite-store.ts';

/** Faults of the embedded store as clients of the API see them; those of whole processes are in test/system. */

const log = { debug() {}, info() {}, warn() {}, error() {} };
const kind = kinds.find(each => each.kind === 'NetworkSet')!;
const historyMs = 300_000;

/** A client that reads at once. */
class Client implements WatchSink {
  readonly told: string[] = [];
  ended = false;
  write(chunk: Buffer): void {
    for (const line of chunk.toString().split('\n').slice(0, -1)) {
      const { type, object } = JSON.parse(line);
      this.told.push(type === 'ERROR' ? `ERROR ${object.code}` : `${type} ${object.metadata.name}`);
    }
  }
  bufferedBytes(): number {
    return 0;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  end(): void {
    this.ended = true;
  }
}

/** Time as all parts see it: of day, and since some moment, which the setting of a clock does not touch. */
interface Clock {
  nowMs: number;
  elapsedMs: number;
}

/** One kind served from a store. */
async function serve(store: SqliteBackend, clock: Clock) {
  const codec = v3Codec({ ...kind, hasInt64: false });
  const cache = new WatchCache({
    backend: store,
    codec,
    hasInt64: false,
    plural: kind.plural,
    fieldsOf: () => ({}),
    bounds: {
      historyMs,
      historyEvents: 1_000,
      bookmarkIntervalMs: 1 << 30,
      maxBufferBytes: 1 << 20,
    },
    histories: new HistoryPool(1 << 20),
    log,
    clock: () => clock.elapsedMs,
  });
  const now = () => new Date(clock.nowMs);
  const resource = new Resource({ kind, backend: store, codec, cache, now });
  await cache.start();
  const context = { warn() {}, signal: new AbortController().signal };
  return {
    cache,
    async create(name: string) {
      const text = JSON.stringify({ metadata: { name }, spec: {} });
      const body = decode(Buffer.from(text), 'application/json');
      const how = { dryRun: false, fieldValidation: 'Strict' } as const;
      return (await resource.create(context, 'default', body, how)).metadata;
    },
    /** Opens a watch after a version, and waits until it has been told what it can be told at once. */
    async watch(after: number) {
      const client = new Client();
      cache.open({
        start: { initialEvents: false, after },
        filter: { key: 'all', matches: () => true },
        encoder: objectEncoder(kind.kind, 'projectcalico.org/v3'),
        sink: client,
        bookmarks: false,
        expired: () => Buffer.from(JSON.stringify({ kind: 'Status', code: 410, metadata: {} })),
      });
      await settle(cache);
      return client;
    },
  };
}

async function settle(cache: WatchCache): Promise<void> {
  await cache.fresh();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

const startMs = Date.parse('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;

suite('history compacted under open watches', () => {
  test('they go on; after a restart a resume from before it is a 410, one from after it is exact', async () => {
    const clock: Clock = { nowMs: startMs, elapsedMs: 0 };
    const store = await openStore({ now: () => clock.nowMs });
    const served = await serve(store, clock);
    const from = await store.revision();
    const open = await served.watch(from);
    await served.create('a');
    const middle = Number((await served.create('b')).resourceVersion);
    await store.compact(middle);
    await served.create('c');
    await settle(served.cache);
    assert.deepEqual(open.told, ['ADDED a', 'ADDED b', 'ADDED c']);
    // This server has seen it all, and still can tell.
    assert.deepEqual((await served.watch(from)).told, ['ADDED a', 'ADDED b', 'ADDED c']);
    served.cache.close();
    await store.close();

    const again = await openStore({ directory: directoryOf(store), now: () => clock.nowMs });
    const restarted = await serve(again, clock);
    const late = await restarted.watch(from);
    assert.deepEqual([late.told, late.ended], [['ERROR 410'], true]);
    assert.deepEqual((await restarted.watch(middle)).told, ['ADDED c']);
    restarted.cache.close();
    await again.close();
  });
});

suite('a clock that jumps', () => {
  const all = ['ADDED before', 'ADDED after', 'ADDED last'];
  const gone = ['ERROR 410'];
  // The server that runs knows how old a change is. The file has only the time of day: what is older than the window by that is
  // forgotten with the next write.
  const jumps: [
    string,
    { byMs: number; elapsesMs?: number },
    Record<'time' | 'running' | 'restarted', unknown>,
  ][] = [
    ['an hour forwards', { byMs: hourMs }, { time: '2026-01-01T01:00:00Z', running: all, restarted: gone }],
    ['an hour backwards', { byMs: -hourMs }, { time: '2025-12-31T23:00:00Z', running: all, restarted: all }],
    ['a minute forwards', { byMs: 60_000 }, { time: '2026-01-01T00:01:00Z', running: all, restarted: all }],
    [
      'no jump, but an hour that passes',
      { byMs: hourMs, elapsesMs: hourMs },
      { time: '2026-01-01T01:00:00Z', running: gone, restarted: gone },
    ],
  ];
  for (const [name, { byMs, elapsesMs = 0 }, { time, running, restarted: again }] of jumps) {
    test(`${name}: versions go on, open watches see every change once, times are the clock's`, async () => {
      const clock: Clock = { nowMs: startMs, elapsedMs: 0 };
      const store = await openStore({ now: () => clock.nowMs, historyMs });
      const served = await serve(store, clock);
      const from = await store.revision();
      const open = await served.watch(from);
      const before = await served.create('before');
      clock.nowMs += byMs;
      clock.elapsedMs += elapsesMs;
      const after = await served.create('after');
      assert.equal(after.creationTimestamp, time);
      const last = await served.create('last');
      assert.ok(Number(after.resourceVersion) > Number(before.resourceVersion));
      assert.ok(Number(last.resourceVersion) > Number(after.resourceVersion));
      await settle(served.cache);
      assert.deepEqual([open.told, open.ended], [all, false]);
      assert.deepEqual((await served.watch(from)).told, running);
      // What came after the jump can be resumed from in any case.
      assert.deepEqual((await served.watch(Number(after.resourceVersion))).told, ['ADDED last']);
      served.cache.close();
      await store.close();

      const reopened = await openStore({ directory: directoryOf(store), now: () => clock.nowMs, historyMs });
      const restarted = await serve(reopened, clock);
      assert.deepEqual((await restarted.watch(from)).told, again);
      assert.deepEqual((await restarted.watch(Number(after.resourceVersion))).told, ['ADDED last']);
      restarted.cache.close();
      await reopened.close();
    });
  }

  test('there and back: nothing that is within the window by its own age is forgotten for it', async () => {
    const clock: Clock = { nowMs: startMs, elapsedMs: 0 };
    const store = await openStore({ now: () => clock.nowMs, historyMs, maxHistoryEvents: 10 });
    const served = await serve(store, clock);
    clock.nowMs += 24 * hourMs;
    const { resourceVersion } = await served.create('ahead');
    clock.nowMs -= 24 * hourMs;
    const names = Array.from({ length: 9 }, (_unused, index) => `n${index}`);
    for (const name of names) {
      clock.nowMs += 1_000;
      await served.create(name);
    }
    const from = Number(resourceVersion);
    assert.deepEqual(
      (await served.watch(from)).told,
      names.map(name => `ADDED ${name}`),
    );
    // By age it would be kept for a day, but its number is bounded too.
    await served.create('n9');
    await served.create('n10');
    served.cache.close();
    const restarted = await serve(store, clock);
    assert.deepEqual((await restarted.watch(from)).told, ['ERROR 410']);
    restarted.cache.close();
    await store.close();
  });
});
