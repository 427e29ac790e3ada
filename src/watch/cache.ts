import { limits } from '../limits.ts';
import { Slice } from '../machinery/slice.ts';
import type { Counter, Gauge, Log } from '../observability/observability.ts';
import type { Backend, Change, Page, Revision } from '../storage/backend.ts';
import { catchUp } from './catch-up.ts';
import { type CacheEntry, type EntryReader, withRevision } from './entry.ts';
import { Fanout, type Stream } from './fanout.ts';
import { type CacheEvent, History, type HistoryPool } from './history.ts';
import { type Listing, listingOf } from './listing.ts';
import { PastStates } from './past-states.ts';
import { type Replacement, State } from './state.ts';
import { StoredValues } from './stored-values.ts';
import type { EventEncoder, OpenStream, StreamFilter, StreamStart, WatchSink } from './stream.ts';
import { Upstream } from './upstream.ts';

export interface CacheBounds {
  historyMs: number;
  historyEvents: number;
  bookmarkIntervalMs: number;
  maxBufferBytes: number;
}

export interface CacheOptions extends EntryReader {
  backend: Backend;
  /** What the cache is of, for logs and metrics. */
  plural: string;
  bounds: CacheBounds;
  /** The bytes of history that all kinds share. */
  histories: HistoryPool;
  log: Log;
  objectCount?: Gauge;
  unreadableCount?: Gauge;
  slowStreams?: Counter;
  /** Never jumps, ms. */
  clock?: () => number;
}

/**
 * Follows one kind in the store through one upstream watch, and serves gets, lists and any number of watches from what it
 * has seen. It never writes, and writes never touch it.
 */
export class WatchCache {
  readonly #options: CacheOptions;
  readonly #clock: () => number;
  readonly #fanout: Fanout;
  readonly #upstream: Upstream;
  readonly #catchingUp = new Set<Stream>();
  readonly #waiters = new Set<{ revision: Revision; resolve: () => void }>();
  #state = new State();
  readonly #past = new PastStates(() => ({ entries: this.#state.snapshot(), history: this.#history }));
  #history: History;
  #revision: Revision = 0;
  #unsent: CacheEvent[] = [];
  #sending: Promise<void> | undefined;
  #flush: NodeJS.Immediate | undefined;
  #bookmarkTimer: NodeJS.Timeout | undefined;
  readonly #values: StoredValues;
  #bytes = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#values = new StoredValues(options, options.log);
    this.#history = this.#newHistory(0);
    this.#fanout = new Fanout({
      maxBufferBytes: options.bounds.maxBufferBytes,
      onSlow: stream => this.#endSlow(stream),
      onError: (stream, error) => this.#endBroken(stream, error),
    });
    const { backend, codec, plural, log } = options;
    this.#upstream = new Upstream({
      backend,
      prefix: codec.prefix(),
      plural,
      log,
      onPage: page => this.#takePage(page),
      onChanges: changes => this.#apply(changes),
      onProgress: revision => this.#advance(revision),
    });
  }

  /** Why the cache does not follow the store just now; undefined while it does. */
  get problem(): string | undefined {
    return this.#upstream.problem;
  }

  /** Keys whose value clients do not see, with the reason: no object of the kind, or one whose name a lower key has. */
  get unreadable(): ReadonlyMap<string, string> {
    const found = new Map(this.#values.unreadable);
    for (const { key, shown } of this.#state.heldBack())
      found.set(key, `${shown} has an object of this name`);
    return found;
  }

  /** Everything up to this revision has been seen. */
  get revision(): Revision {
    return this.#revision;
  }

  /** The oldest revision that a watch can resume from. */
  get oldest(): Revision {
    return this.#history.oldest;
  }

  /** What the objects hold of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of open streams. */
  get streams(): number {
    return [...this.#fanout.streams()].length + this.#catchingUp.size;
  }

  /** Reads the kind and follows it. Resolves with the first state, however long the store cannot be read, or when closed. */
  async start(): Promise<void> {
    this.#bookmarkTimer = setInterval(
      () => void this.#sendBookmarks(this.#fanout.streams()),
      this.#options.bounds.bookmarkIntervalMs,
    );
    this.#bookmarkTimer.unref();
    await this.#upstream.start();
  }

  /** Ends every stream and the upstream watch. */
  close(): void {
    clearInterval(this.#bookmarkTimer);
    clearImmediate(this.#flush);
    this.#upstream.close();
    this.#endAll();
  }

  /** Throws Unavailable before there is a first state. */
  mustBeLoaded(): void {
    this.#upstream.mustBeLoaded();
  }

  /**
   * Waits until the cache has seen everything that was acknowledged before the call, or all of that about one object. Throws
   * Unavailable when the store cannot be asked.
   */
  fresh(object?: { namespace: string; name: string }): Promise<void> {
    if (!object) return this.#upstream.progress();
    const { namespace, name } = object;
    return this.#upstream.progress(this.#options.codec.candidateKeys(namespace || undefined, name));
  }

  /** Waits until the revision is reached; false when it was not within the time. */
  async reaches(revision: Revision, timeoutMs: number): Promise<boolean> {
    this.mustBeLoaded();
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

  /** All objects under the namespace ('' for all) as of now, in key order. */
  list(namespace: string): CacheEntry[] {
    const prefix = this.#options.codec.prefix(namespace || undefined);
    return [...this.#state.snapshot().batches(prefix)].flat();
  }

  /** The objects under the namespace ('' for all) as of now, those after the key where one is given. */
  listing(namespace: string, after = ''): Listing {
    const prefix = this.#options.codec.prefix(namespace || undefined);
    const snapshot = this.#state.snapshot();
    const revision = this.#revision;
    const keepForPages = () => this.#past.keep(revision, snapshot);
    return listingOf(snapshot, { prefix, after, keepForPages });
  }

  /**
   * The same as of an earlier revision: from the history where that reaches back so far, else from the store.
   * Throws Compacted when neither can tell any more; from the store also while the batches are read.
   */
  async listingAt(revision: Revision, namespace: string, after = ''): Promise<Listing> {
    const prefix = this.#options.codec.prefix(namespace || undefined);
    const then = await this.#past.at(revision);
    if (then) return listingOf(then, { prefix, after });
    const first = await this.#storedPage(prefix, revision, after);
    return {
      batches: this.#storedBatches(prefix, revision, first),
      count: undefined,
      keepForPages() {},
    };
  }

  async *#storedBatches(prefix: string, revision: Revision, first: Page): AsyncGenerator<CacheEntry[]> {
    for (let page = first; ; page = await this.#storedPage(prefix, revision, page.entries.at(-1)!.key)) {
      yield* new State(this.#values.readPast(page.entries)).snapshot().batches('');
      if (!page.more) return;
    }
  }

  #storedPage(prefix: string, at: Revision, after: string): Promise<Page> {
    return this.#options.backend.list(prefix, { at, limit: limits.pastPageEntries, ...(after && { after }) });
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
  }): OpenStream {
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
    const initial = start.initialEvents ? this.#state.snapshot().batches('') : undefined;
    void catchUp(stream, {
      initial,
      history: () => this.#history,
      expired: options.expired,
      goLive: () => {
        this.#catchingUp.delete(stream);
        this.#fanout.add(stream);
      },
      end: () => this.#end(stream),
    }).catch(error => this.#endBroken(stream, error));
    return { close: () => this.#close(stream), bookmark: () => void this.#sendBookmarks([stream]) };
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

  /** For a fault of ours in one stream: the others and the process go on. */
  #endBroken(stream: Stream, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.log.error('an event cannot be told', { resource: this.#options.plural, reason });
    this.#end(stream);
  }

  #endAll(): void {
    for (const stream of [...this.#fanout.streams(), ...this.#catchingUp]) this.#end(stream);
  }

  #takePage(page: Page): void {
    // In one turn with the new state: a stream that goes on over the two would lose what lies between them.
    this.#endAll();
    this.#values.unreadable.clear();
    const entries = page.entries.map(entry => this.#values.read(entry)).filter(entry => entry !== undefined);
    this.#state = new State(entries);
    this.#bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#history.close();
    this.#history = this.#newHistory(page.revision);
    this.#past.clear();
    this.#revision = page.revision;
    this.#unsent = [];
    this.#count();
  }

  #apply(changes: Change[]): void {
    for (const change of changes) {
      for (const event of this.#eventsOf(change)) {
        this.#history.push(event);
        this.#unsent.push(event);
      }
      this.#revision = Math.max(this.#revision, change.revision);
    }
    this.#past.trim();
    this.#count();
    this.#wake();
    // Once a turn, so that what a group commit brings is joined into one write a stream.
    if (this.#unsent.length > 0) this.#flush ??= setImmediate(() => void this.#send());
  }

  /** Sends what has not been sent, and what comes meanwhile. Resolves when there is nothing left. */
  #send(): Promise<void> {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    // What was to be sent may have gone out with what came before it.
    if (this.#unsent.length === 0) return this.#sending ?? Promise.resolve();
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#unsent.length > 0) {
      const events = this.#unsent;
      this.#unsent = [];
      await this.#fanout.send(events);
    }
  }

  /** Takes a change into the state. What clients see of it: mostly one event, none where only a hidden value changed. */
  #eventsOf(change: Change): CacheEvent[] {
    const gone = change.type === 'delete';
    const shown = gone && this.#state.has(change.key);
    // The last value of what nobody could see is not looked at.
    const read = gone && !shown ? undefined : this.#values.read(change);
    if (gone) this.#values.unreadable.delete(change.key);
    const replaced = this.#state.set(change.key, gone ? undefined : read);
    for (const { before, after } of replaced) this.#bytes += (after?.bytes ?? 0) - (before?.bytes ?? 0);
    const { revision } = change;
    return replaced.map(({ before, after }: Replacement) => ({
      revision,
      current: after,
      previous: before,
      // A value that became unreadable is gone as far as clients can tell.
      deleted: after ? undefined : (sameName(read, before) ?? withRevision(before!, revision)),
      timeMs: this.#clock(),
    }));
  }

  #advance(revision: Revision): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) if (waiter.revision <= this.#revision) waiter.resolve();
  }

  /** Tells those of the streams that are live and asked for it how far they have been sent. */
  async #sendBookmarks(streams: Iterable<Stream>): Promise<void> {
    this.#history.trim(this.#clock());
    this.#past.trim();
    try {
      await this.fresh();
    } catch (error) {
      this.#options.log.warn('no bookmarks: the store does not answer', { error: String(error) });
      return;
    }
    while (this.#unsent.length > 0 || this.#sending) await this.#send();
    // Every live stream has been sent what happened up to here.
    const revision = this.#revision;
    const slice = new Slice();
    for (const stream of streams) {
      if (slice.isOver) await slice.next();
      const isLive = !stream.closed && !this.#catchingUp.has(stream);
      if (!isLive || !stream.bookmarks || stream.position > revision) continue;
      stream.position = revision;
      stream.sink.write(stream.encoder.bookmark(String(revision), false, !stream.started));
      stream.started = true;
    }
  }

  #count(): void {
    const { objectCount, unreadableCount, plural } = this.#options;
    objectCount?.set({ resource: plural }, this.#state.size);
    unreadableCount?.set({ resource: plural }, this.#values.unreadable.size + this.#state.heldBackCount);
  }

  #newHistory(start: Revision): History {
    const { bounds, histories } = this.#options;
    const { historyMs: maxAgeMs, historyEvents: maxEvents } = bounds;
    return new History(start, { maxAgeMs, maxEvents }, histories);
  }
}

/** The entry, if it has the name of the other. */
function sameName(entry: CacheEntry | undefined, other: CacheEntry | undefined): CacheEntry | undefined {
  return entry?.name === other?.name && entry?.namespace === other?.namespace ? entry : undefined;
}
