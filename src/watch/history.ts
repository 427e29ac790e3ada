import type { Revision } from '../storage/backend.ts';
import type { CacheEntry } from './entry.ts';

/** One change of one object, as watches tell it. */
export interface CacheEvent {
  revision: Revision;
  /** The object after the change; undefined when the change deleted it. */
  current: CacheEntry | undefined;
  /** The object before the change; undefined when the change created it. */
  previous: CacheEntry | undefined;
  /** The object as a DELETED event carries it: the last content with the revision of the deletion. */
  deleted: CacheEntry | undefined;
  /** When the cache learned of it, ms. */
  timeMs: number;
}

export interface HistoryBounds {
  maxAgeMs: number;
  maxEvents: number;
  maxBytes: number;
}

/** The latest changes of one kind in order, bounded in age, number and bytes. */
export class History {
  /** Every change after this revision is held. */
  oldest: Revision;
  readonly #bounds: HistoryBounds;
  #events: CacheEvent[] = [];
  #head = 0;
  #bytes = 0;

  constructor(start: Revision, bounds: HistoryBounds) {
    this.oldest = start;
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#events.length - this.#head;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#bytes += sizeOf(event);
    this.trim(event.timeMs);
  }

  /** Drops what is beyond the bounds at this time. */
  trim(nowMs: number): void {
    const { maxAgeMs, maxEvents, maxBytes } = this.#bounds;
    while (this.length > 0) {
      const first = this.#events[this.#head]!;
      if (this.length <= maxEvents && this.#bytes <= maxBytes && nowMs - first.timeMs <= maxAgeMs) break;
      this.oldest = first.revision;
      this.#bytes -= sizeOf(first);
      this.#head++;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  /**
   * The changes after the revision; undefined when some of them are gone. With `limit` about so many: those of one revision
   * are never torn apart.
   */
  after(revision: Revision, limit = Number.POSITIVE_INFINITY): CacheEvent[] | undefined {
    if (revision < this.oldest) return undefined;
    let low = this.#head;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    let end = Math.min(low + limit, this.#events.length);
    while (end < this.#events.length && this.#events[end]!.revision === this.#events[end - 1]!.revision)
      end++;
    return this.#events.slice(low, end);
  }
}

function sizeOf(event: CacheEvent): number {
  return (event.current ?? event.deleted)!.json.length + 200;
}
