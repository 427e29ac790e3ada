import type { Json, JsonObject } from './json.ts';

/**
 * Sets a field of a JSON object that came from outside. A plain assignment to `__proto__` would replace the
 * prototype; this makes every name an own property, as JSON.parse does.
 */
export function setOwnField(object: JsonObject, name: string, value: Json): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}

/** The field `name` of `object`, or undefined where the object has no such field of its own. */
export function ownField(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether a JSON value is an object (neither null nor a list). */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
