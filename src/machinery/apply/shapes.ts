import type { JsonObject } from '../json.ts';
import type { MergeShape } from './shape.ts';

/** Shapes that are made of others, and those of what every object has. */

export const text: MergeShape = { scalar: 'string' };
export const anyScalar: MergeShape = { scalar: 'any' };

/** An object of these fields and no others. */
export function struct(fields: Record<string, MergeShape>, options: { atomic?: boolean } = {}): MergeShape {
  return { map: mapShape(fields, undefined, options.atomic ?? false) };
}

/** An object of any keys whose values have one shape. */
export function mapOf(rest: MergeShape): MergeShape {
  return { map: mapShape({}, () => rest, false) };
}

/** A list that is taken as one, of items that may be told apart by these keys, or of distinct values. */
export function listOf(
  items: MergeShape,
  type: 'atomic' | 'set' | 'map',
  keys: readonly string[] = [],
  keyDefaults: JsonObject = {},
): MergeShape {
  return { list: { type, keys, keyDefaults, items: () => items } };
}

function mapShape(
  fields: Record<string, MergeShape>,
  rest: (() => MergeShape) | undefined,
  atomic: boolean,
): NonNullable<MergeShape['map']> {
  const byName = new Map(Object.entries(fields));
  return { atomic, field: name => byName.get(name), rest: () => rest?.() };
}

/** What nothing is said of: lists are taken as one, objects are merged. */
export const undeclared: MergeShape = {
  scalar: 'any',
  list: { type: 'atomic', keys: [], keyDefaults: {}, items: () => untyped },
  map: mapShape({}, () => undeclared, false),
};

/** What is within something that is taken as one. */
const untyped: MergeShape = {
  scalar: 'any',
  list: { type: 'atomic', keys: [], keyDefaults: {}, items: () => untyped },
  map: mapShape({}, () => untyped, true),
};

const ownerReference = struct(
  {
    apiVersion: text,
    blockOwnerDeletion: { scalar: 'boolean' },
    controller: { scalar: 'boolean' },
    kind: text,
    name: text,
    uid: text,
  },
  { atomic: true },
);

const managedFieldsEntry = struct({
  apiVersion: text,
  fieldsType: text,
  fieldsV1: undeclared,
  manager: text,
  operation: text,
  subresource: text,
  time: anyScalar,
});

/** meta/v1 ObjectMeta. */
const objectMeta = struct({
  annotations: mapOf(text),
  creationTimestamp: anyScalar,
  deletionGracePeriodSeconds: { scalar: 'numeric' },
  deletionTimestamp: anyScalar,
  finalizers: listOf(text, 'set'),
  generateName: text,
  generation: { scalar: 'numeric' },
  labels: mapOf(text),
  managedFields: listOf(managedFieldsEntry, 'atomic'),
  name: text,
  namespace: text,
  ownerReferences: listOf(ownerReference, 'map', ['uid']),
  resourceVersion: text,
  selfLink: text,
  uid: text,
});

/** The shape of whole objects whose fields beside apiVersion, kind and metadata have these shapes. */
export function wholeObject(fields: Record<string, MergeShape>): MergeShape {
  return struct({ ...fields, apiVersion: text, kind: text, metadata: objectMeta });
}
