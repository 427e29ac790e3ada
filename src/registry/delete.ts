import { group } from '../kinds/kind.ts';
import type { ApiObject } from '../machinery/object.ts';
import { StatusError } from '../machinery/status.ts';
import { checkRemoval } from './admit.ts';
import { retryOnConflict } from './change.ts';
import type { ResourceParts } from './context.ts';
import { removeOrMark } from './removal.ts';
import { close, release } from './retire.ts';

export interface DeleteRequest {
  dryRun: boolean;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * Deletes an object, or marks it for deletion while finalizers hold it (machinery.md §3.5).
 * `removed` tells which; `object` is its last or its marked state. Throws 404, 409 when a precondition does not hold, and
 * what the rules of the kind throw.
 */
export async function remove(
  parts: ResourceParts,
  namespace: string,
  name: string,
  options: DeleteRequest,
): Promise<{ object: ApiObject; removed: boolean }> {
  let closedAt: number | undefined;
  return retryOnConflict(parts, namespace, name, async current => {
    // What a first attempt has stored itself is no change that the client did not know of.
    if (current.revision !== closedAt) checkPreconditions(parts, name, current.object, options.preconditions);
    const finalizers = finalizersFor(current.object, options.propagationPolicy);
    const guards = await checkRemoval(parts, current.object);
    const { dryRun } = options;
    if (dryRun || !parts.kind.retire) return removeOrMark(parts, current, finalizers, { dryRun, guards });
    const closed = await close(parts, current);
    closedAt = closed.revision;
    guards.push(...(await release(parts, closed.object)));
    return removeOrMark(parts, closed, finalizers, { dryRun, guards });
  });
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
  if (uid !== undefined && uid !== object.metadata.uid) {
    why =
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). ` +
      'The object might have been deleted and then recreated';
  } else if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
    why =
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
      `(${object.metadata.resourceVersion}). The object might have been modified`;
  }
  if (!why) return;
  const { kind } = parts.kind;
  const message = `Operation cannot be fulfilled on ${kind}.${group} ${JSON.stringify(name)}: ${why}`;
  throw new StatusError('Conflict', message, { name, group, kind });
}
