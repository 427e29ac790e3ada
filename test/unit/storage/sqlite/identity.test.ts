import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { newDirectory, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails, Recorder } from '../../../conformance/storage/recorder.ts';

const files = ['store.db', 'store.db-wal', 'store.db-shm'];

interface Marker {
  id: string;
  revision: number;
}

const markerOf = (directory: string): Marker => JSON.parse(readFileSync(join(directory, 'store.id'), 'utf8'));

/** A directory with a store that has been closed, and the revision of its last write. */
async function used(names = ['/a', '/b']): Promise<{ directory: string; last: number }> {
  const directory = newDirectory();
  const store = await openStore({ directory });
  let last = 0;
  for (const name of names) last = (await create(store, name)).revision;
  await store.close();
  return { directory, last };
}

/** The directory as it is now, to be put back later. */
function backupOf(directory: string): (parts?: string[]) => void {
  const copy = newDirectory();
  cpSync(directory, copy, { recursive: true });
  return (parts = files) => {
    for (const file of parts) {
      rmSync(join(directory, file), { force: true });
      if (existsSync(join(copy, file))) cpSync(join(copy, file), join(directory, file));
    }
  };
}

suite('a directory and the store that it has been used with', () => {
  test('a first start makes both; after a clean end the marker says exactly how far the store is', async () => {
    const { directory, last } = await used();
    const { id, revision } = markerOf(directory);
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.equal(revision, last);
    assert.equal(statSync(join(directory, 'store.id')).mode & 0o777, 0o600);
    const again = await openStore({ directory });
    assert.equal((await again.list('/')).entries.length, 2);
    await again.close();
    assert.equal(markerOf(directory).id, id);
  });

  const lost: [string, (directory: string) => void | Promise<void>, RegExp][] = [
    [
      'its file is missing',
      directory => rmSync(join(directory, 'store.db')),
      /is missing or empty, but this directory was used with the store \S+ up to revision 3\./,
    ],
    ['its file is empty', directory => truncateSync(join(directory, 'store.db'), 0), /is missing or empty/],
    [
      'its file has no tables',
      directory => {
        rmSync(join(directory, 'store.db'));
        const bare = new DatabaseSync(join(directory, 'store.db'));
        bare.exec('PRAGMA journal_mode = WAL');
        bare.close();
      },
      /is missing or empty/,
    ],
    [
      'its file is that of another store',
      async directory => {
        const other = await used(['/x', '/y', '/z']);
        cpSync(join(other.directory, 'store.db'), join(directory, 'store.db'));
      },
      /holds the store \S+, but this directory was used with \S+\./,
    ],
    [
      'its marker cannot be read',
      directory => writeFileSync(join(directory, 'store.id'), ''),
      /store\.id cannot be read/,
    ],
  ];
  for (const [name, lose, reason] of lost) {
    test(`${name}: refused with the cure, nothing is changed, and the flag lets it start once`, async () => {
      const { directory } = await used();
      const restore = backupOf(directory);
      const { id } = markerOf(directory);
      await lose(directory);
      const before = existsSync(join(directory, 'store.db')) && readFileSync(join(directory, 'store.db'));
      const error = await fails(openStore({ directory }), 'Unavailable');
      assert.match(error.message, reason);
      const [, accept] = /--accept-store=(\S+)/.exec(error.message)!;
      assert.equal(accept, name.includes('marker') ? 'unknown' : id);
      const after = existsSync(join(directory, 'store.db')) && readFileSync(join(directory, 'store.db'));
      assert.deepEqual(after, before, 'what was refused is left alone');
      await fails(openStore({ directory, acceptStore: 'something-else' }), 'Unavailable');

      const accepted = await openStore({ directory, acceptStore: accept! });
      const { revision } = await create(accepted, '/new');
      assert.ok(revision > 1_000_000, 'no revision is given twice');
      // Who has seen the other store reads everything again.
      const late = await fails(Recorder.start(accepted, '/', 3), 'Compacted');
      assert.match(late.message, /compacted/);
      await accepted.close();
      assert.notEqual(markerOf(directory).id, id);
      const later = await openStore({ directory });
      assert.ok(await later.get('/new'));
      await later.close();
      // What was accepted once is no word for the next time.
      restore(['store.db']);
      await fails(openStore({ directory, acceptStore: accept! }), 'Unavailable');
    });
  }

  test('a backup that is put back is older than what was acknowledged', async () => {
    const { directory, last } = await used();
    const restore = backupOf(directory);
    const store = await openStore({ directory });
    const { revision } = await create(store, '/c');
    await store.close();
    restore();
    const error = await fails(openStore({ directory }), 'Unavailable');
    assert.match(
      error.message,
      new RegExp(
        `is older than what was acknowledged: it ends at revision ${last}, but was at ${revision} already`,
      ),
    );
    const accepted = await openStore({ directory, acceptStore: markerOf(directory).id });
    assert.deepEqual(
      (await accepted.list('/')).entries.map(({ key }) => key),
      ['/a', '/b'],
    );
    await accepted.close();
    // With the marker of that time it is just what it was.
    restore([...files, 'store.id']);
    await (await openStore({ directory })).close();
  });

  test('a write-ahead log that is lost is noticed', async () => {
    const { directory } = await used();
    const store = await openStore({ directory });
    await create(store, '/c');
    const restore = backupOf(directory);
    await store.close();
    const { id, revision } = markerOf(directory);
    // As a kill would have left it, but without the log.
    restore(['store.db']);
    for (const suffix of ['-wal', '-shm']) rmSync(join(directory, `store.db${suffix}`), { force: true });
    const error = await fails(openStore({ directory }), 'Unavailable');
    assert.match(error.message, new RegExp(`was at ${revision} already.*--accept-store=${id}`));
  });

  test('the marker follows the writes of a server that runs', async () => {
    const directory = newDirectory();
    const store = await openStore({ directory });
    try {
      const { revision } = await create(store, '/a');
      while (markerOf(directory).revision < revision) await new Promise(resolve => setTimeout(resolve, 50));
      assert.equal(markerOf(directory).revision, revision);
    } finally {
      await store.close();
    }
  });
});

suite('a first start that was cut short is a first start again', () => {
  const leftOvers: [string, (file: string) => void][] = [
    ['with an empty file', file => writeFileSync(file, '')],
    [
      'with a file that has no tables yet',
      file => {
        const bare = new DatabaseSync(file);
        bare.exec('PRAGMA journal_mode = WAL');
        bare.close();
      },
    ],
  ];
  for (const [name, leave] of leftOvers) {
    test(name, async () => {
      const directory = newDirectory();
      leave(join(directory, 'store.db'));
      const store = await openStore({ directory });
      assert.equal(await store.revision(), 1);
      await store.close();
    });
  }

  test('with a whole store and no marker yet: it is taken as it is', async () => {
    const { directory } = await used();
    const { id } = markerOf(directory);
    rmSync(join(directory, 'store.id'));
    const store = await openStore({ directory });
    assert.equal((await store.list('/')).entries.length, 2);
    await store.close();
    assert.equal(markerOf(directory).id, id);
  });

  test('but an empty file beside a write-ahead log is none', async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'store.db'), '');
    writeFileSync(join(directory, 'store.db-wal'), 'x'.repeat(5_000));
    const error = await fails(openStore({ directory }), 'Unavailable');
    assert.match(error.message, /its write-ahead log is there.*--accept-store=unknown/);
    assert.equal(statSync(join(directory, 'store.db-wal')).size, 5_000);
  });
});

suite('a store of format 1', () => {
  /** What the version before the identity has left behind: one value, changed once, and one that is deleted. */
  function formatOne(): string {
    const directory = newDirectory();
    const database = new DatabaseSync(join(directory, 'store.db'));
    database.exec(`PRAGMA journal_mode = WAL; BEGIN;
      CREATE TABLE log (revision INTEGER PRIMARY KEY, previous INTEGER, at_ms INTEGER NOT NULL, key TEXT NOT NULL, value BLOB) STRICT;
      CREATE INDEX log_by_key ON log (key, revision);
      CREATE TABLE live (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, compacted INTEGER NOT NULL) STRICT;
      CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL) STRICT;
      INSERT INTO state VALUES (1, 5, 0);
      INSERT INTO log VALUES (2, NULL, 1, '/a', x'31'), (3, 2, 1, '/a', x'32'), (4, NULL, 1, '/b', x'33'), (5, 4, 1, '/b', NULL);
      INSERT INTO live VALUES ('/a', 3);
      PRAGMA application_id = ${0x54_4f_52_54}; PRAGMA user_version = 1; COMMIT`);
    database.close();
    return directory;
  }

  test('is taken over: values, revisions and history stay, and it gets an id', async () => {
    const directory = formatOne();
    const store = await openStore({ directory, now: () => 2 });
    assert.equal(await store.revision(), 5);
    assert.equal(Buffer.from((await store.get('/a'))!.value).toString(), '2');
    const watch = await Recorder.start(store, '/', 2);
    assert.deepEqual(
      watch.changes.map(({ type, key, value }) => [type, key, value]),
      [
        ['put', '/a', '2'],
        ['put', '/b', '3'],
        ['delete', '/b', '3'],
      ],
    );
    const { revision } = await create(store, '/c');
    assert.equal(revision, 6);
    assert.equal(await store.pragma('user_version'), 2);
    assert.equal(await store.pragma('integrity_check'), 'ok');
    await store.close();
    assert.equal(markerOf(directory).revision, 6);
    await (await openStore({ directory })).close();
  });

  test('is read as it is by what only reads', async () => {
    const { openSqliteFollower } = await import('../../../../src/storage/sqlite/follower.ts');
    const follower = openSqliteFollower(formatOne());
    assert.equal((await follower.list('/')).entries.length, 1);
    await follower.close();
  });

  test('is not the store of a directory that has been used with one of this format', async () => {
    const { directory } = await used();
    cpSync(join(formatOne(), 'store.db'), join(directory, 'store.db'));
    const error = await fails(openStore({ directory }), 'Unavailable');
    assert.match(error.message, /holds a store of an older format/);
  });
});
