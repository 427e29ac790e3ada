import { limits } from '../../limits.ts';
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
import { Lanes } from '../lanes.ts';
import { shared } from '../shared-question.ts';
import { type ClientOptions, EtcdClient } from './client.ts';
import { withDefaultAllow } from './default-allow.ts';
import { classify } from './failure.ts';
import { contractKey, rangeOf, rawKey } from './keys.ts';
import { type KeyValue, methods, type rangeResponse } from './messages.ts';
import type { Of } from './protobuf.ts';
import { faultOfVersion } from './version.ts';
import { EtcdWatch, type WatchPlan } from './watch.ts';
import { outcomeOf, transactionOf } from './write.ts';

export interface EtcdOptions extends ClientOptions {
  /** Revisions that are told of at the least, where etcd has them; what lies twice as far back is Compacted. */
  historyRevisions?: number;
}

/** A key under Calico's root that every user who may read Calico's data may ask for; it need not be there. */
const anchor = Buffer.from('/calico/');

/**
 * The store in a cluster of etcd, version 3.4.25, 3.5.8 or later (older ones claim progress that they have not made). Revisions
 * are etcd's own. Throws an Error for options that can never work; a cluster that cannot be reached makes each call
 * Unavailable. The client is the store's from now on, and ends with it.
 */
export function openEtcd(options: EtcdOptions, client = new EtcdClient(options)): Backend {
  return withDefaultAllow(new EtcdStore(client, options));
}

class EtcdStore implements Backend {
  readonly #client: EtcdClient;
  readonly #historyRevisions: number;
  readonly #watches = new Set<EtcdWatch>();
  readonly #opening = new Lanes(limits.etcdWatchesOpening);
  readonly #latest: () => Promise<Revision>;

  constructor(client: EtcdClient, options: EtcdOptions) {
    this.#client = client;
    this.#historyRevisions = options.historyRevisions ?? limits.etcdHistoryRevisions;
    const ask = () => this.#client.call(methods.range, { key: anchor, countOnly: true });
    this.#latest = shared(async () => (await ask()).header!.revision);
  }

  async get(key: string): Promise<Entry | undefined> {
    const { kvs } = await this.#client.call(methods.range, { key: Buffer.from(rawKey(key)) });
    return kvs[0] && entryOf(kvs[0]);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    if (options.at === undefined) return this.#listLatest(prefix, options);
    try {
      return await this.#listAt(prefix, options, options.at);
    } catch (error) {
      const failure = classify(error);
      if (failure === 'future') return this.#listLatest(prefix, options);
      if (failure !== 'compacted') throw error;
      throw await this.#compacted(options.at);
    }
  }

  async write(write: Write, guards: Guard[] = []): Promise<Entry> {
    if (write.type === 'delete') return this.#write(write, guards);
    if (write.value.byteLength > limits.maxObjectBytes) {
      throw new StorageError('TooLarge', `${write.key}: more than ${limits.maxObjectBytes} bytes`);
    }
    return this.#write({ ...write, value: new Uint8Array(write.value) }, guards);
  }

  watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch> {
    return this.#opening.run('watches', () => this.#watch(prefix, from, handlers));
  }

  revision(): Promise<Revision> {
    return this.#latest();
  }

  async compact(revision: Revision): Promise<void> {
    const until = Math.min(revision, await this.#latest());
    if (until < 1) return;
    try {
      await this.#client.call(methods.compact, { revision: until });
    } catch (error) {
      if (classify(error) !== 'compacted') throw error;
    }
  }

  async check(): Promise<void> {
    const calling = { timeoutMs: limits.etcdCheckTimeoutMs };
    await this.#client.call(methods.range, { key: anchor, countOnly: true }, calling);
    const { errors, version } = await this.#client.call(methods.status, {}, calling).catch(error => {
      // Only administrators may ask, where etcd has users.
      if (/permission denied/.test(String(error))) return { errors: [], version: '' };
      throw error;
    });
    const fault = faultOfVersion(version);
    if (fault) throw new StorageError('Unavailable', fault);
    if (errors.length === 0) return;
    const alarm = errors.join('; ');
    const meaning = alarm.includes('NOSPACE') ? 'etcd is out of space (NOSPACE alarm)' : 'etcd is not well';
    throw new StorageError('Unavailable', `${meaning}: ${alarm}`);
  }

  async close(): Promise<void> {
    this.#client.close();
    const error = new StorageError('Closed', 'the store is closed');
    for (const watch of [...this.#watches]) watch.end(error);
  }

  async #write(write: Write, guards: Guard[]): Promise<Entry> {
    const request = transactionOf(write, guards);
    return outcomeOf(write, await this.#client.call(methods.txn, request, { repeatable: false }));
  }

  /** All in parts at the revision of the first; from the start again where that is compacted meanwhile. */
  async #listLatest(prefix: string, options: ListOptions): Promise<Page> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#parts(prefix, options, undefined);
      } catch (error) {
        if (classify(error) !== 'compacted') throw error;
        if (attempt === 3) throw await this.#compacted(1);
      }
    }
  }

  async #listAt(prefix: string, options: ListOptions, at: Revision): Promise<Page> {
    const page = await this.#parts(prefix, options, Math.max(at, 1));
    return { ...page, revision: at };
  }

  /** Throws grpc's error where the revision is compacted or in the future. */
  async #parts(prefix: string, { after, limit }: ListOptions, at: Revision | undefined): Promise<Page> {
    const entries: Entry[] = [];
    let { key, rangeEnd } = rangeOf(prefix, after);
    let revision = at ?? 0;
    for (let size = firstPart; ; ) {
      const wanted = Math.min(size, limit === undefined ? size : limit - entries.length);
      const part = await this.#client.call(methods.range, {
        key,
        rangeEnd,
        revision,
        // Zero would be no limit at all.
        limit: Math.max(wanted, 1),
        keysOnly: wanted === 0,
      });
      if (revision === 0) revision = part.header!.revision;
      if (at !== undefined) this.#mustBeRecent(at, part.header!.revision);
      if (wanted === 0) return { entries, revision, more: part.kvs.length > 0 };
      for (const kv of part.kvs) entries.push(entryOf(kv));
      if (!part.more || entries.length === limit) return { entries, revision, more: part.more };
      key = Buffer.concat([part.kvs.at(-1)!.key, Buffer.alloc(1)]);
      size = nextSize(part);
    }
  }

  /** Throws Compacted for what lies so far back that reading it would take long. */
  #mustBeRecent(revision: Revision, latest: Revision): void {
    if (latest - revision <= 2 * this.#historyRevisions) return;
    const oldest = latest - this.#historyRevisions;
    const message = `revision ${revision} is too far back: ${latest - revision} revisions`;
    throw new StorageError('Compacted', message, { oldest });
  }

  /** The latest revision, for a watch from a revision that can be watched from. Throws Compacted for any other. */
  async #positionOf(from: Revision): Promise<Revision> {
    try {
      const request = { key: anchor, countOnly: true, revision: Math.max(from, 1) };
      const { revision } = (await this.#client.call(methods.range, request)).header!;
      this.#mustBeRecent(from, revision);
      return revision;
    } catch (error) {
      const failure = classify(error);
      if (failure === 'future') return this.#latest();
      if (failure !== 'compacted') throw error;
      throw await this.#compacted(from);
    }
  }

  /** The error for a revision that etcd has compacted. Only a watch is told which is the oldest that it has. */
  async #compacted(revision: Revision): Promise<StorageError> {
    const latest = await this.#latest();
    const watch = await this.#open({
      prefix: '/calico/',
      from: revision,
      range: { key: anchor, rangeEnd: Buffer.alloc(0) },
      start: Math.max(revision, 1),
      handlers: { onChanges() {}, onError() {} },
      latest: this.#latest,
    });
    try {
      await watch.reaches(latest);
      // It was compacted a moment ago, and cannot be any less now.
      return new StorageError('Compacted', `revision ${revision} is compacted`);
    } catch (error) {
      if (!(error instanceof StorageError) || error.oldest === undefined) throw error;
      const oldest = Math.max(error.oldest, latest - this.#historyRevisions);
      const message = `revision ${revision} is compacted, the oldest is ${oldest}`;
      return new StorageError('Compacted', message, { oldest });
    } finally {
      watch.close();
    }
  }

  async #watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch> {
    const latest = await this.#positionOf(from);
    const plan = { prefix, from, range: rangeOf(prefix), handlers, latest: this.#latest };
    // With nothing to tell of, the watch begins with the next write, unless there is one before it has begun.
    if (from >= latest) {
      const { watch, begun } = await this.#begin({ ...plan, start: 0 });
      if (begun <= from) return watch.handOut();
      watch.close();
    }
    const { watch } = await this.#begin({ ...plan, start: from + 1 });
    await watch.reaches(latest);
    return watch.handOut();
  }

  /** Opens a watch at a member that answers, and waits until it has begun. */
  async #begin(plan: WatchPlan): Promise<{ watch: EtcdWatch; begun: Revision }> {
    for (let attempt = 1; ; attempt++) {
      try {
        const watch = await this.#open(plan);
        return { watch, begun: await watch.begun() };
      } catch (error) {
        if (attempt === 2 || !(error instanceof StorageError) || error.code !== 'Unavailable') throw error;
      }
    }
  }

  async #open(plan: WatchPlan): Promise<EtcdWatch> {
    const watch = new EtcdWatch(this.#client, await this.#client.watch(), plan, ended => {
      this.#watches.delete(ended);
    });
    this.#watches.add(watch);
    return watch;
  }
}

/** Entries of the first part of a list, whose size nobody knows. */
const firstPart = 64;

function nextSize({ kvs }: Of<typeof rangeResponse>): number {
  const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const fitting = Math.floor((limits.etcdPageBytes * kvs.length) / Math.max(bytes, 1));
  return Math.min(Math.max(fitting, firstPart), 10_000);
}

function entryOf({ key, value, modRevision, createRevision }: KeyValue): Entry {
  return { key: contractKey(key), value, revision: modRevision, createRevision };
}
