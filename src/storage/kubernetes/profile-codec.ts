import { parseStored } from '../../machinery/decode.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ObjectMeta } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import type { Codec, Entry } from '../backend.ts';
import { defaultAllow } from '../default-allow-profile.ts';
import { convertUid, isUid } from './uid.ts';

export const profilesRoot = '/profiles/';
export const defaultAllowKey = profilesRoot + defaultAllow.name;
export const namespacesRoot = `${profilesRoot}kns.`;
export const accountsRoot = `${profilesRoot}ksa.`;

/**
 * The codec of profiles in a cluster: they are made of Namespaces and ServiceAccounts, whose metadata is the value (datastore.md
 * 3.8). They are read only.
 */
export function profileCodec({ kind }: { kind: string }): Codec {
  return {
    prefix: () => profilesRoot,
    keyFor: ({ metadata }) => profilesRoot + (metadata.name ?? ''),
    candidateKeys: (_namespace, name) => [profilesRoot + name],
    encode: object => {
      throw new Error(`${object.metadata.name}: profiles are not written here`);
    },
    decode: entry => ({
      kind,
      apiVersion: 'projectcalico.org/v3',
      ...contentOf(entry),
    }),
    readOnly: true,
  };
}

function contentOf(entry: Entry): { metadata: ObjectMeta; spec: Json } {
  const resourceVersion = String(entry.revision);
  const name = entry.key.slice(profilesRoot.length);
  if (entry.key === defaultAllowKey) {
    return { metadata: { name, uid: defaultAllow.uid, resourceVersion }, spec: defaultAllow.spec };
  }
  const source = parseStored(entry.value, false);
  const held = isJsonObject(source) && isJsonObject(source.metadata) ? source.metadata : {};
  const { uid, creationTimestamp } = held as ObjectMeta;
  const metadata = {
    name,
    ...(isUid(uid) && { uid: convertUid(uid) }),
    resourceVersion,
    ...(creationTimestamp && { creationTimestamp }),
  };
  const labels = isJsonObject(held.labels) ? held.labels : {};
  if (entry.key.startsWith(namespacesRoot)) {
    const labelsToApply = inherited(labels, 'pcns.', String(held.name));
    return { metadata, spec: { ...defaultAllow.spec, labelsToApply } };
  }
  return { metadata, spec: { labelsToApply: inherited(labels, 'pcsa.', String(held.name)) } };
}

/** The labels of the source, each with the prefix, and its name as one more. */
function inherited(labels: JsonObject, prefix: string, name: string): JsonObject {
  const prefixed = Object.entries(labels).map(([key, value]) => [prefix + key, value]);
  return { ...Object.fromEntries(prefixed), [`${prefix}projectcalico.org/name`]: name };
}

/** What profiles keep of a source: its metadata. */
export function sourceValue(object: JsonObject): Uint8Array {
  const { name, namespace, uid, creationTimestamp, labels } = (object.metadata ?? {}) as JsonObject;
  return Buffer.from(JSON.stringify({ metadata: { name, namespace, uid, creationTimestamp, labels } }));
}

/** The entry of the profile that is nowhere stored. */
export function defaultAllowEntry(): Entry {
  return { key: defaultAllowKey, value: new Uint8Array(0), revision: 1 };
}
