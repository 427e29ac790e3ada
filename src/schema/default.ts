import { copy } from '../machinery/equal.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { fieldSchema } from './prune.ts';
import type { Schema } from './schema.ts';

/**
 * Sets the defaults of the schema in place, and settles explicit nulls: where a field is not nullable, null equals
 * absent (machinery.md §3.6), so it becomes the default or is dropped. Both kube-apiserver, for CRDs, and Calico's Go
 * server, whose JSON decoder skips null, do so. A null among the items of a list stays, and is then a type error.
 */
export function applyDefaults(schema: Schema, object: ApiObject): void {
  // apiVersion, kind and metadata have no place in the schema, so they are not touched.
  defaultObject(schema, object as unknown as JsonObject);
}

function defaultValue(schema: Schema, value: Json): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) defaultItems(schema.items, value);
  else defaultObject(schema, value);
}

function defaultObject(schema: Schema, object: JsonObject): void {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (field.default === undefined) continue;
    if (!Object.hasOwn(object, key)) object[key] = copy(field.default);
  }
  for (const [key, value] of Object.entries(object)) {
    const field = fieldSchema(schema, key);
    if (!field) continue;
    if (value !== null || field.nullable) defaultValue(field, value);
    else if (field.default === undefined) delete object[key];
    else object[key] = defaulted(field, field.default);
  }
}

function defaultItems(schema: Schema | undefined, items: Json[]): void {
  if (!schema) return;
  for (const [index, item] of items.entries()) {
    if (item === null && !schema.nullable && schema.default !== undefined) {
      items[index] = defaulted(schema, schema.default);
    } else {
      defaultValue(schema, item);
    }
  }
}

/** A copy of a default, with the defaults of its own fields. */
function defaulted(schema: Schema, value: Json): Json {
  const fresh = copy(value);
  defaultValue(schema, fresh);
  return fresh;
}
