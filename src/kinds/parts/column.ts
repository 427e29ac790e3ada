import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import type { Column } from '../kind.ts';

/** The value of a field of an object, e.g. `spec.peerIP`; undefined where any step of the path is missing. */
export function valueAt(source: ApiObject, path: string): Json | undefined {
  let value: unknown = source;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value as Json | undefined;
}

/** The elements of a list field, or none where the field is missing or no list. */
export function listAt(source: ApiObject, path: string): Json[] {
  const value = valueAt(source, path);
  return Array.isArray(value) ? value : [];
}

/** A column that prints one field; `fallback` is printed where the object has no such field. */
export function fieldColumn(options: Omit<Column, 'value'> & { path: string; fallback?: Json }): Column {
  const { path, fallback, ...column } = options;
  return { ...column, value: source => valueAt(source, path) ?? fallback };
}

const shownItems = 3;

/** A cell for a list: its first three items, and how many there are beyond them, as kubectl does. */
export function listCell(items: readonly Json[]): string | undefined {
  if (items.length === 0) return undefined;
  const shown = items.slice(0, shownItems).join(',');
  return items.length > shownItems ? `${shown} + ${items.length - shownItems} more...` : shown;
}
