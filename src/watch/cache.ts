import type { Counter, Gauge, Log } from '../observability/observability.ts';
import type { Backend, Change, Entry, Page, Revision, Watch } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';
import { catchUp } from './catch-up.ts';
import { type CacheEntry, type EntryReader, readEntry } from './entry.ts';
import { Fanout, type Stream } from './fanout.ts';
import { type CacheEvent, History } from './history.ts';
import { compareKeys, State } from './state.ts';
import type { EventEncoder, StreamFilter, StreamStart, WatchSink } from './stream.ts';

export interface CacheBounds {
  historyMs: number;
  historyEvents: number;
  historyBytes: number;
  bookmarkIntervalMs: number;
  maxBufferBytes: number;
}

export interface CacheOptions extends EntryReader {
  backend: Backend;
  /** What the cache is of, for logs and metrics. */
  plural: string;
  bounds: CacheBounds;
  log: Log;
  objectCount?: Gauge;
  slowStreams?: Counter;
  clock?: () => number;
}

const retryMs = { first: 100, longest: 5_000 };

/**
 * Follows one kind in the store through one upstream watch, and serves gets, lists and any number of watches from what it
 * has seen. It never writes, and writes never touch it.
 */
export class WatchCache {
  readonly #options: CacheOptions;
  readonly #clock: () => number;
  readonly #fanout: Fanout;
  readonly #catchingUp = new Set<Stream>();
  readonly #waiters = new Set<{ revision: Revision; resolve: () => void }>();
  #state = new State();
  #history: History;
  #revision: Revision = 0;
  #upstream: Watch | undefined;
  #unsent: CacheEvent[] = [];
  #flush: NodeJS.Immediate | undefined;
  #bookmarkTimer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Keys whose bytes are no object of the kind, with the reason. */
  readonly unreadable = new Map<string, string>();

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#history = this.#newHistory(0);
    this.#fanout = new Fanout({
      maxBufferBytes: options.bounds.maxBufferBytes,
      onSlow: stream => this.#endSlow(stream),
    });
  }

  /** Whether the cache has its first state. */
  get ready(): boolean {
    return this.#upstream !== undefined;
  }

  /** Everything up to this revision has been seen. */
  get revision(): Revision {
    return this.#revision;
  }

  /** The oldest revision that a watch can resume from. */
  get oldest(): Revision {
    return this.#history.oldest;
  }

  /** Number of open streams. */
  get streams(): number {
    return [...this.#fanout.streams()].length + this.#catchingUp.size;
  }

  /** Reads the kind and follows it. Throws the backend's StorageError when the first read fails. */
  async start(): Promise<void> {
    await this.#load();
    this.#bookmarkTimer = setInterval(
      () => void this.#sendBookmarks(),
      this.#options.bounds.bookmarkIntervalMs,
    );
    this.#bookmarkTimer.unref();
  }

  /** Ends every stream and the upstream watch. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#bookmarkTimer);
    clearImmediate(this.#flush);
    this.#upstream?.close();
    this.#endAll();
  }

  /** Waits until the cache has seen everything that was acknowledged before the call. Throws Unavailable when the store cannot be asked. */
  async fresh(): Promise<void> {
    if (!this.#upstream) throw new StorageError('Unavailable', `${this.#options.plural} are not loaded yet`);
    this.#advance(await this.#upstream.progress());
  }

  /** Waits until the revision is reached; false when it was not within the time. */
  async reaches(revision: Revision, timeoutMs: number): Promise<boolean> {
    if (this.#revision >= revision) return true;
    await this.fresh();
    if (this.#revision >= revision) return true;
    return new Promise(resolve => {
      const waiter = {
        revision,
        resolve: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(this.#revision >= revision);
        },
      };
      const timer = setTimeout(waiter.resolve, timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  get(namespace: string, name: string): CacheEntry | undefined {
    return this.#state.byName(namespace, name);
  }

  /** The objects under the namespace ('' for all) after the key, in key order, as of now. */
  list(namespace: string, after = ''): CacheEntry[] {
    return this.#state.range(this.#options.codec.prefix(namespace || undefined), after);
  }

  /**
   * The same as of an earlier revision: from the history where that reaches back so far, else from the store.
   * Throws Compacted when neither can tell any more.
   */
  async listAt(revision: Revision, namespace: string, after = ''): Promise<CacheEntry[]> {
    const undone = this.#history.after(revision);
    const prefix = this.#options.codec.prefix(namespace || undefined);
    if (!undone) {
      const page = await this.#options.backend.list(prefix, { at: revision, ...(after && { after }) });
      return this.#readAll(page.entries);
    }
    const then = new Map<string, CacheEntry | undefined>();
    for (const event of undone) {
      const { key } = (event.current ?? event.deleted)!;
      if (!then.has(key)) then.set(key, event.previous);
    }
    const entries = this.#state.range(prefix, after).filter(entry => !then.has(entry.key));
    for (const [key, entry] of then) {
      if (entry && key.startsWith(prefix) && key > after) entries.push(entry);
    }
    return entries.sort((a, b) => compareKeys(a.key, b.key));
  }

  /**
   * Opens a stream. A start that the history does not reach back to is told in the stream: an ERROR event with
   * `expired` as its object, then the end (machinery.md §5.1).
   */
  open(options: {
    start: StreamStart;
    filter: StreamFilter;
    encoder: EventEncoder;
    sink: WatchSink;
    bookmarks: boolean;
    expired: (revision: Revision, oldest: Revision) => Buffer;
  }): { close(): void } {
    const { start, filter, encoder, sink, bookmarks } = options;
    const stream: Stream = {
      filter,
      encoder,
      sink,
      bookmarks,
      position: start.initialEvents ? this.#revision : start.after,
      started: false,
      closed: false,
    };
    this.#catchingUp.add(stream);
    const initial = start.initialEvents ? this.#state.range(this.#options.codec.prefix()) : undefined;
    void catchUp(stream, {
      initial,
      history: () => this.#history,
      expired: options.expired,
      goLive: () => {
        this.#catchingUp.delete(stream);
        this.#fanout.add(stream);
      },
      end: () => this.#end(stream),
    });
    return { close: () => this.#close(stream) };
  }

  #close(stream: Stream): void {
    stream.closed = true;
    this.#catchingUp.delete(stream);
    this.#fanout.remove(stream);
  }

  #end(stream: Stream): void {
    if (stream.closed) return;
    this.#close(stream);
    stream.sink.end();
  }

  #endSlow(stream: Stream): void {
    this.#options.slowStreams?.inc({ resource: this.#options.plural });
    this.#end(stream);
  }

  #endAll(): void {
    for (const stream of [...this.#fanout.streams(), ...this.#catchingUp]) this.#end(stream);
  }

  /** Reads the state from as far back as the store can tell, so that watches can resume over a restart of the server. */
  async #load(): Promise<void> {
    const page = await this.#oldestPage();
    const entries = this.#readAll(page.entries);
    this.#state = new State(entries);
    this.#history = this.#newHistory(page.revision);
    this.#revision = page.revision;
    this.#unsent = [];
    await this.#follow();
    this.#countObjects();
  }

  /** The objects at the oldest revision that the store can tell of, or now where it tells of none. */
  async #oldestPage(): Promise<Page> {
    const { backend, codec } = this.#options;
    let at: Revision | undefined = 1;
    for (;;) {
      try {
        return await backend.list(codec.prefix(), at === undefined ? {} : { at });
      } catch (error) {
        if (!(error instanceof StorageError) || error.code !== 'Compacted') throw error;
        // The oldest revision may move on between two calls.
        at = error.oldest;
      }
    }
  }

  async #follow(): Promise<void> {
    const { backend, codec } = this.#options;
    const upstream = await backend.watch(codec.prefix(), this.#revision, {
      onChanges: changes => this.#apply(changes),
      onError: error => void this.#recover(error),
    });
    this.#upstream = upstream;
    this.#advance(await upstream.progress());
  }

  /** Takes the upstream watch up again where it ended; reads anew, and ends all streams, where it cannot. */
  async #recover(error: Error): Promise<void> {
    let delayMs = retryMs.first;
    let reload = error instanceof StorageError && error.code === 'Compacted';
    while (!this.#closed) {
      this.#options.log.warn('upstream watch ended, starting again', {
        resource: this.#options.plural,
        error: error.message,
        reload,
      });
      try {
        if (reload) {
          this.#endAll();
          await this.#load();
        } else await this.#follow();
        return;
      } catch (failure) {
        reload ||= failure instanceof StorageError && failure.code === 'Compacted';
        if (failure instanceof StorageError && failure.code === 'Closed') return;
      }
      await new Promise(resolve => setTimeout(resolve, delayMs * (0.5 + Math.random() / 2)));
      delayMs = Math.min(delayMs * 2, retryMs.longest);
    }
  }

  #apply(changes: Change[]): void {
    for (const change of changes) {
      const event = this.#eventOf(change);
      if (event) {
        if (event.current) this.#state.put(event.current);
        else this.#state.remove(change.key);
        this.#history.push(event);
        this.#unsent.push(event);
      }
      this.#revision = Math.max(this.#revision, change.revision);
    }
    this.#countObjects();
    this.#wake();
    // Once a turn, so that what a group commit brings is joined into one write a stream.
    if (this.#unsent.length > 0) this.#flush ??= setImmediate(() => this.#send());
  }

  #send(): void {
    this.#flush = undefined;
    const events = this.#unsent;
    this.#unsent = [];
    this.#fanout.send(events);
  }

  #eventOf(change: Change): CacheEvent | undefined {
    const previous = this.#state.byKey(change.key);
    const read = this.#read(change);
    if (change.type === 'put' && read) {
      return {
        revision: change.revision,
        current: read,
        previous,
        deleted: undefined,
        timeMs: this.#clock(),
      };
    }
    // A value that became unreadable is gone as far as clients can tell.
    if (!previous) return undefined;
    const deleted = read ?? previous;
    return { revision: change.revision, current: undefined, previous, deleted, timeMs: this.#clock() };
  }

  #read(stored: Entry): CacheEntry | undefined {
    if (this.#options.codec.skips?.(stored.key)) return undefined;
    try {
      const entry = readEntry(this.#options, stored);
      this.unreadable.delete(stored.key);
      return entry;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.unreadable.set(stored.key, reason);
      this.#options.log.error('stored value cannot be read', { key: stored.key, reason });
      return undefined;
    }
  }

  #readAll(stored: Entry[]): CacheEntry[] {
    return stored.map(entry => this.#read(entry)).filter(entry => entry !== undefined);
  }

  #advance(revision: Revision): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) if (waiter.revision <= this.#revision) waiter.resolve();
  }

  /** Tells every live stream that asked for it how far it has been sent. */
  async #sendBookmarks(): Promise<void> {
    this.#history.trim(this.#clock());
    try {
      await this.fresh();
    } catch (error) {
      this.#options.log.warn('no bookmarks: the store does not answer', { error: String(error) });
      return;
    }
    if (this.#unsent.length > 0) {
      clearImmediate(this.#flush);
      this.#send();
    }
    for (const stream of this.#fanout.streams()) {
      if (!stream.bookmarks || stream.position > this.#revision) continue;
      stream.position = this.#revision;
      stream.sink.write(stream.encoder.bookmark(String(this.#revision), false, !stream.started));
      stream.started = true;
    }
  }

  #countObjects(): void {
    this.#options.objectCount?.set({ resource: this.#options.plural }, this.#state.size);
  }

  #newHistory(start: Revision): History {
    const { historyMs, historyEvents, historyBytes } = this.#options.bounds;
    return new History(start, { maxAgeMs: historyMs, maxEvents: historyEvents, maxBytes: historyBytes });
  }
}
