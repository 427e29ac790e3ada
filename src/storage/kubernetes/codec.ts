import type { Kind } from '../../kinds/kind.ts';
import { parseStored } from '../../machinery/decode.ts';
import { encode } from '../../machinery/encode.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject, ObjectMeta } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { affinityLabels } from '../affinity-labels.ts';
import type { Codec, Entry } from '../backend.ts';
import { customVersion, metadataAnnotation, toCustomMetadata, toServedMetadata } from './metadata.ts';
import { profileCodec } from './profile-codec.ts';

/** What the codec has to know of a kind. */
export type CodecFacts = Pick<
  Kind,
  'kind' | 'plural' | 'namespaced' | 'tiered' | 'storageClass' | 'defaults'
> & {
  /** Whether the kind's schema has 64-bit integers. */
  hasInt64: boolean;
};

/** The policies of releases before 3.32 in tier default have this before the name that clients see. */
const oldPrefix = 'default.';

/** The kinds that Calico's components write themselves, past any API server. */
const readOnlyPlurals = new Set([
  'clusterinformations',
  'blockaffinities',
  'ipamblocks',
  'ipamhandles',
  'profiles',
]);

/**
 * The codec of one kind in a cluster with Calico's CRDs: the key is `/<plural>/<name>` or `/<plural>/<namespace>/<name>` with the
 * name of the CR, the value the CR as JSON (datastore.md 3.2 to 3.5 and 3.11).
 */
export function kubernetesCodec(facts: CodecFacts): Codec {
  if (facts.storageClass === 'profile') return profileCodec(facts);
  const root = `/${facts.plural}/`;
  const keyOf = (namespace: string | undefined, name: string): string =>
    facts.namespaced ? `${root}${namespace ?? ''}/${name}` : root + name;
  return {
    prefix: namespace => (facts.namespaced && namespace ? `${root}${namespace}/` : root),
    keyFor: ({ metadata }) => keyOf(metadata.namespace, metadata.name ?? ''),
    candidateKeys: (namespace, name) =>
      (facts.tiered ? [name, oldPrefix + name] : [name]).map(each => keyOf(namespace, each)),
    encode: object => Buffer.from(encode(toCustom(facts, object))),
    decode: entry => toServed(facts, entry),
    readOnly: readOnlyPlurals.has(facts.plural),
  };
}

/**
 * What of a kind the cluster decides by itself: its own UIDs and versions, profiles altogether; of what IPAM keeps there is no metadata
 * but the name.
 */
export function decidedByCluster({ storageClass }: Kind): readonly (keyof ObjectMeta)[] | 'objects' {
  switch (storageClass) {
    case 'profile':
      return 'objects';
    case 'affinity':
    case 'ipam-block':
    case 'ipam-handle':
      return [
        'annotations',
        'creationTimestamp',
        'finalizers',
        'generateName',
        'generation',
        'labels',
        'managedFields',
        'ownerReferences',
        'uid',
      ];
    default:
      return ['uid'];
  }
}

/** The kind of the CRs, where it is not the kind's own. */
export function customKind({ kind, storageClass }: Pick<CodecFacts, 'kind' | 'storageClass'>): string {
  return storageClass === 'ipam-config' ? 'IPAMConfig' : kind;
}

function toCustom(facts: CodecFacts, object: ApiObject): JsonObject {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const custom = rest as JsonObject;
  const spec = isJsonObject(custom.spec) ? custom.spec : {};
  const form = { apiVersion: customVersion, kind: customKind(facts) };
  switch (facts.storageClass) {
    case 'affinity': {
      // IPAM's own writes leave no other metadata than these labels.
      const { name, uid } = metadata;
      const kept = { ...(name && { name }), ...(uid && { uid }), labels: affinityLabels(spec) };
      const stored = { ...spec, deleted: String(spec.deleted === true) };
      return { ...form, metadata: toCustomMetadata(facts.kind, kept, false), ...custom, spec: stored };
    }
    case 'ipam-block':
    case 'ipam-handle': {
      const { name, uid } = metadata;
      const kept = { ...(name && { name }), ...(uid && { uid }) };
      return { ...form, metadata: toCustomMetadata(facts.kind, kept, false), ...custom };
    }
    default:
      return { ...form, metadata: toCustomMetadata(facts.kind, metadata, facts.tiered), ...custom };
  }
}

function toServed(facts: CodecFacts, entry: Entry): ApiObject {
  const custom = parseStored(entry.value, facts.hasInt64);
  if (!isJsonObject(custom) || !isJsonObject(custom.metadata)) throw new Error(`${entry.key}: no metadata`);
  const { apiVersion: _, kind: __, metadata: held, ...rest } = custom;
  const nameOf = (read: ObjectMeta) => nameIn(facts, custom, held, read);
  const object: ApiObject = {
    kind: facts.kind,
    apiVersion: 'projectcalico.org/v3',
    metadata: toServedMetadata(held, nameOf),
    ...rest,
  };
  object.metadata.resourceVersion = String(entry.revision);
  settle(facts, object);
  return object;
}

/** The name that clients see. */
function nameIn(facts: CodecFacts, custom: JsonObject, metadata: JsonObject, held: ObjectMeta): string {
  if (typeof held.name === 'string' && held.name !== '') return held.name;
  const name = String(metadata.name);
  const annotations = metadata.annotations as Record<string, Json> | undefined;
  if (!facts.tiered || annotations?.[metadataAnnotation] === undefined) return name;
  const tier = isJsonObject(custom.spec) ? custom.spec.tier : undefined;
  const inDefault = tier === undefined || tier === '' || tier === 'default';
  return inDefault && name.startsWith(oldPrefix) ? name.slice(oldPrefix.length) : name;
}

/** What Calico's own client sets on every read. */
function settle(facts: CodecFacts, object: ApiObject): void {
  const spec = isJsonObject(object.spec as Json) ? (object.spec as JsonObject) : undefined;
  if (!spec) return;
  if (facts.storageClass === 'affinity') spec.deleted = spec.deleted === true || spec.deleted === 'true';
  if (facts.kind === 'Tier') spec.defaultAction ??= 'Deny';
  if (facts.kind === 'Tier' || facts.kind === 'IPPool') facts.defaults?.(object, undefined);
  if (!facts.tiered || object.metadata.labels?.['projectcalico.org/tier'] !== undefined) return;
  const tier = typeof spec.tier === 'string' && spec.tier !== '' ? spec.tier : 'default';
  object.metadata.labels = { ...object.metadata.labels, 'projectcalico.org/tier': tier };
}
