import type { Json } from '../machinery/json.ts';
import { ownField, setOwnField } from '../machinery/own-field.ts';
import { runCode } from './made-code.ts';
import type { Schema } from './schema.ts';

/** Brings a value into the form that is stored, in place where it is an object or a list, and gives it back. */
export type Canonical = (value: Json) => Json;

const known = new WeakMap<Schema, Canonical | 'none'>();

/**
 * What brings values of a schema into the form that is stored; undefined where there is no other form. It is code that looks at the few
 * fields that have one, by their names, since every object that is written goes through it.
 */
export function canonicalOf(schema: Schema | undefined): Canonical | undefined {
  if (!schema) return undefined;
  const made = known.get(schema) ?? makeCanonical(schema) ?? 'none';
  known.set(schema, made);
  return made === 'none' ? undefined : made;
}

function makeCanonical(schema: Schema): Canonical | undefined {
  const values: Record<string, unknown> = { ownField, setOwnField };
  const lines: string[] = [];
  const properties = Object.entries(schema.properties ?? {});
  for (const [index, [name, field]] of properties.entries()) {
    const canonical = canonicalOf(field);
    if (!canonical) continue;
    values[`canonical${index}`] = canonical;
    const text = JSON.stringify(name);
    const read = name in Object.prototype ? `ownField(value, ${text})` : `value[${text}]`;
    lines.push(`{ const field = ${read}; if (field !== undefined && field !== null) {
      const next = canonical${index}(field); if (next !== field) setOwnField(value, ${text}, next); } }`);
  }
  const rest = canonicalOf(schema.additionalProperties);
  if (rest) {
    Object.assign(values, { rest, fields: new Set(properties.map(([name]) => name)) });
    lines.push(`for (const name of Object.keys(value)) if (!fields.has(name) && value[name] !== null)
      setOwnField(value, name, rest(value[name]));`);
  }
  const items = canonicalOf(schema.items);
  if (lines.length === 0 && !items) return schema.canonical;
  Object.assign(values, { items, whole: schema.canonical });
  const eachItem =
    'for (let at = 0; at < value.length; at++) if (value[at] !== null) value[at] = items(value[at]);';
  return runCode(
    `return value => {
      if (Array.isArray(value)) { ${items ? eachItem : ''} }
      else if (typeof value === 'object') { ${lines.join('\n')} }
      return ${schema.canonical ? 'whole(value)' : 'value'};
    };`,
    values,
  ) as Canonical;
}
