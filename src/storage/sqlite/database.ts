import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Change, Entry, Guard, ListOptions, Revision, Write } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { openFile, pragma } from './format.ts';
import type { WorkerOptions } from './messages.ts';

/** One write of a group, and what became of it. `last` is the value that a delete removed. */
export interface GroupedWrite {
  write: Write;
  guards: Guard[];
}
export type WriteResult = { revision: Revision; last?: Uint8Array } | StorageError;

/** Bounds of one step of a longer job, so that no single one holds up the thread for long. */
const step = { changes: 10_000, changesBytes: 8 * 1024 * 1024, forget: 1_000 };

/** Written to try the disk: large enough that a disk which takes it will take the next objects too. */
const probeBytes = 64 * 1024;

/** Keys from max(prefix, after) up to the end of the prefix. */
const inRange = (key: string) => `${key} >= max(:low, :after) AND ${key} < CAST(:end AS TEXT)`;

/** The store's tables and all that is done to them, synchronously; lives in the worker. Throws StorageError or SQLite's error. */
export class Database {
  readonly #options: WorkerOptions;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #revision: Revision;
  #compacted: Revision;
  #lastMs: number;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#database = openFile(options.file);
    this.#statements = prepare(this.#database);
    const state = this.#statements.state.get()!;
    this.#revision = Number(state.revision);
    this.#compacted = Number(state.compacted);
    this.#lastMs = Number(this.#statements.lastMs.get()?.at_ms ?? 0);
  }

  get revision(): Revision {
    return this.#revision;
  }

  get(key: string): Entry | undefined {
    const row = this.#statements.get.get({ key });
    return row && { key, value: row.value as Uint8Array, revision: Number(row.revision) };
  }

  /** The entries under the prefix. Throws Compacted. */
  list(prefix: string, options: ListOptions): { entries: Entry[]; revision: Revision; more: boolean } {
    const at = Math.min(options.at ?? this.#revision, this.#revision);
    this.#mustReach(at);
    const { limit = -2 } = options;
    // Nothing lies between a key and the same key with a NUL behind it.
    const after = options.after === undefined ? '' : `${options.after}\0`;
    const range = { ...rangeOf(prefix), after, limit: limit + 1 };
    const { list, listAt } = this.#statements;
    const rows = at === this.#revision ? list.all(range) : listAt.all({ ...range, at });
    const more = limit >= 0 && rows.length > limit;
    if (more) rows.pop();
    return { entries: rows as unknown as Entry[], revision: at, more };
  }

  /** Changes under the prefix after the revision, as many as one step takes; `through` is how far they reach. Throws Compacted. */
  changes(prefix: string, from: Revision): { changes: Change[]; through: Revision; more: boolean } {
    this.#mustReach(from);
    const changes: Change[] = [];
    let bytes = 0;
    const range = { ...rangeOf(prefix), after: '', from, limit: step.changes };
    for (const row of this.#statements.changes.iterate(range)) {
      const value = row.value as Uint8Array;
      const type = row.deleted === 1 ? 'delete' : 'put';
      changes.push({ type, key: String(row.key), value, revision: Number(row.revision) });
      bytes += value.byteLength;
      if (bytes >= step.changesBytes) break;
    }
    const more = changes.length === step.changes || bytes >= step.changesBytes;
    return { changes, through: more ? changes.at(-1)!.revision : this.#revision, more };
  }

  /**
   * Commits a group in one transaction, in order. A write whose expectation or guard fails gets its error and leaves the
   * others alone. History beyond its bounds goes in the same transaction, one step of it. Throws, with nothing written,
   * when the transaction fails.
   */
  commit(group: GroupedWrite[], nowMs: number): WriteResult[] {
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
      compacted = this.#outdated(revision, atMs);
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
      const next = Math.min(target, this.#compacted + step.forget);
      this.#transaction(() => this.#forget(next));
      this.#compacted = next;
    }
  }

  /** Writes something and makes it durable. Throws SQLite's error when the disk does not take it. */
  probe(): void {
    this.#transaction(() => this.#statements.probe.run({ bytes: probeBytes }));
    this.#transaction(() => this.#statements.probe.run({ bytes: 0 }));
  }

  pragma(statement: string): string | number | undefined {
    return pragma(this.#database, statement);
  }

  close(): void {
    this.#database.close();
  }

  #mustReach(revision: Revision): void {
    if (revision >= this.#compacted) return;
    const message = `revision ${revision} is compacted, the oldest is ${this.#compacted}`;
    throw new StorageError('Compacted', message, { oldest: this.#compacted });
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
    this.#statements.append.run({ revision, previous: present ?? null, atMs, key, value });
    if (write.type !== 'delete') {
      this.#statements.put.run({ key, revision });
      return { revision };
    }
    this.#statements.remove.run({ key });
    const last = this.#statements.value.get({ revision: present! })!.value as Uint8Array;
    return { revision, last };
  }

  #failedGuard(guards: Guard[]): StorageError | undefined {
    for (const guard of guards) {
      if ('key' in guard) {
        const present = this.#statements.find.get({ key: guard.key }) !== undefined;
        if (present === guard.present) continue;
        return new StorageError('Conflict', `${guard.key} is ${present ? '' : 'not '}there`);
      }
      const range = { ...rangeOf(guard.prefix), after: '', since: guard.unchangedSince };
      const changed = this.#statements.changedSince.get(range);
      if (!changed) continue;
      return new StorageError('Conflict', `${changed.key} has changed after ${guard.unchangedSince}`);
    }
    return undefined;
  }

  /** Up to where history is beyond its bounds, at most one step further than it was. */
  #outdated(revision: Revision, nowMs: number): Revision {
    const compacted = this.#compacted;
    const cutoffMs = nowMs - this.#options.historyMs;
    const tooMany = revision - this.#options.maxHistoryEvents;
    const next = Number(this.#statements.nextMs.get({ compacted })!.at_ms);
    if (next > cutoffMs && tooMany <= compacted) return compacted;
    const old = this.#statements.lastBefore.get({ compacted, cutoffMs, limit: step.forget });
    const target = Math.max(Number(old?.revision ?? compacted), tooMany);
    return Math.min(target, compacted + step.forget);
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

function unexpected(write: Write, present: Revision | undefined): StorageError | undefined {
  const { key } = write;
  if (write.type === 'create') {
    return present === undefined ? undefined : new StorageError('Exists', `${key} exists`);
  }
  if (present === undefined) return new StorageError('NotFound', `${key} is not there`);
  if (present === write.expect) return undefined;
  return new StorageError('Conflict', `${key} is at ${present}, not at ${write.expect}`);
}

/** The keys that start with the prefix: from the prefix itself up to, but without, the prefix with its last byte raised. */
function rangeOf(prefix: string): { low: string; end: Uint8Array } {
  const end = new Uint8Array(Buffer.from(prefix));
  if (end.length === 0) return { low: '', end: new Uint8Array([0xff]) };
  // No byte of UTF-8 is 0xff, so there is room.
  end[end.length - 1]!++;
  return { low: prefix, end };
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    state: sql('SELECT revision, compacted FROM state'),
    lastMs: sql('SELECT at_ms FROM log ORDER BY revision DESC LIMIT 1'),
    get: sql(`SELECT log.revision, log.value FROM live JOIN log ON log.revision = live.revision
      WHERE live.key = :key`),
    list: sql(`SELECT live.key, live.revision, log.value
      FROM live CROSS JOIN log ON log.revision = live.revision
      WHERE ${inRange('live.key')} ORDER BY live.key LIMIT :limit`),
    // The first change after the revision has a `previous` that is not after it: that was live then.
    listAt: sql(`WITH then_live (key, revision) AS (
        SELECT key, revision FROM live WHERE ${inRange('key')} AND revision <= :at
        UNION ALL
        SELECT key, previous FROM log INDEXED BY log_by_key
        WHERE ${inRange('key')} AND revision > :at AND previous <= :at
        ORDER BY key LIMIT :limit)
      SELECT then_live.key, then_live.revision, log.value
      FROM then_live CROSS JOIN log ON log.revision = then_live.revision ORDER BY then_live.key`),
    changes: sql(`WITH picked (revision) AS (
        SELECT revision FROM log INDEXED BY log_by_key
        WHERE ${inRange('key')} AND revision > :from ORDER BY revision LIMIT :limit)
      SELECT log.revision, log.key, log.value IS NULL AS deleted, coalesce(log.value, last.value) AS value
      FROM picked CROSS JOIN log ON log.revision = picked.revision
      LEFT JOIN log AS last ON log.value IS NULL AND last.revision = log.previous
      ORDER BY picked.revision`),
    find: sql('SELECT revision FROM live WHERE key = :key'),
    value: sql('SELECT value FROM log WHERE revision = :revision'),
    append: sql('INSERT INTO log VALUES (:revision, :previous, :atMs, :key, :value)'),
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
