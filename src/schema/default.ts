import { copy } from '../machinery/equal.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { Schema } from './schema.ts';

/**
 * Sets the defaults of the schema in place, and settles explicit nulls: where a field is not nullable, null equals
 * absent (machinery.md §3.6), so it becomes the default or is dropped. Both kube-apiserver, for CRDs, and Calico's Go
 * server, whose JSON decoder skips null, do so. A null among the items of a list stays, and is then a type error.
 */
export function applyDefaults(schema: Schema, object: ApiObject): void {
  // apiVersion, kind and metadata have no place in the schema, so they are not touched.
  defaultObject(planOf(schema), object as unknown as JsonObject);
}

/** What there is to do in values of a schema, made once for each. */
interface Plan {
  schema: Schema;
  /** The fields that have a default. */
  defaults: [name: string, value: Json][];
  properties: Map<string, Plan>;
  additional: Plan | undefined;
  items: Plan | undefined;
}

const plans = new WeakMap<Schema, Plan>();

function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known) return known;
  const properties = Object.entries(schema.properties ?? {});
  const plan: Plan = {
    schema,
    defaults: properties.flatMap(([name, field]) =>
      field.default === undefined ? [] : [[name, field.default]],
    ),
    properties: new Map(properties.map(([name, field]) => [name, planOf(field)])),
    additional: schema.additionalProperties && planOf(schema.additionalProperties),
    items: schema.items && planOf(schema.items),
  };
  plans.set(schema, plan);
  return plan;
}

function defaultValue(plan: Plan, value: Json): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) defaultItems(plan.items, value);
  else defaultObject(plan, value);
}

function defaultObject(plan: Plan, object: JsonObject): void {
  for (const [name, value] of plan.defaults) {
    if (!Object.hasOwn(object, name)) object[name] = copy(value);
  }
  for (const name in object) {
    const field = plan.properties.get(name) ?? plan.additional;
    if (!field) continue;
    const value = object[name]!;
    if (value !== null) {
      if (typeof value === 'object') defaultValue(field, value);
    } else if (!field.schema.nullable) {
      if (field.schema.default === undefined) delete object[name];
      else object[name] = defaulted(field, field.schema.default);
    }
  }
}

function defaultItems(plan: Plan | undefined, items: Json[]): void {
  if (!plan) return;
  const { nullable, default: fallback } = plan.schema;
  for (const [index, item] of items.entries()) {
    if (item === null && !nullable && fallback !== undefined) items[index] = defaulted(plan, fallback);
    else defaultValue(plan, item);
  }
}

/** A copy of a default, with the defaults of its own fields. */
function defaulted(plan: Plan, value: Json): Json {
  const fresh = copy(value);
  defaultValue(plan, fresh);
  return fresh;
}
