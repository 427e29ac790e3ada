import type { Revision } from '../storage/backend.ts';
import { type CacheEntry, withRevision } from './entry.ts';
import type { CacheEvent } from './history.ts';
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

/** What an event is to a stream that sees only the objects of a filter (machinery.md §5.4); undefined: nothing. */
export function eventFor(
  event: CacheEvent,
  filter: StreamFilter,
): { type: EventType; entry: CacheEntry } | undefined {
  const before = event.previous !== undefined && filter.matches(event.previous);
  const now = event.current !== undefined && filter.matches(event.current);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', entry: event.current! };
  if (!before) return undefined;
  // The old content with the new revision.
  const entry = event.deleted ?? withRevision(event.previous!, event.revision);
  return { type: 'DELETED', entry };
}

/** The lines of the events that a stream has not seen yet, joined. Advances the stream. */
export function linesFor(stream: Stream, events: CacheEvent[]): Buffer | undefined {
  const lines: Buffer[] = [];
  const seen = stream.position;
  for (const event of events) {
    // Events may share a revision: those of one transaction come together.
    if (event.revision <= seen) continue;
    stream.position = event.revision;
    const told = eventFor(event, stream.filter);
    if (!told) continue;
    lines.push(stream.encoder.encode(told.type, told.entry, !stream.started));
    stream.started = true;
  }
  return lines.length > 0 ? Buffer.concat(lines) : undefined;
}

/** Streams that are up to date, grouped by what they see, so that each event is matched, encoded and joined once a group. */
export class Fanout {
  readonly #groups = new Map<string, Set<Stream>>();
  readonly #maxBufferBytes: number;
  /** Called with each stream that was ended because its client reads too slowly. */
  readonly #onSlow: (stream: Stream) => void;

  constructor(options: { maxBufferBytes: number; onSlow: (stream: Stream) => void }) {
    this.#maxBufferBytes = options.maxBufferBytes;
    this.#onSlow = options.onSlow;
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

  /** Sends consecutive events to every stream that has not had them. */
  send(events: CacheEvent[]): void {
    const first = events[0];
    const last = events.at(-1);
    if (!first || !last) return;
    for (const group of this.#groups.values()) {
      let shared: Buffer | undefined | null = null;
      for (const stream of group) {
        // A stream that has its first event before it, or some of these behind it, gets bytes of its own.
        if (!stream.started || stream.position >= first.revision) {
          this.#write(stream, linesFor(stream, events));
          continue;
        }
        if (shared === null) {
          shared = linesFor(stream, events);
          this.#write(stream, shared);
          continue;
        }
        stream.position = last.revision;
        this.#write(stream, shared);
      }
    }
  }

  #write(stream: Stream, lines: Buffer | undefined): void {
    if (!lines || stream.closed) return;
    stream.sink.write(lines);
    if (stream.sink.bufferedBytes() > this.#maxBufferBytes) this.#onSlow(stream);
  }
}

function groupKey(stream: Stream): string {
  return `${stream.encoder.key}\n${stream.filter.key}`;
}
