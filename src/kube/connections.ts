import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { limits } from '../limits.ts';
import type { ClusterAccess, ClusterTls } from './credentials.ts';

/**
 * Connections for short requests and for watches are apart, so that watches never use up the bounded ones.
 */
interface Dispatchers {
  tls: ClusterTls;
  requests: Dispatcher;
  watches: Dispatcher;
}

/** What one request needs. */
export interface Connection {
  dispatcher: Dispatcher;
  origin: string;
  /** Goes before every path. */
  prefix: string;
  headers: Record<string, string | string[]>;
}

/** The kept connections to one cluster, with the credentials of the moment. */
export interface Connections {
  get(purpose: 'requests' | 'watches'): Promise<Connection>;
  close(): Promise<void>;
}

/** kube-apiserver ends a connection that was idle for 90 s; ours must be the shorter time. */
const idleMs = 60_000;
/** Finds out about a peer that vanished, as client-go does. */
const keepAliveMs = 30_000;
const connectTimeoutMs = 10_000;

/**
 * Keep-alive connections over HTTP/1.1: one request at a time each, since a cluster's answers come within
 * milliseconds and a lost connection then takes one request with it. Rotated certificates open new
 * connections; what runs on the old ones ends undisturbed.
 */
export function openConnections(access: ClusterAccess): Connections {
  const { origin, pathname } = new URL(access.server);
  let current: Dispatchers | undefined;
  let closed = false;

  const retire = async (dispatchers: Dispatchers): Promise<void> => {
    await Promise.all([dispatchers.requests.close(), dispatchers.watches.close()]);
  };
  return {
    async get(purpose) {
      const { headers, tls } = await access.credentials();
      if (closed) throw new Error('the client of the cluster is closed');
      if (current?.tls !== tls) {
        if (current) void retire(current).catch(() => {});
        current = {
          tls,
          requests: makeDispatcher(access, origin, tls, limits.maxClusterConnections),
          watches: makeDispatcher(access, origin, tls, null),
        };
      }
      return {
        dispatcher: current[purpose],
        origin,
        prefix: pathname === '/' ? '' : pathname,
        headers,
      };
    },
    async close() {
      closed = true;
      await Promise.all([current?.requests.destroy(), current?.watches.destroy()]);
    },
  };
}

function makeDispatcher(
  access: ClusterAccess,
  origin: string,
  tls: ClusterTls,
  connections: number | null,
): Dispatcher {
  const keptAlive = { keepAlive: true, keepAliveInitialDelay: keepAliveMs, timeout: connectTimeoutMs };
  const options = {
    connections,
    allowH2: false,
    keepAliveTimeout: idleMs,
    // Times are kept by the callers, by abort signals.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const { proxyUrl } = access;
  if (!proxyUrl) return new Pool(origin, { ...options, connect: { ...keptAlive, ...tls } });
  if (/^(https?|socks5):/.test(proxyUrl)) {
    return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: { ...keptAlive, ...tls } });
  }
  throw new Error(`proxy-url ${proxyUrl}: only http, https and socks5 are supported`);
}
