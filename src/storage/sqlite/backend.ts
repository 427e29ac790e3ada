import { join } from 'node:path';
import { limits } from '../../limits.ts';
import type { Log, Metrics } from '../../observability/observability.ts';
import type {
  Backend,
  Entry,
  Guard,
  ListOptions,
  Page,
  Revision,
  Watch,
  WatchHandlers,
  Write,
} from '../backend.ts';
import { StorageError } from '../errors.ts';
import { Watcher } from '../watcher.ts';
import { Condition } from './condition.ts';
import { Connection } from './connection.ts';
import { storageError } from './failure.ts';
import { IntegrityChecks, type IntegrityOptions } from './integrity.ts';
import { type DirectoryLock, lockDirectory } from './lock.ts';
import { unpackChanges, unpackEntries } from './packing.ts';
import { Watchers } from './watchers.ts';

export interface SqliteOptions {
  /** Where the files lie; made when it is not there. One process at a time. */
  directory: string;
  /** Where it stands which store the directory is used with; `store.id` beside the store's file when absent. */
  markerFile?: string;
  /** The id of a store that the user does without: the one that is found, or a new one, takes its place. */
  acceptStore?: string;
  /** The script of the worker thread. A bundle, where the sources are not beside each other, has to name its own. */
  workerUrl?: URL;
  /** Reads the whole file now and then in the background, to find damage before it is met; not when absent. */
  integrity?: IntegrityOptions;
  /** What the heap of the worker thread may grow to. */
  heapBytes?: number;
  /** Milliseconds since the epoch; tells the age of history. */
  now?: () => number;
  historyMs?: number;
  maxHistoryEvents?: number;
  log?: Log;
  metrics?: Metrics;
}

export interface SqliteBackend extends Backend {
  /** Runs `PRAGMA <statement>` on the live connection and returns the first value, for diagnosis and tests. */
  pragma(statement: string): Promise<string | number | undefined>;
  /** What the last `check` has found that should be known though writes succeed. */
  note(): string | undefined;
}

/**
 * Opens the embedded store: one SQLite file that belongs to one worker thread, so that waiting for the disk never stops the
 * main thread. Throws Unavailable when the directory is another process's (its owner is named), or its file is not ours,
 * of a newer format, or not the store that the directory has been used with. Once something of the file turns out to be damaged,
 * every write throws Unavailable, and what can be read is still read.
 */
export async function openSqliteBackend(options: SqliteOptions): Promise<SqliteBackend> {
  const now = options.now ?? Date.now;
  let lock: DirectoryLock;
  try {
    lock = lockDirectory(options.directory, now());
  } catch (error) {
    throw storageError(error, options.directory);
  }
  const watchers = new Watchers();
  const { log, markerFile = join(options.directory, 'store.id'), acceptStore } = options;
  const file = join(options.directory, 'store.db');
  const condition = new Condition(options);
  try {
    const connection = await Connection.open(
      options.workerUrl ?? new URL('./worker.ts', import.meta.url),
      {
        file,
        markerFile,
        ...(acceptStore && { acceptStore }),
        historyMs: options.historyMs ?? limits.watchHistoryMs,
        maxHistoryEvents: options.maxHistoryEvents ?? limits.maxStoredHistoryEvents,
        ...(options.heapBytes !== undefined && { heapBytes: options.heapBytes }),
      },
      {
        onCommitted: changes => watchers.deliver(changes),
        onDamage: error => condition.damaged(error),
        onCrash: error => {
          log?.error('the thread of the embedded store has ended, another is started', {
            error: error.message,
          });
          watchers.end(error);
        },
      },
    );
    const { integrity } = options;
    const checks =
      integrity &&
      new IntegrityChecks(
        { file, options: integrity, onDamage: error => condition.damaged(error), log },
        options.metrics,
      );
    return new SqliteStore({ connection, condition, watchers, lock, now, checks });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Parts {
  connection: Connection;
  condition: Condition;
  watchers: Watchers;
  lock: DirectoryLock;
  now: () => number;
  checks: IntegrityChecks | undefined;
}

class SqliteStore implements SqliteBackend {
  readonly #parts: Parts;
  #closed: Promise<void> | undefined;
  #note: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async get(key: string): Promise<Entry | undefined> {
    return unpackEntries(await this.#parts.connection.call('get', { key }))[0];
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const page = await this.#parts.connection.call('list', { prefix, options });
    return { ...page, entries: unpackEntries(page.entries) };
  }

  async write(write: Write, guards: Guard[] = []): Promise<Entry> {
    this.#parts.condition.mustBeSound();
    const nowMs = this.#parts.now();
    if (write.type === 'delete') return this.#parts.connection.write({ write, guards, nowMs });
    if (write.value.byteLength > limits.maxObjectBytes) {
      throw new StorageError('TooLarge', `${write.key}: more than ${limits.maxObjectBytes} bytes`);
    }
    // A copy of its own: the caller may change his, and a view of a larger buffer would send all of that.
    const value = new Uint8Array(write.value);
    return this.#parts.connection.write({ write: { ...write, value }, guards, nowMs });
  }

  /**
   * Asks for what has happened since, part by part. Answers and commits come in one order, and the last part is taken in the
   * same turn in which the watch is entered, so the first commit after it is the first that is told.
   */
  watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch> {
    const { connection, watchers } = this.#parts;
    const watcher = new Watcher(prefix, from, handlers);
    return new Promise((resolve, reject) => {
      const askFrom = (revision: Revision) => {
        connection.send(
          'changes',
          { prefix, from: revision },
          part => {
            watcher.deliver(unpackChanges(part.changes));
            if (part.more && !watcher.ended) return askFrom(part.through);
            watchers.add(watcher, part.through);
            resolve(this.#handle(watcher));
          },
          reject,
        );
      };
      askFrom(from);
    });
  }

  async revision(): Promise<Revision> {
    return this.#parts.connection.call('revision', {});
  }

  async compact(revision: Revision): Promise<void> {
    this.#parts.condition.mustBeSound();
    await this.#parts.connection.call('compact', { revision });
  }

  async check(): Promise<void> {
    this.#parts.condition.mustBeSound();
    this.#note = undefined;
    this.#note = await this.#parts.connection.call('check', { nowMs: this.#parts.now() });
  }

  note(): string | undefined {
    return this.#note;
  }

  async pragma(statement: string): Promise<string | number | undefined> {
    return this.#parts.connection.call('pragma', { statement });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { connection, watchers, lock, checks } = this.#parts;
    // Both begin now: no call is taken from here on.
    await Promise.all([connection.close(), checks?.close()]);
    watchers.end(new StorageError('Closed', 'the store is closed'));
    lock.release();
  }

  #handle(watcher: Watcher): Watch {
    const { watchers } = this.#parts;
    return {
      progress: async () => {
        // One turn later whatever is being delivered just now has been delivered to every watcher.
        await null;
        if (watcher.ended) throw watcher.ended;
        return watchers.revision;
      },
      close: () => {
        watcher.ended ??= new StorageError('Closed', 'the watch is closed');
        watchers.remove(watcher);
      },
    };
  }
}
