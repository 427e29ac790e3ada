import { apiVersion } from '../kinds/kind.ts';
import { resetFields, type Tracking, trackUpdate } from '../machinery/apply/track.ts';
import type { JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { Steps } from '../machinery/steps.ts';
import { objectShape } from '../schema/merge-shape.ts';
import { type ResourceParts, timestamp } from './context.ts';

/** Tells the managedFields of an object that is to be stored; `old` is what it replaces. */
export type Owners = (next: ApiObject, old: ApiObject | undefined) => Steps<JsonObject[] | undefined>;

/** What is known of a write when fields are tracked (machinery.md §4.3). */
export function trackingOf(
  { kind, now }: ResourceParts,
  subresource: '' | 'status',
  manager: string,
): Tracking {
  const reset = subresource === 'status' ? resetFields.allButStatus : resetFields.status;
  return {
    shape: objectShape(kind.schema),
    apiVersion,
    kind: kind.kind,
    reset: kind.statusSubresource ? reset : resetFields.none,
    subresource,
    manager,
    now: timestamp(now()),
  };
}

/**
 * The owners after a create, update or patch by a manager. A write that nobody is named for, which is one of the server's own,
 * leaves them as they are.
 */
export function ownersAfterUpdate(
  parts: ResourceParts,
  subresource: '' | 'status',
  manager: string | undefined,
): Owners {
  if (manager === undefined) return (_next, old) => alreadyKnown(old?.metadata.managedFields);
  return (next, old) => trackUpdate(trackingOf(parts, subresource, manager), old, next);
}

/** Owners that need not be found out. */
export function* alreadyKnown(owners: JsonObject[] | undefined): Steps<JsonObject[] | undefined> {
  yield;
  return owners;
}

/** Writes down who owns what; nothing where nobody owns anything. */
export function setOwners(object: ApiObject, owners: JsonObject[] | undefined): void {
  if (owners) object.metadata.managedFields = owners;
  else delete object.metadata.managedFields;
}
