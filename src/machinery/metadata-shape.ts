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

function expectType(value: Json, path: string, type: string): FieldError[] {
  const actual = jsonType(value);
  if (actual === type) return [];
  const detail = `${path} in body must be of type ${type}: "${actual}"`;
  return [{ type: 'TypeInvalid', field: path, value: actual, detail }];
}

function shapeErrors(shape: Shape, value: Json, path: string): FieldError[] {
  switch (shape.type) {
    case 'list': {
      if (!Array.isArray(value)) return expectType(value, path, 'array');
      return value.flatMap((item, index) => fieldsErrors(shape.fields, item, childPath(path, index)));
    }
    case 'string list': {
      if (!Array.isArray(value)) return expectType(value, path, 'array');
      return value.flatMap((item, index) => expectType(item, childPath(path, index), 'string'));
    }
    case 'string map': {
      if (!isJsonObject(value)) return expectType(value, path, 'object');
      return Object.entries(value).flatMap(([key, item]) =>
        item === null ? [] : expectType(item, childPath(path, key), 'string'),
      );
    }
    case 'free':
      return expectType(value, path, 'object');
    case 'time': {
      if (typeof value !== 'string') return expectType(value, path, 'string');
      if (parseTime(value) !== undefined) return [];
      return [{ type: 'Invalid', field: path, value, detail: 'must be a time in RFC 3339 format' }];
    }
    default:
      return expectType(value, path, shape.type);
  }
}

function fieldsErrors(fields: Record<string, Shape>, value: Json, path: string): FieldError[] {
  if (!isJsonObject(value)) return expectType(value, path, 'object');
  return Object.entries(value).flatMap(([name, field]) => {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return shape && field !== null ? shapeErrors(shape, field, childPath(path, name)) : [];
  });
}

/**
 * Every field of metadata that has the wrong type, with the texts of kube-apiserver's schema validation. null
 * counts as absent, unknown fields are not looked at.
 */
export function metadataTypeErrors(metadata: Json): FieldError[] {
  return fieldsErrors(objectMeta, metadata, 'metadata');
}

/**
 * Brings metadata into the one form that is stored: removes the fields that ObjectMeta does not have, null and
 * empty values and selfLink, and rewrites times to UTC seconds. Changes `metadata` in place and returns the paths
 * of the unknown fields. Values of a wrong type stay; metadataTypeErrors tells of them.
 */
export function pruneMetadata(metadata: JsonObject): string[] {
  const unknown = pruneFields(objectMeta, metadata, 'metadata');
  delete metadata.selfLink;
  return unknown;
}

function pruneFields(fields: Record<string, Shape>, object: JsonObject, path: string): string[] {
  const unknown: string[] = [];
  for (const name of Object.keys(object)) {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!shape) {
      unknown.push(childPath(path, name));
      delete object[name];
      continue;
    }
    const value = object[name]!;
    if (value === null || isOmitted(shape, value)) delete object[name];
    else if (shape.type === 'time' && typeof value === 'string') object[name] = normalTime(value);
    else if (shape.type === 'string map') emptyNulls(value);
    else if (shape.type === 'list') unknown.push(...pruneItems(shape.fields, value, childPath(path, name)));
  }
  return unknown;
}

function pruneItems(fields: Record<string, Shape>, list: Json, path: string): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, index) =>
    isJsonObject(item) ? pruneFields(fields, item, childPath(path, index)) : [],
  );
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
  for (const [key, value] of Object.entries(map)) {
    if (value === null) setOwnField(map, key, '');
  }
}
