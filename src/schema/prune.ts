import { limits } from '../limits.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { Schema } from './schema.ts';

const metaFields = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Removes the fields that the schema does not know, in place, and returns the paths of the first limits.maxStrictErrors of
 * them, sorted: `spec.ingress[0].foo`.
 * apiVersion, kind and metadata of the root are left to others. As apiextensions' structural pruning does it.
 */
export function prune(schema: Schema, object: ApiObject): string[] {
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    if (metaFields.has(key)) continue;
    pruneField(schema, object as unknown as Record<string, Json>, key, value as Json, '', unknown);
  }
  return unknown.sort();
}

function pruneValue(schema: Schema, value: Json, path: string, unknown: string[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    // Items without a schema cannot be told apart from unknown fields; kube-apiserver refuses such schemas.
    if (!schema.items) return;
    for (const [index, item] of value.entries()) pruneValue(schema.items, item, `${path}[${index}]`, unknown);
    return;
  }
  for (const [key, field] of Object.entries(value)) pruneField(schema, value, key, field, path, unknown);
}

function pruneField(
  schema: Schema,
  parent: Record<string, Json>,
  key: string,
  value: Json,
  parentPath: string,
  unknown: string[],
): void {
  const path = parentPath === '' ? key : `${parentPath}.${key}`;
  const field = fieldSchema(schema, key);
  if (field) {
    pruneValue(field, value, path, unknown);
    return;
  }
  if (schema['x-kubernetes-preserve-unknown-fields']) return;
  delete parent[key];
  if (unknown.length < limits.maxStrictErrors) unknown.push(path);
}

/** The schema of a field by its name; own properties only, so that `constructor` is not found on the prototype. */
export function fieldSchema(schema: Schema, key: string): Schema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return schema.additionalProperties;
}
