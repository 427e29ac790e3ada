import type { Log } from '../observability/observability.ts';
import type { Entry } from '../storage/backend.ts';
import { type CacheEntry, type EntryReader, readEntry } from './entry.ts';

/** Reads what the store holds of one kind, and remembers which values cannot be read. */
export class StoredValues {
  /** Keys whose value is no object of the kind, with the reason. */
  readonly unreadable = new Map<string, string>();
  readonly #reader: EntryReader;
  readonly #log: Log;

  constructor(reader: EntryReader, log: Log) {
    this.#reader = reader;
    this.#log = log;
  }

  /** What a key holds now; undefined where that is no object of the kind. */
  read(stored: Entry): CacheEntry | undefined {
    if (this.#reader.codec.skips?.(stored.key)) return undefined;
    try {
      const entry = readEntry(this.#reader, stored);
      this.unreadable.delete(stored.key);
      return entry;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.unreadable.set(stored.key, reason);
      this.#log.error('stored value cannot be read', { key: stored.key, reason });
      return undefined;
    }
  }

  /** What keys held earlier, without those that cannot be read: that says nothing of the present. */
  readPast(stored: Entry[]): CacheEntry[] {
    const entries: CacheEntry[] = [];
    for (const each of stored) {
      if (this.#reader.codec.skips?.(each.key)) continue;
      try {
        entries.push(readEntry(this.#reader, each));
      } catch (error) {
        this.#log.debug('an earlier value cannot be read', { key: each.key, error: String(error) });
      }
    }
    return entries;
  }
}
