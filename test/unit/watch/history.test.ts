import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { Codec } from '../../../src/storage/backend.ts';
import { type CacheEntry, readEntry } from '../../../src/watch/entry.ts';
import { type CacheEvent, History, HistoryPool } from '../../../src/watch/history.ts';

const codec = { decode: stored => JSON.parse(Buffer.from(stored.value).toString()) } as Codec;

function entry(name: string, revision: number, size = 0, labels: Record<string, string> = {}): CacheEntry {
  const object = { apiVersion: 'v3', kind: 'Thing', metadata: { name, labels }, spec: 'x'.repeat(size) };
  const stored = { key: `/things/${name}`, value: Buffer.from(JSON.stringify(object)), revision };
  return readEntry({ codec, hasInt64: false, fieldsOf: () => ({}) }, stored);
}

function change(revision: number, previous: CacheEntry | undefined, current: CacheEntry): CacheEvent {
  return { revision, current, previous, deleted: undefined, timeMs: revision };
}

const forever = { maxAgeMs: Number.POSITIVE_INFINITY, maxEvents: Number.POSITIVE_INFINITY };

suite('the bytes of history', () => {
  test('all kinds share one pool; the kind that holds most loses its oldest change', () => {
    const pool = new HistoryPool(20_000);
    const quiet = new History(0, forever, pool);
    const busy = new History(0, forever, pool);
    quiet.push(change(1, entry('quiet', 0), entry('quiet', 1)));
    let previous = entry('busy', 1);
    for (let revision = 2; revision < 200; revision++) {
      const current = entry('busy', revision);
      busy.push(change(revision, previous, current));
      previous = current;
    }
    assert.ok(pool.used <= pool.total);
    assert.equal(quiet.length, 1, 'a kind that changes much takes nothing from one that does not');
    assert.equal(quiet.oldest, 0);
    assert.ok(busy.length < 30);
    assert.equal(busy.after(busy.oldest)!.length, busy.length);
    assert.equal(busy.after(busy.oldest - 1), undefined, 'who asks for more is told so');
  });

  test('what is counted is what is held, whatever is pushed, dropped and given back', () => {
    const pushes = fc.array(
      fc.record({ kind: fc.integer({ min: 0, max: 3 }), size: fc.integer({ min: 0, max: 3_000 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(pushes, fc.integer({ min: 0, max: 40_000 }), (list, total) => {
        const pool = new HistoryPool(total);
        const histories = [0, 1, 2, 3].map(() => new History(0, { maxAgeMs: 30, maxEvents: 20 }, pool));
        list.forEach(({ kind, size }, index) => {
          const revision = index + 1;
          histories[kind]!.push(change(revision, entry('a', 0, size), entry('a', revision)));
          assert.ok(pool.used <= total);
          assert.equal(
            pool.used,
            histories.reduce((sum, { bytes }) => sum + bytes, 0),
          );
        });
        for (const history of histories) {
          if (history.length === 0) assert.equal(history.bytes, 0);
          history.close();
        }
        assert.equal(pool.used, 0);
      }),
    );
  });

  test('a change counts what it replaced, and what tells of a deletion', () => {
    const pool = new HistoryPool(1 << 30);
    const history = new History(0, forever, pool);
    const [first, second] = [entry('a', 1, 1_000), entry('a', 2, 5_000)];
    history.push(change(1, undefined, first));
    assert.ok(pool.used < 200, 'what there is now is the cache’s');
    history.push(change(2, first, second));
    assert.ok(pool.used > first.bytes && pool.used < first.bytes + 400);
    const deleted = entry('a', 3, 5_000);
    history.push({ revision: 3, current: undefined, previous: second, deleted, timeMs: 3 });
    assert.ok(pool.used > first.bytes + second.bytes + deleted.bytes);
  });

  test('labels and fields count', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`label-${at}`, 'value']));
    assert.ok(entry('a', 1, 0, many).bytes > entry('a', 1).bytes + 100 * 100);
  });
});

test('small objects that are kept hold their own bytes and no slab of others', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const kept: CacheEntry[] = [];
  gc();
  const before = process.memoryUsage().arrayBuffers;
  let bytes = 0;
  for (let revision = 0; revision < 10_000; revision++) {
    const made = entry('small', revision, 400);
    kept.push(made);
    bytes += made.json.length;
  }
  gc();
  const held = process.memoryUsage().arrayBuffers - before;
  assert.equal(kept.length, 10_000);
  assert.ok(held < 1.2 * bytes, `${held} bytes are held for ${bytes}`);
});
