import { limits } from '../../limits.ts';
import type { Change, Revision, Watch, WatchHandlers } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { Watcher } from '../watcher.ts';
import type { EtcdClient } from './client.ts';
import type { WatchStream } from './endpoint.ts';
import { cancellation } from './failure.ts';
import { contractKey, type KeyRange } from './keys.ts';
import { type Event, eventType, type WatchResponse } from './messages.ts';

/** A progress request that finds etcd's watcher behind is dropped there; it is made again after this, and then less often. */
const askAgainMs = { first: 10, longest: 200 };

export interface WatchPlan {
  prefix: string;
  /** Changes up to here are not wanted. */
  from: Revision;
  range: KeyRange;
  /** Where etcd's watcher begins; 0: with the next write. */
  start: Revision;
  handlers: WatchHandlers;
  /** The store's revision now, at least that of every acknowledged write. */
  latest(): Promise<Revision>;
}

interface Waiter {
  revision: Revision;
  resolve(): void;
}

/**
 * One watch on one stream of its own: what etcd says of progress on a stream is about all watchers on it at once, and does
 * not say which question it answers. Alone on its stream it is about this one, and comes after everything it speaks of.
 */
export class EtcdWatch implements Watch {
  readonly #plan: WatchPlan;
  readonly #client: EtcdClient;
  readonly #watcher: Watcher;
  readonly #stream: WatchStream;
  readonly #url: string;
  readonly #onEnd: (watch: EtcdWatch) => void;
  readonly #waiters = new Set<Waiter>();
  /** The store's revision at the member when its watcher began; undefined where the watch has ended before. */
  readonly #created = Promise.withResolvers<Revision | undefined>();
  /** Everything up to here has been delivered. */
  #reached: Revision = 0;
  /** Parts of an answer that came in several. */
  #parts: Event[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Whether an answer is awaited, and whether somebody has come meanwhile for whom it may be too old. */
  #question: 'none' | 'asked' | 'ask again' = 'none';
  #released = false;
  /** Before, who opens the watch is told of its end. */
  #handedOut = false;

  constructor(
    client: EtcdClient,
    connection: { url: string; stream: WatchStream },
    plan: WatchPlan,
    onEnd: (watch: EtcdWatch) => void,
  ) {
    this.#client = client;
    this.#plan = plan;
    this.#url = connection.url;
    this.#stream = connection.stream;
    this.#onEnd = onEnd;
    this.#watcher = new Watcher(plan.prefix, plan.from, {
      onChanges: changes => plan.handlers.onChanges(changes),
      onError: error => {
        if (this.#handedOut) plan.handlers.onError(error);
      },
    });
    const stream = this.#stream;
    stream.on('data', (response: WatchResponse) => this.#take(response));
    stream.on('error', error => this.end(client.failed(error, connection.url)));
    stream.on('end', () => this.end(client.failed(cancellation('the stream has ended'), connection.url)));
    stream.write({ create: { ...plan.range, startRevision: plan.start, prevKv: true, fragment: true } });
  }

  get ended(): Error | undefined {
    return this.#watcher.ended;
  }

  /** Waits until etcd's watcher is there. The store's revision then. Throws why the watch has ended before. */
  async begun(): Promise<Revision> {
    const late = setTimeout(() => {
      this.end(this.#client.failed(cancellation('etcd does not begin a watch'), this.#url));
    }, limits.etcdRequestTimeoutMs);
    const revision = await this.#created.promise;
    clearTimeout(late);
    if (this.ended) throw this.ended;
    return revision!;
  }

  /** The watch for its owner, who is told of its end from now on. Throws why it has ended. */
  handOut(): Watch {
    if (this.ended) throw this.ended;
    this.#handedOut = true;
    return this;
  }

  async progress(): Promise<Revision> {
    if (this.ended) throw this.ended;
    // Both questions at once: the stream's answer mostly comes with the other's, and is then enough.
    if (this.#question === 'none') this.#ask();
    const latest = await this.#plan.latest().catch(error => {
      throw this.ended ?? error;
    });
    await this.reaches(latest);
    return this.#reached;
  }

  /** Waits until everything up to the revision has been delivered. Throws why the watch has ended before. */
  async reaches(revision: Revision): Promise<void> {
    if (!this.ended && this.#reached < revision) {
      await new Promise<void>(resolve => {
        const waiter = { revision, resolve };
        this.#waiters.add(waiter);
        if (this.#question === 'none') this.#ask();
        else this.#question = 'ask again';
        this.#askUntilReached();
        const stuck = setTimeout(() => {
          if (this.#waiters.has(waiter)) this.end(this.#stuck(revision));
        }, limits.etcdRequestTimeoutMs);
        waiter.resolve = () => {
          clearTimeout(stuck);
          resolve();
        };
      });
    }
    if (this.ended) throw this.ended;
  }

  close(): void {
    this.#watcher.ended ??= new StorageError('Closed', 'the watch is closed');
    this.#release();
  }

  /** Ends the watch and tells its owner. */
  end(error: Error): void {
    this.#watcher.end(error);
    this.#release();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stream.removeAllListeners('data');
    this.#stream.cancel();
    this.#created.resolve(undefined);
    for (const waiter of this.#waiters) waiter.resolve();
    this.#waiters.clear();
    this.#onEnd(this);
  }

  #stuck(revision: Revision): StorageError {
    const why = `etcd at ${this.#url} tells a watch nothing of revision ${revision}, only up to ${this.#reached}`;
    return this.#client.failed(cancellation(why), this.#url);
  }

  #take(response: WatchResponse): void {
    try {
      this.#client.mustBeTheCluster(response.header, this.#url);
    } catch (error) {
      this.end(error as StorageError);
      return;
    }
    if (response.canceled) this.end(this.#whyCanceled(response));
    else if (response.created) this.#created.resolve(response.header?.revision ?? 0);
    else if (response.events.length === 0) this.#answered(response.header?.revision ?? 0);
    else {
      this.#parts.push(...response.events);
      if (!response.fragment) this.#deliver(this.#parts.splice(0));
    }
  }

  #deliver(events: Event[]): void {
    const changes: Change[] = [];
    for (const event of events) {
      if (event.kv!.modRevision <= this.#plan.from) continue;
      const change = changeOf(event);
      if (!change) {
        this.end(lostValue(event));
        return;
      }
      changes.push(change);
    }
    this.#watcher.deliver(changes);
    if (this.ended) this.#release();
    else this.#reach(events.at(-1)!.kv!.modRevision);
  }

  #answered(revision: Revision): void {
    const again = this.#question === 'ask again';
    this.#question = 'none';
    this.#reach(revision);
    if (again && this.#waiters.size > 0) this.#ask();
  }

  #reach(revision: Revision): void {
    if (revision <= this.#reached) return;
    this.#reached = revision;
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
    if (this.#waiters.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #whyCanceled({ compactRevision, cancelReason }: WatchResponse): StorageError {
    if (compactRevision > 0) {
      return new StorageError('Compacted', `revision ${this.#plan.from} is compacted`, {
        oldest: compactRevision,
      });
    }
    return this.#client.failed(cancellation(cancelReason), this.#url);
  }

  #ask(): void {
    this.#question = 'asked';
    this.#stream.write({ progress: {} });
  }

  #askUntilReached(): void {
    if (this.#timer) return;
    const again = (afterMs: number) => {
      this.#timer = setTimeout(() => {
        this.#ask();
        again(Math.min(afterMs * 2, askAgainMs.longest));
      }, afterMs);
    };
    again(askAgainMs.first);
  }
}

/** Undefined for a deletion whose last value is compacted away already. */
function changeOf({ type, kv, prevKv }: Event): Change | undefined {
  const key = contractKey(kv!.key);
  const revision = kv!.modRevision;
  if (type === eventType.put) {
    return { type: 'put', key, value: kv!.value, revision, createRevision: kv!.createRevision };
  }
  if (!prevKv) return undefined;
  return { type: 'delete', key, value: prevKv.value, revision, createRevision: prevKv.createRevision };
}

function lostValue({ kv }: Event): StorageError {
  const key = contractKey(kv!.key);
  const oldest = kv!.modRevision;
  return new StorageError('Compacted', `the last value of ${key}, deleted at ${oldest}, is compacted`, {
    oldest,
  });
}
