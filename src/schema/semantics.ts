import { equal } from '../machinery/equal.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { isJsonObject, ownField } from '../machinery/own-field.ts';
import type { FieldError } from '../machinery/status.ts';
import { canonicalOf } from './canonical.ts';
import { addError, isFull } from './field-errors.ts';
import type { Situation } from './rule.ts';
import type { Schema } from './schema.ts';

/** The errors after which a rule could meet a value that is not of the shape it relies on. */
const wrongShape = new Set<FieldError['type']>(['TypeInvalid', 'Required']);

/** The part of a schema that leads to nodes with rules: most fields of a kind have none. */
interface Plan {
  node: Schema;
  fields: Map<string, Plan>;
  /** For the values of a map. */
  rest: Plan | undefined;
  items: Plan | undefined;
}

const plans = new WeakMap<Schema, Plan | 'none'>();

/** The plan of a schema, made once; undefined where neither the schema nor one below it has rules. */
function planOf(schema: Schema | undefined): Plan | undefined {
  if (!schema) return undefined;
  const known = plans.get(schema);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const fields = new Map<string, Plan>();
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const plan = planOf(field);
    if (plan) fields.set(name, plan);
  }
  const rest = planOf(schema.additionalProperties);
  const items = planOf(schema.items);
  const isNeeded = schema.rules !== undefined || fields.size > 0 || rest !== undefined || items !== undefined;
  const plan = isNeeded ? { node: schema, fields, rest, items } : undefined;
  plans.set(schema, plan ?? 'none');
  return plan;
}

/**
 * Adds the problems that the rules of the schema find to `errors`, given those that the structure has. A rule does not
 * run on a value in which a type is wrong or a required field is missing, unless that is not in the part it looks at. A
 * value that an update leaves as it was is not held against it, as with the structure.
 */
export function checkRulesOf(
  schema: Schema,
  situation: Situation,
  ofStructure: FieldError[],
  errors: FieldError[],
): void {
  // There may be wrong types that the full list does not tell of.
  if (isFull(errors)) return;
  const isBroken = placesWith(ofStructure.filter(error => wrongShape.has(error.type)));
  const walk = (plan: Plan, value: Json, old: Json | undefined, path: string): void => {
    if (value === null || isFull(errors) || (path !== '' && old !== undefined && equal(value, old))) return;
    walkBelow(plan, value, old, path, walk);
    const { rules } = plan.node;
    if (!rules) return;
    const isWhole = !isBroken(path);
    for (const rule of rules) {
      if (!isWhole && !rule.ofMetadata) continue;
      for (const problem of rule.check(value, situation)) {
        if (isFull(errors)) return;
        addError(errors, {
          type: problem.type ?? 'Invalid',
          field: (path + (problem.at ?? '')).replace(/^\./, ''),
          value: problem.value === undefined && problem.at === undefined ? value : problem.value,
          detail: problem.detail,
        });
      }
    }
  };
  const plan = planOf(schema);
  const { object, old } = situation as unknown as { object: Json; old: Json | undefined };
  if (plan) walk(plan, object, old, '');
}

/** Tells whether one of the errors is at a path or below it. */
function placesWith(errors: FieldError[]): (path: string) => boolean {
  const fields = errors.map(({ field }) => field).sort();
  /** Whether a field begins so: the first in order that is not before the text, if any does. */
  const begins = (text: string) => {
    let [from, to] = [0, fields.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (fields[middle]! < text) from = middle + 1;
      else to = middle;
    }
    return from < fields.length && fields[from]!.startsWith(text);
  };
  if (fields.length === 0) return () => false;
  const exact = new Set(fields);
  return path => path === '' || exact.has(path) || begins(`${path}.`) || begins(`${path}[`);
}

type Visit = (plan: Plan, value: Json, old: Json | undefined, path: string) => void;

/** Visits the values within a value. Items of a list have nothing old to be compared with: they have no names. */
function walkBelow(plan: Plan, value: Json, old: Json | undefined, path: string, visit: Visit): void {
  if (Array.isArray(value)) {
    if (!plan.items) return;
    for (const [index, item] of value.entries()) visit(plan.items, item, undefined, `${path}[${index}]`);
  } else if (isJsonObject(value)) {
    for (const name of Object.keys(value)) {
      const field = plan.fields.get(name);
      const isProperty = Object.hasOwn(plan.node.properties ?? {}, name);
      const child = isProperty ? field : plan.rest;
      if (!child) continue;
      const at = isProperty ? (path === '' ? name : `${path}.${name}`) : `${path}[${name}]`;
      visit(child, value[name]!, isJsonObject(old) ? ownField(old, name) : undefined, at);
    }
  }
}

/** Brings values into the form that is stored (numbers in strings become numbers), in place; a second time changes nothing. */
export function canonicalize(schema: Schema, object: ApiObject): void {
  canonicalOf(schema)?.(object as unknown as Json);
}
