import assert from 'node:assert/strict';
import type { Backend, ListOptions, Revision } from '../../../src/storage/backend.ts';
import type { Group } from '../storage.ts';
import { create, fails, keysOf, remove, type Seen, seen, update } from './recorder.ts';

/** Everything under the prefix, page by page. */
async function pages(store: Backend, prefix: string, options: ListOptions): Promise<Seen[]> {
  const found: Seen[] = [];
  for (let after = options.after; ; ) {
    const page = await store.list(prefix, { ...options, ...(after !== undefined && { after }) });
    found.push(...seen(page.entries));
    if (!page.more) return found;
    assert.equal(page.entries.length, options.limit, 'a page with more behind it is full');
    after = page.entries.at(-1)!.key;
  }
}

/** Lists: pages, one revision for all of them, and Compacted when it is gone. */
export const lists: Group = ({ test, stands, many = 5_000 }) => {
  test('an empty store, and a prefix with nothing under it', async store => {
    const before = await store.revision();
    const { revision: first, ...empty } = await store.list('');
    assert.deepEqual(empty, { entries: [], more: false });
    stands(first, before);
    const entry = await create(store, '/a');
    const { revision: second, ...none } = await store.list('/b');
    assert.deepEqual(none, { entries: [], more: false });
    stands(second, entry.revision);
  });

  test('limit, after and more', async store => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(store, `/x/${name}`);
    await create(store, '/y/a');
    const cases: [ListOptions, string, boolean][] = [
      [{ limit: 2 }, 'ab', true],
      [{ limit: 4 }, 'abcd', true],
      [{ limit: 5 }, 'abcde', false],
      [{ limit: 9 }, 'abcde', false],
      [{ limit: 2, after: '/x/b' }, 'cd', true],
      [{ limit: 2, after: '/x/c' }, 'de', false],
      [{ after: '/x/bb' }, 'cde', false],
      [{ after: '/x/e' }, '', false],
      [{ after: '/z' }, '', false],
      [{ after: '/a' }, 'abcde', false],
      [{ after: '/x/' }, 'abcde', false],
      [{ after: '/x/a/b' }, 'bcde', false],
    ];
    for (const [options, names, more] of cases) {
      const page = await store.list('/x/', options);
      assert.equal(keysOf(page.entries).join('').replaceAll('/x/', ''), names, JSON.stringify(options));
      assert.equal(page.more, more, JSON.stringify(options));
    }
  });

  test('pages at one revision show one state, whatever is written between them', async store => {
    const entries = [];
    for (let index = 10; index < 40; index++) entries.push(await create(store, `/x/${index}`, 'old'));
    const before = seen((await store.list('/x/')).entries);
    const { revision } = await store.list('/x/', { limit: 5 });
    await update(store, '/x/20', entries[10]!.revision, 'new');
    await remove(store, '/x/30', entries[20]!.revision);
    await create(store, '/x/305');
    const first = await remove(store, '/x/10', entries[0]!.revision);
    await create(store, '/x/10', 'again');
    assert.deepEqual(await pages(store, '/x/', { at: revision, limit: 5 }), before);
    assert.deepEqual(await pages(store, '/x/', { at: revision, limit: 1, after: '/x/19' }), before.slice(10));
    assert.equal((await store.list('/x/', { at: revision })).revision, revision);
    const later = await store.list('/x/', { at: first.revision });
    assert.equal(later.entries.length, 29);
  });

  test('the state at every past revision', async store => {
    const states: [Revision, Seen[]][] = [];
    const remember = async () => states.push([await store.revision(), seen((await store.list('')).entries)]);
    await remember();
    for (let round = 0; round < 5; round++) {
      const a = await create(store, '/a', `a${round}`);
      await remember();
      const b = await create(store, `/b${round % 2}${round}`, 'b');
      await remember();
      const changed = await update(store, '/a', a.revision, `a${round}+`);
      await remember();
      if (round % 2) await remove(store, b.key, b.revision);
      await remember();
      await remove(store, '/a', changed.revision);
      await remember();
    }
    for (const [at, state] of states) {
      const page = await store.list('', { at });
      assert.deepEqual(seen(page.entries), state, `at ${at}`);
      assert.equal(page.revision, at);
      assert.deepEqual(await pages(store, '', { at, limit: 2 }), state, `at ${at} in pages`);
    }
  });

  test('a revision in the future shows the latest state and says so', async store => {
    const entry = await create(store, '/a');
    const { revision, ...page } = await store.list('', { at: entry.revision + 100 });
    assert.deepEqual(page, { entries: [(await store.get('/a'))!], more: false });
    stands(revision, entry.revision);
    assert.ok(revision < entry.revision + 100);
  });

  test('what is compacted is Compacted; the revision itself and the live entries stay', async store => {
    const first = await create(store, '/a', 'one');
    const second = await update(store, '/a', first.revision, 'two');
    const gone = await create(store, '/gone');
    const removed = await remove(store, '/gone', gone.revision);
    const third = await update(store, '/a', second.revision, 'three');
    await store.compact(removed.revision);

    const error = await fails(store.list('', { at: gone.revision }), 'Compacted');
    assert.equal(error.oldest, removed.revision);
    await fails(store.list('', { at: first.revision }), 'Compacted');
    assert.deepEqual(seen((await store.list('', { at: removed.revision })).entries), seen([second]));
    assert.deepEqual(seen((await store.list('', { at: third.revision })).entries), seen([third]));
    await store.compact(first.revision);
    await fails(store.list('', { at: gone.revision }), 'Compacted');
  });

  test('compacting all there is leaves the latest state', async store => {
    const kept = await create(store, '/kept');
    const gone = await create(store, '/gone');
    const removed = await remove(store, '/gone', gone.revision);
    await store.compact(removed.revision + 1_000);
    // Where others write too, it is compacted up to what was the latest revision by then.
    const { entries, revision } = await store.list('');
    assert.deepEqual(seen(entries), seen([kept]));
    stands(revision, removed.revision);
    assert.deepEqual(seen((await store.list('', { at: revision })).entries), seen([kept]));
    await fails(store.list('', { at: gone.revision }), 'Compacted');
    const next = await create(store, '/next');
    assert.ok(next.revision > revision);
    assert.deepEqual(seen((await store.list('', { at: revision })).entries), seen([kept]));
  });

  test('thousands of entries in one list', async store => {
    const key = (index: number) => `/x/${String(index).padStart(5, '0')}`;
    const writes = Array.from({ length: many }, (_, index) => create(store, key(index), 'v'.repeat(index)));
    await Promise.all(writes);
    const { entries, more } = await store.list('/x/');
    assert.equal(more, false);
    assert.equal(entries.length, many);
    for (const [index, entry] of entries.entries()) {
      assert.equal(entry.key, key(index));
      assert.equal(Buffer.from(entry.value).toString(), 'v'.repeat(index));
    }
  });
};
