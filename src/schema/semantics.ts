import { limits } from '../limits.ts';
import { equal } from '../machinery/equal.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { isJsonObject, setOwnField } from '../machinery/own-field.ts';
import type { FieldError } from '../machinery/status.ts';
import { addError } from './field-errors.ts';
import type { Situation } from './rule.ts';
import type { Schema } from './schema.ts';

/** The errors after which a rule could meet a value that is not of the shape it relies on. */
const wrongShape = new Set<FieldError['type']>(['TypeInvalid', 'Required']);

const withRules = new WeakMap<Schema, boolean>();
const withCanonical = new WeakMap<Schema, boolean>();

/** Whether the schema or one below it has the property. */
function has(schema: Schema, property: 'rules' | 'canonical', known: WeakMap<Schema, boolean>): boolean {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const found =
    schema[property] !== undefined || below.some(child => child !== undefined && has(child, property, known));
  known.set(schema, found);
  return found;
}

/**
 * Adds the problems that the rules of the schema find to `errors`, given those that the structure has. A rule does not
 * run on a value in which a type is wrong or a required field is missing. A value that an update leaves as it was is not held against it, as with the structure.
 */
export function checkRulesOf(
  schema: Schema,
  situation: Situation,
  ofStructure: FieldError[],
  errors: FieldError[],
): void {
  // There may be wrong types that the full list does not tell of.
  if (errors.length >= limits.maxFieldErrors) return;
  const broken = ofStructure.filter(error => wrongShape.has(error.type)).map(error => error.field);
  const isBroken = (path: string) =>
    broken.some(
      field => field === path || path === '' || field.startsWith(`${path}.`) || field.startsWith(`${path}[`),
    );
  const walk = (node: Schema, value: Json, old: Json | undefined, path: string): void => {
    if (value === null || !has(node, 'rules', withRules)) return;
    if (path !== '' && old !== undefined && equal(value, old)) return;
    for (const [child, childValue, childOld, childPath] of children(node, value, old, path)) {
      walk(child, childValue, childOld, childPath);
    }
    if (!node.rules || isBroken(path)) return;
    for (const rule of node.rules) {
      for (const problem of rule.check(value, situation)) {
        addError(errors, {
          type: problem.type ?? 'Invalid',
          field: (path + (problem.at ?? '')).replace(/^\./, ''),
          value: problem.value === undefined && problem.at === undefined ? value : problem.value,
          detail: problem.detail,
        });
      }
    }
  };
  walk(schema, situation.object as unknown as Json, situation.old as unknown as Json | undefined, '');
}

/** Brings values into the form that is stored (numbers in strings become numbers), in place; a second time changes nothing. */
export function canonicalize(schema: Schema, object: ApiObject): void {
  const walk = (node: Schema, value: Json): Json => {
    if (value === null || !has(node, 'canonical', withCanonical)) return value;
    if (Array.isArray(value) && node.items) {
      for (const [index, item] of value.entries()) value[index] = walk(node.items, item);
    } else if (isJsonObject(value)) {
      for (const [name, field] of Object.entries(value)) {
        const child = fieldSchema(node, name);
        if (child) setOwnField(value, name, walk(child, field));
      }
    }
    return node.canonical ? node.canonical(value) : value;
  };
  walk(schema, object as unknown as Json);
}

function fieldSchema(node: Schema, name: string): Schema | undefined {
  if (node.properties && Object.hasOwn(node.properties, name)) return node.properties[name];
  return node.additionalProperties;
}

type Child = [schema: Schema, value: Json, old: Json | undefined, path: string];

/** The values within a value, with their schemas. Items of a list have nothing old to be compared with: they have no names. */
function* children(node: Schema, value: Json, old: Json | undefined, path: string): Generator<Child> {
  if (Array.isArray(value)) {
    if (!node.items) return;
    for (const [index, item] of value.entries()) yield [node.items, item, undefined, `${path}[${index}]`];
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, field] of Object.entries(value)) {
    const child = fieldSchema(node, name);
    if (!child) continue;
    const known = child !== node.additionalProperties;
    const before = old !== undefined && isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
    yield [child, field, before, known ? (path ? `${path}.${name}` : name) : `${path}[${name}]`];
  }
}
