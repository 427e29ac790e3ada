import type { Json, JsonObject } from './json.ts';
import { isJsonObject, setOwnField } from './own-field.ts';

/**
 * Deep equality of JSON values: number and bigint of the same value are equal, the order of keys does not count,
 * a field that is undefined equals one that is absent. This is the one definition that patches, no-op detection
 * and rules share.
 */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    // biome-ignore lint/suspicious/noDoubleEquals: the loose comparison is exact across number and bigint.
    return isNumeric(a) && isNumeric(b) && a == b;
  }
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (Array.isArray(b)) return false;
  return equalFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function equalLists(a: unknown[], b: unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!equal(a[i], b[i])) return false;
  }
  return true;
}

function equalFields(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let defined = 0;
  for (const name of Object.keys(a)) {
    if (a[name] === undefined) continue;
    defined++;
    if (!Object.hasOwn(b, name) || !equal(a[name], b[name])) return false;
  }
  for (const name of Object.keys(b)) {
    if (b[name] !== undefined) defined--;
  }
  return defined === 0;
}

/** A deep copy of a JSON value; nothing in it is shared with the original. Fields that are undefined are left out. */
export function copy<T>(value: T): T {
  return copyJson(value as Json) as T;
}

function copyJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    const field = value[name];
    if (field !== undefined) setOwnField(result, name, copyJson(field));
  }
  return result;
}

/** A text that equal values share and no others: keys sorted, numbers and bigints alike. */
export function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (isJsonObject(value)) {
    const fields = Object.keys(value).sort();
    return `{${fields.map(name => `${JSON.stringify(name)}:${canonicalText(value[name]!)}`).join()}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
