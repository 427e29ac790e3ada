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
}

/**
 * The bytes that the histories of all kinds hold together. Beyond the total the kind that holds most loses its oldest change: a
 * kind that changes much does not take the others' history.
 */
export class HistoryPool {
  readonly total: number;
  #used = 0;
  readonly #members = new Set<History>();

  constructor(total: number) {
    this.total = total;
  }

  get used(): number {
    return this.#used;
  }

  /** Counts what a history has taken, or with a negative number given back; drops what is too much. */
  count(history: History, bytes: number): void {
    this.#members.add(history);
    this.#used += bytes;
    while (this.#used > this.total) this.#largest().dropOldest();
  }

  /** Forgets a history that is no longer used. */
  leave(history: History): void {
    if (this.#members.delete(history)) this.#used -= history.bytes;
  }

  #largest(): History {
    let largest: History | undefined;
    for (const member of this.#members) if (!largest || member.bytes > largest.bytes) largest = member;
    return largest!;
  }
}

/** The latest changes of one kind in order, bounded in age and number, and in bytes by the pool of all kinds. */
export class History {
  /** Every change after this revision is held. */
  oldest: Revision;
  readonly #bounds: HistoryBounds;
  readonly #pool: HistoryPool;
  /** Undefined where a change was dropped: the array is made anew only after up to half of its length. */
  #events: (CacheEvent | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(start: Revision, bounds: HistoryBounds, pool: HistoryPool) {
    this.oldest = start;
    this.#bounds = bounds;
    this.#pool = pool;
  }

  get length(): number {
    return this.#events.length - this.#head;
  }

  /** What the changes hold of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#count(sizeOf(event));
    this.trim(event.timeMs);
  }

  /** Drops what is beyond the bounds at this time. */
  trim(nowMs: number): void {
    const { maxAgeMs, maxEvents } = this.#bounds;
    while (this.length > 0) {
      const first = this.#events[this.#head]!;
      if (this.length <= maxEvents && nowMs - first.timeMs <= maxAgeMs) break;
      this.dropOldest();
    }
  }

  /** Drops the oldest change; there is one. */
  dropOldest(): void {
    const first = this.#events[this.#head]!;
    this.#events[this.#head++] = undefined;
    this.oldest = first.revision;
    this.#count(-sizeOf(first));
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Gives back what it counts: another history takes its place. */
  close(): void {
    this.#pool.leave(this);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#pool.count(this, bytes);
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
    return this.#events.slice(low, end) as CacheEvent[];
  }
}

/** A change itself, beside its entries (measured). */
const eventBytes = 100;

/** What a change keeps: what it replaced and what tells of a deletion. What it made is the cache's, or the next change's. */
function sizeOf({ previous, deleted }: CacheEvent): number {
  return eventBytes + (previous?.bytes ?? 0) + (deleted?.bytes ?? 0);
}
