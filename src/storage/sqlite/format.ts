import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { type Found, type Marker, mustBeTheRightOne, readMarker } from './identity.ts';
import { createPrivateFile, makeFilePrivate } from './private-files.ts';

/** Number of the file format, kept in the file as user_version. Raise it with every change of the tables. */
export const format = 2;

/** Tells our files from other programs' ("TORT"). */
const applicationId = 0x54_4f_52_54;

/**
 * `log` has one row a change that is still of use: the values that are live, and those that history needs. `previous` is
 * the revision of the value that a change replaced; a NULL value is a deletion; `sum` is a checksum of key and value, NULL in rows
 * of format 1. `live` says which row of `log` a key has now. `store` is the identity of the store.
 * A row that is not live goes once the change that replaced it is compacted, a deletion once it is itself.
 */
const tables = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    previous INTEGER,
    at_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB,
    sum INTEGER
  ) STRICT;
  CREATE INDEX log_by_key ON log (key, revision);
  CREATE TABLE live (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    compacted INTEGER NOT NULL,
    store TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL) STRICT;
  INSERT INTO state (id, revision, compacted) VALUES (1, 1, 0);
`;

/** What each format needs to become the next one. */
const migrations: Record<number, string> = {
  1: `
    ALTER TABLE log ADD COLUMN sum INTEGER;
    ALTER TABLE state ADD COLUMN store TEXT NOT NULL DEFAULT '';
  `,
};

/** Revisions left out when a store takes the place of another: more than that one can have given since its marker was written. */
const revisionGap = 1_000_000;

export interface StoreFiles {
  file: string;
  /** Where it stands which store the directory is used with. */
  markerFile: string;
  /** The id of a store that the user does without. */
  acceptStore?: string | undefined;
}

/**
 * Opens the store's file, and makes it where there is none: write-ahead log, and every commit synced to the disk before it
 * is acknowledged. Throws Unavailable for a file that cannot be opened, is not ours, was written by a newer program, or is not the
 * store that the directory has been used with.
 */
export function openFile({ file, markerFile, acceptStore }: StoreFiles): DatabaseSync {
  const isEmpty = sizeOf(file) === 0;
  const known = {
    file,
    marker: readMarker(markerFile),
    hasLog: isEmpty && sizeOf(`${file}-wal`) > 0,
    acceptStore,
  };
  // Asked before SQLite looks: it makes a file that is missing, and removes the log beside an empty one.
  if (isEmpty) mustBeTheRightOne('nothing', known);
  // SQLite gives the log and its index the mode of the file.
  createPrivateFile(file);
  for (const path of [`${file}-wal`, `${file}-shm`, markerFile]) makeFilePrivate(path);
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    const standing = mustBeTheRightOne(look(database, file), known);
    upgrade(database);
    if (pragma(database, 'journal_mode') !== 'wal') {
      throw new StorageError('Unavailable', `${file}: no write-ahead log is possible on this file system`);
    }
    database.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384');
    database.exec('PRAGMA journal_size_limit = 16777216; PRAGMA cell_size_check = ON');
    if (standing === 'replaces')
      supersede(database, typeof known.marker === 'object' ? known.marker.revision : 0);
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
    if (look(database, file) === 'nothing') throw foreign(file);
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

/** Whether rows of the log have checksums: those of format 1 have none. */
export function hasSums(database: DatabaseSync): boolean {
  return Number(pragma(database, 'user_version')) > 1;
}

/** What the file holds. Throws Unavailable where it is of a newer format, or another program's. */
function look(database: DatabaseSync, file: string): Found {
  const found = pragma(database, 'user_version');
  if (typeof found !== 'number' || found > format) throw tooNew(file, found);
  if (found === 0) {
    const { count } = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()!;
    if (count !== 0) throw foreign(file);
    return 'nothing';
  }
  if (pragma(database, 'application_id') !== applicationId) throw foreign(file);
  if (found > 1) return markerOf(database);
  return { id: undefined, revision: Number(database.prepare('SELECT revision FROM state').get()!.revision) };
}

/** Makes the tables where there are none, and brings those of an older format to this one. */
function upgrade(database: DatabaseSync): void {
  const found = Number(pragma(database, 'user_version'));
  if (found === format) return;
  if (found === 0) pragma(database, 'journal_mode = WAL');
  let steps = found === 0 ? tables : '';
  if (found > 0) for (let from = found; from < format; from++) steps += migrations[from];
  database.exec(`
    BEGIN IMMEDIATE;
    ${steps}
    UPDATE state SET store = '${randomUUID()}' WHERE store = '';
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${format};
    COMMIT`);
}

/**
 * Lets a store go on where another has been: under an id of its own, so that what was accepted once is not accepted again, and
 * beyond the revisions that clients may have seen of the other one, so that they read everything again.
 */
function supersede(database: DatabaseSync, seen: Revision): void {
  const revision = Math.max(markerOf(database).revision, seen) + revisionGap;
  database.exec(`
    BEGIN IMMEDIATE;
    UPDATE state SET store = '${randomUUID()}', revision = ${revision}, compacted = ${revision};
    DELETE FROM log WHERE revision NOT IN (SELECT revision FROM live);
    COMMIT`);
}

/** The identity of an open store, and how far it is. */
export function markerOf(database: DatabaseSync): Marker {
  const { store, revision } = database.prepare('SELECT store, revision FROM state').get()!;
  return { id: String(store), revision: Number(revision) };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function tooNew(file: string, found: unknown): StorageError {
  const message = `${file} has format ${found}, made by a newer version; this one reads up to ${format}`;
  return new StorageError('Unavailable', message);
}

function foreign(file: string): StorageError {
  return new StorageError('Unavailable', `${file} is the database of another program`);
}
