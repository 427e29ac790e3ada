import type { MergeShape } from '../machinery/apply/shape.ts';
import { undeclared, wholeObject } from '../machinery/apply/shapes.ts';
import type { JsonObject } from '../machinery/json.ts';
import type { Schema } from './schema.ts';

const shapes = new WeakMap<Schema, MergeShape>();
const wholes = new WeakMap<Schema, MergeShape>();

/**
 * How whole objects of a kind are merged by server-side apply, as kube-apiserver derives it from a CRD's schema
 * (kube-openapi's schemaconv): lists are taken as one and objects merged field by field, where the schema says nothing else.
 */
export function objectShape(schema: Schema): MergeShape {
  const known = wholes.get(schema);
  if (known) return known;
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, mergeShape(field)]);
  const shape = wholeObject(Object.fromEntries(fields));
  wholes.set(schema, shape);
  return shape;
}

function mergeShape(schema: Schema): MergeShape {
  const known = shapes.get(schema);
  if (known) return known;
  const shape = makeShape(schema);
  shapes.set(schema, shape);
  return shape;
}

function makeShape(schema: Schema): MergeShape {
  switch (schema.type) {
    case 'object':
      return { map: mapShape(schema) };
    case 'array':
      return { list: listShape(schema) };
    case 'integer':
    case 'number':
      return { scalar: 'numeric' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'string':
      return { scalar: schema.format && schema.format !== 'byte' ? 'any' : 'string' };
    default:
      return { scalar: 'any', list: listShape(schema), map: mapShape(schema) };
  }
}

function mapShape(schema: Schema): NonNullable<MergeShape['map']> {
  const fields = new Map(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [name, mergeShape(field)]),
  );
  const { additionalProperties } = schema;
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] === true || fields.size === 0;
  const rest = additionalProperties ? mergeShape(additionalProperties) : isFree ? undeclared : undefined;
  return {
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    field: name => fields.get(name),
    rest: () => rest,
  };
}

function listShape(schema: Schema): NonNullable<MergeShape['list']> {
  const items = schema.items ? mergeShape(schema.items) : undeclared;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keyDefaults: JsonObject = {};
  for (const name of keys) {
    const fallback = schema.items?.properties?.[name]?.default;
    if (fallback !== undefined) keyDefaults[name] = fallback;
  }
  return { type: schema['x-kubernetes-list-type'] ?? 'atomic', keys, keyDefaults, items: () => items };
}
