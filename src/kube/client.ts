import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { encode } from '../machinery/encode.ts';
import type { JsonObject } from '../machinery/json.ts';
import type { Log } from '../observability/observability.ts';
import { type Connection, openConnections } from './connections.ts';
import type { ClusterAccess } from './credentials.ts';
import { type Outcome, retryAfterMs } from './retry.ts';
import { runWatch, type Watch, type WatchHandlers, type WatchOptions } from './watch.ts';

export interface ClusterResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  /** Running the request twice does no harm, although it is a POST (reviews). GET and HEAD always are. */
  idempotent?: boolean;
  /** Time of one try. */
  timeoutMs?: number;
  /** Time of all tries and the waits between them. */
  totalMs?: number;
  signal?: AbortSignal;
}

/** A thin client of kube-apiserver. */
export interface ClusterClient {
  /**
   * Sends a request; `body` is an object to be sent as JSON, or bytes (then give content-type). Any status is
   * an answer: 429, 5xx and lost connections are tried again within bounds (see retryAfterMs), a 401 once
   * with renewed credentials, and what the last try gave is returned. Rejects when there was no answer.
   */
  request(
    method: string,
    path: string,
    body?: JsonObject | Buffer,
    options?: RequestOptions,
  ): Promise<ClusterResponse>;
  /** Follows a list from a resourceVersion until it is closed; see WatchHandlers. `path` may have a query. */
  watch(path: string, handlers: WatchHandlers, options: WatchOptions): Watch;
  /** Drops all connections, the watches' too. */
  close(): Promise<void>;
}

export interface ClientOptions {
  log: Log;
  userAgent: string;
  /** For tests: waits between tries. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A client over one set of kept connections. */
export function createClusterClient(access: ClusterAccess, options: ClientOptions): ClusterClient {
  const connections = openConnections(access);
  const wait = options.wait ?? (async (ms, signal) => sleep(ms, undefined, { signal }));
  const common = { accept: 'application/json', 'user-agent': options.userAgent };

  const request: ClusterClient['request'] = async (method, path, body, requestOptions = {}) => {
    const totalMs = requestOptions.totalMs ?? limits.clusterRequestTimeoutMs;
    const deadlineMs = performance.now() + totalMs;
    const total = AbortSignal.timeout(totalMs);
    const signal = requestOptions.signal ? AbortSignal.any([requestOptions.signal, total]) : total;
    const idempotent = requestOptions.idempotent ?? (method === 'GET' || method === 'HEAD');
    const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(encode(body));
    let renewed = false;
    for (let attempt = 0; ; attempt++) {
      const outcome = await send(await connections.get('requests'), {
        method,
        path,
        headers: {
          ...common,
          ...(body && { 'content-type': 'application/json' }),
          ...requestOptions.headers,
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestOptions.timeoutMs ?? totalMs)]),
        ...(bytes && { body: bytes }),
      });
      if ('status' in outcome && outcome.status === 401 && !renewed) {
        renewed = true;
        access.renew();
        continue;
      }
      const waitMs = retryAfterMs(outcome, { attempt, idempotent, random: Math.random() });
      if (waitMs === undefined || signal.aborted || performance.now() + waitMs > deadlineMs) {
        if ('error' in outcome) throw unanswered(method, access.server + path, outcome.error);
        return outcome;
      }
      options.log.debug('request to the cluster is tried again', { method, path, attempt, waitMs });
      await wait(waitMs, signal);
    }
  };
  return {
    request,
    watch: (path, handlers, watchOptions) =>
      runWatch(
        { connections, access, headers: common, log: options.log, wait },
        path,
        handlers,
        watchOptions,
      ),
    close: () => connections.close(),
  };
}

interface Exchange {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  signal: AbortSignal;
}

/** One try. What goes wrong is an outcome like others, so that one place decides about the next try. */
async function send(
  connection: Connection,
  exchange: Exchange,
): Promise<ClusterResponse | { error: unknown }> {
  const { dispatcher, origin, prefix, headers } = connection;
  try {
    const response = await dispatcher.request({
      origin,
      path: prefix + exchange.path,
      method: exchange.method as 'GET',
      headers: { ...exchange.headers, ...headers },
      signal: exchange.signal,
      ...(exchange.body && { body: exchange.body }),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.maxClusterResponseBytes) {
        throw new Error(`the answer is larger than ${limits.maxClusterResponseBytes} bytes`);
      }
      chunks.push(chunk);
    }
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
  } catch (error) {
    return { error } satisfies Outcome;
  }
}

function unanswered(method: string, url: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`${method} ${url}: ${message}`, { cause: error });
}
