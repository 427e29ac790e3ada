import assert from 'node:assert/strict';
import { limits } from '../../../src/limits.ts';
import type { Backend } from '../../../src/storage/backend.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import type { Group } from '../storage.ts';
import { create, fails, keysOf, Recorder, remove, update } from './recorder.ts';

/** One call of each kind. */
function everyCall(store: Backend, index = 0): Promise<unknown>[] {
  return [
    store.get('/a'),
    store.list('/'),
    store.list('/', { at: 1, limit: 1 }),
    create(store, `/new/${index}`),
    update(store, `/none/${index}`, 1, 'x'),
    remove(store, `/none/${index}`, 1),
    Recorder.start(store, '/', 1),
    store.revision(),
    store.compact(1),
    store.check(),
  ];
}

/** Opening, growing old, closing. */
export const life: Group = ({ test, open, agesByRevisions, shared }) => {
  test('a new store is empty and well', async store => {
    assert.ok((await store.revision()) >= 1);
    await store.check();
    assert.deepEqual((await store.list('')).entries, []);
  });

  test('after close every call throws Closed, and closing again is fine', async store => {
    await create(store, '/a');
    await store.close();
    await Promise.all(everyCall(store).map(call => fails(call, 'Closed')));
    await store.close();
  });

  test('close ends the watches with Closed, each once', async store => {
    const watches = [await Recorder.start(store, '/'), await Recorder.start(store, '/x/')];
    await create(store, '/a');
    await store.close();
    for (const watch of watches) {
      await watch.ended();
      assert.deepEqual(
        watch.errors.map(error => error instanceof StorageError && error.code),
        ['Closed'],
      );
      await fails(watch.progress(), 'Closed');
    }
  });

  test('close during everything: each call finishes or throws Closed', async store => {
    await create(store, '/a');
    const calls = Array.from({ length: 30 }, (_, index) => everyCall(store, index)).flat();
    const settled = Promise.allSettled(calls);
    const closing = Promise.all([store.close(), store.close()]);
    const late = Promise.allSettled(everyCall(store));
    await closing;
    const results = [...(await settled), ...(await late)];
    assert.ok((await late).every(result => result.status === 'rejected'));
    const codes = new Set<string>();
    for (const result of results) {
      if (result.status === 'rejected')
        codes.add((result.reason as StorageError).code ?? String(result.reason));
    }
    codes.delete('NotFound');
    // Revision 1 of a store that others fill too is long gone.
    if (shared) codes.delete('Compacted');
    assert.deepEqual([...codes], ['Closed']);
  });

  test('the latest state can be told however old it is', async store => {
    await store.close();
    let nowMs = Date.UTC(2030, 0, 1);
    const aged = await open({ now: () => nowMs });
    try {
      for (const name of ['a', 'b', 'c']) await create(aged, `/${name}`);
      const { revision } = await aged.list('/', { limit: 1 });
      nowMs += 100 * limits.watchHistoryMs;
      const page = await aged.list('/', { limit: 5, after: '/a', at: revision });
      assert.deepEqual(keysOf(page.entries), ['/b', '/c']);
      const { revision: next } = await create(aged, '/d');
      const watch = await Recorder.start(aged, '/', revision);
      assert.deepEqual(watch.story, ['/d=/d']);
      assert.equal(watch.last, next);
    } finally {
      await aged.close();
    }
  });

  if (agesByRevisions) return;

  test('history beyond the window is Compacted, history within it is kept', async store => {
    await store.close();
    let nowMs = Date.UTC(2030, 0, 1);
    const aged = await open({ now: () => nowMs });
    try {
      const first = await create(aged, '/a', 'one');
      nowMs += limits.watchHistoryMs / 2;
      const second = await update(aged, '/a', first.revision, 'two');
      nowMs += limits.watchHistoryMs / 2 - 1;
      const third = await update(aged, '/a', second.revision, 'three');
      const whole = await Recorder.start(aged, '/', first.revision - 1);
      assert.deepEqual(whole.story, ['/a=one', '/a=two', '/a=three']);

      nowMs += limits.watchHistoryMs / 2 + 1;
      const fourth = await update(aged, '/a', third.revision, 'four');
      const error = await fails(Recorder.start(aged, '/', first.revision), 'Compacted');
      assert.equal(error.oldest, second.revision);
      await fails(aged.list('/', { at: first.revision }), 'Compacted');
      const part = await Recorder.start(aged, '/', error.oldest!);
      assert.deepEqual(part.story, ['/a=three', '/a=four']);
      assert.equal((await aged.list('/', { at: error.oldest! })).entries[0]!.revision, second.revision);
      assert.equal((await aged.get('/a'))!.revision, fourth.revision);
    } finally {
      await aged.close();
    }
  });
};
