import type { View } from '../kinds/kind.ts';
import type { ApiObject } from '../machinery/object.ts';
import { Slice } from '../machinery/slice.ts';
import type { Guard } from '../storage/backend.ts';
import type { CacheEntry } from '../watch/entry.ts';
import type { Listing } from '../watch/listing.ts';
import type { ResourceParts } from './context.ts';

/** A view with what must still hold when a write that rests on it commits. */
export interface RecordingView {
  view: View;
  /** Grows with each read. */
  guards: Guard[];
}

/**
 * Reads other kinds from their caches, as fresh as the last acknowledged write, and notes a guard of the storage contract for
 * each read. Throws StorageError where the store cannot be asked.
 */
export function recordingView(parts: Pick<ResourceParts, 'others'>): RecordingView {
  const guards: Guard[] = [];
  const view: View = {
    get: async (plural, name, namespace = '') => {
      const { cache, codec } = otherParts(parts, plural);
      await cache.fresh({ namespace, name });
      const entry = cache.get(namespace, name);
      if (!entry) {
        for (const key of codec.candidateKeys(namespace || undefined, name)) {
          guards.push({ key, revision: 0 });
        }
        return undefined;
      }
      // That the key is there is not enough: the object may have been marked for deletion.
      guards.push({ key: entry.key, revision: entry.revision });
      return entry.object();
    },
    list: async (plural, options = {}) => {
      const { cache, codec } = otherParts(parts, plural);
      await cache.fresh();
      const { batches } = cache.listing('');
      guards.push({ prefix: codec.prefix(), unchangedSince: cache.revision });
      const where = Object.entries(options.where ?? {});
      return decoded(batches, entry => where.every(([field, value]) => entry.fields[field] === value));
    },
  };
  return { view, guards };
}

/** The parts of a kind that a rule asks for. Throws where it is not served: then the rule or the wiring is wrong. */
export function otherParts(parts: Pick<ResourceParts, 'others'>, plural: string): ResourceParts {
  const found = parts.others(plural);
  if (!found) throw new Error(`a rule asks for ${plural}, which are not served`);
  return found;
}

async function decoded(
  batches: Listing['batches'],
  chosen: (entry: CacheEntry) => boolean,
): Promise<ApiObject[]> {
  const objects: ApiObject[] = [];
  const slice = new Slice();
  for await (const batch of batches) {
    for (const entry of batch) {
      if (chosen(entry)) objects.push(entry.object());
      if (slice.isOver) await slice.next();
    }
  }
  return objects;
}
