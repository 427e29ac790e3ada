import type { Kind } from '../../kinds/kind.ts';
import { parseStored } from '../../machinery/decode.ts';
import { encode } from '../../machinery/encode.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { accountsRoot, namespacesRoot, sourceValue } from './profile-codec.ts';
import { type ClusterResource, metadataOf, type Place } from './resource.ts';

/** The kinds that rules across objects read, so that other writes may have to wait for writes to them. */
const guardedPlurals = new Set([
  'blockaffinities',
  'bgpfilters',
  'globalnetworkpolicies',
  'ipamblocks',
  'ippools',
  'networkpolicies',
  'stagedglobalnetworkpolicies',
  'stagednetworkpolicies',
  'tiers',
]);

/** The resources of a cluster with Calico's CRDs that stand for the kinds. */
export function calicoResources(kinds: (Kind & { hasInt64: boolean })[]): ClusterResource[] {
  return kinds.flatMap(kind => (kind.storageClass === 'profile' ? [namespaces, accounts] : [custom(kind)]));
}

function custom(kind: Kind & { hasInt64: boolean }): ClusterResource {
  const root = `/${kind.plural}/`;
  const place = (key: string): Place | undefined => {
    const parts = key.slice(root.length).split('/');
    if (parts.length !== (kind.namespaced ? 2 : 1) || parts.includes('')) return undefined;
    const [namespace, name] = kind.namespaced ? parts : [undefined, parts[0]];
    return { ...(namespace && { namespace }), name: name! };
  };
  return {
    root,
    groupPath: '/apis/crd.projectcalico.org/v1',
    plural: kind.storageClass === 'ipam-config' ? 'ipamconfigs' : kind.plural,
    hasInt64: kind.hasInt64,
    metadataOnly: false,
    guarded: guardedPlurals.has(kind.plural),
    place,
    namespaceOf: prefix => {
      const end = kind.namespaced ? prefix.indexOf('/', root.length) : -1;
      return end > root.length ? prefix.slice(root.length, end) : undefined;
    },
    keyOf: object => {
      const { namespace, name } = metadataOf(object);
      return kind.namespaced ? `${root}${namespace}/${name}` : `${root}${name}`;
    },
    valueOf: object => Buffer.from(encode(object)),
    objectOf: (key, value) => {
      const object = parseStored(value, kind.hasInt64) as JsonObject;
      // A policy of an old release has another name in the cluster than in v3.
      return { ...object, metadata: { ...metadataOf(object), ...place(key) } };
    },
  };
}

/** What profiles are made of: one resource of the cluster for those of each sort. */
function source(plural: string, root: string, nameOf: (metadata: JsonObject) => string): ClusterResource {
  return {
    root,
    groupPath: '/api/v1',
    plural,
    hasInt64: false,
    metadataOnly: true,
    guarded: false,
    place: key => {
      const name = key.slice(root.length);
      if (plural === 'namespaces') return name === '' ? undefined : { name };
      const dot = name.indexOf('.');
      return dot > 0 && dot < name.length - 1
        ? { namespace: name.slice(0, dot), name: name.slice(dot + 1) }
        : undefined;
    },
    namespaceOf: () => undefined,
    keyOf: object => root + nameOf(isJsonObject(object.metadata) ? object.metadata : {}),
    valueOf: sourceValue,
    objectOf: key => {
      throw new Error(`${key}: profiles are not written here`);
    },
  };
}

const namespaces = source('namespaces', namespacesRoot, ({ name }) => String(name));
const accounts = source('serviceaccounts', accountsRoot, ({ namespace, name }) => `${namespace}.${name}`);
