import { limits } from '../../limits.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import type { Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import {
  type ClusterResource,
  collectionPath,
  metadataOf,
  metadataOnly,
  objectPath,
  revisionOf,
} from './resource.ts';

export interface ListingOptions {
  namespace?: string | undefined;
  /** The state at this revision; else as of now, whatever the cluster has in its caches. */
  at?: Revision | undefined;
  /** The one object of this name. */
  name?: string | undefined;
  metadataOnly?: boolean;
}

/** Objects of a resource, and the revision at which they are all there is. */
export interface Listing {
  objects: JsonObject[];
  revision: Revision;
}

const attempts = 3;

/**
 * Reads the objects page by page, all at one revision. Throws Compacted where the cluster cannot tell the state at `at` any
 * more, Unavailable where it does not answer or does not serve the resource.
 */
export async function listObjects(
  cluster: Cluster,
  resource: ClusterResource,
  options: ListingOptions = {},
): Promise<Listing> {
  for (let attempt = 1; ; attempt++) {
    try {
      // Pages of a list that takes too long may run out of history: then all comes in one answer.
      return await listOnce(cluster, resource, options, attempt < attempts);
    } catch (error) {
      const outrun = error instanceof StorageError && error.code === 'Compacted' && options.at === undefined;
      if (!outrun) throw error;
      if (attempt === attempts) throw new StorageError('Unavailable', error.message, { cause: error });
    }
  }
}

async function listOnce(
  cluster: Cluster,
  resource: ClusterResource,
  options: ListingOptions,
  paged: boolean,
): Promise<Listing> {
  const objects: JsonObject[] = [];
  const query = new URLSearchParams();
  if (options.name !== undefined) query.set('fieldSelector', `metadata.name=${options.name}`);
  if (paged) query.set('limit', String(limits.clusterPageSize));
  if (options.at !== undefined) {
    query.set('resourceVersion', String(options.at));
    query.set('resourceVersionMatch', 'Exact');
  }
  for (;;) {
    const path = `${collectionPath(resource, options.namespace)}?${query}`;
    const list = await cluster.call(resource.plural, 'GET', path, {
      ...(options.metadataOnly && { accept: metadataOnly.list }),
      hasInt64: resource.hasInt64 && !options.metadataOnly,
      totalMs: limits.clusterReadTimeoutMs,
    });
    if (Array.isArray(list.items)) for (const item of list.items) if (isJsonObject(item)) objects.push(item);
    const next = metadataOf(list).continue;
    if (typeof next !== 'string' || next === '') return { objects, revision: revisionOf(list) };
    query.delete('resourceVersion');
    query.delete('resourceVersionMatch');
    query.set('continue', next);
  }
}

/** The object of a key as it is now, or undefined. It is no cache that answers. Throws Unavailable. */
export async function readObject(
  cluster: Cluster,
  resource: ClusterResource,
  key: string,
  { metadataOnly: partial = resource.metadataOnly } = {},
): Promise<JsonObject | undefined> {
  const place = resource.place(key);
  if (!place) return undefined;
  try {
    return await cluster.call(resource.plural, 'GET', objectPath(resource, place), {
      ...(partial && { accept: metadataOnly.watch }),
      hasInt64: resource.hasInt64 && !partial,
      totalMs: limits.clusterReadTimeoutMs,
    });
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** The cluster's revision as of now, as one resource tells it. */
export async function currentRevision(cluster: Cluster, resource: ClusterResource): Promise<Revision> {
  const path = `${collectionPath(resource)}?limit=1`;
  const options = { accept: metadataOnly.list, totalMs: limits.clusterReadTimeoutMs };
  return revisionOf(await cluster.call(resource.plural, 'GET', path, options));
}
