import assert from 'node:assert/strict';
import type { Backend, Change, Entry, Revision } from '../../../src/storage/backend.ts';
import type { Group } from '../storage.ts';
import { create, fails, Recorder, remove, type Seen, seen, update } from './recorder.ts';

/** Creates, changes and deletes under /x/, `count` times, several writers at once. Returns the last revision. */
async function churn(store: Backend, writer: string, count: number): Promise<Revision> {
  let last = 0;
  for (let index = 0; index < count; index++) {
    const key = `/x/${writer}${index % 5}`;
    const made = await create(store, key, `${index}`);
    const changed = await update(store, key, made.revision, `${index}+`);
    last = index % 2 ? changed.revision : (await remove(store, key, changed.revision)).revision;
    if (index % 2) last = (await remove(store, key, changed.revision)).revision;
    if (index >= count - 5) last = (await create(store, key, 'stays')).revision;
  }
  return last;
}

/** The entries after the changes have been applied to them. */
function applied(entries: Seen[], changes: Seen[]): Seen[] {
  const state = new Map(entries.map(entry => [entry.key, entry]));
  for (const { type, ...entry } of changes) {
    if (type === 'delete') assert.ok(state.delete(entry.key), `${entry.key} deleted but not there`);
    else state.set(entry.key, entry);
  }
  return [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Watches: what is told, in which order, from where on, and when it ends. */
export const watches: Group = ({ test, many = 12_000 }) => {
  test('from now on, under the prefix only', async store => {
    const before = await create(store, '/x/before');
    const watch = await Recorder.start(store, '/x/');
    await create(store, '/y/other');
    const made = await create(store, '/x/a', 'one');
    await create(store, '/xx');
    const changed = await update(store, '/x/a', made.revision, 'two');
    await remove(store, '/x/before', before.revision);
    await watch.reaches(changed.revision + 1);
    assert.deepEqual(watch.story, ['/x/a=one', '/x/a=two', '/x/before -/x/before']);
    assert.deepEqual(
      watch.changes.slice(0, 2).map(change => change.revision),
      [made.revision, changed.revision],
    );
  });

  test('a delete carries the last value and the revision of the delete', async store => {
    const made = await create(store, '/a', 'first');
    const watch = await Recorder.start(store, '/');
    const changed = await update(store, '/a', made.revision, 'last');
    const removed = await remove(store, '/a', changed.revision);
    await watch.reaches(removed.revision);
    assert.deepEqual(watch.changes[1], {
      type: 'delete',
      key: '/a',
      value: 'last',
      revision: removed.revision,
    });
    const past = await Recorder.start(store, '/', changed.revision);
    assert.deepEqual(past.changes, [watch.changes[1]]);
  });

  test('from a past revision: everything after it, told before the call returns', async store => {
    const start = await store.revision();
    const live = await Recorder.start(store, '/x/', start);
    const last = await churn(store, 'w', 20);
    await live.reaches(last);
    for (const from of [start, ...live.changes.map(change => change.revision)]) {
      const past = await Recorder.start(store, '/x/', from);
      const wanted = live.changes.filter(change => change.revision > from);
      assert.deepEqual(past.changes, wanted, `from ${from}`);
      past.close();
    }
  });

  test('from a past revision of a store with a long past', async store => {
    const start = await store.revision();
    const writes = Array.from({ length: many }, (_, index) => create(store, `/x/${index}`, 'v'));
    const revisions = (await Promise.all(writes)).map(entry => entry.revision);
    const past = await Recorder.start(store, '/x/', start);
    assert.deepEqual(
      past.changes.map(change => change.revision),
      revisions.sort((a, b) => a - b),
    );
  });

  test('no gap and no repeat between a list and the watch from its revision', async store => {
    const writers = ['a', 'b', 'c', 'd'].map(name => churn(store, name, 30));
    const seams: { entries: Seen[]; watch: Recorder }[] = [];
    const done = Promise.all(writers);
    let writing = true;
    void done.then(() => {
      writing = false;
    });
    const reader = async () => {
      while (writing && seams.length < 300) {
        const page = await store.list('/x/');
        const watch = await Recorder.start(store, '/x/', page.revision);
        seams.push({ entries: seen(page.entries), watch });
      }
    };
    // Several at once: a store may take its time to open a watch.
    await Promise.all(Array.from({ length: 5 }, reader));
    const last = Math.max(...(await done));
    const final = seen((await store.list('/x/')).entries);
    assert.ok(seams.length > 3, 'the lists fell among the writes');
    for (const { entries, watch } of seams) {
      await watch.reaches(last);
      assert.deepEqual(applied(entries, watch.changes), final);
    }
  });

  test('watches of one prefix are told the same, those of a part of it that part', async store => {
    const all = await Recorder.start(store, '');
    const same = await Recorder.start(store, '');
    const part = await Recorder.start(store, '/x/b');
    const lasts = await Promise.all(['a', 'b', 'c'].map(name => churn(store, name, 20)));
    const last = (await create(store, '/x/b-last')).revision;
    assert.ok(last > Math.max(...lasts));
    for (const watch of [all, same, part]) await watch.reaches(last);
    assert.deepEqual(all.changes, same.changes);
    assert.deepEqual(
      part.changes,
      all.changes.filter(change => change.key.startsWith('/x/b')),
    );
  });

  test('from before what is compacted: Compacted, with the oldest revision that can be watched from', async store => {
    const first = await create(store, '/a', 'one');
    const second = await update(store, '/a', first.revision, 'two');
    const third = await update(store, '/a', second.revision, 'three');
    await store.compact(second.revision);
    for (const from of [first.revision, first.revision - 1]) {
      const error = await fails(Recorder.start(store, '/', from), 'Compacted');
      assert.equal(error.oldest, second.revision);
    }
    const watch = await Recorder.start(store, '/', second.revision);
    assert.deepEqual(watch.changes, [{ type: 'put', ...seen([third])[0] }]);
  });

  test('a delete right after what is compacted is told with its value', async store => {
    const made = await create(store, '/a', 'one');
    const other = await create(store, '/b');
    await remove(store, '/b', other.revision);
    const removed = await remove(store, '/a', made.revision);
    for (const revision of [made.revision, other.revision, removed.revision - 1]) {
      await store.compact(revision);
      const watch = await Recorder.start(store, '/a', revision);
      assert.deepEqual(watch.story, ['/a -one']);
      assert.equal((await store.list('/a', { at: revision })).entries.length, 1);
    }
    await store.compact(removed.revision);
    assert.deepEqual((await Recorder.start(store, '', removed.revision)).story, []);
  });

  test('compaction does not disturb a watch that is open', async store => {
    const watch = await Recorder.start(store, '/');
    const made = await create(store, '/a', 'one');
    const changed = await update(store, '/a', made.revision, 'two');
    await store.compact(changed.revision);
    const removed = await remove(store, '/a', changed.revision);
    await watch.reaches(removed.revision);
    assert.deepEqual(watch.story, ['/a=one', '/a=two', '/a -two']);
    assert.deepEqual(watch.errors, []);
  });

  test('from the future: waits until it is past', async store => {
    let made = await create(store, '/a', '0');
    const watch = await Recorder.start(store, '/', made.revision + 3);
    for (let index = 1; index <= 5; index++) made = await update(store, '/a', made.revision, `${index}`);
    const all = await Recorder.start(store, '/', watch.from);
    await watch.reaches(made.revision);
    assert.deepEqual(watch.changes, all.changes);
    assert.ok(watch.changes.every(change => change.revision > watch.from));
    assert.ok((await watch.progress()) >= made.revision);
  });

  test('a closed watch is told nothing more, not even its end', async store => {
    const closed = await Recorder.start(store, '/');
    const open = await Recorder.start(store, '/');
    const before = await create(store, '/a');
    await closed.reaches(before.revision);
    closed.close();
    closed.close();
    const after = await create(store, '/b');
    await open.reaches(after.revision);
    assert.deepEqual(closed.story, ['/a=/a']);
    assert.deepEqual(open.story, ['/a=/a', '/b=/b']);
    await fails(closed.progress(), 'Closed');
    await store.close();
    assert.deepEqual(closed.errors, []);
  });

  test('a watch closed by its own handler is told nothing more', async store => {
    const told: Change[] = [];
    const watch = await store.watch('/', await store.revision(), {
      onChanges(changes) {
        told.push(...changes);
        watch.close();
      },
      onError() {},
    });
    const other = await Recorder.start(store, '/');
    const first = await create(store, '/a');
    await create(store, '/b');
    const last = await create(store, '/c');
    await other.reaches(last.revision);
    assert.equal(told.at(-1)!.revision, first.revision);
  });

  test('a handler that throws ends its own watch and no other', async store => {
    const errors: Error[] = [];
    const broken = await store.watch('/', await store.revision(), {
      onChanges() {
        throw new Error('broken handler');
      },
      onError: error => errors.push(error),
    });
    const sound = await Recorder.start(store, '/');
    await create(store, '/a');
    const last = await create(store, '/b');
    await sound.reaches(last.revision);
    assert.deepEqual(sound.story, ['/a=/a', '/b=/b']);
    assert.deepEqual(
      errors.map(error => String(error.cause)),
      ['Error: broken handler'],
    );
    const error = await fails(broken.progress(), 'Unavailable');
    assert.match(error.message, /broken handler/);
  });

  test('a handler may write: everyone is told in order', async store => {
    const writes: Promise<Entry>[] = [];
    const before = await Recorder.start(store, '/');
    await store.watch('/x/', await store.revision(), {
      onChanges(changes) {
        for (const { key } of changes) writes.push(create(store, `/y${key}`));
      },
      onError() {},
    });
    const after = await Recorder.start(store, '/');
    await Promise.all(Array.from({ length: 10 }, (_, index) => create(store, `/x/${index}`)));
    while (writes.length < 10) await before.progress();
    const last = Math.max(...(await Promise.all(writes)).map(entry => entry.revision));
    await before.reaches(last);
    await after.reaches(last);
    assert.equal(before.changes.length, 20);
    assert.deepEqual(before.changes, after.changes);
  });

  test('three thousand watches', async store => {
    const count = 3_000;
    let told = 0;
    const start = await store.revision();
    const open = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        store.watch(index % 3 ? '/x/' : `/x/${index}`, start, {
          onChanges: changes => {
            told += changes.length;
          },
          onError() {},
        }),
      ),
    );
    const last = await Recorder.start(store, '/');
    for (let index = 0; index < 10; index++) await create(store, `/x/${index * 3}`);
    await Promise.all(open.map(watch => watch.progress()));
    // Those of all keys, and of one key each; the key /x/0 is a prefix of itself only, /x/3 of itself.
    assert.equal(told, 10 * (count - count / 3) + 10);
    for (const watch of open) watch.close();
    const end = await create(store, '/x/end');
    await last.reaches(end.revision);
    assert.equal(told, 10 * (count - count / 3) + 10);
  });
};
