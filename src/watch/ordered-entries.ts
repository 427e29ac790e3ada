import type { CacheEntry } from './entry.ts';

/** Entries in key order at one time. It is exact for as long as it is held, whatever is written meanwhile. */
export interface Snapshot {
  /** The entries whose key starts with the prefix and follows `after`, in key order, some hundred at a time. */
  batches(prefix: string, after?: string): Iterable<CacheEntry[]>;
  /** How many entries those are, without reading them. */
  count(prefix: string, after?: string): number;
}

/** Entries of one part of the order; never empty. Only its owner may change it. */
interface Chunk {
  owner: object;
  entries: CacheEntry[];
}

/** Few enough that an insert or a copy moves a few kilobytes, enough that the chunks of a million entries are soon searched. */
const maxChunk = 512;

/** Where an entry stands, or would stand. */
interface Place {
  chunk: number;
  index: number;
}

/**
 * Entries sorted by key, in chunks. A fork shares all chunks until one side changes them, so that a snapshot costs nothing
 * and a change after it copies one chunk.
 */
export class OrderedEntries implements Snapshot {
  #chunks: Chunk[] = [];
  #size = 0;
  /** Marks the chunks that no fork shares. */
  #owner: object = {};
  #ownsList = true;

  /** `entries` are in key order, one a key. */
  constructor(entries: CacheEntry[] = []) {
    for (let start = 0; start < entries.length; start += maxChunk / 2) {
      this.#chunks.push({ owner: this.#owner, entries: entries.slice(start, start + maxChunk / 2) });
    }
    this.#size = entries.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The same entries; what is done to the one is not seen in the other. */
  fork(): OrderedEntries {
    const fork = new OrderedEntries();
    fork.#chunks = this.#chunks;
    fork.#size = this.#size;
    fork.#ownsList = this.#ownsList = false;
    this.#owner = {};
    return fork;
  }

  /** Puts an entry in, in the place of the one with its key if there is one. */
  set(entry: CacheEntry): void {
    const { key } = entry;
    if (this.#chunks.length === 0) {
      this.#chunks = [{ owner: this.#owner, entries: [entry] }];
      this.#ownsList = true;
      this.#size = 1;
      return;
    }
    const place = this.#place(other => other < key);
    // What follows everything goes to the end of the last chunk.
    if (place.chunk === this.#chunks.length) {
      place.chunk--;
      place.index = this.#chunks[place.chunk]!.entries.length;
    }
    const { entries } = this.#own(place.chunk);
    if (entries[place.index]?.key === key) {
      entries[place.index] = entry;
      return;
    }
    entries.splice(place.index, 0, entry);
    this.#size++;
    if (entries.length <= maxChunk) return;
    const half = entries.splice(maxChunk / 2);
    this.#chunks.splice(place.chunk + 1, 0, { owner: this.#owner, entries: half });
  }

  /** Takes the entry with the key out, if there is one. */
  delete(key: string): void {
    const { chunk, index } = this.#place(other => other < key);
    if (this.#chunks[chunk]?.entries[index]?.key !== key) return;
    const { entries } = this.#own(chunk);
    entries.splice(index, 1);
    this.#size--;
    if (entries.length === 0) this.#chunks.splice(chunk, 1);
    else this.#join(chunk > 0 ? chunk - 1 : chunk);
  }

  *batches(prefix: string, after = ''): Generator<CacheEntry[]> {
    const chunks = this.#chunks;
    const start = this.#place(startOf(prefix, after));
    const end = this.#place(endOf(prefix));
    for (let at = start.chunk; at <= end.chunk && at < chunks.length; at++) {
      const from = at === start.chunk ? start.index : 0;
      const to = at === end.chunk ? end.index : undefined;
      const batch = chunks[at]!.entries.slice(from, to);
      if (batch.length > 0) yield batch;
    }
  }

  count(prefix: string, after = ''): number {
    return Math.max(0, this.#rank(endOf(prefix)) - this.#rank(startOf(prefix, after)));
  }

  /** The number of entries whose keys are before a place in the order. */
  #rank(isBefore: (key: string) => boolean): number {
    const { chunk, index } = this.#place(isBefore);
    let rank = index;
    for (let at = 0; at < chunk; at++) rank += this.#chunks[at]!.entries.length;
    return rank;
  }

  /** The first entry whose key is not before; behind the last chunk where all are. */
  #place(isBefore: (key: string) => boolean): Place {
    const chunk = firstNot(this.#chunks, ({ entries }) => isBefore(entries.at(-1)!.key));
    const entries = this.#chunks[chunk]?.entries ?? [];
    return { chunk, index: firstNot(entries, entry => isBefore(entry.key)) };
  }

  /** The chunk, as one that may be changed. */
  #own(at: number): Chunk {
    this.#ownList();
    const chunk = this.#chunks[at]!;
    if (chunk.owner === this.#owner) return chunk;
    const copy = { owner: this.#owner, entries: chunk.entries.slice() };
    this.#chunks[at] = copy;
    return copy;
  }

  #ownList(): void {
    if (!this.#ownsList) this.#chunks = this.#chunks.slice();
    this.#ownsList = true;
  }

  /** Makes one of a chunk and the next where both are small, so that deletions leave no crowd of tiny ones. */
  #join(at: number): void {
    const [first, second] = [this.#chunks[at]!, this.#chunks[at + 1]];
    if (!second || first.entries.length + second.entries.length > maxChunk / 2) return;
    const entries = [...first.entries, ...second.entries];
    this.#chunks.splice(at, 2, { owner: this.#owner, entries });
  }
}

function startOf(prefix: string, after: string): (key: string) => boolean {
  return key => key < prefix || (after !== '' && key <= after);
}

function endOf(prefix: string): (key: string) => boolean {
  return key => key < prefix || key.startsWith(prefix);
}

/** The index of the first item for which it does not hold; it holds for all items before it and for none after. */
function firstNot<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
