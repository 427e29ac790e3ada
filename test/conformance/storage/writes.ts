import assert from 'node:assert/strict';
import type { Backend, Entry } from '../../../src/storage/backend.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import type { Group } from '../storage.ts';
import { create, fails, remove, seen, update } from './recorder.ts';

/** Reads a number, adds one, writes; again from the start when someone else was faster. */
async function increment(store: Backend, key: string): Promise<void> {
  for (;;) {
    const entry = (await store.get(key))!;
    try {
      await update(store, key, entry.revision, String(Number(Buffer.from(entry.value)) + 1));
      return;
    } catch (error) {
      if (!(error instanceof StorageError && error.code === 'Conflict')) throw error;
    }
  }
}

/** Compare-and-set: one write wins, the others are told, nothing is lost. */
export const writes: Group = ({ test, stands }) => {
  test('a write returns the entry as it is read afterwards', async store => {
    const created = await create(store, '/a', 'one');
    assert.deepEqual(seen([(await store.get('/a'))!]), seen([created]));
    const updated = await update(store, '/a', created.revision, 'two');
    assert.deepEqual(seen([(await store.get('/a'))!]), seen([updated]));
    const removed = await remove(store, '/a', updated.revision);
    assert.deepEqual(seen([removed]), [{ key: '/a', value: 'two', revision: removed.revision }]);
    assert.equal(await store.get('/a'), undefined);
    assert.ok(created.revision < updated.revision && updated.revision < removed.revision);
  });

  test('create of a key that is there is Exists', async store => {
    const { revision } = await create(store, '/a', 'first');
    await fails(create(store, '/a', 'second'), 'Exists');
    assert.deepEqual(seen([(await store.get('/a'))!]), [{ key: '/a', value: 'first', revision }]);
  });

  test('update and delete of a key that is not there are NotFound', async store => {
    await fails(update(store, '/a', 1, 'x'), 'NotFound');
    await fails(remove(store, '/a', 1), 'NotFound');
    const { revision } = await create(store, '/a');
    await remove(store, '/a', revision);
    await fails(update(store, '/a', revision, 'x'), 'NotFound');
    await fails(remove(store, '/a', revision), 'NotFound');
    assert.equal(await store.get('/a'), undefined);
  });

  test('a stale update or delete is Conflict and changes nothing', async store => {
    const old = await create(store, '/a', 'old');
    const now = await update(store, '/a', old.revision, 'now');
    const before = await store.revision();
    for (const expect of [old.revision, now.revision + 1, now.revision - 1, 0]) {
      await fails(update(store, '/a', expect, 'stale'), 'Conflict');
      await fails(remove(store, '/a', expect), 'Conflict');
    }
    assert.deepEqual(seen([(await store.get('/a'))!]), seen([now]));
    stands(await store.revision(), before);
  });

  test('a key deleted and created again has a higher revision', async store => {
    const first = await create(store, '/a');
    const removed = await remove(store, '/a', first.revision);
    const second = await create(store, '/a');
    assert.ok(second.revision > removed.revision);
    await fails(update(store, '/a', first.revision, 'x'), 'Conflict');
  });

  test('an update with the same value is a write like any other', async store => {
    const first = await create(store, '/a', 'same');
    const second = await update(store, '/a', first.revision, 'same');
    assert.ok(second.revision > first.revision);
  });

  test("the store's revision is that of the last write", async store => {
    let entry = await create(store, '/a');
    stands(await store.revision(), entry.revision);
    entry = await update(store, '/a', entry.revision, 'x');
    stands(await store.revision(), entry.revision);
    entry = await remove(store, '/a', entry.revision);
    stands(await store.revision(), entry.revision);
  });

  test('fifty writers on one key lose no increment', async store => {
    await create(store, '/counter', '0');
    await Promise.all(Array.from({ length: 50 }, () => increment(store, '/counter')));
    assert.equal(seen([(await store.get('/counter'))!])[0]!.value, '50');
  });

  test('of fifty creates of one key one wins', async store => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => create(store, '/a', String(index))),
    );
    const won = results.filter(result => result.status === 'fulfilled').map(result => result.value);
    assert.equal(won.length, 1);
    assert.deepEqual(seen([(await store.get('/a'))!]), seen(won));
  });

  test('writes made at once: those that fail do not hurt the others', async store => {
    const stale = await create(store, '/stale');
    await update(store, '/stale', stale.revision, 'newer');
    const calls = Array.from({ length: 100 }, (_, index): Promise<Entry> => {
      if (index % 4 === 1) return create(store, '/stale');
      if (index % 4 === 2) return update(store, '/stale', stale.revision, 'x');
      if (index % 4 === 3) return remove(store, '/none', 1);
      return create(store, `/good/${index}`);
    });
    const results = await Promise.allSettled(calls);
    for (const [index, result] of results.entries()) {
      const code = result.status === 'rejected' ? (result.reason as StorageError).code : 'committed';
      assert.equal(code, ['committed', 'Exists', 'Conflict', 'NotFound'][index % 4], `write ${index}`);
    }
    const entries = (await store.list('/good/')).entries;
    assert.equal(entries.length, 25);
    const revisions = results.flatMap(each => (each.status === 'fulfilled' ? [each.value.revision] : []));
    assert.equal(new Set(revisions).size, 25, 'each write has a revision of its own');
  });
};
