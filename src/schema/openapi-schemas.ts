import type { Json, JsonObject } from '../machinery/json.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import { metaReference, metaTypes, typeMeta } from './openapi-meta.ts';
import { group, type KindFacts, kindDefinition, metaDefinition, version } from './openapi-names.ts';
import type { Schema } from './schema.ts';

/** The two forms of OpenAPI that Kubernetes speaks. */
export type OpenApiVersion = 'v2' | 'v3';

/** A reference to a definition. In v3 nothing may stand beside a $ref, so a description wraps it. */
export function reference(form: OpenApiVersion, definition: string, description?: string): JsonObject {
  if (form === 'v2') return { ...(description && { description }), $ref: `#/definitions/${definition}` };
  const $ref = `#/components/schemas/${definition}`;
  return description ? { description, allOf: [{ $ref }] } : { $ref };
}

/** All definitions by name: each kind, its list, and the meta types. */
export function definitions(form: OpenApiVersion, kinds: KindFacts[]): JsonObject {
  const entries: [string, Json][] = kinds.flatMap(facts => [
    [kindDefinition(facts.kind), kindSchema(form, facts)],
    [kindDefinition(`${facts.kind}List`), listSchema(form, facts)],
  ]);
  for (const [name, schema] of metaTypes) entries.push([name, resolveMeta(form, schema)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function groupVersionKinds(kind: string): JsonObject[] {
  return [{ group, kind, version }];
}

function kindSchema(form: OpenApiVersion, facts: KindFacts): JsonObject {
  const { properties, required, description: _described, ...rest } = convert(form, facts.schema);
  const metadata = reference(
    form,
    metaDefinition('ObjectMeta'),
    'What every stored object has, whatever its kind.',
  );
  return {
    description: facts.description,
    ...rest,
    ...(required !== undefined && { required }),
    properties: { ...typeMeta, metadata, ...(properties as JsonObject | undefined) },
    'x-kubernetes-group-version-kind': groupVersionKinds(facts.kind),
  };
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
      metadata: reference(form, metaDefinition('ListMeta'), 'What every list has beside its items.'),
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
    return reference(form, metaDefinition(type), value.description as string | undefined);
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, resolveMeta(form, field)]));
}

/** Keywords that OpenAPI v2 does not have, or that kubectl's client-side validation does not understand there. */
const notInV2 = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'x-kubernetes-validations']);

/** What a schema holds for the server alone. An aggregator refuses a document that has it. */
const unpublished = new Set(['rules', 'canonical']);

/** A schema in either form; in v2 as apiextensions ToStructuralOpenAPIV2 does it, save that an object keeps its fields. */
function convert(form: OpenApiVersion, schema: Schema): JsonObject {
  const converted: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (unpublished.has(keyword) || (form === 'v2' && notInV2.has(keyword))) continue;
    converted[keyword] = convertKeyword(form, keyword, value);
  }
  if (form === 'v2') settleTypeForV2(schema, converted);
  return converted;
}

function convertKeyword(form: OpenApiVersion, keyword: string, value: unknown): Json {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, field]) => [name, convert(form, field)]),
      );
    case 'items':
    case 'additionalProperties':
    case 'not':
      return convert(form, value as Schema);
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return (value as Schema[]).map(branch => convert(form, branch));
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
