import type { Json, JsonObject } from '../machinery/json.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import { fieldNode, jsonType, type SchemaNode } from './node.ts';

/** A value as CEL sees it: int is bigint, double is number, a map has no prototype. */
export type CelValue = null | boolean | number | bigint | string | CelValue[] | CelMap;

export interface CelMap {
  [name: string]: CelValue;
}

/**
 * The CEL value of a JSON value; the schema says what a number is, since `1` may be an int or a double (apiserver
 * UnstructuredToVal). Strings of format date-time, duration and byte stay strings: no rule of Calico looks at one.
 */
export function celValue(node: SchemaNode | undefined, value: Json): CelValue {
  if (typeof value === 'number' || typeof value === 'bigint') return celNumber(node, value);
  if (Array.isArray(value)) return value.map(item => celValue(node?.items, item));
  if (isJsonObject(value)) return celMap(node, value);
  return value;
}

function celNumber(node: SchemaNode | undefined, value: number | bigint): number | bigint {
  if (node?.schema.type === 'number' || jsonType(value) !== 'integer') return Number(value);
  return BigInt(value);
}

function celMap(node: SchemaNode | undefined, object: JsonObject): CelMap {
  const map: CelMap = Object.create(null);
  for (const [name, value] of Object.entries(object)) {
    const visible = node?.properties.has(name) ? propertyName(name) : name;
    if (visible !== undefined) map[visible] = celValue(node && fieldNode(node, name), value);
  }
  return map;
}

/** The whole object: of its metadata, rules see the name and generateName only. */
export function celRoot(node: SchemaNode, object: JsonObject): CelMap {
  const { metadata, apiVersion, kind, ...rest } = object;
  const root = celMap(node, rest);
  const visible: CelMap = Object.create(null);
  for (const name of ['name', 'generateName']) {
    const value = isJsonObject(metadata) ? metadata[name] : undefined;
    if (typeof value === 'string') visible[name] = value;
  }
  root.metadata = visible;
  if (typeof apiVersion === 'string') root.apiVersion = apiVersion;
  if (typeof kind === 'string') root.kind = kind;
  return root;
}

const reserved = new Set([
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if'],
  ...['import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
]);
const escapes = new Map([
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
]);

const propertyNames = new Map<string, string | undefined>();

/** `escapeName`, remembered: only for names of schemas, so that what is remembered is bounded. */
export function propertyName(name: string): string | undefined {
  if (!propertyNames.has(name)) propertyNames.set(name, escapeName(name));
  return propertyNames.get(name);
}

/** The name under which CEL knows a property, or undefined where it cannot have one (apiserver cel.Escape). */
function escapeName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replaceAll(/__|[.\-/]/g, part => escapes.get(part)!);
}
