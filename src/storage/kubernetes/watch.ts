import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { JsonObject } from '../../machinery/json.ts';
import type { Change, Revision, Watch, WatchHandlers } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { shared } from '../shared-question.ts';
import type { Cluster } from './cluster.ts';
import { type Listing, listObjects, readObject } from './listing.ts';
import { type ClusterResource, collectionPath, metadataOnly, parsing, revisionOf } from './resource.ts';

export interface WatchSetting {
  cluster: Cluster;
  resource: ClusterResource;
  prefix: string;
  from: Revision;
  handlers: WatchHandlers;
  /** Whether `from` has not come yet: the watch begins now, and tells what comes after it. */
  future?: boolean;
  /** Called with each change before the handlers are, and when the watch has ended. */
  onChange?(change: Change): void;
  onEnd?(): void;
}

/** What has to be delivered before the answer to a question of progress is true. */
interface Missing {
  /** Changes up to this revision. */
  upTo: Revision;
  /** Keys that were there when last heard of, and are not in the cluster. */
  gone: Set<string>;
}

interface Question extends Missing {
  resolve(): void;
  reject(error: Error): void;
}

interface Deletion {
  key: string;
  resolve(change: Change): void;
  reject(error: Error): void;
}

const retryMs = { first: 200, longest: 3_000 };

/**
 * One watch of one resource. It knows which keys are there, so that a list of the cluster's metadata tells whether something is
 * still on its way: if not, everything up to the list's revision has been delivered. A connection that breaks is opened again
 * from there.
 */
export class ResourceWatch implements Watch {
  readonly #setting: WatchSetting;
  readonly #askAll: () => Promise<Revision>;
  readonly #namespace: string | undefined;
  readonly #known = new Map<string, Revision>();
  readonly #questions = new Set<Question>();
  readonly #deletions = new Set<Deletion>();
  #stream: { close(): void } | undefined;
  #position: Revision;
  /** Of the last event. It may lie before the position: no list tells of what came and went while it was on its way. */
  #last: Revision = 0;
  #opened = false;
  #ended: Error | undefined;

  private constructor(setting: WatchSetting) {
    this.#setting = setting;
    this.#namespace = setting.resource.namespaceOf(setting.prefix);
    this.#position = setting.from;
    this.#askAll = shared(() => this.#compareAll());
  }

  /** Opens a watch; what has happened already is delivered before it resolves. Throws Compacted, Unavailable. */
  static async open(setting: WatchSetting): Promise<ResourceWatch> {
    const watch = new ResourceWatch(setting);
    const start = await watch.#list(setting.future ? undefined : setting.from);
    watch.#learn(start);
    watch.#position = start.revision;
    try {
      if (!setting.future) await watch.#catchUp();
      else watch.#openStream();
    } catch (error) {
      watch.#end(error as Error, { tell: false });
      throw error;
    }
    watch.#opened = true;
    return watch;
  }

  /** Everything up to this revision has been delivered. */
  get position(): Revision {
    return this.#position;
  }

  /** Whether changes of the key are told here. */
  covers(resource: ClusterResource, key: string): boolean {
    return !this.#ended && resource === this.#setting.resource && key.startsWith(this.#setting.prefix);
  }

  /** The next deletion of the key, once it has been delivered. */
  deletion(key: string): { change: Promise<Change>; forget(): void } {
    const { promise, resolve, reject } = Promise.withResolvers<Change>();
    // Whoever forgets it does not hear of the end of the watch.
    promise.catch(() => {});
    const waiting = { key, resolve, reject };
    this.#deletions.add(waiting);
    return { change: promise, forget: () => void this.#deletions.delete(waiting) };
  }

  /** By one list that all who ask share, or by a read of each of the objects. */
  async progress(keys?: readonly string[]): Promise<Revision> {
    if (!keys) return this.#askAll();
    await Promise.all(keys.map(key => this.#compareOne(key)));
    return this.#position;
  }

  close(): void {
    this.#end(new StorageError('Closed', 'the watch is closed'), { tell: false });
  }

  /** Ends the watch with an error that its handler is told. */
  fail(error: Error): void {
    this.#end(error, { tell: true });
  }

  async #list(at?: Revision): Promise<Listing> {
    const { cluster, resource } = this.#setting;
    return listObjects(cluster, resource, { namespace: this.#namespace, at, metadataOnly: true });
  }

  #learn({ objects }: Listing): void {
    for (const object of objects) {
      const key = this.#setting.resource.keyOf(object);
      if (key.startsWith(this.#setting.prefix)) this.#known.set(key, revisionOf(object));
    }
  }

  /** Opens the stream, from where it has to go on: nothing may have changed since the start, however long ago that is. */
  async #catchUp(): Promise<void> {
    const listing = await this.#list();
    if (this.#ended) throw this.#ended;
    const missing = this.#missing(listing);
    if (!missing) this.#advance(listing.revision);
    this.#openStream();
    if (!missing) return;
    await this.#delivered(missing);
    this.#advance(listing.revision);
  }

  #openStream(): void {
    const { cluster, resource } = this.#setting;
    this.#stream?.close();
    const stream = cluster.client.watch(
      collectionPath(resource, this.#namespace),
      {
        // A stream that was replaced may have something left to say.
        event: event => {
          if (this.#stream === stream) this.#take(event);
        },
        expired: () => {
          if (this.#stream === stream) this.#expire();
        },
        fault: () => {
          if (this.#stream === stream) void this.#resume();
        },
      },
      {
        resourceVersion: String(this.#position),
        ...(resource.metadataOnly && { accept: metadataOnly.watch }),
        ...parsing(resource),
      },
    );
    this.#stream = stream;
  }

  #expire(): void {
    const message = `the cluster's history does not reach back to ${this.#position} any more`;
    this.#end(new StorageError('Compacted', message), { tell: true });
  }

  /**
   * Opens the stream again. Where nothing has changed meanwhile it goes on from now: a kube-apiserver that has started anew
   * tells nothing of the time before.
   */
  async #resume(): Promise<void> {
    this.#stream?.close();
    this.#stream = undefined;
    for (let delayMs = retryMs.first; !this.#ended; delayMs = Math.min(delayMs * 2, retryMs.longest)) {
      await sleep(delayMs * (0.5 + Math.random() / 2));
      try {
        const listing = await this.#list();
        if (this.#ended || this.#stream) return;
        if (!this.#missing(listing)) this.#advance(listing.revision);
        this.#openStream();
        return;
      } catch (error) {
        if (error instanceof StorageError && error.code === 'Closed') return;
      }
    }
  }

  #take({ type, object }: { type: string; object: JsonObject }): void {
    if (this.#ended) return;
    const { resource, prefix } = this.#setting;
    const revision = revisionOf(object);
    if (revision <= this.#last) return;
    this.#last = revision;
    if (type !== 'BOOKMARK') {
      const key = resource.keyOf(object);
      if (key.startsWith(prefix)) {
        const deleted = type === 'DELETED';
        if (deleted) this.#known.delete(key);
        else this.#known.set(key, revision);
        const value = resource.valueOf(object);
        this.#deliver({ type: deleted ? 'delete' : 'put', key, value, revision });
      }
    }
    this.#advance(revision);
  }

  #deliver(change: Change): void {
    const { from, handlers, onChange } = this.#setting;
    onChange?.(change);
    try {
      if (change.revision > from) handlers.onChanges([change]);
    } catch (error) {
      this.fail(new StorageError('Unavailable', `a watch handler failed: ${error}`, { cause: error }));
    }
    if (change.type !== 'delete') return;
    for (const question of this.#questions) question.gone.delete(change.key);
    for (const waiting of this.#deletions) {
      if (waiting.key !== change.key) continue;
      this.#deletions.delete(waiting);
      waiting.resolve(change);
    }
  }

  #advance(revision: Revision): void {
    this.#position = Math.max(this.#position, revision);
    for (const question of [...this.#questions]) {
      if (question.upTo <= this.#position && question.gone.size === 0) question.resolve();
    }
  }

  /** Compares the whole resource with what was delivered. */
  async #compareAll(): Promise<Revision> {
    if (this.#ended) throw this.#ended;
    const listing = await this.#list();
    if (this.#ended) throw this.#ended;
    const missing = this.#missing(listing);
    if (missing) await this.#delivered(missing);
    this.#advance(listing.revision);
    return this.#position;
  }

  async #compareOne(key: string): Promise<void> {
    if (this.#ended) throw this.#ended;
    const { cluster, resource } = this.#setting;
    const found = await readObject(cluster, resource, key, { metadataOnly: true });
    if (this.#ended) throw this.#ended;
    const upTo = found ? revisionOf(found) : 0;
    if (upTo > this.#position) await this.#delivered({ upTo, gone: new Set() });
    else if (!found && this.#known.has(key)) await this.#delivered({ upTo, gone: new Set([key]) });
  }

  /** What the listing shows that was not delivered yet; undefined: nothing. */
  #missing({ objects, revision }: Listing): Missing | undefined {
    const { resource, prefix } = this.#setting;
    const missing: Missing = { upTo: 0, gone: new Set() };
    const listed = new Set<string>();
    for (const object of objects) {
      const key = resource.keyOf(object);
      if (!key.startsWith(prefix)) continue;
      listed.add(key);
      missing.upTo = Math.max(missing.upTo, revisionOf(object));
    }
    for (const [key, known] of this.#known) {
      if (known <= revision && !listed.has(key)) missing.gone.add(key);
    }
    return missing.upTo > this.#position || missing.gone.size > 0 ? missing : undefined;
  }

  /** Waits for it. A stream that brings it in no time is replaced once; then Unavailable. */
  async #delivered(missing: Missing): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const question: Question = { ...missing, resolve, reject };
    this.#questions.add(question);
    const again = setTimeout(() => void this.#resume(), limits.clusterStreamSilenceMs);
    const giveUp = setTimeout(() => {
      const { plural } = this.#setting.resource;
      reject(new StorageError('Unavailable', `the cluster's watch of ${plural} lags behind its lists`));
    }, limits.clusterReadTimeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(again);
      clearTimeout(giveUp);
      this.#questions.delete(question);
    }
  }

  #end(error: Error, { tell }: { tell: boolean }): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#stream?.close();
    for (const waiting of [...this.#questions, ...this.#deletions]) waiting.reject(error);
    this.#setting.onEnd?.();
    if (!tell || !this.#opened) return;
    try {
      this.#setting.handlers.onError(error);
    } catch (failure) {
      // Nobody is left to be told.
      queueMicrotask(() => {
        throw failure;
      });
    }
  }
}
