import type { Json, JsonObject } from '../machinery/json.ts';
import { ownField, setOwnField } from '../machinery/own-field.ts';
import type { Schema } from './schema.ts';

/** Brings a value into the form that is stored, in place where it is an object or a list, and gives it back. */
export type Canonical = (value: Json) => Json;

const known = new WeakMap<Schema, Canonical | 'none'>();

/**
 * What brings values of a schema into the form that is stored; undefined where there is no other form. It looks only at the few
 * fields that have one, by their names, since every object that is written goes through it.
 */
export function canonicalOf(schema: Schema | undefined): Canonical | undefined {
  if (!schema) return undefined;
  const made = known.get(schema) ?? makeCanonical(schema) ?? 'none';
  known.set(schema, made);
  return made === 'none' ? undefined : made;
}

function makeCanonical(schema: Schema): Canonical | undefined {
  const properties = Object.entries(schema.properties ?? {});
  const fields = properties.flatMap(([name, field]) => {
    const canonical = canonicalOf(field);
    // A name that every object inherits has to be looked up as its own; the others are read at once.
    return canonical ? [{ name, canonical, inherited: name in Object.prototype }] : [];
  });
  const rest = canonicalOf(schema.additionalProperties);
  const items = canonicalOf(schema.items);
  if (fields.length === 0 && !rest && !items) return schema.canonical;
  const declared = new Set(properties.map(([name]) => name));
  return value => {
    if (Array.isArray(value)) {
      if (items) canonicalizeItems(value, items);
    } else if (typeof value === 'object' && value !== null) {
      for (const { name, canonical, inherited } of fields) {
        if (inherited || value[name] !== undefined) canonicalizeField(value, name, canonical);
      }
      if (rest) {
        for (const name of Object.keys(value)) if (!declared.has(name)) canonicalizeField(value, name, rest);
      }
    }
    return schema.canonical ? schema.canonical(value) : value;
  };
}

function canonicalizeItems(items: Json[], canonical: Canonical): void {
  for (let at = 0; at < items.length; at++) {
    if (items[at] !== null) items[at] = canonical(items[at]!);
  }
}

function canonicalizeField(object: JsonObject, name: string, canonical: Canonical): void {
  const field = ownField(object, name);
  if (field === undefined || field === null) return;
  const next = canonical(field);
  if (next !== field) setOwnField(object, name, next);
}
