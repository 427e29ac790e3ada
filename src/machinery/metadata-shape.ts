import { limits } from '../limits.ts';
import { childPath } from './decode-json.ts';
import type { Json, JsonObject } from './json.ts';
import { isJsonObject, setOwnField } from './own-field.ts';
import type { FieldError } from './status.ts';
import { formatTime, parseTime } from './time.ts';

/**
 * The type of a field of metadata. `pointer` fields keep their zero value; all others are left out when empty, as
 * Go's omitempty leaves them out, so that `labels: {}` and no labels are the same object.
 */
type Shape =
  | { type: 'string' | 'integer' | 'boolean'; pointer?: true }
  | { type: 'time' | 'string map' | 'string list' | 'free' }
  | { type: 'list'; fields: Record<string, Shape>; pointer?: true };

const text: Shape = { type: 'string' };
const neededText: Shape = { type: 'string', pointer: true };

const ownerReference: Record<string, Shape> = {
  apiVersion: neededText,
  kind: neededText,
  name: neededText,
  uid: neededText,
  controller: { type: 'boolean', pointer: true },
  blockOwnerDeletion: { type: 'boolean', pointer: true },
};

const managedFieldsEntry: Record<string, Shape> = {
  manager: text,
  operation: text,
  apiVersion: text,
  time: { type: 'time' },
  fieldsType: text,
  fieldsV1: { type: 'free' },
  subresource: text,
};

/** meta/v1 ObjectMeta. */
const objectMeta: Record<string, Shape> = {
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: { type: 'integer' },
  creationTimestamp: { type: 'time' },
  deletionTimestamp: { type: 'time' },
  deletionGracePeriodSeconds: { type: 'integer', pointer: true },
  labels: { type: 'string map' },
  annotations: { type: 'string map' },
  ownerReferences: { type: 'list', fields: ownerReference },
  finalizers: { type: 'string list' },
  // An empty list is a request to forget who owns what.
  managedFields: { type: 'list', fields: managedFieldsEntry, pointer: true },
};

/** The fields that stand beside the one at a path such as `metadata.ownerReferences[0].nam`, known or not. */
export function metadataSiblings(path: string): string[] {
  const [, list] = /^metadata\.(\w+)\[\d+\]\./.exec(path) ?? [];
  if (list === undefined) return Object.keys(objectMeta);
  const shape = Object.hasOwn(objectMeta, list) ? objectMeta[list] : undefined;
  return shape?.type === 'list' ? Object.keys(shape.fields) : [];
}

function jsonType(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

type Found = Generator<FieldError, void>;

function* expectType(value: Json, path: string, type: string): Found {
  const actual = jsonType(value);
  if (actual === type) return;
  const detail = `${path} in body must be of type ${type}: "${actual}"`;
  yield { type: 'TypeInvalid', field: path, value: actual, detail };
}

function* shapeErrors(shape: Shape, value: Json, path: string): Found {
  if (shape.type === 'time') {
    yield* timeErrors(value, path);
  } else if (shape.type === 'string map') {
    yield* mapErrors(value, path);
  } else if (shape.type !== 'list' && shape.type !== 'string list') {
    yield* expectType(value, path, shape.type === 'free' ? 'object' : shape.type);
  } else if (!Array.isArray(value)) {
    yield* expectType(value, path, 'array');
  } else {
    for (const [index, item] of value.entries()) {
      if (shape.type === 'list') yield* fieldsErrors(shape.fields, item, childPath(path, index));
      else if (typeof item !== 'string') yield* expectType(item, childPath(path, index), 'string');
    }
  }
}

function* timeErrors(value: Json, path: string): Found {
  if (typeof value !== 'string') yield* expectType(value, path, 'string');
  else if (parseTime(value) === undefined) {
    yield { type: 'Invalid', field: path, value, detail: 'must be a time in RFC 3339 format' };
  }
}

function* mapErrors(value: Json, path: string): Found {
  if (!isJsonObject(value)) {
    yield* expectType(value, path, 'object');
    return;
  }
  for (const key of Object.keys(value)) {
    const item = value[key]!;
    if (item !== null && typeof item !== 'string') yield* expectType(item, childPath(path, key), 'string');
  }
}

function* fieldsErrors(fields: Record<string, Shape>, value: Json, path: string): Found {
  if (!isJsonObject(value)) {
    yield* expectType(value, path, 'object');
    return;
  }
  for (const name of Object.keys(value)) {
    const field = value[name]!;
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (shape && field !== null) yield* shapeErrors(shape, field, childPath(path, name));
  }
}

/**
 * The fields of metadata that have the wrong type, with the texts of kube-apiserver's schema validation: at most
 * limits.maxFieldErrors. null counts as absent, unknown fields are not looked at.
 */
export function metadataTypeErrors(metadata: Json): FieldError[] {
  return fieldsErrors(objectMeta, metadata, 'metadata').take(limits.maxFieldErrors).toArray();
}

/**
 * Brings metadata into the one form that is stored: removes the fields that ObjectMeta does not have, null and
 * empty values and selfLink, and rewrites times to UTC seconds. Changes `metadata` in place and returns the paths
 * of the first limits.maxStrictErrors unknown fields. Values of a wrong type stay; metadataTypeErrors tells of them.
 */
export function pruneMetadata(metadata: JsonObject): string[] {
  const unknown: string[] = [];
  pruneFields(objectMeta, metadata, 'metadata', unknown);
  delete metadata.selfLink;
  return unknown;
}

function pruneFields(
  fields: Record<string, Shape>,
  object: JsonObject,
  path: string,
  unknown: string[],
): void {
  for (const name of Object.keys(object)) {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!shape) {
      if (unknown.length < limits.maxStrictErrors) unknown.push(childPath(path, name));
      delete object[name];
      continue;
    }
    const value = object[name]!;
    if (value === null || isOmitted(shape, value)) delete object[name];
    else if (shape.type === 'time' && typeof value === 'string') object[name] = normalTime(value);
    else if (shape.type === 'string map') emptyNulls(value);
    else if (shape.type === 'list') pruneItems(shape.fields, value, childPath(path, name), unknown);
  }
}

function pruneItems(fields: Record<string, Shape>, list: Json, path: string, unknown: string[]): void {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) {
    if (isJsonObject(item)) pruneFields(fields, item, childPath(path, index), unknown);
  }
}

function isOmitted(shape: Shape, value: Json): boolean {
  if ('pointer' in shape) return false;
  if (value === '' || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return shape.type === 'string map' && isJsonObject(value) && Object.keys(value).length === 0;
}

function normalTime(text: string): string {
  const ms = parseTime(text);
  return ms === undefined ? text : formatTime(ms);
}

/** A null in a map of strings is the empty string to Go. */
function emptyNulls(map: Json): void {
  if (!isJsonObject(map)) return;
  for (const key of Object.keys(map)) {
    if (map[key] === null) setOwnField(map, key, '');
  }
}
