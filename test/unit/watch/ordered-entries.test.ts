import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { CacheEntry } from '../../../src/watch/entry.ts';
import { OrderedEntries } from '../../../src/watch/ordered-entries.ts';

/** An entry; `reads`, where given, counts how often its key was looked at. */
function entryOf(key: string, revision = 1, reads?: { count: number }): CacheEntry {
  return {
    get key() {
      if (reads) reads.count++;
      return key;
    },
    namespace: '',
    name: key,
    revision,
    labels: {},
    fields: {},
    json: Buffer.alloc(0),
    bytes: 1,
    object: () => assert.fail('no object is needed'),
  };
}

function read(entries: OrderedEntries, prefix = '', after = ''): CacheEntry[] {
  return [...entries.batches(prefix, after)].flat();
}

/** The same, the plain way. */
class Model {
  entries: CacheEntry[] = [];

  set(entry: CacheEntry): void {
    this.delete(entry.key);
    this.entries.push(entry);
    this.entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  delete(key: string): void {
    this.entries = this.entries.filter(entry => entry.key !== key);
  }

  read(prefix: string, after: string): CacheEntry[] {
    return this.entries.filter(({ key }) => key.startsWith(prefix) && key > after);
  }
}

suite('ordered entries', () => {
  test('do as a plain sorted list does, each fork for itself', () => {
    // Runs of neighbours, so that chunks are split and joined.
    const key = fc
      .tuple(fc.constantFrom('a/', 'b/', 'b/x/', ''), fc.nat(1500))
      .map(([prefix, number]) => `${prefix}${number}`);
    const run = fc.record({
      which: fc.nat(3),
      from: key,
      length: fc.constantFrom(1, 1, 3, 300, 700),
      act: fc.constantFrom('set', 'set', 'delete', 'fork'),
      prefix: fc.constantFrom('', 'a/', 'b/', 'b/x/', 'c'),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), runs => {
        const pairs = [{ real: new OrderedEntries(), model: new Model() }];
        let revision = 0;
        for (const { which, from, length, act, prefix } of runs) {
          const { real, model } = pairs[which % pairs.length]!;
          if (act === 'fork') {
            const copy = new Model();
            copy.entries = [...model.entries];
            pairs.push({ real: real.fork(), model: copy });
            continue;
          }
          for (let n = 0; n < length; n++) {
            const at = length === 1 ? from : `${from}.${n}`;
            if (act === 'delete') {
              real.delete(at);
              model.delete(at);
            } else {
              const entry = entryOf(at, ++revision);
              real.set(entry);
              model.set(entry);
            }
          }
          for (const pair of pairs) {
            assert.equal(pair.real.size, pair.model.entries.length);
            const expected = pair.model.read(prefix, from);
            assert.deepEqual(read(pair.real, prefix, from), expected);
            assert.equal(pair.real.count(prefix, from), expected.length);
            assert.deepEqual(read(pair.real), pair.model.entries);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a page of a hundred thousand looks at no more keys than a page of a thousand', () => {
    const looks = (size: number) => {
      const reads = { count: 0 };
      const entries = new OrderedEntries(
        Array.from({ length: size }, (_unused, n) => entryOf(`k/${String(n).padStart(6, '0')}`, 1, reads)),
      );
      reads.count = 0;
      const after = `k/${String(size / 2).padStart(6, '0')}`;
      entries.batches('k/', after).next();
      assert.equal(entries.count('k/', after), size / 2 - 1);
      entries.fork();
      entries.set(entryOf(`${after}.new`, 2, reads));
      entries.delete(after);
      return reads.count;
    };
    // Seven halvings more, of which each look-up takes its share.
    assert.ok(looks(100_000) <= looks(1_000) + 12 * 2 * 7, `${looks(100_000)} against ${looks(1_000)}`);
  });

  test('a change after a fork copies one chunk, not the entries', () => {
    const entries = new OrderedEntries(
      Array.from({ length: 100_000 }, (_unused, n) => entryOf(String(n).padStart(6, '0'))),
    );
    const before = entries.fork();
    entries.set(entryOf('050000', 2));
    const shared = [...before.batches('')].filter(batch => batch.some(({ key }) => key === '050000'));
    assert.equal(shared.length, 1);
    assert.ok(shared[0]!.length <= 512);
    assert.equal(read(before, '050000')[0]!.revision, 1);
    assert.equal(read(entries, '050000')[0]!.revision, 2);
  });
});
