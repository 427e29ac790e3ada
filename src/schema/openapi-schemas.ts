import { equal } from '../machinery/equal.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import { metaReference, metaTypes, typeMeta } from './openapi-meta.ts';
import { group, type KindFacts, kindDefinition, metaDefinition, version } from './openapi-names.ts';
import { type Schema, unpublished } from './schema.ts';

/** The two forms of OpenAPI that Kubernetes speaks. */
export type OpenApiVersion = 'v2' | 'v3';

/** A reference to a definition. In v3 nothing may stand beside a $ref, so what is said of the field (description, default) wraps it. */
export function reference(form: OpenApiVersion, definition: string, field: JsonObject = {}): JsonObject {
  if (form === 'v2') return { ...field, $ref: `#/definitions/${definition}` };
  const $ref = `#/components/schemas/${definition}`;
  return Object.keys(field).length > 0 ? { ...field, allOf: [{ $ref }] } : { $ref };
}

/** The definitions of one document while it is made. */
interface Draft {
  form: OpenApiVersion;
  definitions: Map<string, Json>;
}

/**
 * All definitions by name: each kind, its list, the types that they are made of, and the meta types. Throws where two types have one
 * name.
 */
export function definitions(form: OpenApiVersion, kinds: KindFacts[]): JsonObject {
  const draft: Draft = { form, definitions: new Map() };
  for (const facts of kinds) {
    define(draft, kindDefinition(facts.kind), kindSchema(draft, facts));
    define(draft, kindDefinition(`${facts.kind}List`), listSchema(form, facts));
  }
  for (const [name, schema] of metaTypes) define(draft, name, resolveMeta(form, schema));
  return Object.fromEntries([...draft.definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function define({ definitions }: Draft, name: string, definition: Json): void {
  const other = definitions.get(name);
  if (other !== undefined && !equal(other, definition)) throw new Error(`two types are called ${name}`);
  definitions.set(name, definition);
}

function groupVersionKinds(kind: string): JsonObject[] {
  return [{ group, kind, version }];
}

function kindSchema(draft: Draft, facts: KindFacts): JsonObject {
  const { properties, required, description: _described, ...rest } = convert(draft, withParts(facts));
  const description = 'What every stored object has, whatever its kind.';
  const metadata = reference(draft.form, metaDefinition('ObjectMeta'), { description });
  return {
    description: facts.description,
    ...rest,
    ...(required !== undefined && { required }),
    properties: { ...typeMeta, metadata, ...(properties as JsonObject | undefined) },
    'x-kubernetes-group-version-kind': groupVersionKinds(facts.kind),
  };
}

/** The schema of the kind, whose spec and status are types of their own. */
function withParts({ kind, schema }: KindFacts): Schema {
  const parts = Object.entries(schema.properties ?? {}).map(([name, part]): [string, Schema] => {
    const suffix = { spec: 'Spec', status: 'Status' }[name];
    return [name, suffix ? { ...part, definition: { name: kind + suffix } } : part];
  });
  return { ...schema, properties: Object.fromEntries(parts) };
}

function listSchema(form: OpenApiVersion, { kind }: KindFacts): JsonObject {
  return {
    description: `A list of ${kind}.`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      items: {
        type: 'array',
        description: 'The objects.',
        items: reference(form, kindDefinition(kind)),
      },
      metadata: reference(form, metaDefinition('ListMeta'), {
        description: 'What every list has beside its items.',
      }),
    },
    'x-kubernetes-group-version-kind': groupVersionKinds(`${kind}List`),
  };
}

/** Writes the references between meta types as the form wants them. */
function resolveMeta(form: OpenApiVersion, value: Json): Json {
  if (Array.isArray(value)) return value.map(item => resolveMeta(form, item));
  if (!isJsonObject(value)) return value;
  const type = value[metaReference];
  if (typeof type === 'string') {
    const { description } = value;
    return reference(form, metaDefinition(type), description === undefined ? {} : { description });
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, resolveMeta(form, field)]));
}

/** Keywords that OpenAPI v2 does not have, or that kubectl's client-side validation does not understand there. */
const notInV2 = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'x-kubernetes-validations']);

/** A schema in either form; in v2 as apiextensions ToStructuralOpenAPIV2 does it, save that an object keeps its fields. */
function convert(draft: Draft, schema: Schema): JsonObject {
  const { definition, description, default: preset, ...body } = schema;
  if (!definition) return convertHere(draft, schema);
  const own = definition.description ?? description;
  const name = kindDefinition(definition.name);
  define(draft, name, convertHere(draft, { ...(own && { description: own }), ...body }));
  return reference(draft.form, name, {
    ...(description && description !== own && { description }),
    ...(preset !== undefined && { default: preset }),
  });
}

function convertHere(draft: Draft, schema: Schema): JsonObject {
  const { form } = draft;
  const converted: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (unpublished.has(keyword) || (form === 'v2' && notInV2.has(keyword))) continue;
    converted[keyword] = convertKeyword(draft, keyword, value);
  }
  if (form === 'v2') settleTypeForV2(schema, converted);
  return converted;
}

function convertKeyword(draft: Draft, keyword: string, value: unknown): Json {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, field]) => [name, convert(draft, field)]),
      );
    case 'items':
    case 'additionalProperties':
    case 'not':
      return convert(draft, value as Schema);
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return (value as Schema[]).map(branch => convert(draft, branch));
    default:
      return value as Json;
  }
}

function settleTypeForV2(schema: Schema, converted: JsonObject): void {
  if (schema['x-kubernetes-int-or-string']) {
    converted.type = 'string';
    converted.format = 'int-or-string';
  }
  // v2 cannot say that null is allowed, and a client that checks the type would refuse it.
  const isScalar = schema.type !== 'object' && schema.type !== 'array';
  if (schema.nullable && isScalar) delete converted.type;
  // kubectl takes an object with a type for one whose fields are all known.
  if (schema['x-kubernetes-preserve-unknown-fields'] && !schema.properties) delete converted.type;
}
