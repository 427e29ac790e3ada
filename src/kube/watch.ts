import { limits } from '../limits.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { Log } from '../observability/observability.ts';
import type { Connections } from './connections.ts';
import type { ClusterAccess } from './credentials.ts';
import { asObject, text } from './fields.ts';
import { backoffMs } from './retry.ts';

/** One event of a watch. */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: JsonObject;
}

/** What a watch tells. None of these may take long; the stream waits for them. */
export interface WatchHandlers {
  /** Called in order, once for each event, also over a loss of the connection. A throw counts as a loss. */
  event(event: WatchEvent): void;
  /** The history is gone (410): the watch has ended, list anew. */
  expired(): void;
  /** The watch could not be opened or was cut off; it is opened again after a wait. */
  fault?(error: Error): void;
}

export interface WatchOptions {
  /** Events after this resourceVersion. */
  resourceVersion: string;
  /** Reads a line; by default as JSON. Give a reader that keeps 64-bit integers where there are any. */
  parse?: (line: Buffer) => Json;
  /** The form that the objects are to have, by default whole objects. */
  accept?: string;
  /**
   * Time after which the server ends one connection of the watch. By default 5 to 10 minutes, as client-go.
   */
  timeoutSeconds?: number;
}

export interface Watch {
  close(): void;
}

interface WatchContext {
  connections: Connections;
  access: ClusterAccess;
  headers: Record<string, string>;
  log: Log;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A connection that lived this long was a good one: the next is opened without a wait. */
const settledMs = 5_000;
/** The server ends the stream after timeoutSeconds; one that is silent this much longer is dead. */
const overdueMs = 30_000;

/** The resourceVersion is older than the history that the server keeps. */
class Expired extends Error {}

/** Keeps a watch open until it is closed or its history is gone. */
export function runWatch(
  context: WatchContext,
  path: string,
  handlers: WatchHandlers,
  options: WatchOptions,
): Watch {
  const stop = new AbortController();
  follow(context, path, handlers, options, stop.signal).catch(error => {
    context.log.error('watch of the cluster ended', { path, error: (error as Error).message });
  });
  return { close: () => stop.abort() };
}

async function follow(
  context: WatchContext,
  path: string,
  handlers: WatchHandlers,
  options: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const position = { resourceVersion: options.resourceVersion };
  for (let attempt = 0; !signal.aborted; attempt++) {
    const startMs = performance.now();
    try {
      await stream(context, path, handlers, options, position, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Expired) return handlers.expired();
      context.log.debug('watch of the cluster interrupted', { path, error: (error as Error).message });
      handlers.fault?.(error as Error);
    }
    if (performance.now() - startMs > settledMs) attempt = -1;
    else await context.wait(backoffMs(attempt, Math.random()), signal).catch(() => {});
  }
}

/** One connection of the watch; returns when the server ends it. */
async function stream(
  context: WatchContext,
  path: string,
  handlers: WatchHandlers,
  options: WatchOptions,
  position: { resourceVersion: string },
  signal: AbortSignal,
): Promise<void> {
  const seconds = options.timeoutSeconds ?? Math.round(300 * (1 + Math.random()));
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion: position.resourceVersion,
    timeoutSeconds: String(seconds),
  });
  const { dispatcher, origin, prefix, headers } = await context.connections.get('watches');
  const response = await dispatcher.request({
    origin,
    path: `${prefix}${path}${path.includes('?') ? '&' : '?'}${query}`,
    method: 'GET',
    headers: { ...context.headers, ...(options.accept && { accept: options.accept }), ...headers },
    signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000 + overdueMs)]),
  });
  if (response.statusCode !== 200) {
    await response.body.dump();
    if (response.statusCode === 401) context.access.renew();
    if (response.statusCode === 410) throw new Expired();
    throw new Error(`watch ${path}: HTTP ${response.statusCode}`);
  }
  const parse = options.parse ?? ((line: Buffer) => JSON.parse(line.toString()) as Json);
  for await (const line of lines(response.body as AsyncIterable<Buffer>)) {
    if (signal.aborted) return;
    deliver(asObject(parse(line)), handlers, position);
  }
}

function deliver(event: JsonObject, handlers: WatchHandlers, position: { resourceVersion: string }): void {
  const object = asObject(event.object ?? null);
  if (event.type === 'ERROR') {
    if (object.code === 410) throw new Expired();
    throw new Error(`watch: ${text(object, 'message') ?? 'an error without a message'}`);
  }
  handlers.event({ type: event.type as WatchEvent['type'], object });
  const resourceVersion = text(asObject(object.metadata ?? null), 'resourceVersion');
  if (resourceVersion) position.resourceVersion = resourceVersion;
}

/**
 * Splits a stream into lines, without their ends. Empty lines are left out, and so is a last line that was
 * cut off.
 */
async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      size = 0;
      start = end + 1;
      if (line.length > 0) yield line;
    }
    const rest = chunk.subarray(start);
    parts.push(rest);
    size += rest.length;
    if (size > limits.maxClusterResponseBytes) throw new Error('watch: a line is too long');
  }
}
