import { parseStored } from '../../machinery/decode.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import type { Entry, Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';

/** Where an object is within its resource. */
export interface Place {
  namespace?: string;
  name: string;
}

/** A resource of the cluster, and how its objects stand for keys and values. */
export interface ClusterResource {
  /** What all its keys start with. */
  root: string;
  /** Of the API group and version: `/apis/crd.projectcalico.org/v1`. */
  groupPath: string;
  plural: string;
  /** Whether objects may hold 64-bit integers outside of metadata. */
  hasInt64: boolean;
  /** Whether values are made of metadata alone. */
  metadataOnly: boolean;
  /** Whether writes to it may be ones that guards of other writes exclude. */
  guarded: boolean;
  /** Where the object of a key is; undefined for what is no key of an object. */
  place(key: string): Place | undefined;
  /** The namespace that all keys with the prefix are in; undefined where there is none. */
  namespaceOf(prefix: string): string | undefined;
  /** The key of an object, of which only metadata may be there. */
  keyOf(object: JsonObject): string;
  valueOf(object: JsonObject): Uint8Array;
  /** The object to be sent. What it says of its resourceVersion is of no account. */
  objectOf(key: string, value: Uint8Array): JsonObject;
}

/** Asks for the metadata of a list's objects, or of a watch's. */
export const metadataOnly = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
};

/** The path of the resource's objects, in one namespace or in all. */
export function collectionPath(resource: ClusterResource, namespace?: string): string {
  const within = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${resource.groupPath}${within}/${resource.plural}`;
}

/** The path of one object. */
export function objectPath(resource: ClusterResource, { namespace, name }: Place): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

/** The metadata of an object of the cluster; empty where it has none. */
export function metadataOf(object: JsonObject): JsonObject {
  return isJsonObject(object.metadata) ? object.metadata : {};
}

/** The revision in metadata.resourceVersion. Throws Unavailable where it is no number that can be held. */
export function revisionOf(object: JsonObject): Revision {
  const { resourceVersion } = metadataOf(object);
  const revision = Number(resourceVersion);
  if (Number.isSafeInteger(revision) && revision > 0) return revision;
  throw new StorageError('Unavailable', `the cluster's resourceVersion ${resourceVersion} is no revision`);
}

/** The entry that an object stands for. */
export function entryOf(resource: ClusterResource, object: JsonObject): Entry {
  return { key: resource.keyOf(object), value: resource.valueOf(object), revision: revisionOf(object) };
}

/** How the lines of a watch of the resource are read. */
export function parsing({ hasInt64 }: ClusterResource): { parse?: (line: Buffer) => Json } {
  return hasInt64 ? { parse: line => parseStored(line, true) } : {};
}
