import assert from 'node:assert/strict';
import { limits } from '../../../src/limits.ts';
import type { Group } from '../storage.ts';
import { bytes, create, fails, keysOf, seen, update } from './recorder.ts';

/** Keys that a store may mistake for one another, or order wrongly. */
const awkward = [
  '/',
  '//',
  '/a',
  '/A',
  '/a/',
  '/a/b',
  '/a0',
  '/a%',
  '/a_',
  '/a*',
  "/a'",
  '/a"b',
  '/a\\',
  '/a b',
  '/a\nb',
  '/a\0b',
  '/a\0c',
  '/a.b',
  '/a-b',
  '/é',
  '/e\u0301',
  '/ß',
  '/ss',
  '/\u007f',
  '/\uffff',
  '/\ue000',
  '/\ufffd',
  '/😀',
  '/😀x',
  '/\u{10ffff}',
  `/${'long'.repeat(250)}`,
  'k',
];

/** Keys, prefixes and values: kept as given, ordered by bytes, never mistaken for one another. */
export const keys: Group = ({ test, largestBytes = limits.maxObjectBytes }) => {
  test('keys are kept as given and listed in the order of their UTF-8 bytes', async store => {
    for (const key of awkward) await create(store, key);
    const inOrder = [...awkward].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(keysOf((await store.list('')).entries), inOrder);
    for (const key of awkward) assert.equal(seen([(await store.get(key))!])[0]!.value, key);
  });

  test('each key can be paged after', async store => {
    for (const key of awkward) await create(store, key);
    const all = keysOf((await store.list('')).entries);
    for (const [index, after] of all.entries()) {
      assert.deepEqual(keysOf((await store.list('', { after })).entries), all.slice(index + 1), after);
    }
  });

  test('a prefix selects the keys that start with it and no others', async store => {
    for (const key of awkward) await create(store, key);
    const all = keysOf((await store.list('')).entries);
    for (const prefix of [
      '/a',
      '/a/',
      '/a/b',
      '/a/b/c',
      '/a%',
      '/é',
      '/e',
      '/😀',
      '/\u{10ffff}',
      '/\uffff',
      '',
    ]) {
      const wanted = all.filter(key => key.startsWith(prefix));
      assert.deepEqual(keysOf((await store.list(prefix)).entries), wanted, JSON.stringify(prefix));
    }
  });

  test('a key that is the prefix of another is a key of its own', async store => {
    const short = await create(store, '/tiers/a');
    await create(store, '/tiers/ab');
    await update(store, '/tiers/a', short.revision, 'changed');
    const { entries } = await store.list('/tiers/');
    assert.deepEqual(
      seen(entries).map(({ key, value }) => [key, value]),
      [
        ['/tiers/a', 'changed'],
        ['/tiers/ab', '/tiers/ab'],
      ],
    );
    assert.equal(await store.get('/tiers/'), undefined);
  });

  test('values are kept byte by byte', async store => {
    const values: Record<string, Uint8Array> = {
      '/empty': new Uint8Array(0),
      '/zero': new Uint8Array(1),
      '/every': Uint8Array.from({ length: 256 }, (_, byte) => byte),
      '/broken-utf8': Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80),
      '/large': new Uint8Array(largestBytes).fill(7),
      '/view': Buffer.from('a view into a larger buffer').subarray(2, 6),
    };
    for (const [key, value] of Object.entries(values)) await store.write({ type: 'create', key, value });
    for (const [key, value] of Object.entries(values)) {
      const entry = await store.get(key);
      assert.ok(Buffer.from(value).equals(entry!.value), key);
    }
    for (const { key, value } of (await store.list('')).entries) {
      assert.ok(Buffer.from(values[key]!).equals(value), `${key} in the list`);
    }
  });

  test('a value beyond the limit is TooLarge', async store => {
    const value = new Uint8Array(limits.maxObjectBytes + 1);
    await fails(store.write({ type: 'create', key: '/a', value }), 'TooLarge');
    const { revision } = await create(store, '/a');
    await fails(store.write({ type: 'update', key: '/a', value, expect: revision }), 'TooLarge');
    assert.equal((await store.get('/a'))!.revision, revision);
  });

  test('the caller may change a value that he has handed in', async store => {
    const value = bytes('before');
    const written = store.write({ type: 'create', key: '/a', value });
    value.fill(0);
    await written;
    assert.equal(seen([(await store.get('/a'))!])[0]!.value, 'before');
  });
};
