import type { Kind } from '../../../src/kinds/kind.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { isJsonObject } from '../../../src/machinery/own-field.ts';
import type { Schema } from '../../../src/schema/schema.ts';

/** A body with parts that can be made as large as one likes. */
export interface Growing {
  /** Which parts they are, and what is in them. */
  name: string;
  /** The body with so many items in each of the parts. */
  grow(size: number): ApiObject;
}

/** What the items of a list, or the values of a map, are like. */
export type Form = 'distinct' | 'equal' | 'mistyped' | 'bad' | 'unknown fields' | 'null';
export const allForms: readonly Form[] = ['distinct', 'equal', 'mistyped', 'bad', 'unknown fields', 'null'];

/** A way through a schema: the name of a field, or `[]` for any item of a list. */
type Way = readonly string[];

interface Place {
  way: Way;
  schema: Schema;
}

const item = '[]';
const text: Schema = { type: 'string' };

/** Of metadata only what can grow; the fields of managedFields are those of any object. */
const metadata: Schema = {
  type: 'object',
  properties: {
    labels: { type: 'object', additionalProperties: text },
    annotations: { type: 'object', additionalProperties: text },
    finalizers: { type: 'array', items: text },
    ownerReferences: {
      type: 'array',
      items: {
        type: 'object',
        properties: { apiVersion: text, kind: text, name: text, uid: text, controller: { type: 'boolean' } },
        required: ['apiVersion', 'kind', 'name', 'uid'],
      },
    },
    managedFields: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          manager: text,
          operation: { type: 'string', enum: ['Update', 'Apply'] },
          apiVersion: { type: 'string', enum: ['projectcalico.org/v3'] },
          fieldsType: { type: 'string', enum: ['FieldsV1'] },
          fieldsV1: { type: 'object', additionalProperties: { type: 'object' } },
        },
        required: ['manager', 'operation', 'apiVersion', 'fieldsType', 'fieldsV1'],
      },
    },
  },
};

function isGrowing(schema: Schema): boolean {
  return schema.type === 'array' || schema.additionalProperties !== undefined;
}

/** The lists and maps of a schema, and the objects whose own fields hold some. */
function* placesOf(schema: Schema, way: Way = []): Generator<Place> {
  if (isGrowing(schema)) yield { way, schema };
  if (schema.items) yield* placesOf(schema.items, [...way, item]);
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* placesOf(field, [...way, name]);
}

function wholeSchema(kind: Kind): Schema {
  const { spec, status } = kind.schema.properties as Record<string, Schema | undefined>;
  return { type: 'object', properties: { metadata, ...(spec && { spec }), ...(status && { status }) } };
}

/** The valid object of the kind that the bodies start from. */
export function startOf(kind: Kind): ApiObject {
  const start = structuredClone(kind.examples.valid[0]!);
  if (kind.namespaced) start.metadata.namespace = 'default';
  return start;
}

/** For each list and each map of the kind, and of metadata, a body in which it alone grows; not for schemas that are in `done`. */
export function* growingLists(
  kind: Kind,
  forms: readonly Form[],
  done: Set<Schema>,
): Generator<Growing & { form: Form }> {
  for (const place of placesOf(wholeSchema(kind))) {
    if (done.has(place.schema)) continue;
    done.add(place.schema);
    for (const form of forms) {
      yield {
        name: `${kind.kind} ${place.way.join('.')}: ${form}`,
        form,
        grow: size => {
          const object = startOf(kind);
          setAt(object as unknown as JsonObject, place, examplesOf(kind, place.way), size, form);
          return object;
        },
      };
    }
  }
}

/** For each list that has lists within: a body in which these grow in one item, and all those beside it. */
export function* growingTogether(kind: Kind): Generator<Growing> {
  const places = [...placesOf(wholeSchema(kind))];
  const inner = places
    .filter(({ schema }) => schema.items?.type === 'object')
    .map(({ way }) => [...way, item]);
  for (const around of [[], ...inner]) {
    const depth = (way: Way) => way.filter(step => step === item).length;
    const grown = places.filter(({ way }) => {
      const within = around.every((step, index) => way[index] === step);
      const beside = depth(way) === 0 && !around.join().startsWith(way.join());
      return beside || (within && depth(way) === depth(around));
    });
    yield {
      name: `${kind.kind} ${around.join('.') || 'all'}: together`,
      grow: size => {
        const object = startOf(kind);
        for (const place of grown) {
          setAt(object as unknown as JsonObject, place, examplesOf(kind, place.way), size, 'distinct');
        }
        return object;
      },
    };
  }
}

/** For each text of the kind, and of its metadata, the key of each map and a field that it does not have: a body that has this text there. */
export function* longTexts(kind: Kind): Generator<{ name: string; object(text: string): ApiObject }> {
  for (const place of textPlaces(wholeSchema(kind))) {
    yield {
      name: `${kind.kind} ${place.way.join('.')}`,
      object: value => {
        const object = startOf(kind);
        putAt(object as unknown as JsonObject, place.way, place.make(value));
        return object;
      },
    };
  }
  for (const name of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp']) {
    yield {
      name: `${kind.kind} metadata.${name}`,
      object: value => {
        const object = startOf(kind);
        return { ...object, metadata: { ...object.metadata, [name]: value } };
      },
    };
  }
  yield { name: `${kind.kind} apiVersion`, object: value => ({ ...startOf(kind), apiVersion: value }) };
  yield { name: `${kind.kind} kind`, object: value => ({ ...startOf(kind), kind: value }) };
}

function* textPlaces(schema: Schema, way: Way = []): Generator<{ way: Way; make(text: string): Json }> {
  if (way.length > 1 && schema.type !== 'object' && schema.type !== 'array')
    yield { way, make: value => value };
  if (schema.type === 'object' && way.length > 0) yield { way, make: value => ({ [value]: value }) };
  if (schema.items) yield* textPlaces(schema.items, [...way, item]);
  if (schema.additionalProperties) yield* textPlaces(schema.additionalProperties, [...way, 'key']);
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    yield* textPlaces(field, [...way, name]);
}

/** What valid examples have at a place. */
function examplesOf(kind: Kind, way: Way): Json[] {
  let found = kind.examples.valid as unknown as Json[];
  for (const step of way) {
    found = found.flatMap(value => {
      if (step === item) return Array.isArray(value) ? value : [];
      return isJsonObject(value) && value[step] !== undefined ? [value[step]] : [];
    });
  }
  return found;
}

/** Puts a grown list or map at a place; of lists on the way there is one item each. */
function setAt(object: JsonObject, { way, schema }: Place, examples: Json[], size: number, form: Form): void {
  putAt(object, way, grownValue(schema, examples, size, form));
}

/** Puts a value at a place; of lists on the way there is one item each. */
function putAt(object: JsonObject, way: Way, value: Json): void {
  let at: Json = object;
  for (const [index, step] of way.slice(0, -1).entries()) {
    const next = way[index + 1] === item ? [] : {};
    if (step === item) {
      const list = at as Json[];
      if (list.length === 0) list.push(next);
      list.length = 1;
      at = list[0]!;
    } else {
      const parent = at as JsonObject;
      if (typeof parent[step] !== 'object' || parent[step] === null) parent[step] = next;
      at = parent[step]!;
    }
  }
  const last = way.at(-1)!;
  if (last === item) (at as Json[])[0] = value;
  else (at as JsonObject)[last] = value;
}

function grownValue(schema: Schema, examples: Json[], size: number, form: Form): Json {
  const indexes = Array.from({ length: size }, (_, index) => index);
  if (schema.type === 'array') {
    const items = examples.flatMap(list => (Array.isArray(list) ? list : []));
    return indexes.map(index => itemOf(schema.items ?? text, items, form, index));
  }
  const values = examples.flatMap(map => (isJsonObject(map) ? Object.values(map) : []));
  const key = form === 'bad' ? 'bad key ' : schema.additionalProperties?.type === 'object' ? 'f:key' : 'key';
  return Object.fromEntries(
    indexes.map(index => [`${key}${index}`, itemOf(schema.additionalProperties!, values, form, index)]),
  );
}

function itemOf(schema: Schema, examples: Json[], form: Form, index: number): Json {
  if (form === 'null') return null;
  if (form === 'mistyped') return schema.type === 'string' ? { not: index } : `not ${index}`;
  if (form === 'unknown fields') return { [`unknown${index}`]: index };
  const example = examples[0] ?? exampleOf(schema);
  if (form === 'equal') return example;
  return form === 'bad' ? spoilt(schema, example, index) : varied(schema, example, index);
}

function exampleOf(schema: Schema): Json {
  if (schema.enum) return schema.enum[0]!;
  if (schema.type === 'array') return [];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  if (schema.type !== 'object') return schema.format === 'date-time' ? '2026-01-01T00:00:00Z' : 'name';
  const names = schema.required ?? [];
  return Object.fromEntries(names.map(name => [name, exampleOf(schema.properties![name]!)]));
}

/** A value like the example that differs from those of other indexes wherever it can. */
function varied(schema: Schema, example: Json, index: number): Json {
  if (schema.enum) return example;
  if (typeof example === 'string') return variedText(example, index);
  if (typeof example === 'number') {
    const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
    return minimum + (index % (maximum - minimum + 1));
  }
  if (!isJsonObject(example)) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, field]) => {
      const inner = schema.properties?.[name] ?? schema.additionalProperties;
      return [name, inner ? varied(inner, field, index) : field];
    }),
  );
}

function variedText(example: string, index: number): string {
  const [high, low] = [(index >> 8) & 255, index & 255];
  if (/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(example)) return `10.${high}.${low}.0/24`;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(example)) return `10.0.${high}.${low}`;
  if (/^[0-9a-f:]+\/\d+$/.test(example)) return `2001:db8:${index.toString(16)}::/48`;
  if (/^[0-9a-f]*:[0-9a-f:]+$/.test(example)) return `2001:db8::${index.toString(16)}`;
  if (/^\d{4}-\d\d-\d\dT/.test(example)) return example;
  if (example.includes('"')) return example.replace(/"[^"]*"/, `"value${index}"`);
  return `${example}${index}`;
}

function spoilt(schema: Schema, example: Json, index: number): Json {
  if (typeof example === 'string' || schema.type === 'string') return `bad value! ${index}`;
  if (typeof example === 'number' || typeof example === 'bigint') return -1_000_000_000_000 - index;
  if (!isJsonObject(example)) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, field]) => [
      name,
      spoilt(schema.properties?.[name] ?? {}, field, index),
    ]),
  );
}
