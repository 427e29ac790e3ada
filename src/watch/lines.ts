import type { CacheEntry } from './entry.ts';
import type { EventEncoder, EventType } from './stream.ts';

/** From this length on a line is shared by all streams that still have to send it, and never copied. */
const largeBytes = 64 * 1024;

const largeLines = new WeakMap<CacheEntry, Map<string, WeakRef<Buffer>>>();

/**
 * The line of one event for streams of an encoder; `first` marks the first event of a stream. The line of a large object is the same
 * buffer for every stream as long as one of them has it queued: clients that take nothing hold it once, however many they are.
 */
export function lineOf(encoder: EventEncoder, type: EventType, entry: CacheEntry, first: boolean): Buffer {
  if (entry.json.length < largeBytes) return encoder.encode(type, entry, first);
  const key = `${type}/${first}/${encoder.key}`;
  const lines = largeLines.get(entry) ?? new Map<string, WeakRef<Buffer>>();
  largeLines.set(entry, lines);
  const known = lines.get(key)?.deref();
  if (known) return known;
  const line = encoder.encode(type, entry, first);
  lines.set(key, new WeakRef(line));
  return line;
}

/** Joins lines into few chunks, so that each costs one write; large ones stay as they are. */
export function chunksOf(lines: readonly Buffer[]): Buffer[] {
  const chunks: Buffer[] = [];
  let small: Buffer[] = [];
  const join = () => {
    if (small.length > 0) chunks.push(small.length === 1 ? small[0]! : Buffer.concat(small));
    small = [];
  };
  for (const line of lines) {
    if (line.length < largeBytes) small.push(line);
    else {
      join();
      chunks.push(line);
    }
  }
  join();
  return chunks;
}
