import { DatabaseSync } from 'node:sqlite';
import { StorageError } from '../errors.ts';
import { createPrivateFile, makeFilePrivate } from './private-files.ts';

/** Number of the file format, kept in the file as user_version. Raise it with every change of the tables. */
export const format = 1;

/** Tells our files from other programs' ("TORT"). */
const applicationId = 0x54_4f_52_54;

/**
 * `log` has one row a change that is still of use: the values that are live, and those that history needs. `previous` is
 * the revision of the value that a change replaced; a NULL value is a deletion. `live` says which row of `log` a key has now.
 * A row that is not live goes once the change that replaced it is compacted, a deletion once it is itself.
 */
const tables = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    previous INTEGER,
    at_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB
  ) STRICT;
  CREATE INDEX log_by_key ON log (key, revision);
  CREATE TABLE live (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    compacted INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL) STRICT;
  INSERT INTO state VALUES (1, 1, 0);
`;

/**
 * Opens the store's file, and makes it where there is none: write-ahead log, and every commit synced to the disk before it
 * is acknowledged. Throws Unavailable for a file that cannot be opened, is not ours, or was written by a newer program.
 */
export function openFile(file: string): DatabaseSync {
  // SQLite gives the log and its index the mode of the file.
  createPrivateFile(file);
  for (const suffix of ['-wal', '-shm']) makeFilePrivate(file + suffix);
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    const found = pragma(database, 'user_version');
    if (typeof found !== 'number' || found > format) throw tooNew(file, found);
    if (found === 0) create(database, file);
    else if (pragma(database, 'application_id') !== applicationId) throw foreign(file);
    if (pragma(database, 'journal_mode') !== 'wal') {
      throw new StorageError('Unavailable', `${file}: no write-ahead log is possible on this file system`);
    }
    database.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384');
    database.exec('PRAGMA journal_size_limit = 16777216');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens the store's file to be read only, also while another process writes to it. Throws Unavailable for a file that cannot be
 * opened, is not ours, or was written by a newer program.
 */
export function openFileToRead(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const found = pragma(database, 'user_version');
    if (typeof found !== 'number' || found > format) throw tooNew(file, found);
    if (pragma(database, 'application_id') !== applicationId) throw foreign(file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs `PRAGMA <statement>` and returns the first value of its first row. */
export function pragma(database: DatabaseSync, statement: string): string | number | undefined {
  const row = database.prepare(`PRAGMA ${statement}`).get();
  const value = row && Object.values(row)[0];
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function create(database: DatabaseSync, file: string): void {
  const { count } = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()!;
  if (count !== 0) throw foreign(file);
  pragma(database, 'journal_mode = WAL');
  database.exec(`
    BEGIN IMMEDIATE;
    ${tables}
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${format};
    COMMIT`);
}

function tooNew(file: string, found: unknown): StorageError {
  const message = `${file} has format ${found}, made by a newer version; this one reads up to ${format}`;
  return new StorageError('Unavailable', message);
}

function foreign(file: string): StorageError {
  return new StorageError('Unavailable', `${file} is the database of another program`);
}
