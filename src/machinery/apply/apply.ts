import { cut } from '../cut.ts';
import { copy, equal } from '../equal.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ApiObject } from '../object.ts';
import { isJsonObject, setOwnField } from '../own-field.ts';
import { badRequest } from '../status.ts';
import type { Steps } from '../steps.ts';
import { type Changes, changesOutside, compare } from './compare.ts';
import { applyConflict, type Conflict } from './conflicts.ts';
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  recursiveDifference,
  union,
  unionOf,
} from './field-set.ts';
import { hasLastApplied, waived, withLastApplied } from './last-applied.ts';
import { type Managers, managerId, noManagers, parseManagers, serializeManagers } from './managers.ts';
import { merge } from './merge.ts';
import { withNamedFields, withoutFields } from './remove.ts';
import { fieldsOf } from './set-of.ts';
import type { MergeShape } from './shape.ts';
import { printShapeErrors, shapeErrors } from './shape-errors.ts';
import { FieldSetError } from './step.ts';
import {
  emptyObject,
  inForce,
  managersAfterUpdate,
  ownable,
  type Tracking,
  withoutLost,
  withoutManagers,
} from './track.ts';

/** kubectl's manager, whose client-side apply goes over into server-side apply. */
const kubectl = 'kubectl';

/** What an apply comes to: the object, and whether anything in it but its managers differs from the live one. */
interface Applied {
  object: JsonObject;
  changed: boolean;
  managers: Managers;
}

/**
 * Applies a configuration to the live object (apimachinery FieldManager.Apply, machinery.md §4.4): merges it, takes away what the
 * manager applied before and no longer does and nobody else owns, and refuses with 409 to change what others own, unless `force`.
 * `live` is undefined where there is no object yet. Returns the object with its managedFields, without defaults; the inputs are
 * not changed. Throws StatusError: 400 where the configuration is none of the kind, 409 for conflicts.
 */
export function* applyConfiguration(
  tracking: Tracking,
  live: ApiObject | undefined,
  configuration: Json,
  options: { force: boolean },
): Steps<ApiObject> {
  const config = yield* checkedConfiguration(tracking, configuration);
  const before = live ? withoutManagers(live) : emptyObject(tracking);
  const managers = yield* managersBefore(tracking, live, before);
  const applied = yield* applyOrUpgrade(tracking, before, config, managers, options.force);
  yield;
  const object = copy(applied.object) as unknown as ApiObject;
  yield;
  object.metadata ??= {};
  if (tracking.manager === kubectl && hasLastApplied(applied.object)) withLastApplied(object, config);
  const entries = yield* serializeManagers(applied.managers);
  if (entries) object.metadata.managedFields = entries;
  return object;
}

/** The configuration as an object of the kind. Throws 400. */
function* checkedConfiguration(
  { apiVersion, kind, shape }: Tracking,
  configuration: Json,
): Steps<JsonObject> {
  const config = isJsonObject(configuration) ? configuration : {};
  const [sentVersion, sentKind] = [textOf(config.apiVersion), textOf(config.kind)];
  const type = `${withSlash(cut(sentVersion))}, Kind=${cut(sentKind)}`;
  if (sentVersion !== apiVersion || sentKind !== kind) throw badRequest(`invalid object type: ${type}`);
  const { metadata } = config;
  if (isJsonObject(metadata) && (metadata.managedFields ?? null) !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const errors = shapeErrors(shape, config);
  yield;
  if (errors.length === 0) return config;
  const sent = isJsonObject(metadata) ? metadata : {};
  const where = `${cut(textOf(sent.namespace))}/${cut(textOf(sent.name))}; ${type}`;
  const causes = errors.map(({ path, text }) => ({
    reason: 'FieldValueInvalid',
    message: text,
    field: path.replace(/^\./, ''),
  }));
  throw badRequest(`failed to create typed patch object (${where}): ${printShapeErrors(errors)}`, { causes });
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A version as Go prints a group and version: with a slash even where the group is empty. */
function withSlash(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
}

/** The stored managers. All fields of an object that is not tracked belong to one that stands for the time before. */
function* managersBefore(
  tracking: Tracking,
  live: ApiObject | undefined,
  before: JsonObject,
): Steps<Managers> {
  const stored = live?.metadata.managedFields;
  const managers = stored ? yield* readManagers(stored) : noManagers;
  if (managers.size > 0 || !live) return managers;
  const earlier = { ...tracking, manager: 'before-first-apply' };
  return yield* managersAfterUpdate(earlier, emptyObject(tracking), before, noManagers);
}

function* readManagers(entries: JsonObject[]): Steps<Managers> {
  try {
    return yield* parseManagers(entries);
  } catch (error) {
    if (!(error instanceof FieldSetError)) throw error;
    throw badRequest(`failed to decode managed fields: ${error.message}`);
  }
}

/** Applies, and lets kubectl take over what it set itself by client-side apply (upstream's lastAppliedManager). */
function* applyOrUpgrade(
  tracking: Tracking,
  before: JsonObject,
  config: JsonObject,
  managers: Managers,
  force: boolean,
): Steps<Applied> {
  const [applied, conflicts] = yield* applyOnce(tracking, before, config, managers);
  if (force || conflicts.length === 0) return applied;
  if (tracking.manager !== kubectl) throw applyConflict(conflicts);
  const allowed = yield* waived(tracking, before);
  const rest: Conflict[] = [];
  for (const conflict of conflicts) {
    const fields = yield* difference(conflict.fields, allowed);
    if (fields.size > 0) rest.push({ ...conflict, fields });
  }
  if (rest.length > 0) throw applyConflict(rest);
  return applied;
}

/** What comes of an apply, and what it takes from others by that. */
function* applyOnce(
  tracking: Tracking,
  before: JsonObject,
  config: JsonObject,
  stored: Managers,
): Steps<[Applied, Conflict[]]> {
  const { shape, apiVersion, subresource } = tracking;
  const name = tracking.manager || 'unknown';
  const id = managerId({ name, operation: 'Apply', apiVersion, subresource });
  const managers = new Map(yield* inForce(tracking, stored));
  const last = managers.get(id);
  const fields = yield* recursiveDifference(yield* fieldsOf(shape, config), tracking.reset);
  managers.set(id, { name, operation: 'Apply', apiVersion, subresource, time: last?.time, fields });
  const merged = (yield* merge(shape, before, config)) ?? {};
  const pruned = yield* prune(shape, merged, managers, last?.fields ?? emptySet);
  // Pruning may take away empty lists and objects that are applied: nobody owns them.
  const object = (
    pruned === merged ? merged : ((yield* merge(shape, pruned ?? {}, config)) ?? {})
  ) as JsonObject;
  const changes = yield* changesOutside(yield* compare(shape, before, object), tracking.reset);
  const conflicts = yield* conflictsOf(managers, changes, id);
  yield;
  const changed = !equal(before, object);
  yield;
  const after = new Map(yield* withoutLost(managers, changes, id));
  const own = after.get(id);
  const owned = own && (yield* ownable(own.fields));
  if (own && owned!.size > 0) {
    after.set(id, { ...own, time: changed ? tracking.now : own.time, fields: owned! });
  } else after.delete(id);
  return [{ object, changed, managers: after }, conflicts];
}

function* conflictsOf(managers: Managers, { added, modified }: Changes, own: string): Steps<Conflict[]> {
  const changed = yield* union(modified, added);
  const conflicts: Conflict[] = [];
  for (const [id, manager] of managers) {
    const fields = id === own ? emptySet : yield* intersection(manager.fields, changed);
    if (fields.size > 0) conflicts.push({ id, manager, fields });
  }
  return conflicts;
}

/**
 * Takes away what the manager applied last time, does not this time, and nobody else owns (structured-merge-diff's prune). What
 * nobody owned before stays, even within something that goes.
 */
function* prune(
  shape: MergeShape,
  merged: Json,
  managers: Managers,
  last: FieldSet,
): Steps<Json | undefined> {
  const owned = yield* unionOf(managers.values().map(({ fields }) => fields));
  // The usual case: all that was applied is still owned by somebody.
  if ((yield* difference(last, owned)).size === 0) return merged;
  const fieldsNamed = function* (value: Json | undefined): Steps<FieldSet> {
    return value === undefined ? emptySet : yield* withNamedFields(shape, yield* fieldsOf(shape, value));
  };
  const all = yield* fieldsNamed(merged);
  const named = yield* withNamedFields(shape, last);
  const withoutLast = yield* withoutFields(shape, merged, named);
  const kept = yield* union(yield* fieldsNamed(withoutLast), yield* withNamedFields(shape, owned));
  const withOwned = yield* withoutFields(shape, merged, yield* difference(all, kept));
  const gone = yield* difference(all, yield* fieldsNamed(withOwned));
  const pruned = yield* withoutFields(shape, merged, yield* intersection(gone, named));
  return pruned === undefined ? undefined : withoutNewNulls(merged, pruned);
}

/**
 * The pruned value with an empty object or list in place of each that has lost all that was in it but is still owned.
 * kube-apiserver makes them null, which it then refuses.
 */
function withoutNewNulls(merged: Json, pruned: Json): Json {
  if (!isJsonObject(merged) || !isJsonObject(pruned) || merged === pruned) return pruned;
  const result: JsonObject = {};
  for (const name of Object.keys(pruned)) {
    const [before, after] = [merged[name]!, pruned[name]!];
    const emptied = Array.isArray(before) ? [] : isJsonObject(before) ? {} : before;
    setOwnField(result, name, after === null ? emptied : withoutNewNulls(before, after));
  }
  return result;
}
