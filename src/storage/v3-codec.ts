import { parseStored } from '../machinery/decode.ts';
import { encode } from '../machinery/encode.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject, ObjectMeta } from '../machinery/object.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import type { Codec, Entry } from './backend.ts';

/** What the codec has to know of a kind. */
export interface CodecFacts {
  kind: string;
  plural: string;
  namespaced: boolean;
  /** Whether the kind's schema has 64-bit integers, which a plain JSON.parse would round. */
  hasInt64: boolean;
}

/**
 * The codec of the embedded stores, where the form is ours to choose: the key is `/<plural>/<name>` or
 * `/<plural>/<namespace>/<name>`, the value the v3 object as compact JSON less metadata.resourceVersion, which is the entry's
 * revision. Names and namespaces have no slash, so no key is the prefix of another kind's.
 */
export function v3Codec(facts: CodecFacts): Codec {
  const root = `/${facts.plural}/`;
  const keyOf = (namespace: string | undefined, name: string): string =>
    facts.namespaced ? `${root}${namespace ?? ''}/${name}` : root + name;
  return {
    prefix: namespace => (facts.namespaced && namespace ? `${root}${namespace}/` : root),
    keyFor: ({ metadata }) => keyOf(metadata.namespace, metadata.name ?? ''),
    candidateKeys: (namespace, name) => [keyOf(namespace, name)],
    encode(object) {
      const { resourceVersion: _, ...metadata } = object.metadata;
      return Buffer.from(encode({ ...object, metadata }));
    },
    decode(entry) {
      const object = parse(entry, facts);
      const { namespace, name } = object.metadata;
      if (typeof name !== 'string' || keyOf(namespace, name) !== entry.key) {
        throw new Error(`${entry.key}: the object in it is named ${namespace ?? ''}/${name}`);
      }
      object.metadata.resourceVersion = String(entry.revision);
      return object;
    },
  };
}

/** The object in an entry. Throws on bytes that are not an object of the kind with its metadata. */
function parse(entry: Entry, { kind, hasInt64 }: CodecFacts): ApiObject {
  let value: Json;
  try {
    value = parseStored(entry.value, hasInt64);
  } catch (error) {
    throw new Error(`${entry.key}: no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isJsonObject(value) || value.kind !== kind || typeof value.apiVersion !== 'string') {
    throw new Error(`${entry.key}: not a ${kind}`);
  }
  if (!isJsonObject(value.metadata)) throw new Error(`${entry.key}: no metadata`);
  return value as Record<string, Json> & { apiVersion: string; kind: string; metadata: ObjectMeta };
}
