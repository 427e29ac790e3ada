import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { isJsonObject, ownField } from '../../machinery/own-field.ts';

/** The field of an object that is itself an object, e.g. spec; undefined where it is missing or of another type. */
export function objectIn(source: ApiObject | JsonObject | undefined, name: string): JsonObject | undefined {
  const value = source && ownField(source as JsonObject, name);
  return isJsonObject(value) ? value : undefined;
}

/**
 * Sets a default as Calico's client does: where the field is absent or the empty value of its type, which Go's types
 * cannot tell apart. A field that Calico holds by pointer is set only where it is absent: give `keepEmpty`.
 */
export function fill(
  target: JsonObject,
  name: string,
  value: Json,
  options: { keepEmpty?: boolean } = {},
): void {
  const now = ownField(target, name);
  const isEmpty = now === '' || now === 0 || (Array.isArray(now) && now.length === 0);
  if (now === undefined || now === null || (isEmpty && !options.keepEmpty)) target[name] = value;
}
