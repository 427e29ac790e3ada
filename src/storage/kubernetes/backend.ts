import { randomUUID } from 'node:crypto';
import { limits } from '../../limits.ts';
import { compareText } from '../../machinery/text-order.ts';
import type { Counter, Log } from '../../observability/observability.ts';
import type {
  Backend,
  Entry,
  Guard,
  ListOptions,
  Page,
  Revision,
  Watch,
  WatchHandlers,
  Write,
} from '../backend.ts';
import { StorageError } from '../errors.ts';
import { Cluster, type ClusterClient } from './cluster.ts';
import { Guards } from './guards.ts';
import { currentRevision, listObjects, readObject } from './listing.ts';
import { MergedWatch } from './merged-watch.ts';
import {
  accountsRoot,
  defaultAllowEntry,
  defaultAllowKey,
  namespacesRoot,
  profilesRoot,
} from './profile-codec.ts';
import { removeObject } from './remove.ts';
import { type ClusterResource, collectionPath, entryOf, metadataOf, objectPath } from './resource.ts';
import { ResourceWatch } from './watch.ts';

export interface KubernetesOptions {
  client: ClusterClient;
  resources: ClusterResource[];
  /** The namespace of the Leases that make guards hold. */
  leaseNamespace: string;
  log?: Log;
  /** Counts writes past this server that broke a guard. */
  foreignWrites?: Counter;
}

/**
 * The store that is a cluster: each resource of it stands for the keys under one prefix, revisions are the cluster's. What only a
 * cluster has shows: a write that changes nothing is none, a prefix lies within one resource, compact() binds this server alone.
 */
export function createKubernetesBackend(options: KubernetesOptions): Backend {
  return new KubernetesBackend(options);
}

class KubernetesBackend implements Backend {
  readonly #cluster: Cluster;
  readonly #resources: ClusterResource[];
  readonly #guards: Guards;
  readonly #watches = new Set<ResourceWatch>();
  #compacted: Revision = 0;
  #closed = false;

  constructor(options: KubernetesOptions) {
    const { client, resources, leaseNamespace, log, foreignWrites } = options;
    this.#cluster = new Cluster(client);
    this.#resources = resources;
    this.#guards = new Guards({
      cluster: this.#cluster,
      resourceOf: key => this.#resourceOf(key),
      namespace: leaseNamespace,
      identity: randomUUID(),
      log,
      foreignWrites,
    });
  }

  async get(key: string): Promise<Entry | undefined> {
    if (key === defaultAllowKey) return defaultAllowEntry();
    // Of profiles any name may be asked for.
    if (key.startsWith(profilesRoot) && !/^(kns|ksa)\./.test(key.slice(profilesRoot.length)))
      return undefined;
    return this.#read(this.#resourceOf(key), key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const { after, limit = Number.POSITIVE_INFINITY } = options;
    const { found, revision } = await this.#listAll(prefix, options.at);
    const entries = found
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || compareText(key, after) > 0))
      .sort((a, b) => compareText(a.key, b.key));
    return { entries: entries.slice(0, limit), revision, more: entries.length > limit };
  }

  async write(write: Write, guards: Guard[] = []): Promise<Entry> {
    const resource = this.#resourceOf(write.key);
    if (write.type !== 'delete' && write.value.byteLength > limits.maxObjectBytes) {
      throw new StorageError('TooLarge', `${write.key}: more than ${limits.maxObjectBytes} bytes`);
    }
    // What is handed in may be changed before it is sent.
    const held = write.type === 'delete' ? write : { ...write, value: new Uint8Array(write.value) };
    try {
      return await this.#guards.run(resource, guards, ms => this.#commit(resource, held, ms));
    } catch (error) {
      throw await this.#judged(resource, held, guards, error);
    }
  }

  async watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch> {
    if (prefix === profilesRoot) {
      const sources = [namespacesRoot, accountsRoot];
      const open = sources.map(root => (own: WatchHandlers) => this.#watchOne(root, from, own));
      return MergedWatch.open(open, handlers);
    }
    return this.#watchOne(prefix, from, handlers);
  }

  async #watchOne(prefix: string, from: Revision, handlers: WatchHandlers): Promise<ResourceWatch> {
    const resource = this.#resourceOf(prefix);
    const at = await this.#reachable(resource, from);
    const watch: ResourceWatch = await this.#orOldest(resource, () =>
      ResourceWatch.open({
        cluster: this.#cluster,
        resource,
        prefix,
        from,
        future: at === undefined,
        handlers,
        onChange: change => this.#guards.observe(resource, change),
        onEnd: () => this.#watches.delete(watch),
      }),
    );
    this.#cluster.mustBeOpen();
    this.#watches.add(watch);
    return watch;
  }

  async revision(): Promise<Revision> {
    return currentRevision(this.#cluster, this.#resources[0]!);
  }

  async compact(revision: Revision): Promise<void> {
    const latest = await this.revision();
    this.#compacted = Math.max(this.#compacted, Math.min(revision, latest));
  }

  async check(): Promise<void> {
    const served = new Set<string>();
    const groups = new Set(this.#resources.map(({ groupPath }) => groupPath));
    for (const path of groups) {
      const totalMs = limits.clusterReadTimeoutMs;
      const { resources } = await this.#cluster.call('check', 'GET', path, { totalMs });
      for (const each of Array.isArray(resources) ? resources : []) {
        served.add(`${path}/${(each as { name?: unknown }).name}`);
      }
    }
    const missing = this.#resources.filter(({ groupPath, plural }) => !served.has(`${groupPath}/${plural}`));
    if (missing.length === 0) return;
    const names = missing.map(({ plural }) => plural).join(', ');
    throw new StorageError('Unavailable', `the cluster does not serve ${names}: CRDs are missing`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const watch of [...this.#watches]) watch.fail(new StorageError('Closed', 'the store is closed'));
    this.#cluster.refuse();
    await this.#guards.close();
    await this.#cluster.close();
  }

  /** The entries of the resource, or of the two that profiles are made of, at one revision. */
  async #listAll(prefix: string, at?: Revision): Promise<{ found: Entry[]; revision: Revision }> {
    if (prefix !== profilesRoot) return this.#listOne(prefix, at);
    const first = await this.#listOne(namespacesRoot, at);
    const second = await this.#listOne(accountsRoot, first.revision);
    return { found: [defaultAllowEntry(), ...first.found, ...second.found], revision: first.revision };
  }

  async #listOne(prefix: string, revision?: Revision): Promise<{ found: Entry[]; revision: Revision }> {
    const resource = this.#resourceOf(prefix);
    const at = revision === undefined ? undefined : await this.#reachable(resource, revision);
    const { metadataOnly } = resource;
    const namespace = resource.namespaceOf(prefix);
    const listing = await this.#orOldest(resource, () =>
      listObjects(this.#cluster, resource, { namespace, at, metadataOnly }),
    );
    return {
      found: listing.objects.map(object => entryOf(resource, object)),
      revision: listing.revision,
    };
  }

  #resourceOf(keyOrPrefix: string): ClusterResource {
    this.#cluster.mustBeOpen();
    const resource = this.#resources.find(({ root }) => keyOrPrefix.startsWith(root));
    if (resource) return resource;
    throw new StorageError('Unavailable', `${keyOrPrefix} lies in no one resource of the cluster`);
  }

  async #read(resource: ClusterResource, key: string): Promise<Entry | undefined> {
    const object = await readObject(this.#cluster, resource, key);
    return object && entryOf(resource, object);
  }

  /** The revision where the cluster may be asked for it; undefined where it has not come yet. Throws Compacted. */
  async #reachable(resource: ClusterResource, at: Revision): Promise<Revision | undefined> {
    // Before there was anything: whoever asks for it wants the oldest state that can be followed, and that is the current one.
    const oldest = at <= 1 ? await currentRevision(this.#cluster, resource) : this.#compacted;
    if (at < oldest) {
      throw new StorageError('Compacted', `the oldest revision is ${oldest}, ${at} is before it`, { oldest });
    }
    if (at <= this.#cluster.latest) return at;
    return at <= (await this.revision()) ? at : undefined;
  }

  /** Tells the oldest revision with a Compacted of the cluster, which does not: the current one is always there. */
  async #orOldest<T>(resource: ClusterResource, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'Compacted') throw error;
      const oldest = await currentRevision(this.#cluster, resource);
      throw new StorageError('Compacted', error.message, { oldest, cause: error });
    }
  }

  /** Sends the write. `totalMs` is the time after which it must not take effect any more. */
  async #commit(resource: ClusterResource, write: Write, totalMs?: number): Promise<Entry> {
    const place = resource.place(write.key);
    if (!place) throw new StorageError('NotFound', `${write.key} is no key of an object`);
    const { hasInt64, plural } = resource;
    const bound = totalMs === undefined ? '' : `?timeout=${Math.floor(totalMs / 1000)}s`;
    const options = { hasInt64, ...(totalMs !== undefined && { totalMs }) };
    if (write.type === 'delete') {
      const watch = [...this.#watches].find(each => each.covers(resource, write.key));
      return removeObject(this.#cluster, resource, { ...write, place, bound, options, watch });
    }
    const body = resource.objectOf(write.key, write.value);
    const metadata = { ...metadataOf(body) };
    if (write.type === 'create') {
      delete metadata.resourceVersion;
      const path = collectionPath(resource, place.namespace) + bound;
      const created = { ...body, metadata };
      return entryOf(resource, await this.#cluster.call(plural, 'POST', path, { ...options, body: created }));
    }
    if (write.expect <= 0) throw new StorageError('Conflict', `${write.key} is not at ${write.expect}`);
    metadata.resourceVersion = String(write.expect);
    const path = objectPath(resource, place) + (write.subresource ? `/${write.subresource}` : '') + bound;
    const updated = { ...body, metadata };
    return entryOf(resource, await this.#cluster.call(plural, 'PUT', path, { ...options, body: updated }));
  }

  /**
   * What a failed write is told. The cluster says of a key that is not there that it is in conflict, and a guard is looked at
   * before what the write itself expects.
   */
  async #judged(resource: ClusterResource, write: Write, guards: Guard[], error: unknown): Promise<unknown> {
    if (!(error instanceof StorageError) || error.code !== 'Conflict' || !resource.place(write.key))
      return error;
    const present = await this.#read(resource, write.key);
    if (write.type === 'create') {
      return present && guards.length > 0 ? new StorageError('Exists', `${write.key} exists`) : error;
    }
    return present ? error : new StorageError('NotFound', `${write.key} is not there`);
  }
}
