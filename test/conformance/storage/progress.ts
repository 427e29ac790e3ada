import assert from 'node:assert/strict';
import type { Group } from '../storage.ts';
import { create, Recorder, remove, update } from './recorder.ts';

/** What progress() promises: everything up to its answer has been delivered, and it reaches what is acknowledged. */
export const progress: Group = ({ test }) => {
  test('reaches the revision of the store, of other prefixes too', async store => {
    const watch = await Recorder.start(store, '/x/');
    const stood = await store.revision();
    assert.ok((await watch.progress()) >= stood);
    const { revision } = await create(store, '/elsewhere');
    assert.ok((await watch.progress()) >= revision);
    assert.deepEqual(watch.changes, []);
    assert.ok((await watch.progress()) <= (await store.revision()), 'is no revision of the future');
  });

  test('a change that is acknowledged has been delivered once progress has passed it', async store => {
    const watch = await Recorder.start(store, '/x/');
    for (let index = 0; index < 50; index++) {
      const { revision } = await create(store, `/x/${index}`);
      assert.ok((await watch.progress()) >= revision);
      assert.equal(watch.last, revision);
    }
  });

  test('of keys: what happened to them has been delivered', async store => {
    const watch = await Recorder.start(store, '/x/');
    for (let index = 0; index < 10; index++) {
      const made = await create(store, `/x/${index}`);
      await watch.progress(['/x/none', `/x/${index}`]);
      assert.equal(watch.last, made.revision);
      const changed = await update(store, `/x/${index}`, made.revision, 'changed');
      await watch.progress([`/x/${index}`]);
      assert.equal(watch.last, changed.revision);
      const removed = await remove(store, `/x/${index}`, changed.revision);
      await watch.progress([`/x/${index}`]);
      assert.equal(watch.last, removed.revision);
    }
  });

  test('never runs ahead of what was delivered, while many write', async store => {
    const watches = [await Recorder.start(store, '/x/'), await Recorder.start(store, '')];
    const claims: { watch: Recorder; claimed: number; last: number }[] = [];
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      let last = 0;
      for (let index = 0; index < 40; index++) {
        last = (await create(store, `/x/${writer}-${index}`)).revision;
        if (index % 5 === 0) await new Promise(resolve => setImmediate(resolve));
      }
      return last;
    });
    const asking = watches.map(async watch => {
      while (writing) {
        claims.push({ watch, claimed: await watch.progress(), last: watch.last });
        await new Promise(resolve => setImmediate(resolve));
      }
    });
    const end = Math.max(...(await Promise.all(writers)));
    writing = false;
    await Promise.all(asking);
    for (const watch of watches) await watch.reaches(end);
    for (const { watch, claimed, last } of claims) {
      const missed = watch.changes.filter(change => change.revision > last && change.revision <= claimed);
      assert.deepEqual(missed, [], `claimed ${claimed} when ${last} was the last delivered`);
    }
    assert.ok(claims.length > 2);
  });

  test('asked by a handler, answers only when the change has reached every watch', async store => {
    const asked: Promise<void>[] = [];
    const others: Recorder[] = [];
    const told = Promise.withResolvers<void>();
    await store.watch('/', await store.revision(), {
      onChanges(changes) {
        const { revision } = changes.at(-1)!;
        for (const other of others) {
          asked.push(
            other.progress().then(claimed => {
              assert.ok(claimed >= revision);
              assert.ok(other.last >= revision);
            }),
          );
        }
        told.resolve();
      },
      onError() {},
    });
    others.push(await Recorder.start(store, '/'), await Recorder.start(store, ''));
    await create(store, '/a');
    await told.promise;
    assert.equal(asked.length, 2);
    await Promise.all(asked);
  });

  test('never goes back', async store => {
    const watch = await Recorder.start(store, '/x/');
    let last = 0;
    for (let index = 0; index < 50; index++) {
      const writing = create(store, `/${index % 2 ? 'x' : 'y'}/${index}`);
      const claimed = await watch.progress();
      assert.ok(claimed >= last);
      last = claimed;
      await writing;
    }
  });
};
