import assert from 'node:assert/strict';
import type { Group } from '../storage.ts';
import { create, fails, Recorder, remove, seen, update } from './recorder.ts';

/** What outlives a restart. */
export const restarts: Group = ({ test, reopen, stands }) => {
  if (!reopen) return;

  test('a restart keeps the entries with their revisions, and the store goes on from there', async store => {
    const kept = await create(store, '/kept', 'one');
    const changed = await update(store, '/kept', kept.revision, 'two');
    const gone = await create(store, '/gone');
    const removed = await remove(store, '/gone', gone.revision);
    const again = await reopen(store);
    try {
      stands(await again.revision(), removed.revision);
      assert.deepEqual(seen((await again.list('')).entries), seen([changed]));
      const next = await create(again, '/gone');
      assert.ok(next.revision > removed.revision);
      await fails(update(again, '/kept', kept.revision, 'stale'), 'Conflict');
    } finally {
      await again.close();
    }
  });

  test('a watch resumes over a restart without loss or repeat', async store => {
    const watch = await Recorder.start(store, '/x/');
    const a = await create(store, '/x/a', 'one');
    await watch.reaches(a.revision);
    watch.close();
    const changed = await update(store, '/x/a', a.revision, 'two');
    const b = await create(store, '/x/b');
    await create(store, '/y');
    const removed = await remove(store, '/x/a', changed.revision);
    const again = await reopen(store);
    try {
      const resumed = await Recorder.start(again, '/x/', a.revision);
      const removedB = await remove(again, '/x/b', b.revision);
      await resumed.reaches(removedB.revision);
      assert.deepEqual(resumed.story, ['/x/a=two', '/x/b=/x/b', '/x/a -two', '/x/b -/x/b']);
      assert.deepEqual(
        resumed.changes.map(change => change.revision),
        [changed.revision, b.revision, removed.revision, removedB.revision],
      );
    } finally {
      await again.close();
    }
  });

  test('pages go on over a restart', async store => {
    const a = await create(store, '/a');
    await create(store, '/b');
    const { revision } = await store.list('', { limit: 1 });
    await remove(store, '/a', a.revision);
    await create(store, '/c');
    const again = await reopen(store);
    try {
      const page = await again.list('', { at: revision, after: '/a' });
      assert.deepEqual(
        page.entries.map(entry => entry.key),
        ['/b'],
      );
      assert.equal((await again.list('', { at: revision })).entries.length, 2);
    } finally {
      await again.close();
    }
  });

  test('what is compacted stays so over a restart', async store => {
    const first = await create(store, '/a');
    const second = await update(store, '/a', first.revision, 'two');
    const removed = await remove(store, '/a', second.revision);
    await store.compact(removed.revision);
    const again = await reopen(store);
    try {
      stands(await again.revision(), removed.revision);
      const error = await fails(Recorder.start(again, '/', second.revision), 'Compacted');
      assert.equal(error.oldest, removed.revision);
      await fails(again.list('', { at: first.revision }), 'Compacted');
      assert.ok((await create(again, '/a')).revision > removed.revision);
    } finally {
      await again.close();
    }
  });

  test('of calls cut off by a close, those acknowledged are there afterwards', async store => {
    const calls = Array.from({ length: 200 }, (_, index) => create(store, `/x/${index}`));
    const settled = Promise.allSettled(calls);
    const again = await reopen(store);
    try {
      for (const result of await settled) {
        if (result.status === 'rejected') continue;
        const entry = await again.get(result.value.key);
        assert.equal(entry?.revision, result.value.revision, result.value.key);
      }
    } finally {
      await again.close();
    }
  });
};
