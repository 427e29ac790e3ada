import type { ApiObject } from '../../machinery/object.ts';
import { valueAt } from './column.ts';

/** Warnings for the deprecated fields that an object sets: their paths, each with what to use instead. */
export function deprecatedFields(object: ApiObject, fields: Record<string, string>): string[] {
  return Object.entries(fields)
    .filter(([path]) => valueAt(object, path) !== undefined)
    .map(([path, instead]) => `${path}: deprecated; use ${instead}`);
}
