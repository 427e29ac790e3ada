import { copy, equal } from '../machinery/equal.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { Guard } from '../storage/backend.ts';
import { refuse } from './admit.ts';
import type { Current } from './change.ts';
import { type ResourceParts, timestamp } from './context.ts';

export interface RemovalOptions {
  dryRun: boolean;
  /** What must hold of other objects when the removal, or the mark, commits. */
  guards: Guard[];
}

/**
 * Removes an object, or marks it for deletion while finalizers hold it (machinery.md §3.5). `removed` tells which; `object`
 * is its last or its marked state. Throws StorageError Conflict when it, or what is guarded, has changed meanwhile.
 */
export async function removeOrMark(
  parts: ResourceParts,
  current: Current,
  finalizers: string[],
  options: RemovalOptions,
): Promise<{ object: ApiObject; removed: boolean }> {
  return finalizers.length > 0
    ? { object: await mark(parts, current, finalizers, options), removed: false }
    : { object: await removeNow(parts, current, options), removed: true };
}

async function removeNow(
  parts: ResourceParts,
  current: Current,
  options: RemovalOptions,
): Promise<ApiObject> {
  if (!options.dryRun) {
    const { key, revision } = current;
    const removed = await parts.backend.write({ type: 'delete', key, expect: revision }, options.guards);
    current.object.metadata.resourceVersion = String(removed.revision);
  }
  return current.object;
}

/** Stores the object with its deletionTimestamp; a second delete changes no more than what the policy says of dependents. */
async function mark(
  parts: ResourceParts,
  current: Current,
  finalizers: string[],
  options: RemovalOptions,
): Promise<ApiObject> {
  const old = current.object;
  const isMarked = old.metadata.deletionTimestamp !== undefined;
  if (isMarked && equal(old.metadata.finalizers, finalizers)) return old;
  const next = copy(old);
  next.metadata.finalizers = finalizers;
  if (!isMarked) {
    next.metadata.deletionTimestamp = timestamp(parts.now());
    next.metadata.deletionGracePeriodSeconds = 0;
    if (next.metadata.generation) next.metadata.generation++;
  }
  refuse(parts, next, parts.codec.refuses?.({ object: next, old }) ?? []);
  if (options.dryRun) return next;
  const value = parts.codec.encode(next);
  const { key, revision } = current;
  const { guards } = options;
  return parts.codec.decode(
    await parts.backend.write({ type: 'update', key, value, expect: revision, frees: true }, guards),
  );
}
