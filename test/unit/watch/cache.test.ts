import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ApiObject } from '../../../src/machinery/object.ts';
import type { Log } from '../../../src/observability/observability.ts';
import type { Backend, Codec, WatchHandlers } from '../../../src/storage/backend.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { WatchCache } from '../../../src/watch/cache.ts';
import type { CacheEntry } from '../../../src/watch/entry.ts';
import { HistoryPool } from '../../../src/watch/history.ts';
import type { Listing } from '../../../src/watch/listing.ts';
import {
  type EventEncoder,
  type OpenStream,
  objectEncoder,
  type WatchSink,
} from '../../../src/watch/stream.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Objects under /things/<namespace>/<name>. */
const codec: Codec = {
  prefix: namespace => (namespace ? `/things/${namespace}/` : '/things/'),
  keyFor: object => `/things/${object.metadata.namespace}/${object.metadata.name}`,
  candidateKeys: (namespace, name) => [`/things/${namespace}/${name}`],
  encode: object => Buffer.from(JSON.stringify(object)),
  decode: entry => {
    const object = JSON.parse(Buffer.from(entry.value).toString());
    object.metadata.resourceVersion = String(entry.revision);
    return object;
  },
};

function thing(name: string, labels: Record<string, string> = {}, size = 0): ApiObject {
  return {
    apiVersion: 'test/v1',
    kind: 'Thing',
    metadata: { name, namespace: 'a', labels },
    ...(size > 0 && { spec: { filler: 'x'.repeat(size) } }),
  };
}

const bounds = {
  historyMs: 60_000,
  historyEvents: 1_000,
  bookmarkIntervalMs: 1 << 30,
  maxBufferBytes: 64 * 1024,
};

async function newCache(backend: Backend, changed: Partial<typeof bounds> = {}): Promise<WatchCache> {
  const cache = unstartedCache(backend, changed);
  await cache.start();
  return cache;
}

function unstartedCache(backend: Backend, changed: Partial<typeof bounds> = {}): WatchCache {
  return new WatchCache({
    backend,
    codec,
    hasInt64: false,
    plural: 'things',
    fieldsOf: () => ({}),
    bounds: { ...bounds, ...changed },
    histories: new HistoryPool(1 << 20),
    log: silent,
  });
}

async function read(listing: Listing): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for await (const batch of listing.batches) entries.push(...batch);
  if (listing.count !== undefined) assert.equal(listing.count, entries.length);
  return entries;
}

async function put(backend: Backend, object: ApiObject): Promise<number> {
  const key = codec.keyFor(object);
  const value = codec.encode(object);
  const existing = await backend.get(key);
  const stored = await backend.write(
    existing ? { type: 'update', key, value, expect: existing.revision } : { type: 'create', key, value },
  );
  return stored.revision;
}

async function remove(backend: Backend, name: string): Promise<number> {
  const key = `/things/a/${name}`;
  const existing = await backend.get(key);
  return (await backend.write({ type: 'delete', key, expect: existing!.revision })).revision;
}

interface Told {
  type: string;
  object: { metadata: { name?: string; resourceVersion: string; annotations?: object }; code?: number };
}

/** A client: the events it was told, and a promise for when there are so many. */
class Client implements WatchSink {
  events: Told[] = [];
  ended = false;
  chunks = 0;
  unread = 0;
  reading = true;
  #waiting: { count: number; resolve: () => void } | undefined;
  #onEnd: (() => void) | undefined;

  write(chunk: Buffer): void {
    assert.equal(this.ended, false, 'nothing is written after the end');
    this.chunks++;
    if (!this.reading) this.unread += chunk.length;
    for (const line of chunk.toString().split('\n').slice(0, -1)) this.events.push(JSON.parse(line));
    if (this.#waiting && this.events.length >= this.#waiting.count) this.#waiting.resolve();
  }
  bufferedBytes(): number {
    return this.unread;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  end(): void {
    this.ended = true;
    this.#onEnd?.();
  }
  has(count: number): Promise<void> {
    if (this.events.length >= count) return Promise.resolve();
    return new Promise(resolve => {
      this.#waiting = { count, resolve };
    });
  }
  hasEnded(): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise(resolve => {
      this.#onEnd = resolve;
    });
  }
  get summary(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());
  }
}

function open(
  cache: WatchCache,
  options: {
    from?: number;
    matches?: (entry: CacheEntry) => boolean;
    key?: string;
    bookmarks?: boolean;
    encoder?: EventEncoder;
  } = {},
): Client & OpenStream {
  const client = new Client();
  const handle = cache.open({
    start:
      options.from === undefined ? { initialEvents: true } : { initialEvents: false, after: options.from },
    filter: { key: options.key ?? 'all', matches: options.matches ?? (() => true) },
    encoder: options.encoder ?? objectEncoder('Thing', 'test/v1'),
    sink: client,
    bookmarks: options.bookmarks ?? false,
    expired: () => Buffer.from(JSON.stringify({ kind: 'Status', code: 410, metadata: {} })),
  });
  return Object.assign(client, handle);
}

suite('watch cache', () => {
  test('a read after a write sees it', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    for (let round = 0; round < 20; round++) {
      await put(backend, thing(`t${round}`));
      await cache.fresh();
      assert.equal(cache.get('a', `t${round}`)?.name, `t${round}`);
    }
    assert.equal(cache.list('').length, 20);
    assert.equal(cache.list('b').length, 0);
    assert.equal((await read(cache.listing('a', '/things/a/t7'))).length, 2);
    cache.close();
  });

  test('a stream begins with what there is, a bookmark, and goes on with changes', async () => {
    const backend = createMemoryBackend();
    await put(backend, thing('one'));
    const cache = await newCache(backend);
    const client = open(cache, { bookmarks: true });
    await put(backend, thing('two'));
    await put(backend, thing('one', { x: 'y' }));
    const gone = await remove(backend, 'two');
    await client.has(5);
    assert.deepEqual(client.summary, ['ADDED one', 'BOOKMARK', 'ADDED two', 'MODIFIED one', 'DELETED two']);
    assert.deepEqual(client.events[1]!.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.equal(client.events[4]!.object.metadata.resourceVersion, String(gone));
    cache.close();
    assert.equal(client.ended, true);
  });

  test('changes that come while others are being sent are sent too, and those after them', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision });
    const write = client.write.bind(client);
    let puts: Promise<number> | undefined;
    client.write = chunk => {
      // In the middle of the first send, so that it takes the second change along.
      puts ??= put(backend, thing('two'));
      write(chunk);
    };
    await put(backend, thing('one'));
    await client.has(2);
    await puts;
    // Whatever was scheduled for the second change runs before this.
    await new Promise(setImmediate);
    await put(backend, thing('three'));
    await client.has(3);
    assert.deepEqual(client.summary, ['ADDED one', 'ADDED two', 'ADDED three']);
    cache.close();
  });

  test('a stream resumes after any revision without gap or repeat, whenever it is opened', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const revisions: number[] = [cache.revision];
    for (let n = 0; n < 50; n++) revisions.push(await put(backend, thing(`t${n % 7}`, { n: String(n) })));
    await cache.fresh();
    const clients = revisions.map(from => ({ from, client: open(cache, { from }) }));
    for (let n = 0; n < 50; n++) revisions.push(await put(backend, thing(`t${n % 5}`, { n: String(n) })));
    for (const { from, client } of clients) {
      const wanted = revisions.filter(revision => revision > from).map(String);
      await client.has(wanted.length);
      assert.deepEqual(
        client.events.map(event => event.object.metadata.resourceVersion),
        wanted,
      );
    }
    cache.close();
  });

  test('selector transitions: old content with the new revision when an object leaves', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const client = open(cache, { key: 'red', matches: entry => entry.labels.colour === 'red' });
    await put(backend, thing('t', { colour: 'blue' }));
    await put(backend, thing('t', { colour: 'red' }));
    await put(backend, thing('t', { colour: 'red', more: 'x' }));
    const left = await put(backend, thing('t', { colour: 'green' }));
    await put(backend, thing('t', { colour: 'red' }));
    await remove(backend, 't');
    await client.has(5);
    assert.deepEqual(client.summary, ['ADDED t', 'MODIFIED t', 'DELETED t', 'ADDED t', 'DELETED t']);
    const leaving = client.events[2]!.object.metadata as { resourceVersion: string; labels?: object };
    assert.equal(leaving.resourceVersion, String(left));
    assert.deepEqual(leaving.labels, { colour: 'red', more: 'x' });
    cache.close();
  });

  test('too old a start is told in the stream as a 410, then the stream ends', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend, { historyEvents: 3 });
    const start = cache.revision;
    for (let n = 0; n < 5; n++) await put(backend, thing(`t${n}`));
    await cache.fresh();
    const client = open(cache, { from: start });
    await client.hasEnded();
    assert.equal(client.events.length, 1);
    assert.equal(client.events[0]!.type, 'ERROR');
    assert.equal(client.events[0]!.object.code, 410);
    const late = open(cache, { from: cache.oldest });
    await late.has(3);
    assert.equal(late.ended, false);
    cache.close();
  });

  test('a start in the future waits', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision + 2 });
    const witness = open(cache, { from: cache.revision });
    await put(backend, thing('one'));
    await put(backend, thing('two'));
    await put(backend, thing('three'));
    await Promise.all([client.has(1), witness.has(3)]);
    assert.deepEqual(client.summary, ['ADDED three']);
    cache.close();
  });

  test('a client that does not read is cut off, the others are not', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const slow = open(cache, { from: cache.revision });
    const quick = open(cache, { from: cache.revision });
    slow.reading = false;
    await put(backend, thing('first'));
    await Promise.all([slow.has(1), quick.has(1)]);
    for (let n = 0; n < 10; n++) await put(backend, thing(`t${n}`, {}, 10_000));
    await quick.has(11);
    assert.equal(slow.ended, true);
    assert.equal(quick.ended, false);
    assert.equal(cache.streams, 1);
    cache.close();
  });

  test('changes of one turn reach a stream as one write', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const clients = Array.from({ length: 3 }, () => open(cache, { from: cache.revision }));
    await put(backend, thing('live'));
    await Promise.all(clients.map(client => client.has(1)));
    const before = clients.map(client => client.chunks);
    await Promise.all(Array.from({ length: 10 }, (_unused, n) => put(backend, thing(`t${n}`))));
    await Promise.all(clients.map(client => client.has(11)));
    clients.forEach((client, index) => {
      assert.equal(client.chunks - before[index]!, 1);
    });
    cache.close();
  });

  test('a change is told to many watches in slices: each sees every change once, in order, and bookmarks come after', async t => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const watchers = Array.from({ length: 500 }, (_unused, n) =>
      open(cache, { from: cache.revision, bookmarks: true, key: `f${n}` }),
    );
    // They go live in later turns.
    await put(backend, thing('first'));
    await Promise.all(watchers.map(client => client.has(1)));
    // A clock that moves a millisecond at each look: a slice is a handful of streams.
    let now = performance.now();
    t.mock.method(performance, 'now', () => now++);
    let turns = 0;
    const turn = () => {
      turns++;
      if (turns < 30) void put(backend, thing(`t${turns}`));
      if (turns === 40) for (const client of watchers) client.bookmark();
      if (watchers.some(client => !client.events.at(-1)!.type.startsWith('BOOKMARK'))) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(watchers.map(client => client.has(31)));
    assert.ok(turns > 100, `${turns} turns`);
    for (const { events } of watchers) {
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.name}`),
        [
          'ADDED first',
          ...Array.from({ length: 29 }, (_unused, n) => `ADDED t${n + 1}`),
          'BOOKMARK undefined',
        ],
      );
      assert.equal(events.at(-1)!.object.metadata.resourceVersion, String(cache.revision));
    }
    cache.close();
  });

  test('an event that cannot be encoded ends its own stream', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const fails = () => assert.fail('no such line');
    const broken = open(cache, {
      from: cache.revision,
      encoder: { key: 'broken', encode: fails, bookmark: fails },
    });
    const whole = open(cache, { from: cache.revision });
    await cache.fresh();
    await put(backend, thing('one'));
    await whole.has(1);
    assert.equal(broken.ended, true);
    // The same while it catches up.
    const late = open(cache, { encoder: { key: 'broken', encode: fails, bookmark: fails } });
    await late.hasEnded();
    assert.equal(cache.streams, 1);
    cache.close();
  });

  test('bookmarks move on although nothing of the kind changes', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend, { bookmarkIntervalMs: 5 });
    await put(backend, thing('one'));
    const client = open(cache, { bookmarks: true });
    await client.has(2);
    const elsewhere = await backend.write({ type: 'create', key: '/others/x', value: Buffer.from('{}') });
    while (Number(client.events.at(-1)!.object.metadata.resourceVersion) < elsewhere.revision) {
      await client.has(client.events.length + 1);
    }
    assert.ok(client.summary.slice(2).every(line => line === 'BOOKMARK'));
    assert.equal(client.events.at(-1)!.object.metadata.annotations, undefined);
    cache.close();
  });

  test('lists at an earlier revision, from the history and beyond it', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend, { historyEvents: 2 });
    const states: { revision: number; names: string[] }[] = [];
    const names = new Set<string>();
    const steps: [string, boolean][] = [
      ['b', true],
      ['a', true],
      ['c', true],
      ['a', false],
      ['b', true],
      ['d', true],
    ];
    for (const [name, present] of steps) {
      const revision = present ? await put(backend, thing(name)) : await remove(backend, name);
      if (present) names.add(name);
      else names.delete(name);
      states.push({ revision, names: [...names].sort() });
    }
    await cache.fresh();
    for (const { revision, names } of states) {
      const found = await read(await cache.listingAt(revision, ''));
      assert.deepEqual(
        found.map(entry => entry.name),
        names,
      );
    }
    await backend.compact(states[1]!.revision);
    await assert.rejects(cache.listingAt(states[0]!.revision, ''), { code: 'Compacted' });
    cache.close();
  });

  test('a value that is no object is passed over and reported', async () => {
    const backend = createMemoryBackend();
    await backend.write({ type: 'create', key: '/things/a/bad', value: Buffer.from('{nonsense') });
    await put(backend, thing('good'));
    const cache = await newCache(backend);
    assert.deepEqual(
      cache.list('').map(entry => entry.name),
      ['good'],
    );
    assert.deepEqual([...cache.unreadable.keys()], ['/things/a/bad']);
    await put(backend, thing('bad'));
    await cache.fresh();
    assert.equal(cache.unreadable.size, 0);
    cache.close();
  });

  test('a value that cannot be read and goes leaves nothing behind', async () => {
    const backend = createMemoryBackend();
    await backend.write({ type: 'create', key: '/things/a/bad', value: Buffer.from('{nonsense') });
    const cache = await newCache(backend);
    assert.equal(cache.unreadable.size, 1);
    await remove(backend, 'bad');
    await cache.fresh();
    assert.equal(cache.unreadable.size, 0);
    cache.close();
  });

  test('a value that becomes unreadable is told as deleted, at the revision of the change', async () => {
    const backend = createMemoryBackend();
    const stored = await put(backend, thing('one'));
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision });
    const bad = { type: 'update', key: '/things/a/one', value: Buffer.from('{'), expect: stored } as const;
    const { revision } = await backend.write(bad);
    await client.has(1);
    assert.deepEqual(client.summary, ['DELETED one']);
    assert.equal(client.events[0]!.object.metadata.resourceVersion, String(revision));
    cache.close();
  });
});

suite('watch cache: two keys with one name', () => {
  const places = { low: '/things/a/default.one', high: '/things/a/one' };

  async function putAt(backend: Backend, key: string, labels: Record<string, string>): Promise<void> {
    const value = codec.encode(thing('one', labels));
    const existing = await backend.get(key);
    await backend.write(
      existing ? { type: 'update', key, value, expect: existing.revision } : { type: 'create', key, value },
    );
  }

  async function removeAt(backend: Backend, key: string): Promise<void> {
    await backend.write({ type: 'delete', key, expect: (await backend.get(key))!.revision });
  }

  test('the lower key is shown, the other reported, whichever was read first', async () => {
    for (const order of [
      [places.low, places.high],
      [places.high, places.low],
    ]) {
      const backend = createMemoryBackend();
      for (const key of order) await putAt(backend, key, { key: key === places.low ? 'low' : 'high' });
      const cache = await newCache(backend);
      assert.deepEqual(
        cache.list('').map(entry => entry.key),
        [places.low],
      );
      assert.equal(cache.get('a', 'one')!.labels.key, 'low');
      assert.deepEqual([...cache.unreadable.keys()], [places.high]);
      cache.close();
    }
  });

  test('clients see one object change: no second ADDED, no DELETED while the other is there', async () => {
    const backend = createMemoryBackend();
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision });
    await putAt(backend, places.high, { step: '1' });
    await putAt(backend, places.low, { step: '2' });
    await putAt(backend, places.high, { step: 'hidden' });
    await putAt(backend, places.low, { step: '3' });
    await removeAt(backend, places.low);
    await cache.fresh();
    assert.equal(cache.unreadable.size, 0);
    const then = cache.revision;
    await removeAt(backend, places.high);
    await client.has(5);
    assert.deepEqual(
      client.events.map(({ type, object }) => `${type} ${(object as ApiObject).metadata.labels?.step}`),
      ['ADDED 1', 'MODIFIED 2', 'MODIFIED 3', 'MODIFIED hidden', 'DELETED hidden'],
    );
    assert.deepEqual(
      (await read(await cache.listingAt(then, ''))).map(entry => entry.key),
      [places.high],
    );
    cache.close();
  });

  test('a key whose object takes another name', async () => {
    const backend = createMemoryBackend();
    await putAt(backend, places.low, {});
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision });
    const { revision } = (await backend.get(places.low))!;
    const value = codec.encode(thing('two'));
    await backend.write({ type: 'update', key: places.low, value, expect: revision });
    await client.has(2);
    assert.deepEqual(client.summary, ['DELETED one', 'ADDED two']);
    assert.equal(cache.get('a', 'one'), undefined);
    cache.close();
  });
});

suite('watch cache over faults of the store', () => {
  /** A backend whose upstream watch can be broken. */
  function breakable(): {
    backend: Backend;
    breakWatch(error: Error): void;
    /** Those of the last watch. */
    handlers(): WatchHandlers;
  } {
    const inner = createMemoryBackend();
    let last: WatchHandlers | undefined;
    let fail: ((error: Error) => void) | undefined;
    const backend: Backend = Object.assign(Object.create(inner) as Backend, {
      get: inner.get.bind(inner),
      list: inner.list.bind(inner),
      write: inner.write.bind(inner),
      revision: inner.revision.bind(inner),
      compact: inner.compact.bind(inner),
      check: inner.check.bind(inner),
      close: inner.close.bind(inner),
      watch: async (...[prefix, from, handlers]: Parameters<Backend['watch']>) => {
        last = handlers;
        const watch = await inner.watch(prefix, from, handlers);
        fail = error => {
          watch.close();
          handlers.onError(error);
        };
        return watch;
      },
    });
    return { backend, breakWatch: error => fail?.(error), handlers: () => last! };
  }

  test('a broken upstream watch is taken up again: clients see every change once', async () => {
    const { backend, breakWatch } = breakable();
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision });
    await put(backend, thing('one'));
    breakWatch(new StorageError('Unavailable', 'gone'));
    await put(backend, thing('two'));
    await client.has(2);
    await put(backend, thing('three'));
    await client.has(3);
    assert.deepEqual(client.summary, ['ADDED one', 'ADDED two', 'ADDED three']);
    cache.close();
  });

  for (const code of ['Unavailable', 'Compacted'] as const) {
    test(`a read just after the watch has ended (${code}) waits for the next one`, async () => {
      const { backend, breakWatch } = breakable();
      const cache = await newCache(backend);
      breakWatch(new StorageError(code, 'gone'));
      await put(backend, thing('one'));
      await Promise.all([cache.fresh(), cache.fresh({ namespace: 'a', name: 'one' })]);
      assert.ok(cache.get('a', 'one'));
      cache.close();
    });
  }

  test('a read is told that the store is away once its watch has not been taken up for a while', async () => {
    const { backend, breakWatch } = breakable();
    const cache = await newCache(backend);
    backend.watch = async () => {
      throw new StorageError('Unavailable', 'connection refused');
    };
    breakWatch(new StorageError('Unavailable', 'gone'));
    await assert.rejects(cache.fresh());
    let told = false;
    cache.fresh().catch(() => {
      told = true;
    });
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
    assert.ok(told, 'nobody waits a second time');
    cache.close();
  });

  test('a read that waits for the next watch ends with the cache', async () => {
    const { backend, breakWatch } = breakable();
    const cache = await newCache(backend);
    backend.watch = () => new Promise(() => {});
    breakWatch(new StorageError('Unavailable', 'gone'));
    const waiting = assert.rejects(cache.fresh());
    cache.close();
    await waiting;
  });

  test('changes of one transaction share a revision: all are told, to live streams and to those that resume', async () => {
    const { backend, handlers } = breakable();
    const cache = await newCache(backend);
    const from = cache.revision;
    const client = open(cache, { from });
    const changes = Array.from({ length: 250 }, (_, index) => {
      const object = thing(`many-${index}`);
      return {
        type: 'put' as const,
        key: codec.keyFor(object),
        value: codec.encode(object),
        revision: from + 1,
      };
    });
    handlers().onChanges(changes);
    const resumed = open(cache, { from });
    await Promise.all([client.has(250), resumed.has(250)]);
    assert.equal(new Set(client.summary).size, 250);
    assert.equal(new Set(resumed.summary).size, 250);
    cache.close();
  });

  test('a store that cannot be read at first: told as such, then loaded', async () => {
    const { backend } = breakable();
    await put(backend, thing('one'));
    let failures = 2;
    const list = backend.list;
    backend.list = async (...args) => {
      if (failures-- > 0) throw new StorageError('Unavailable', 'connection refused');
      return list(...args);
    };
    const cache = unstartedCache(backend);
    const started = cache.start();
    await assert.rejects(async () => cache.fresh(), { code: 'Unavailable' });
    assert.throws(() => cache.mustBeLoaded(), { code: 'Unavailable' });
    assert.match(cache.problem!, /not loaded yet|connection refused/);
    await started;
    assert.equal(cache.problem, undefined);
    assert.equal(cache.list('').length, 1);
    cache.close();
  });

  test('a watch that ends while it catches up is taken up once', async () => {
    const { backend, handlers } = breakable();
    const watch = backend.watch;
    let opened = 0;
    backend.watch = async (...args) => {
      const inner = await watch(...args);
      if (opened++ > 0) return inner;
      return {
        close: () => inner.close(),
        progress: async () => {
          const error = new StorageError('Unavailable', 'reset');
          handlers().onError(error);
          throw error;
        },
      };
    };
    const cache = await newCache(backend);
    const client = open(cache, { from: cache.revision });
    await put(backend, thing('one'));
    await cache.fresh();
    await client.has(1);
    assert.deepEqual(client.summary, ['ADDED one']);
    assert.equal(opened, 2);
    cache.close();
  });

  test('compaction under the upstream watch: read anew, clients are ended and resume or get 410', async () => {
    const { backend, breakWatch } = breakable();
    const cache = await newCache(backend);
    const from = cache.revision;
    const client = open(cache, { from });
    await put(backend, thing('one'));
    const last = await put(backend, thing('two'));
    await backend.compact(last);
    breakWatch(new StorageError('Compacted', 'too old'));
    await client.hasEnded();
    while (cache.oldest < last) await new Promise(resolve => setImmediate(resolve));
    const resumed = open(cache, { from });
    await resumed.hasEnded();
    assert.equal(resumed.events[0]!.object.code, 410);
    assert.equal(cache.list('').length, 2);
    cache.close();
  });
});
