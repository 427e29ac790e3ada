import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Entry, Guard, ListOptions, Page, Revision, Write } from '../backend.ts';
import { guardFailed, StorageError } from '../errors.ts';
import { checkedValue, sumOf } from './damage.ts';
import { storageError } from './failure.ts';
import { markerOf, openFile, pragma } from './format.ts';
import { type Marker, readMarker, writeMarker } from './identity.ts';
import type { WorkerOptions } from './messages.ts';
import { type ChangesPart, inRange, Reader, rangeOf, type Standing } from './reader.ts';
import { isFull, Room } from './room.ts';

/** One write of a group, and what became of it. `last` is the value that a delete removed. */
export interface GroupedWrite {
  write: Write;
  guards: Guard[];
}
export type WriteResult = { revision: Revision; last?: Uint8Array } | StorageError;

/** Revisions forgotten in one step, so that none holds up the thread for long. */
const forgetStep = 1_000;

/** Written to try the disk: large enough that a disk which takes it will take the next objects too. */
const probeBytes = 64 * 1024;

/** The store's tables and all that is done to them, synchronously; lives in the worker. Throws StorageError or SQLite's error. */
export class Database {
  readonly #options: WorkerOptions;
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #statements: Statements;
  #revision: Revision;
  #compacted: Revision;
  /** Whether writes that make the store larger are refused. */
  #isShort = false;
  #lastMs: number;
  readonly #id: string;
  readonly #room: Room;
  /** The revision in the marker; 0 where it is not this store's. */
  #marked: Revision = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#database = openFile(options);
    this.#reader = new Reader(this.#database);
    this.#statements = prepare(this.#database);
    const { revision, compacted } = this.#reader.standing();
    this.#revision = revision;
    this.#compacted = compacted;
    this.#lastMs = Number(this.#statements.lastMs.get()?.at_ms ?? 0);
    this.#id = markerOf(this.#database).id;
    const marker = readMarker(options.markerFile);
    if (typeof marker === 'object' && marker.id === this.#id) this.#marked = marker.revision;
    this.mark();
    this.#room = new Room(options.file, () => {
      const page = Number(this.pragma('page_size'));
      const of = (name: string) => Number(this.pragma(name)) * page;
      return { bytes: of('page_count'), freeBytes: of('freelist_count') };
    });
    this.#room.hold();
  }

  get revision(): Revision {
    return this.#revision;
  }

  get(key: string): Entry | undefined {
    return this.#reader.get(key);
  }

  /** The entries under the prefix. Throws Compacted. */
  list(prefix: string, options: ListOptions): Page {
    return this.#reader.list(prefix, options, this.#standing());
  }

  /** Changes under the prefix after the revision, as many as one step takes; `through` is how far they reach. Throws Compacted. */
  changes(prefix: string, from: Revision): ChangesPart {
    return this.#reader.changes(prefix, from, this.#standing());
  }

  /**
   * Commits a group in one transaction, in order. A write whose expectation or guard fails gets its error and leaves the
   * others alone. History beyond its bounds goes in the same transaction, one step of it. Where the disk has too little room,
   * the removals of the group are committed alone, and the other writes get Unavailable. Throws, with nothing written, when the
   * transaction fails.
   */
  commit(group: GroupedWrite[], nowMs: number): WriteResult[] {
    const refusal = this.#room.refusal(bytesOf(group));
    if (!refusal) {
      this.#isShort = false;
      try {
        return this.#commitAll(group, nowMs);
      } catch (error) {
        if (!isFull(error) || !group.some(isRemoval)) throw error;
        return this.#commitRemovals(group, nowMs, storageError(error, this.#options.file));
      }
    }
    // While there is room for it: what others take later, the log does not need any more.
    if (!this.#isShort) this.#restartLog();
    this.#isShort = true;
    if (!group.some(isRemoval)) throw refusal;
    return this.#commitRemovals(group, nowMs, refusal);
  }

  /** Commits the removals of a group, with history given up too, so that what they remove makes room. The rest gets the refusal. */
  #commitRemovals(group: GroupedWrite[], nowMs: number, refusal: StorageError): WriteResult[] {
    const removals = group.filter(isRemoval);
    let results: WriteResult[];
    try {
      results = this.#commitAll(removals, nowMs, 0);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#room.release();
      // One that is too large even so must not keep the others from making room.
      results = removals.map(each => this.#commitAlone(each, nowMs));
    }
    return group.map(each => (isRemoval(each) ? results.shift()! : refusal));
  }

  #commitAlone(removal: GroupedWrite, nowMs: number): WriteResult {
    try {
      return this.#commitAll([removal], nowMs, 0)[0]!;
    } catch (error) {
      return storageError(error, this.#options.file);
    }
  }

  /**
   * Brings the write-ahead log into the file, so that the next commits write over it and do not make it longer. Waits for a check of
   * the file that still reads the log, within the time-out of the connection.
   */
  #restartLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  #commitAll(group: GroupedWrite[], nowMs: number, historyMs = this.#options.historyMs): WriteResult[] {
    const atMs = Math.max(nowMs, this.#lastMs);
    let revision = this.#revision;
    let compacted = this.#compacted;
    const results = this.#transaction(() => {
      const applied = group.map(({ write, guards }) => {
        const result = this.#apply(write, guards, revision + 1, atMs);
        if (!(result instanceof StorageError)) revision++;
        return result;
      });
      if (revision === this.#revision) return applied;
      this.#statements.setRevision.run({ revision });
      compacted = this.#outdated(revision, atMs - historyMs);
      this.#forget(compacted);
      return applied;
    });
    this.#revision = revision;
    this.#compacted = compacted;
    this.#lastMs = atMs;
    return results;
  }

  /** Forgets the changes up to the revision. */
  compact(revision: Revision): void {
    const target = Math.min(revision, this.#revision);
    while (this.#compacted < target) {
      const next = Math.min(target, this.#compacted + forgetStep);
      this.#transaction(() => this.#forget(next));
      this.#compacted = next;
    }
  }

  /** Throws Unavailable when there is too little room. Returns what should be known of it before. Sets the reserve aside again. */
  checkRoom(): string | undefined {
    this.#room.hold();
    return this.#room.check();
  }

  /** Writes something and makes it durable. Throws SQLite's error when the disk does not take it. */
  probe(): void {
    this.#transaction(() => this.#statements.probe.run({ bytes: probeBytes }));
    this.#transaction(() => this.#statements.probe.run({ bytes: 0 }));
  }

  /** Whether the marker is behind what is durable. */
  get isUnmarked(): boolean {
    return this.#marked < this.#revision;
  }

  /**
   * Notes beside the store how far it is. Where the disk does not take it, which is no reason to do without the store, the marker
   * stays behind until the next time: then less is noticed of a store that is put back.
   */
  mark(): void {
    if (!this.isUnmarked) return;
    const marker: Marker = { id: this.#id, revision: this.#revision };
    try {
      writeMarker(this.#options.markerFile, marker);
      this.#marked = marker.revision;
    } catch {
      // Tried again after the next commit.
    }
  }

  /**
   * Reads every live value once. Throws what SQLite throws where one cannot be read, and DamagedRow where it is not what was written.
   */
  readAll(): void {
    for (const row of this.#statements.all.iterate()) checkedValue(String(row.key), row);
  }

  pragma(statement: string): string | number | undefined {
    return pragma(this.#database, statement);
  }

  close(): void {
    this.#database.close();
  }

  #standing(): Standing {
    return { revision: this.#revision, compacted: this.#compacted };
  }

  #transaction<T>(run: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = run();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite ends the transaction itself on some errors.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #apply(write: Write, guards: Guard[], revision: Revision, atMs: number): WriteResult {
    const { key } = write;
    const found = this.#statements.find.get({ key });
    const present = found && Number(found.revision);
    const failure = unexpected(write, present) ?? this.#failedGuard(guards);
    if (failure) return failure;
    const value = write.type === 'delete' ? null : write.value;
    const sum = value && sumOf(key, value);
    this.#statements.append.run({ revision, previous: present ?? null, atMs, key, value, sum });
    if (write.type !== 'delete') {
      this.#statements.put.run({ key, revision });
      return { revision };
    }
    this.#statements.remove.run({ key });
    return { revision, last: checkedValue(key, this.#statements.value.get({ revision: present! })!) };
  }

  #failedGuard(guards: Guard[]): StorageError | undefined {
    for (const guard of guards) {
      if ('key' in guard) {
        const found = Number(this.#statements.find.get({ key: guard.key })?.revision ?? 0);
        if (found === guard.revision) continue;
        return guardFailed(guard, found);
      }
      const range = { ...rangeOf(guard.prefix), after: '', since: guard.unchangedSince };
      const changed = this.#statements.changedSince.get(range);
      if (!changed) continue;
      return new StorageError('Conflict', `${changed.key} has changed after ${guard.unchangedSince}`);
    }
    return undefined;
  }

  /** Up to where history is beyond its bounds, at most one step further than it was. */
  #outdated(revision: Revision, cutoffMs: number): Revision {
    const compacted = this.#compacted;
    const tooMany = revision - this.#options.maxHistoryEvents;
    const next = Number(this.#statements.nextMs.get({ compacted })!.at_ms);
    if (next > cutoffMs && tooMany <= compacted) return compacted;
    const old = this.#statements.lastBefore.get({ compacted, cutoffMs, limit: forgetStep });
    const target = Math.max(Number(old?.revision ?? compacted), tooMany);
    return Math.min(target, compacted + forgetStep);
  }

  /** Drops the rows that nothing after the revision needs. Inside a transaction; #compacted follows after its commit. */
  #forget(revision: Revision): void {
    if (revision === this.#compacted) return;
    const range = { above: this.#compacted, upTo: revision };
    this.#statements.dropReplaced.run(range);
    this.#statements.dropDeletions.run(range);
    this.#statements.setCompacted.run({ revision });
  }
}

/** Whether a write is a removal, or a step of one. */
function isRemoval({ write }: GroupedWrite): boolean {
  return write.type === 'delete' || (write.type === 'update' && write.frees === true);
}

function bytesOf(group: GroupedWrite[]): number {
  return group.reduce((sum, { write }) => sum + (write.type === 'delete' ? 0 : write.value.byteLength), 0);
}

function unexpected(write: Write, present: Revision | undefined): StorageError | undefined {
  const { key } = write;
  if (write.type === 'create') {
    return present === undefined ? undefined : new StorageError('Exists', `${key} exists`);
  }
  if (present === undefined) return new StorageError('NotFound', `${key} is not there`);
  if (present === write.expect) return undefined;
  return new StorageError('Conflict', `${key} is at ${present}, not at ${write.expect}`);
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    all: sql('SELECT live.key, log.value, log.sum FROM live LEFT JOIN log ON log.revision = live.revision'),
    lastMs: sql('SELECT at_ms FROM log ORDER BY revision DESC LIMIT 1'),
    find: sql('SELECT revision FROM live WHERE key = :key'),
    value: sql('SELECT value, sum FROM log WHERE revision = :revision'),
    append: sql('INSERT INTO log VALUES (:revision, :previous, :atMs, :key, :value, :sum)'),
    put: sql('INSERT INTO live VALUES (:key, :revision) ON CONFLICT DO UPDATE SET revision = :revision'),
    remove: sql('DELETE FROM live WHERE key = :key'),
    // By revision, not by key: what changed lately is little, what is live may be much.
    changedSince: sql(`SELECT log.key FROM log NOT INDEXED CROSS JOIN live ON live.key = log.key
      WHERE log.revision > :since AND ${inRange('log.key')} LIMIT 1`),
    setRevision: sql('UPDATE state SET revision = :revision'),
    setCompacted: sql('UPDATE state SET compacted = :revision'),
    nextMs: sql('SELECT at_ms FROM log WHERE revision > :compacted ORDER BY revision LIMIT 1'),
    lastBefore: sql(`SELECT max(revision) AS revision FROM (
        SELECT revision, at_ms FROM log WHERE revision > :compacted ORDER BY revision LIMIT :limit)
      WHERE at_ms <= :cutoffMs`),
    dropReplaced: sql(`DELETE FROM log WHERE revision IN (
        SELECT previous FROM log WHERE revision > :above AND revision <= :upTo)`),
    dropDeletions: sql('DELETE FROM log WHERE revision > :above AND revision <= :upTo AND value IS NULL'),
    probe: sql(
      'INSERT INTO probe VALUES (1, zeroblob(:bytes)) ON CONFLICT DO UPDATE SET value = zeroblob(:bytes)',
    ),
  };
}
