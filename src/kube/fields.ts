import { isAbsolute, join } from 'node:path';
import type { Json, JsonObject } from '../machinery/json.ts';

/** A path as a kubeconfig in `folder` means it. */
export function absolute(folder: string, file: string): string {
  return isAbsolute(file) ? file : join(folder, file);
}

/** A field that holds a non-empty string. */
export function text(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The strings of a list; empty when it is none. */
export function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}

/** The value when it is an object, otherwise one without fields. */
export function asObject(value: Json): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
