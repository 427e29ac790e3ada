import type { CacheEntry } from './entry.ts';
import type { Snapshot } from './ordered-entries.ts';

/** Objects in key order, exact at one revision however long they are read. */
export interface Listing {
  batches: Iterable<CacheEntry[]> | AsyncIterable<CacheEntry[]>;
  /** How many there are, where that is known without reading them. */
  count: number | undefined;
  /** Keeps the state that they are from, so that the further pages need not be worked out from the history. */
  keepForPages(): void;
}

/** The entries of a snapshot under a prefix, those after the key where one is given. */
export function listingOf(
  snapshot: Snapshot,
  { prefix, after, keepForPages = () => {} }: { prefix: string; after: string; keepForPages?: () => void },
): Listing {
  return {
    batches: snapshot.batches(prefix, after),
    count: snapshot.count(prefix, after),
    keepForPages,
  };
}
