import { parseStored } from '../../../machinery/decode.ts';
import { encode } from '../../../machinery/encode.ts';
import { equal } from '../../../machinery/equal.ts';
import type { Json, JsonObject } from '../../../machinery/json.ts';
import { metadataTypeErrors } from '../../../machinery/metadata-shape.ts';
import type { ApiObject, ObjectMeta } from '../../../machinery/object.ts';
import { isJsonObject } from '../../../machinery/own-field.ts';
import { fieldErrorBody } from '../../../machinery/status.ts';
import type { Codec, Entry } from '../../backend.ts';

/** What the codecs have to know of a kind. */
export interface KindFacts {
  kind: string;
  plural: string;
  namespaced: boolean;
  tiered: boolean;
  hasInt64: boolean;
}

const apiVersion = 'projectcalico.org/v3';
/** The root of all kinds that Calico stores as they are. */
export const resourceRoot = '/calico/resources/v3/projectcalico.org/';
/** Where tiered policies keep the name that is shown: `{"name":"…"}`. Clients never see it. */
const nameAnnotation = 'projectcalico.org/metadata';

/**
 * Members that Calico always writes, since they are no pointers in its types, with the value that means none (datastore.md
 * §1.4). They are added on write where they are missing, and left out on read where they say nothing.
 */
const alwaysWritten: Record<string, JsonObject> = {
  CalicoNodeStatus: {
    status: {
      lastUpdated: null,
      agent: { birdV4: {}, birdV6: {} },
      bgp: {
        numberEstablishedV4: 0,
        numberEstablishedV6: 0,
        numberNotEstablishedV4: 0,
        numberNotEstablishedV6: 0,
      },
      routes: {},
    },
  },
  KubeControllersConfiguration: { status: {} },
  Tier: { status: {} },
};
const alwaysInSpec: Record<string, JsonObject> = {
  FelixConfiguration: { bpfLogLevel: '' },
};

/**
 * The kinds that Calico stores as v3 objects (datastore.md §1.3–1.5): `<root>/<plural>/[<namespace>/]<name>`, the object as JSON
 * less metadata.resourceVersion. What Tortie adds to metadata is kept in it.
 */
export function resourceCodec(facts: KindFacts): Codec {
  const root = `${resourceRoot}${facts.plural}/`;
  const keyOf = (namespace: string | undefined, name: string): string =>
    facts.namespaced ? `${root}${namespace ?? ''}/${name}` : root + name;
  const candidateKeys = (namespace: string | undefined, name: string): string[] => [
    keyOf(namespace, name),
    // Releases before 3.32 put this before the name of a policy of the default tier.
    ...(facts.tiered ? [keyOf(namespace, `default.${name}`)] : []),
  ];
  return {
    prefix: namespace => (facts.namespaced && namespace ? `${root}${namespace}/` : root),
    keyFor: ({ metadata }) => keyOf(metadata.namespace, metadata.name ?? ''),
    candidateKeys,
    encode: object => Buffer.from(encode(stored(facts, object))),
    decode(entry) {
      const object = parse(facts, entry);
      if (facts.tiered) restoreName(object);
      dropEmpty(facts, object);
      const { namespace, name = '' } = object.metadata;
      if (!candidateKeys(namespace, name).includes(entry.key)) {
        throw new Error(`${entry.key}: the object in it is named ${namespace ? `${namespace}/` : ''}${name}`);
      }
      object.metadata.resourceVersion = String(entry.revision);
      return object;
    },
  };
}

function stored(facts: KindFacts, object: ApiObject): JsonObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  if (facts.tiered) {
    const name = encode({ name: metadata.name });
    metadata.annotations = { ...metadata.annotations, [nameAnnotation]: name };
  }
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...rest } = object;
  const spec = alwaysInSpec[facts.kind];
  return {
    kind: facts.kind,
    apiVersion,
    metadata: metadata as JsonObject,
    ...alwaysWritten[facts.kind],
    ...(rest as JsonObject),
    ...(spec && { spec: { ...spec, ...(rest.spec as JsonObject | undefined) } }),
  };
}

function dropEmpty({ kind }: KindFacts, object: ApiObject): void {
  dropEqual(object as unknown as JsonObject, alwaysWritten[kind]);
  if (isJsonObject(object.spec as Json | undefined)) dropEqual(object.spec as JsonObject, alwaysInSpec[kind]);
}

function dropEqual(object: JsonObject, members: JsonObject = {}): void {
  for (const [name, empty] of Object.entries(members)) if (equal(object[name], empty)) delete object[name];
}

/** Throws on bytes that are no object of the kind with sound metadata; its kind and version may be missing. */
function parse({ kind, namespaced, hasInt64 }: KindFacts, entry: Entry): ApiObject {
  const value = parseObject(entry, hasInt64);
  if ((value.kind ?? kind) !== kind || (value.apiVersion ?? apiVersion) !== apiVersion) {
    throw new Error(`${entry.key}: a ${value.kind} of ${value.apiVersion}, not a ${kind}`);
  }
  if (!isJsonObject(value.metadata)) throw new Error(`${entry.key}: no metadata`);
  const [problem] = metadataTypeErrors(value.metadata);
  if (problem) throw new Error(`${entry.key}: ${problem.field}: ${fieldErrorBody(problem)}`);
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = value;
  if (!namespaced) delete (metadata as JsonObject).namespace;
  return { ...rest, kind, apiVersion, metadata: metadata as unknown as ObjectMeta };
}

/** The JSON object in an entry. Throws where there is none. */
export function parseObject(entry: Entry, hasInt64: boolean): JsonObject {
  let value: Json;
  try {
    value = parseStored(entry.value, hasInt64);
  } catch (error) {
    throw new Error(`${entry.key}: no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isJsonObject(value)) throw new Error(`${entry.key}: no JSON object`);
  return value;
}

/** The name as clients see it: of the annotation, else the stored one, less `default.` in the default tier (§1.5). */
function restoreName(object: ApiObject): void {
  const { metadata } = object;
  const { [nameAnnotation]: kept, ...annotations } = metadata.annotations ?? {};
  if (kept) {
    metadata.name = nameIn(kept) ?? metadata.name ?? '';
  } else {
    const { tier } = (object.spec ?? {}) as { tier?: string };
    if (!tier || tier === 'default') metadata.name = metadata.name?.replace(/^default\./, '') ?? '';
  }
  if (Object.keys(annotations).length > 0) metadata.annotations = annotations;
  else delete metadata.annotations;
}

function nameIn(annotation: string): string | undefined {
  try {
    const { name } = JSON.parse(annotation) as { name?: unknown };
    return typeof name === 'string' && name ? name : undefined;
  } catch {
    return undefined;
  }
}
