import { Slice } from '../machinery/slice.ts';
import type { Revision } from '../storage/backend.ts';
import { type CacheEntry, withRevision } from './entry.ts';
import type { CacheEvent } from './history.ts';
import { chunksOf, lineOf } from './lines.ts';
import type { EventEncoder, EventType, StreamFilter, WatchSink } from './stream.ts';

/** One client's watch. */
export interface Stream {
  readonly filter: StreamFilter;
  readonly encoder: EventEncoder;
  readonly sink: WatchSink;
  readonly bookmarks: boolean;
  /** Everything up to here has been sent. */
  position: Revision;
  /** Whether an event was sent: the first may look different (Table). */
  started: boolean;
  closed: boolean;
}

/** What streams with different filters share of the events that they are sent: each line is made once. */
export class Shared {
  readonly #lines = new Map<string, Map<CacheEntry, Buffer>>();
  /** Objects that leave a filter: the old content with the new revision. */
  readonly #left = new Map<CacheEvent, CacheEntry>();

  line(stream: Stream, type: EventType, entry: CacheEntry): Buffer {
    const { encoder, started } = stream;
    const key = `${type}/${started}/${encoder.key}`;
    const lines = this.#lines.get(key) ?? new Map<CacheEntry, Buffer>();
    this.#lines.set(key, lines);
    const line = lines.get(entry) ?? lineOf(encoder, type, entry, !started);
    lines.set(entry, line);
    return line;
  }

  gone(event: CacheEvent): CacheEntry {
    if (event.deleted) return event.deleted;
    const entry = this.#left.get(event) ?? withRevision(event.previous!, event.revision);
    this.#left.set(event, entry);
    return entry;
  }
}

/** What an event is to a stream that sees only the objects of a filter (machinery.md §5.4); undefined: nothing. */
function eventFor(
  event: CacheEvent,
  filter: StreamFilter,
  shared: Shared,
): { type: EventType; entry: CacheEntry } | undefined {
  const before = event.previous !== undefined && filter.matches(event.previous);
  const now = event.current !== undefined && filter.matches(event.current);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', entry: event.current! };
  return before ? { type: 'DELETED', entry: shared.gone(event) } : undefined;
}

/** The events that a stream has not seen yet, as chunks of whole lines. Advances the stream. */
export function chunksFor(stream: Stream, events: CacheEvent[], shared: Shared): Buffer[] {
  const lines: Buffer[] = [];
  const seen = stream.position;
  for (const event of events) {
    // Events may share a revision: those of one transaction come together.
    if (event.revision <= seen) continue;
    stream.position = event.revision;
    const told = eventFor(event, stream.filter, shared);
    if (!told) continue;
    lines.push(shared.line(stream, told.type, told.entry));
    stream.started = true;
  }
  return chunksOf(lines);
}

/** Events that are told at once: few enough that no stream holds the others up for long. */
const maxPartEvents = 100;
const maxPartBytes = 256 * 1024;

/** Splits events into parts, each to be told at once. Those of one revision are never torn apart. */
export function* inParts(events: CacheEvent[]): Generator<CacheEvent[]> {
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < events.length; at++) {
    const full = at - start >= maxPartEvents || bytes >= maxPartBytes;
    if (full && events[at]!.revision !== events[at - 1]!.revision) {
      yield events.slice(start, at);
      start = at;
      bytes = 0;
    }
    bytes += (events[at]!.current ?? events[at]!.deleted)!.json.length;
  }
  if (start < events.length) yield events.slice(start);
}

/** Streams that are up to date, grouped by what they see, so that each event is matched, encoded and joined once a group. */
export class Fanout {
  readonly #groups = new Map<string, Set<Stream>>();
  readonly #maxBufferBytes: number;
  /** Called with each stream that was ended because its client reads too slowly. */
  readonly #onSlow: (stream: Stream) => void;

  /** Called with each stream whose events cannot be made or written: the others go on. */
  readonly #onError: (stream: Stream, error: unknown) => void;

  constructor(options: {
    maxBufferBytes: number;
    onSlow: (stream: Stream) => void;
    onError: (stream: Stream, error: unknown) => void;
  }) {
    this.#maxBufferBytes = options.maxBufferBytes;
    this.#onSlow = options.onSlow;
    this.#onError = options.onError;
  }

  add(stream: Stream): void {
    const key = groupKey(stream);
    const group = this.#groups.get(key);
    if (group) group.add(stream);
    else this.#groups.set(key, new Set([stream]));
  }

  remove(stream: Stream): void {
    const key = groupKey(stream);
    const group = this.#groups.get(key);
    if (group?.delete(stream) && group.size === 0) this.#groups.delete(key);
  }

  /** All streams of all groups. */
  *streams(): Iterable<Stream> {
    for (const group of this.#groups.values()) yield* group;
  }

  /**
   * Sends consecutive events to every stream that has not had them, and lets others in between. Resolves when all have them; must
   * not be called again before that.
   */
  async send(events: CacheEvent[]): Promise<void> {
    const slice = new Slice();
    for (const part of inParts(events)) await this.#sendPart(part, slice);
  }

  async #sendPart(events: CacheEvent[], slice: Slice): Promise<void> {
    const first = events[0]!;
    const last = events.at(-1)!;
    const shared = new Shared();
    for (const group of this.#groups.values()) {
      const made = new Map<boolean, Buffer[]>();
      for (const stream of group) {
        if (slice.isOver) await slice.next();
        try {
          // A stream that has some of these behind it gets bytes of its own; a first event may look different.
          const { started } = stream;
          const isBehind = stream.position < first.revision;
          const chunks = (isBehind && made.get(started)) || chunksFor(stream, events, shared);
          if (isBehind) made.set(started, chunks);
          stream.position = last.revision;
          stream.started ||= chunks.length > 0;
          this.#write(stream, chunks);
        } catch (error) {
          this.#onError(stream, error);
        }
      }
    }
  }

  #write(stream: Stream, chunks: Buffer[]): void {
    if (chunks.length === 0 || stream.closed) return;
    for (const chunk of chunks) stream.sink.write(chunk);
    if (stream.sink.bufferedBytes() > this.#maxBufferBytes) this.#onSlow(stream);
  }
}

function groupKey(stream: Stream): string {
  return `${stream.encoder.key}\n${stream.filter.key}`;
}
