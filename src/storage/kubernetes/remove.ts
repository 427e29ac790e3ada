import { limits } from '../../limits.ts';
import type { Change, Entry, Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';
import type { CallOptions, Cluster } from './cluster.ts';
import { listObjects } from './listing.ts';
import {
  type ClusterResource,
  collectionPath,
  entryOf,
  objectPath,
  type Place,
  parsing,
  revisionOf,
} from './resource.ts';
import type { ResourceWatch } from './watch.ts';

export interface Removal {
  key: string;
  place: Place;
  expect: Revision;
  /** The query that bounds the request. */
  bound: string;
  options: CallOptions;
  /** A watch that will tell of it, where there is one. */
  watch: ResourceWatch | undefined;
}

/**
 * Deletes an object that is at the revision expected. The cluster does not answer with the revision of the deletion; a watch tells it.
 * An object that somebody holds by a finalizer on the CR stays, marked; that is the entry then.
 */
export async function removeObject(
  cluster: Cluster,
  resource: ClusterResource,
  removal: Removal,
): Promise<Entry> {
  const { key, place, expect, bound, options, watch } = removal;
  const deletion = watch?.deletion(key) ?? (await watchOne(cluster, resource, key, place));
  try {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { resourceVersion: String(expect) },
    };
    const path = objectPath(resource, place) + bound;
    const answer = await cluster.call(resource.plural, 'DELETE', path, { ...options, body });
    if (answer.kind !== 'Status') return entryOf(resource, answer);
    const { value, revision } = await told(deletion.change, key);
    return { key, value, revision };
  } finally {
    deletion.forget();
  }
}

/** The change that the watch tells of. Throws Unavailable where it does not do so in time, or ends before. */
async function told(change: Promise<Change>, key: string): Promise<Change> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('too late')), limits.clusterReadTimeoutMs);
  try {
    return await Promise.race([change, late.promise]);
  } catch (cause) {
    throw new StorageError('Unavailable', `${key} is deleted, but no watch has told of it`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** A watch of one object from now on, for as long as its deletion takes. */
async function watchOne(
  cluster: Cluster,
  resource: ClusterResource,
  key: string,
  place: Place,
): Promise<{ change: Promise<Change>; forget(): void }> {
  const { name, namespace } = place;
  const { revision } = await listObjects(cluster, resource, { name, namespace, metadataOnly: true });
  const { promise, resolve, reject } = Promise.withResolvers<Change>();
  promise.catch(() => {});
  const stream = cluster.client.watch(
    `${collectionPath(resource, namespace)}?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`,
    {
      event: ({ type, object }) => {
        if (type !== 'DELETED') return;
        resolve({ type: 'delete', key, value: resource.valueOf(object), revision: revisionOf(object) });
      },
      expired: () => reject(new StorageError('Unavailable', `the watch for the deletion of ${key} expired`)),
    },
    { resourceVersion: String(revision), ...parsing(resource) },
  );
  return { change: promise, forget: () => stream.close() };
}
