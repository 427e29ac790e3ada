import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Backend, Entry, ListOptions, Page, Revision, Watch, WatchHandlers } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { Watcher } from '../watcher.ts';
import { storageError } from './failure.ts';
import { openFileToRead } from './format.ts';
import { Reader, type Standing } from './reader.ts';

const lookIntervalMs = 50;

/**
 * Opens an embedded store to be read only, whether a server has it open or not: it takes no lock and changes nothing. What the
 * server writes is found by looking, when asked and every few milliseconds. Reads block the caller's thread. Throws Unavailable when
 * there is no store, or its file is not ours or of a newer format.
 */
export function openSqliteFollower(directory: string): Backend {
  const file = join(directory, 'store.db');
  try {
    return new Follower(file, openFileToRead(file));
  } catch (error) {
    throw storageError(error, file);
  }
}

/** A watch and how far it has been told. */
interface Following {
  watcher: Watcher;
  told: Revision;
}

class Follower implements Backend {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #following = new Set<Following>();
  readonly #looking: NodeJS.Timeout;
  #closed = false;

  constructor(file: string, database: DatabaseSync) {
    this.#file = file;
    this.#database = database;
    this.#reader = new Reader(database);
    this.#looking = setInterval(() => this.#look(), lookIntervalMs);
    this.#looking.unref();
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#read(() => this.#reader.get(key));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const page = this.#read(standing => this.#reader.list(prefix, options, standing));
    return { ...page, entries: page.entries.map(entry => ({ ...entry })) };
  }

  async write(): Promise<Entry> {
    throw new StorageError('Unavailable', `${this.#file} is open to be read only`);
  }

  async watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch> {
    const following = { watcher: new Watcher(prefix, from, handlers), told: from };
    this.#read(standing => this.#reader.changes(prefix, from, standing));
    this.#following.add(following);
    this.#tell(following);
    const { watcher } = following;
    return {
      progress: async () => {
        // What this tells of is delivered on the way, up to the revision that the store has now.
        const revision = this.#tell(following);
        if (watcher.ended) throw watcher.ended;
        return revision;
      },
      close: () => {
        watcher.ended ??= new StorageError('Closed', 'the watch is closed');
        this.#following.delete(following);
      },
    };
  }

  async revision(): Promise<Revision> {
    return this.#read(({ revision }) => revision);
  }

  async compact(): Promise<void> {
    throw new StorageError('Unavailable', `${this.#file} is open to be read only`);
  }

  async check(): Promise<void> {
    this.#read(() => undefined);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#looking);
    for (const { watcher } of this.#following) watcher.end(closed());
    this.#following.clear();
    this.#database.close();
  }

  #look(): void {
    for (const following of [...this.#following]) this.#tell(following);
  }

  /** Delivers what has happened since; a failure ends the watch. Returns how far the store is. */
  #tell(following: Following): Revision {
    const { watcher } = following;
    let reached: Revision = 0;
    try {
      for (let more = true; more && !watcher.ended; ) {
        const part = this.#read(standing =>
          standing.revision <= following.told
            ? { changes: [], through: standing.revision, more: false }
            : this.#reader.changes(watcher.prefix, following.told, standing),
        );
        reached = part.through;
        following.told = Math.max(following.told, reached);
        more = part.more;
        watcher.deliver(part.changes);
      }
    } catch (error) {
      watcher.end(error as StorageError);
    }
    if (watcher.ended) this.#following.delete(following);
    return reached;
  }

  /** Reads within one transaction, so that all is as of one moment. */
  #read<T>(read: (standing: Standing) => T): T {
    if (this.#closed) throw closed();
    try {
      this.#database.exec('BEGIN');
      try {
        return read(this.#reader.standing());
      } finally {
        this.#database.exec('COMMIT');
      }
    } catch (error) {
      throw storageError(error, this.#file);
    }
  }
}

function closed(): StorageError {
  return new StorageError('Closed', 'the store is closed');
}
