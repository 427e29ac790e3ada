import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { FieldError } from '../machinery/status.ts';
import { checkListTypes } from './list-types.ts';
import { schemaNode } from './node.ts';
import type { Schema } from './schema.ts';
import { checkStructure } from './structure.ts';

/**
 * Every problem of an object that the schema can tell: types, required fields, enums, bounds, patterns, formats,
 * duplicates in lists of type set and map, CEL rules; with kube-apiserver's verdicts and texts for a CRD of this
 * schema (apiextensions customResourceStrategy). `old` is the stored object on an update. Nothing is changed; run
 * `prune` and `applyDefaults` before.
 */
export function validate(schema: Schema, object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const node = schemaNode(schema);
  const value = object as unknown as Json;
  const oldValue = old as unknown as Json | undefined;
  const errors: FieldError[] = [];
  checkStructure(node, value, oldValue, '', errors);
  // Duplicates are held against an update only where there were none before.
  const oldDuplicates: FieldError[] = [];
  if (oldValue !== undefined) checkListTypes(node, oldValue, '', oldDuplicates);
  if (oldDuplicates.length === 0) checkListTypes(node, value, '', errors);
  return errors;
}

/** Whether values of the schema may hold 64-bit integers, which a plain JSON.parse would round. */
export function hasInt64(schema: Schema): boolean {
  if (schema.format === 'int64') return true;
  // What the schema does not know may hold anything.
  if (schema['x-kubernetes-preserve-unknown-fields']) return true;
  const below = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
  return below.some(child => child !== undefined && hasInt64(child));
}
