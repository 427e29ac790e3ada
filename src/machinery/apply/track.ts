import { limits } from '../../limits.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ApiObject } from '../object.ts';
import type { Steps } from '../steps.ts';
import { compareText } from '../text-order.ts';
import { type Changes, changesOutside, compare } from './compare.ts';
import { difference, emptySet, type FieldSet, setOf, union, unionOf } from './field-set.ts';
import {
  asksForReset,
  type Manager,
  type Managers,
  managerId,
  noManagers,
  parseManagers,
  secondsOf,
  serializeManagers,
} from './managers.ts';
import { reconciled } from './remove.ts';
import { ItemError, type MergeShape } from './shape.ts';
import { FieldSetError, fieldStep } from './step.ts';

/** What tracking has to know of the objects and of the write. */
export interface Tracking {
  /** Of whole objects. */
  shape: MergeShape;
  apiVersion: string;
  kind: string;
  /** The fields that the write cannot set, since the resource resets them (rest.ResetFieldsStrategy). */
  reset: FieldSet;
  subresource: '' | 'status';
  /** Who writes; `unknown` where that is not told. */
  manager: string;
  now: string;
}

/** The field sets by which the two halves of an object with a status are told apart. */
export const resetFields = {
  none: emptySet,
  status: setOf([fieldStep('status')]),
  allButStatus: setOf([fieldStep('metadata')], [fieldStep('spec')]),
} as const;

const inMetadata = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** What nobody owns, since the system sets it or since it is the same for all objects. */
const ownedByNobody = setOf(
  [fieldStep('apiVersion')],
  [fieldStep('kind')],
  [fieldStep('metadata')],
  ...inMetadata.map(name => [fieldStep('metadata'), fieldStep(name)]),
);

/** The fields of a set that a manager can own. */
export function ownable(fields: FieldSet): Steps<FieldSet> {
  return difference(fields, ownedByNobody);
}

/** An object without its managedFields, as it is compared and merged. */
export function withoutManagers(object: ApiObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata } as unknown as JsonObject;
}

/** An object of the kind with nothing in it. */
export function emptyObject({ apiVersion, kind }: Tracking): JsonObject {
  return { apiVersion, kind };
}

/**
 * The managedFields of an object after a create, update or patch (apimachinery FieldManager.Update): the writer owns what it has
 * added or changed, and nobody owns any longer what has been changed by another, or removed. `old` is undefined for a create. A
 * list that the client sent in `next` replaces the stored one if it can be read; an empty one ends the tracking of an object that
 * exists. An object that is not tracked stays so until the first apply. Undefined where nobody owns anything.
 */
export function* trackUpdate(
  tracking: Tracking,
  old: ApiObject | undefined,
  next: ApiObject,
): Steps<JsonObject[] | undefined> {
  const managers = yield* currentManagers(tracking, old, next);
  if (managers.size === 0 && old !== undefined) return undefined;
  const before = old ? withoutManagers(old) : emptyObject(tracking);
  try {
    return yield* serializeManagers(
      yield* managersAfterUpdate(tracking, before, withoutManagers(next), managers),
    );
  } catch (error) {
    // An item of a list has none of its keys: the object is about to be refused.
    if (error instanceof ItemError) return undefined;
    throw error;
  }
}

/** The managers as the write finds them: those that the client sent, where it may send any and they can be read, else the stored. */
function* currentManagers(tracking: Tracking, old: ApiObject | undefined, next: ApiObject): Steps<Managers> {
  const stored = old?.metadata.managedFields;
  if (tracking.subresource !== '') return yield* readOrNone(stored);
  const sent = next.metadata.managedFields;
  if (asksForReset(sent)) return noManagers;
  const managers = yield* readOrNone(sent);
  return managers.size > 0 ? managers : yield* readOrNone(stored);
}

function* readOrNone(entries: JsonObject[] | undefined): Steps<Managers> {
  if (!entries) return noManagers;
  try {
    return yield* parseManagers(entries);
  } catch (error) {
    if (error instanceof FieldSetError) return noManagers;
    throw error;
  }
}

/** The same for managers that have been read; objects come without managedFields. */
export function* managersAfterUpdate(
  tracking: Tracking,
  before: Json,
  after: Json,
  managers: Managers,
): Steps<Managers> {
  const changes = yield* compare(tracking.shape, before, after);
  const own = yield* changesOutside(changes, tracking.reset);
  const result = new Map(yield* withoutLost(yield* inForce(tracking, managers), own));
  const gained = yield* ownable(yield* union(own.added, own.modified));
  if (gained.size > 0) {
    const { apiVersion, subresource } = tracking;
    const name = tracking.manager || 'unknown';
    const id = managerId({ name, operation: 'Update', apiVersion, subresource });
    const fields = yield* union(gained, result.get(id)?.fields ?? emptySet);
    result.set(id, { name, operation: 'Update', apiVersion, subresource, time: tracking.now, fields });
  }
  return yield* withFewUpdaters(result);
}

/** The managers of the version that is served, as the shape is now; the objects have no other version. */
export function* inForce({ shape, apiVersion }: Tracking, managers: Managers): Steps<Managers> {
  const result = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    if (manager.apiVersion !== apiVersion) continue;
    result.set(id, { ...manager, fields: yield* reconciled(shape, manager.fields) });
  }
  return result;
}

/** The managers without what another has changed or removed; `but` keeps all that it has. */
export function* withoutLost(
  managers: Managers,
  { added, modified, removed }: Changes,
  but?: string,
): Steps<Managers> {
  if (managers.size === 0) return managers;
  const changed = yield* unionOf([added, modified, removed]);
  const result = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    const fields = id === but ? manager.fields : yield* difference(manager.fields, changed);
    if (fields.size > 0) result.set(id, { ...manager, fields });
  }
  return result;
}

/** Puts the oldest updaters together under one name where there are too many (upstream's capManagersManager). */
function* withFewUpdaters(managers: Managers): Steps<Managers> {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= limits.maxUpdateManagers) return managers;
  updaters.sort(([idA, a], [idB, b]) => secondsOf(a) - secondsOf(b) || compareText(idA, idB));
  const result = new Map(managers);
  // One more than there are too many, since they become one.
  const oldest = updaters.slice(0, updaters.length - limits.maxUpdateManagers + 1);
  const [[, first]] = oldest as [[string, Manager]];
  const bucket = { ...first, name: 'ancient-changes', subresource: '' };
  const id = managerId(bucket);
  for (const [old] of oldest) result.delete(old);
  // An entry of that name counts among the oldest, whatever its time.
  const sets = oldest.map(([, { fields }]) => fields);
  const fields = yield* unionOf([...sets, result.get(id)?.fields ?? emptySet]);
  result.set(id, { ...bucket, time: oldest.at(-1)![1].time, fields });
  return result;
}
