import { limits } from '../../limits.ts';
import { parseStored } from '../../machinery/decode.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import type { Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { Lanes } from '../lanes.ts';
import { failureOf, unanswered } from './failure.ts';

/** What this backend needs of a client of the cluster; kube/client.ts has it. */
export interface ClusterClient {
  request(
    method: string,
    path: string,
    body?: JsonObject,
    options?: { headers?: Record<string, string>; totalMs?: number },
  ): Promise<Answer>;
  watch(path: string, handlers: StreamHandlers, options: StreamOptions): { close(): void };
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  body: Buffer;
}

export interface StreamHandlers {
  event(event: { type: string; object: JsonObject }): void;
  expired(): void;
  fault?(error: Error): void;
}

export interface StreamOptions {
  resourceVersion: string;
  parse?: (line: Buffer) => Json;
  accept?: string;
}

export interface CallOptions {
  body?: JsonObject;
  accept?: string;
  /** Whether the answer may hold 64-bit integers. */
  hasInt64?: boolean;
  totalMs?: number;
  /** Whether it is sent even while the store closes: it gives something back. */
  parting?: boolean;
}

/** Requests to the cluster: a bounded number at once, the kinds in turn; every failure is a StorageError. */
export class Cluster {
  readonly client: ClusterClient;
  readonly #lanes = new Lanes(limits.clusterRequestsInFlight);
  /** The highest revision that an answer told. */
  latest: Revision = 0;
  #closed = false;

  constructor(client: ClusterClient) {
    this.client = client;
  }

  /** The object in the answer. `lane` is what shares the connections fairly with others: the kind. */
  async call(lane: string, method: string, path: string, options: CallOptions = {}): Promise<JsonObject> {
    const { body, accept, hasInt64 = false, totalMs = limits.clusterRequestTimeoutMs, parting } = options;
    if (!parting) this.mustBeOpen();
    const answer = await this.#lanes.run(lane, async () => {
      try {
        const headers = accept ? { headers: { accept } } : {};
        return await this.client.request(method, path, body, { totalMs, ...headers });
      } catch (error) {
        this.mustBeOpen();
        throw unanswered(error);
      }
    });
    if (!parting) this.mustBeOpen();
    if (answer.status >= 300) throw failureOf(`${method} ${path}`, answer);
    const object = parseStored(answer.body, hasInt64);
    if (!isJsonObject(object)) throw new StorageError('Unavailable', `${path}: the answer is no object`);
    const { resourceVersion } = isJsonObject(object.metadata) ? object.metadata : {};
    this.latest = Math.max(this.latest, Number(resourceVersion) || 0);
    return object;
  }

  /** Throws Closed once the store is closed. */
  mustBeOpen(): void {
    if (this.#closed) throw new StorageError('Closed', 'the store is closed');
  }

  /** Calls throw Closed from now on, but for those that are parting. */
  refuse(): void {
    this.#closed = true;
  }

  /** Drops all connections. Calls under way throw Closed. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.client.close();
  }
}
