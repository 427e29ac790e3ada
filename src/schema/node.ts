import type { Json } from '../machinery/json.ts';
import { type FormatCheck, formatCheck } from './format.ts';
import { compileRegex, type Regex } from './regex.ts';
import type { Schema } from './schema.ts';

/** The type of a JSON value as kube-apiserver sees it: a number that is whole and fits is an integer. */
export type JsonType = 'null' | 'boolean' | 'string' | 'integer' | 'number' | 'array' | 'object';

/** A schema made ready to check values: patterns compiled, names in maps. One is made per schema and kept. */
export interface SchemaNode {
  schema: Schema;
  /** Types that the value may have; empty means any. */
  types: readonly JsonType[];
  properties: Map<string, SchemaNode>;
  additional: SchemaNode | undefined;
  items: SchemaNode | undefined;
  allOf: SchemaNode[];
  anyOf: SchemaNode[];
  oneOf: SchemaNode[];
  not: SchemaNode | undefined;
  /** Whether there is any allOf, anyOf, oneOf or not. */
  hasCombinations: boolean;
  pattern: Regex | undefined;
  format: FormatCheck | undefined;
  /** Whether this node or one below it has CEL rules. */
  hasRules: boolean;
  /** Whether this node or one below it is a list of type set or map. */
  hasKeyedLists: boolean;
}

const nodes = new WeakMap<Schema, SchemaNode>();

/** The node of a schema. Throws where the schema itself is wrong: a bad pattern, a format that is missing here. */
export function schemaNode(schema: Schema): SchemaNode {
  const known = nodes.get(schema);
  if (known) return known;
  const node = makeNode(schema);
  nodes.set(schema, node);
  return node;
}

function makeNode(schema: Schema): SchemaNode {
  const node: SchemaNode = {
    schema,
    types: typesOf(schema),
    properties: new Map(
      Object.entries(schema.properties ?? {}).map(([name, field]) => [name, schemaNode(field)]),
    ),
    additional: schema.additionalProperties && schemaNode(schema.additionalProperties),
    items: schema.items && schemaNode(schema.items),
    allOf: (schema.allOf ?? []).map(schemaNode),
    // The type of an int-or-string says all that its anyOf says, and says it better.
    anyOf: schema['x-kubernetes-int-or-string'] ? [] : (schema.anyOf ?? []).map(schemaNode),
    oneOf: (schema.oneOf ?? []).map(schemaNode),
    not: schema.not && schemaNode(schema.not),
    pattern: schema.pattern === undefined ? undefined : compileRegex(schema.pattern),
    format: schema.type === 'string' && schema.format ? formatCheck(schema.format) : undefined,
    hasCombinations: false,
    hasRules: false,
    hasKeyedLists: false,
  };
  const below = [...node.properties.values(), node.additional, node.items].filter(
    child => child !== undefined,
  );
  node.hasCombinations = [...node.allOf, ...node.anyOf, ...node.oneOf, node.not].some(
    branch => branch !== undefined,
  );
  const listType = schema['x-kubernetes-list-type'];
  node.hasRules = !!schema['x-kubernetes-validations']?.length || below.some(child => child.hasRules);
  node.hasKeyedLists = listType === 'set' || listType === 'map' || below.some(child => child.hasKeyedLists);
  if ([...node.allOf, ...node.anyOf, ...node.oneOf].some(child => child.hasRules)) {
    throw new Error('CEL rules within allOf, anyOf or oneOf are not implemented');
  }
  return node;
}

function typesOf(schema: Schema): JsonType[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/**
 * The type of a value. Go keeps an integer literal that does not fit 64 bits as a float, and takes a float for an
 * integer only where it is exact.
 */
export function jsonType(value: Json): JsonType {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'number';
    case 'bigint':
      return value >= minInt64 && value <= maxInt64 ? 'integer' : 'number';
    default:
      if (value === null) return 'null';
      return Array.isArray(value) ? 'array' : 'object';
  }
}

/** The node of a field of an object, by its name. */
export function fieldNode(node: SchemaNode, name: string): SchemaNode | undefined {
  return node.properties.get(name) ?? node.additional;
}
