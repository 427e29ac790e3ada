import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { newDirectory, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails, remove, update } from '../../../conformance/storage/recorder.ts';

/** Changes the file of a store that is closed. */
async function tamper(sql: string): Promise<string> {
  const directory = newDirectory();
  await (await openStore({ directory })).close();
  const database = new DatabaseSync(join(directory, 'store.db'));
  database.exec(sql);
  database.close();
  return directory;
}

test('the live connection syncs every commit', async () => {
  const store = await openStore();
  try {
    assert.equal(await store.pragma('synchronous'), 2, 'FULL');
    assert.equal(await store.pragma('journal_mode'), 'wal');
    assert.equal(await store.pragma('user_version'), 2);
    assert.equal(await store.pragma('nothing_of_this_name'), undefined);
    await fails(store.pragma('no statement at all ('), 'Unavailable');
  } finally {
    await store.close();
  }
});

test('a file of a newer format is refused, and left alone', async () => {
  const directory = await tamper('PRAGMA user_version = 7');
  const error = await fails(openStore({ directory }), 'Unavailable');
  assert.match(error.message, /store\.db has format 7, made by a newer version; this one reads up to 2/);
  const again = await fails(openStore({ directory }), 'Unavailable');
  assert.equal(again.message, error.message, 'the directory is not left locked');
});

test('a database of another program is refused', async () => {
  for (const sql of ['PRAGMA application_id = 1', 'PRAGMA user_version = 0']) {
    const error = await fails(openStore({ directory: await tamper(sql) }), 'Unavailable');
    assert.match(error.message, /the database of another program/, sql);
  }
});

test('a file that is no database is refused', async () => {
  const directory = newDirectory();
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(directory, 'store.db'), 'not a database, but long enough to look at'.repeat(50));
  await fails(openStore({ directory }), 'Unavailable');
});

test('rows that nothing needs any more are gone', async () => {
  const directory = newDirectory();
  let nowMs = 0;
  const store = await openStore({ directory, now: () => nowMs, historyMs: 1_000 });
  let { revision } = await create(store, '/a', '0');
  for (let round = 1; round < 50; round++)
    revision = (await update(store, '/a', revision, `${round}`)).revision;
  const gone = await create(store, '/gone');
  await remove(store, '/gone', gone.revision);
  nowMs += 1_000;
  const { key } = await create(store, '/last');
  await store.close();
  const database = new DatabaseSync(join(directory, 'store.db'));
  const rows = database.prepare('SELECT key, CAST(value AS TEXT) AS value FROM log ORDER BY revision').all();
  database.close();
  assert.deepEqual(
    rows.map(row => `${row.key}=${row.value}`),
    ['/a=49', `${key}=${key}`],
  );
});

test('history is bounded in number too', async () => {
  const store = await openStore({ maxHistoryEvents: 10 });
  try {
    let entry = await create(store, '/a', '0');
    const first = entry.revision;
    for (let round = 1; round < 50; round++) entry = await update(store, '/a', entry.revision, `${round}`);
    const error = await fails(store.list('/', { at: first }), 'Compacted');
    assert.equal(error.oldest, entry.revision - 10);
    assert.equal((await store.list('/', { at: error.oldest! })).entries.length, 1);
  } finally {
    await store.close();
  }
});
