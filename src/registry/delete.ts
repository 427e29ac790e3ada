import { group } from '../kinds/kind.ts';
import { copy } from '../machinery/equal.ts';
import type { ApiObject } from '../machinery/object.ts';
import { StatusError } from '../machinery/status.ts';
import { type Current, retryOnConflict } from './change.ts';
import { type ResourceParts, timestamp } from './context.ts';

export interface DeleteRequest {
  dryRun: boolean;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * Deletes an object, or marks it for deletion while finalizers hold it (machinery.md §3.5).
 * `removed` tells which; `object` is its last or its marked state. Throws 404, 409 when a precondition does not hold.
 */
export async function remove(
  parts: ResourceParts,
  namespace: string,
  name: string,
  options: DeleteRequest,
): Promise<{ object: ApiObject; removed: boolean }> {
  return retryOnConflict(parts, namespace, name, async current => {
    checkPreconditions(parts, name, current.object, options.preconditions);
    const finalizers = finalizersFor(current.object, options.propagationPolicy);
    return finalizers.length > 0
      ? { object: await mark(parts, current, finalizers, options), removed: false }
      : { object: await removeNow(parts, current, options), removed: true };
  });
}

async function removeNow(
  parts: ResourceParts,
  current: Current,
  options: { dryRun: boolean },
): Promise<ApiObject> {
  if (!options.dryRun) {
    const { key, revision } = current;
    const removed = await parts.backend.write({ type: 'delete', key, expect: revision });
    current.object.metadata.resourceVersion = String(removed.revision);
  }
  return current.object;
}

/** Stores the object with its deletionTimestamp; a second delete changes nothing. */
async function mark(
  parts: ResourceParts,
  current: Current,
  finalizers: string[],
  options: { dryRun: boolean },
): Promise<ApiObject> {
  const old = current.object;
  if (old.metadata.deletionTimestamp) return old;
  const next = copy(old);
  next.metadata.finalizers = finalizers;
  next.metadata.deletionTimestamp = timestamp(parts.now());
  next.metadata.deletionGracePeriodSeconds = 0;
  if (next.metadata.generation) next.metadata.generation++;
  if (options.dryRun) return next;
  const value = parts.codec.encode(next);
  const { key, revision } = current;
  return parts.codec.decode(await parts.backend.write({ type: 'update', key, value, expect: revision }));
}

function finalizersFor(object: ApiObject, policy: DeleteRequest['propagationPolicy']): string[] {
  const held = object.metadata.finalizers ?? [];
  if (!policy) return held;
  const rest = held.filter(finalizer => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion');
  if (policy === 'Orphan') rest.push('orphan');
  if (policy === 'Foreground') rest.push('foregroundDeletion');
  return rest;
}

/** The Kind stands in the resource's place in these messages, as upstream prints them. */
function checkPreconditions(
  parts: ResourceParts,
  name: string,
  object: ApiObject,
  preconditions: DeleteRequest['preconditions'],
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  let why: string | undefined;
  if (uid && uid !== object.metadata.uid) {
    why =
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). ` +
      'The object might have been deleted and then recreated';
  } else if (resourceVersion && resourceVersion !== object.metadata.resourceVersion) {
    why =
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
      `(${object.metadata.resourceVersion}). The object might have been modified`;
  }
  if (!why) return;
  const { kind } = parts.kind;
  const message = `Operation cannot be fulfilled on ${kind}.${group} ${JSON.stringify(name)}: ${why}`;
  throw new StatusError('Conflict', message, { name, group, kind });
}
