import { limits } from '../../limits.ts';
import { compareText } from '../../machinery/text-order.ts';
import type {
  Backend,
  Change,
  Entry,
  Guard,
  ListOptions,
  Page,
  Revision,
  Watch,
  WatchHandlers,
  Write,
} from '../backend.ts';
import { guardFailed, StorageError } from '../errors.ts';

export interface MemoryOptions {
  /** Milliseconds since the epoch; tells the age of history. */
  now?: () => number;
  historyMs?: number;
  maxHistoryEvents?: number;
}

/** A change with what it replaced, so that it can be undone. */
interface Past {
  change: Change;
  previous: Entry | undefined;
  atMs: number;
}

interface Watcher {
  prefix: string;
  from: Revision;
  handlers: WatchHandlers;
  /** Why the watch has ended; undefined while it lives. */
  ended: Error | undefined;
}

/**
 * The store that keeps nothing: a map, the list of what changed, and the watchers. It is the model that property tests
 * compare the other stores with, so it favours the plain way over the fast one. History is bounded in age and number.
 */
export function createMemoryBackend(options: MemoryOptions = {}): Backend {
  return new MemoryBackend(options);
}

class MemoryBackend implements Backend {
  readonly #options: Required<MemoryOptions>;
  readonly #live = new Map<string, Entry>();
  readonly #watchers = new Set<Watcher>();
  #history: Past[] = [];
  #revision: Revision = 1;
  #compacted: Revision = 0;
  #undelivered: Change[] = [];
  #delivering = false;
  #closed = false;

  constructor(options: MemoryOptions) {
    this.#options = {
      now: Date.now,
      historyMs: limits.watchHistoryMs,
      maxHistoryEvents: limits.maxStoredHistoryEvents,
      ...options,
    };
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#mustBeOpen();
    return this.#live.get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    this.#mustBeOpen();
    const { after, limit = Number.POSITIVE_INFINITY } = options;
    const at = Math.min(options.at ?? this.#revision, this.#revision);
    this.#mustReach(at);
    const entries = [...this.#stateAt(at).values()]
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || compareText(key, after) > 0))
      .sort((a, b) => compareText(a.key, b.key));
    return { entries: entries.slice(0, limit), revision: at, more: entries.length > limit };
  }

  async write(write: Write, guards: Guard[] = []): Promise<Entry> {
    this.#mustBeOpen();
    const previous = this.#live.get(write.key);
    if (write.type !== 'delete' && write.value.byteLength > limits.maxObjectBytes) {
      throw new StorageError('TooLarge', `${write.key}: more than ${limits.maxObjectBytes} bytes`);
    }
    this.#checkExpectation(write, previous);
    for (const guard of guards) this.#checkGuard(guard);

    const { key } = write;
    const value = write.type === 'delete' ? previous!.value : new Uint8Array(write.value);
    const entry: Entry = { key, value, revision: ++this.#revision };
    if (write.type === 'delete') this.#live.delete(key);
    else this.#live.set(key, entry);
    const change: Change = { type: write.type === 'delete' ? 'delete' : 'put', ...entry };
    const atMs = Math.max(this.#options.now(), this.#history.at(-1)?.atMs ?? 0);
    this.#history.push({ change, previous, atMs });
    this.#forgetOld(atMs);
    this.#deliver(change);
    return entry;
  }

  async watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch> {
    this.#mustBeOpen();
    this.#mustReach(from);
    const missed = this.#history
      .map(past => past.change)
      .filter(change => change.revision > from && change.key.startsWith(prefix));
    const watcher: Watcher = {
      prefix,
      from: Math.max(from, this.#revision),
      handlers,
      ended: undefined,
    };
    this.#watchers.add(watcher);
    if (missed.length > 0) this.#call(watcher, missed);
    return {
      progress: async () => {
        // One turn later whatever is being delivered just now has been delivered to every watcher.
        await null;
        if (watcher.ended) throw watcher.ended;
        return this.#revision;
      },
      close: () => {
        watcher.ended ??= new StorageError('Closed', 'the watch is closed');
        this.#watchers.delete(watcher);
      },
    };
  }

  async revision(): Promise<Revision> {
    this.#mustBeOpen();
    return this.#revision;
  }

  async compact(revision: Revision): Promise<void> {
    this.#mustBeOpen();
    this.#forget(Math.min(revision, this.#revision));
  }

  async check(): Promise<void> {
    this.#mustBeOpen();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of [...this.#watchers]) this.#end(watcher, closed());
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closed();
  }

  /** Throws Compacted for a revision whose state or successors are forgotten. */
  #mustReach(revision: Revision): void {
    if (revision >= this.#compacted) return;
    const message = `revision ${revision} is compacted, the oldest is ${this.#compacted}`;
    throw new StorageError('Compacted', message, { oldest: this.#compacted });
  }

  #checkExpectation(write: Write, present: Entry | undefined): void {
    if (write.type === 'create') {
      if (present) throw new StorageError('Exists', `${write.key} exists`);
      return;
    }
    if (!present) throw new StorageError('NotFound', `${write.key} is not there`);
    if (present.revision === write.expect) return;
    throw new StorageError('Conflict', `${write.key} is at ${present.revision}, not at ${write.expect}`);
  }

  #checkGuard(guard: Guard): void {
    if ('key' in guard) {
      const found = this.#live.get(guard.key)?.revision ?? 0;
      if (found !== guard.revision) throw guardFailed(guard, found);
      return;
    }
    for (const { key, revision } of this.#live.values()) {
      if (!key.startsWith(guard.prefix) || revision <= guard.unchangedSince) continue;
      throw new StorageError('Conflict', `${key} has changed after ${guard.unchangedSince}`);
    }
  }

  /** What was live at the revision: today's entries with everything later undone. */
  #stateAt(revision: Revision): Map<string, Entry> {
    const state = new Map(this.#live);
    for (let index = this.#history.length - 1; index >= 0; index--) {
      const { change, previous } = this.#history[index]!;
      if (change.revision <= revision) break;
      if (previous) state.set(change.key, previous);
      else state.delete(change.key);
    }
    return state;
  }

  #forgetOld(nowMs: number): void {
    const { historyMs, maxHistoryEvents } = this.#options;
    let forgotten = this.#revision - maxHistoryEvents;
    for (const { change, atMs } of this.#history) {
      if (nowMs - atMs < historyMs) break;
      forgotten = Math.max(forgotten, change.revision);
    }
    this.#forget(forgotten);
  }

  #forget(revision: Revision): void {
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    const first = this.#history.findIndex(past => past.change.revision > revision);
    this.#history = first < 0 ? [] : this.#history.slice(first);
  }

  /** Hands a change to the watchers. A write made by a handler waits until the change before it has reached everyone. */
  #deliver(change: Change): void {
    this.#undelivered.push(change);
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#undelivered.shift(); next; next = this.#undelivered.shift()) {
      for (const watcher of [...this.#watchers]) {
        const wanted = next.revision > watcher.from && next.key.startsWith(watcher.prefix);
        if (wanted && !watcher.ended) this.#call(watcher, [next]);
      }
    }
    this.#delivering = false;
  }

  #call(watcher: Watcher, changes: Change[]): void {
    try {
      watcher.handlers.onChanges(changes);
    } catch (error) {
      this.#end(
        watcher,
        new StorageError('Unavailable', `a watch handler failed: ${error}`, { cause: error }),
      );
    }
  }

  #end(watcher: Watcher, error: Error): void {
    if (watcher.ended) return;
    watcher.ended = error;
    this.#watchers.delete(watcher);
    try {
      watcher.handlers.onError(error);
    } catch (failure) {
      // Nobody is left to be told; the other watchers must not suffer.
      queueMicrotask(() => {
        throw failure;
      });
    }
  }
}

function closed(): StorageError {
  return new StorageError('Closed', 'the store is closed');
}
