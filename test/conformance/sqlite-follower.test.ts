import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { openSqliteFollower } from '../../src/storage/sqlite/follower.ts';
import { directoryOf, newDirectory, openStore } from './sqlite-store.ts';
import { create, fails, Recorder, remove, update } from './storage/recorder.ts';

suite('a store that is only read', () => {
  test('tells the same as its owner: lists now and then, and changes from anywhere on', async () => {
    const owner = await openStore();
    const follower = openSqliteFollower(directoryOf(owner));
    const start = await owner.revision();
    const live = await Recorder.start(follower, '/a/');
    const versions = new Map<string, number>();
    for (let step = 0; step < 200; step++) {
      const key = `/${step % 3 === 0 ? 'b' : 'a'}/${(step * 7) % 20}`;
      const version = versions.get(key);
      if (version === undefined) versions.set(key, (await create(owner, key, `${step}`)).revision);
      else if (step % 4 === 0) {
        await remove(owner, key, version);
        versions.delete(key);
      } else versions.set(key, (await update(owner, key, version, `${step}`)).revision);
      if (step % 10 > 0) continue;
      const at = start + Math.floor(step / 2);
      for (const options of [{}, { at }, { at, limit: 3 }, { limit: 3, after: '/a/15' }, { at: 1e9 }]) {
        assert.deepEqual(await follower.list('/a/', options), await owner.list('/a/', options));
      }
      assert.deepEqual(await follower.get(key), await owner.get(key));
      assert.equal(await follower.revision(), await owner.revision());
      const [told, own] = [await Recorder.start(follower, '/', at), await Recorder.start(owner, '/', at)];
      assert.deepEqual(told.changes, own.changes);
      assert.equal(await told.progress(), await own.progress());
    }
    await live.progress();
    assert.deepEqual(live.changes, (await Recorder.start(owner, '/a/', start)).changes);
    // Without being asked, too.
    const { revision } = await create(owner, '/a/last');
    await live.reaches(revision);
    await follower.close();
    await owner.close();
    assert.equal(live.errors.length, 1, 'told of the end');
  });

  test('says what is forgotten', async () => {
    const owner = await openStore();
    const follower = openSqliteFollower(directoryOf(owner));
    const first = await create(owner, '/a', '1');
    const second = await update(owner, '/a', first.revision, '2');
    const late = await Recorder.start(follower, '/', second.revision);
    const third = await update(owner, '/a', second.revision, '3');
    await owner.compact(third.revision);
    await fails(follower.list('/', { at: second.revision }), 'Compacted');
    await fails(Recorder.start(follower, '/', first.revision), 'Compacted');
    // What it has not been told in time, a watch cannot be told.
    await fails(late.progress(), 'Compacted');
    assert.deepEqual((await Recorder.start(follower, '/', third.revision)).changes, []);
    await follower.close();
    await owner.close();
  });

  test('is found as its owner left it, takes no lock, and outlives the owner', async () => {
    const owner = await openStore();
    const directory = directoryOf(owner);
    const { revision } = await create(owner, '/a', '1');
    const follower = openSqliteFollower(directory);
    const watch = await Recorder.start(follower, '/', revision);
    await owner.close();
    const next = await openStore({ directory });
    await create(next, '/b', '2');
    await watch.progress();
    assert.deepEqual(
      watch.changes.map(({ key }) => key),
      ['/b'],
    );
    await fails(follower.write({ type: 'create', key: '/c', value: new Uint8Array() }), 'Unavailable');
    await follower.close();
    await next.close();
    const alone = openSqliteFollower(directory);
    assert.deepEqual(
      (await alone.list('/')).entries.map(({ key }) => key),
      ['/a', '/b'],
    );
    await alone.close();
  });

  const wrong: [string, string | undefined, RegExp][] = [
    ['there is none', undefined, /unable to open database file/],
    ['it is of a newer format', 'PRAGMA user_version = 7', /format 7, made by a newer version/],
    ["it is another program's", 'PRAGMA application_id = 7', /the database of another program/],
  ];
  for (const [name, sql, message] of wrong) {
    test(`is refused where ${name}`, async () => {
      const directory = newDirectory();
      if (sql) {
        await (await openStore({ directory })).close();
        const database = new DatabaseSync(join(directory, 'store.db'));
        database.exec(sql);
        database.close();
      }
      assert.throws(() => openSqliteFollower(directory), message);
    });
  }
});
