import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { Log } from '../../observability/observability.ts';
import { StorageError } from '../errors.ts';
import { Lanes } from '../lanes.ts';
import { type Endpoint, openEndpoint, type TlsFiles, type WatchStream } from './endpoint.ts';
import { classify, isWithoutUsers, storageError } from './failure.ts';
import { type Header, type Method, methods } from './messages.ts';

export interface ClientOptions extends Access {
  /** `https://host:port`, `http://host:port` or `host:port`, one for each member that may be asked. */
  endpoints: string[];
  log?: Log;
}

/** As whom etcd is asked, and whom it is taken for. */
export interface Access {
  tls?: TlsFiles;
  user?: { name: string; password: string };
}

interface Calling {
  timeoutMs?: number;
  /** Whether the call may be made again when it is not known whether it was done. */
  repeatable?: boolean;
}

/** Methods whose answers never show an older state than one that was answered before. */
const linearizable: ReadonlySet<string> = new Set([methods.range.path, methods.txn.path]);

/** Between two attempts. */
const pauseMs = 50;

/**
 * Calls to a cluster of etcd: each with a deadline, at one member until that fails, then at the next. Calls that change
 * nothing are tried again; one that may have changed something never is.
 */
export class EtcdClient {
  readonly #options: ClientOptions;
  #user: Access['user'];
  #endpoints: Endpoint[];
  /** Of an access that was renewed, until the calls that it was used for have ended. */
  readonly #retiring = new Set<Endpoint>();
  readonly #closing = new AbortController();
  readonly #lanes = new Lanes(limits.maxEtcdCallsInFlight);
  #current = 0;
  /** Of the cluster that answered first. */
  #clusterId = 0;
  /** The highest that was in an answer. */
  #revision = 0;
  /** Set once another cluster has answered. */
  #foreign: StorageError | undefined;
  /** When a call was last answered, ms. */
  #answeredAt = 0;
  #token: Promise<string | undefined> | undefined;

  /** Throws an Error for an endpoint of another form. Nothing is connected yet. */
  constructor(options: ClientOptions) {
    if (options.endpoints.length === 0) throw new Error('no etcd endpoint is given');
    this.#options = options;
    this.#user = options.user;
    this.#endpoints = this.#open(options);
  }

  /**
   * Another access for all calls from now on. Calls under way and open watches go on with the one they have. Throws, and changes
   * nothing, where the certificates are none.
   */
  renew(access: Access): void {
    const old = this.#endpoints;
    this.#endpoints = this.#open(access);
    this.#user = access.user;
    this.#token = undefined;
    for (const endpoint of old) this.#retiring.add(endpoint);
    const retire = () => {
      for (const endpoint of old) {
        endpoint.close();
        this.#retiring.delete(endpoint);
      }
    };
    setTimeout(retire, limits.etcdRequestTimeoutMs).unref();
  }

  #open({ tls = {} }: Access): Endpoint[] {
    return this.#options.endpoints.map(text => openEndpoint(text, tls));
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Throws grpc's ServiceError where a revision is compacted or not there yet, StorageError otherwise. */
  async call<Q, R>(method: Method<Q, R>, request: Partial<Q>, calling: Calling = {}): Promise<R> {
    if (this.#foreign) throw this.#foreign;
    const askedAt = performance.now();
    return this.#lanes.run('calls', async () => {
      // Those that have waited for an etcd that answers nobody have waited long enough.
      const late = performance.now() - askedAt > (calling.timeoutMs ?? limits.etcdRequestTimeoutMs);
      if (late && this.#answeredAt < askedAt) throw new StorageError('Unavailable', 'etcd answers no call');
      return this.#attempts(method, request, calling);
    });
  }

  /** A stream for one watch, at the member that is asked just now. Throws StorageError. */
  async watch(): Promise<{ url: string; stream: WatchStream }> {
    const endpoint = this.#endpoint();
    let token: string | undefined;
    try {
      token = await this.#tokenOf(endpoint, limits.etcdRequestTimeoutMs);
    } catch (error) {
      throw this.failed(error, endpoint.url);
    }
    if (this.closed) throw closed();
    return { url: endpoint.url, stream: endpoint.watch(token) };
  }

  /**
   * Throws Unavailable for an answer of another cluster than the one that answered first, and for ever after: one that was made again
   * is empty, but nothing was deleted. Flags alone give a cluster its id, so a revision that goes back tells it too; `seen` is
   * the highest one that was known when the question was asked, where the answer is linearizable.
   */
  mustBeTheCluster(header: Header | undefined, url: string, seen = 0): void {
    if (this.#foreign) throw this.#foreign;
    if (!header) return;
    this.#clusterId ||= header.clusterId;
    if (header.clusterId === this.#clusterId && header.revision >= seen) {
      this.#revision = Math.max(this.#revision, header.revision);
      return;
    }
    this.#foreign = new StorageError(
      'Unavailable',
      `etcd at ${url} is not the one that this server has read, or was put back: it is at revision ${header.revision}, and was at ` +
        `${this.#revision}. Nothing of it is served. See that the right one is there, and restart the server`,
    );
    this.#options.log?.error('another etcd answers', { error: this.#foreign.message });
    throw this.#foreign;
  }

  /** The storage error for what ended a watch at this member; another member is asked from now on, where the fault is its own. */
  failed(error: unknown, url: string): StorageError {
    if (this.closed) return closed();
    const endpoint = this.#endpoints.find(each => each.url === url);
    if (endpoint) this.#mayRepeat(classify(error), endpoint, true);
    return storageError(error, url);
  }

  /** Ends all calls under way; they throw Closed. */
  close(): void {
    this.#closing.abort();
    for (const endpoint of [...this.#endpoints, ...this.#retiring]) endpoint.close();
  }

  async #attempts<Q, R>(method: Method<Q, R>, request: Partial<Q>, calling: Calling): Promise<R> {
    const { timeoutMs = limits.etcdRequestTimeoutMs, repeatable = true } = calling;
    const deadline = performance.now() + timeoutMs;
    const attempts = Math.max(2, this.#endpoints.length);
    // So that one frozen member leaves time for another.
    const attemptMs = this.#endpoints.length > 1 ? timeoutMs / 2 : timeoutMs;
    for (let attempt = 1; ; attempt++) {
      const endpoint = this.#endpoint();
      try {
        const timeLeftMs = Math.min(attemptMs, deadline - performance.now());
        const seen = this.#revision;
        const response = await this.#once(endpoint, method, request, timeLeftMs);
        this.#answeredAt = performance.now();
        const { header } = response as { header?: Header };
        this.mustBeTheCluster(header, endpoint.url, linearizable.has(method.path) ? seen : 0);
        return response;
      } catch (error) {
        if (this.closed) throw closed();
        if (error instanceof StorageError) throw error;
        const failure = classify(error);
        if (failure === 'compacted' || failure === 'future') throw error;
        const again = this.#mayRepeat(failure, endpoint, repeatable);
        if (!again || attempt >= attempts || performance.now() + pauseMs >= deadline) {
          throw storageError(error, endpoint.url);
        }
      }
      await sleep(pauseMs);
    }
  }

  #endpoint(): Endpoint {
    if (this.closed) throw closed();
    return this.#endpoints[this.#current]!;
  }

  /** Draws the conclusions from a failure. Whether the call may be made again. */
  #mayRepeat(failure: ReturnType<typeof classify>, endpoint: Endpoint, repeatable: boolean): boolean {
    if (failure === 'token') {
      this.#token = undefined;
      return this.#user !== undefined;
    }
    if (failure === 'refused') return false;
    if (this.#endpoints[this.#current] === endpoint && this.#endpoints.length > 1) {
      this.#current = (this.#current + 1) % this.#endpoints.length;
      this.#options.log?.warn('etcd member does not answer, another is asked', {
        member: endpoint.url,
        next: this.#endpoints[this.#current]!.url,
      });
    }
    return repeatable || failure === 'unsent';
  }

  async #once<Q, R>(
    endpoint: Endpoint,
    method: Method<Q, R>,
    request: Partial<Q>,
    timeoutMs: number,
  ): Promise<R> {
    const token = await this.#tokenOf(endpoint, timeoutMs);
    return endpoint.call(method, request, { timeoutMs, token, signal: this.#closing.signal });
  }

  /** The token of the user, asked for once and kept until it is refused. */
  #tokenOf(endpoint: Endpoint, timeoutMs: number): Promise<string | undefined> {
    const user = this.#user;
    if (!user) return Promise.resolve(undefined);
    if (!this.#token) {
      const asked = endpoint
        .call(methods.authenticate, user, { timeoutMs, token: undefined, signal: this.#closing.signal })
        .then(
          ({ token }) => token,
          error => {
            if (isWithoutUsers(error)) return undefined;
            throw error;
          },
        );
      this.#token = asked;
      asked.catch(() => {
        if (this.#token === asked) this.#token = undefined;
      });
    }
    return this.#token;
  }
}

function closed(): StorageError {
  return new StorageError('Closed', 'the store is closed');
}
