import { createServer as createHttp1Server, type RequestListener } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Session,
  type ServerOptions,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { limits } from '../limits.ts';
import { createPipelining } from './pipelining.ts';
import { acceptUncommon } from './uncommon-requests.ts';

export interface ProtocolOptions {
  /** HTTP/2 streams at once on a connection of a front proxy; others get no more than limits.maxStreamsOfOthers. */
  maxStreamsPerConnection: number;
  /** For requests that cannot be read within it; not for their answers. */
  requestTimeoutMs: number;
  onRequest: RequestListener;
  /** Gets an HTTP/1.1 connection on which too many requests wait. */
  onPipelineFlood(socket: Socket): void;
  onSession(session: ServerHttp2Session): void;
}

/** The servers that speak HTTP on connections that somebody else has accepted; they do not listen. */
export interface ProtocolServers {
  http1(socket: TLSSocket): void;
  /** For a front proxy, which brings all users over a few connections. */
  http2OfFrontProxy(socket: TLSSocket): void;
  http2(socket: TLSSocket): void;
  /** Closes HTTP/1.1 connections that no request is on. */
  closeIdle(): void;
  /** Closes them, and looks for no more timeouts. HTTP/2 sessions are closed by who knows them. */
  close(): void;
}

/** Makes the servers; nothing is served until a connection is handed to one of them. */
export function createProtocolServers(options: ProtocolOptions): ProtocolServers {
  const { onRequest, isBusy } = createPipelining(options.onRequest, options.onPipelineFlood);
  const http1 = createHttp1Server(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      headersTimeout: Math.min(options.requestTimeoutMs, limits.headersTimeoutMs),
      // Beyond the time in which the request itself is answered: this one closes the connection.
      requestTimeout: 2 * options.requestTimeoutMs,
      connectionsCheckingInterval: limits.connectionCheckMs,
    },
    onRequest,
  );
  acceptUncommon(http1, onRequest, isBusy);
  // Node starts to look for timeouts when a server listens.
  http1.emit('listening');
  const frontProxy = createHttp2(options, {
    maxSessionMemory: limits.maxFrontProxySessionMemoryBytes / (1024 * 1024),
    // Node's defaults end the session at 1,000 cancelled streams, and with it the watches of all users.
    streamResetBurst: limits.streamResetBurst,
    streamResetRate: limits.streamResetsPerSecond,
    maxSessionRejectedStreams: limits.maxRejectedStreams,
    settings: {
      maxConcurrentStreams: options.maxStreamsPerConnection,
      initialWindowSize: limits.streamWindowBytes,
    },
  });
  const others = createHttp2(options, {
    maxSessionMemory: limits.maxSessionMemoryBytes / (1024 * 1024),
    settings: {
      maxConcurrentStreams: Math.min(options.maxStreamsPerConnection, limits.maxStreamsOfOthers),
      initialWindowSize: limits.streamWindowBytes,
    },
  });
  frontProxy.on('session', session => session.setLocalWindowSize(limits.frontProxyWindowBytes));
  others.on('session', session => session.setLocalWindowSize(limits.connectionWindowBytes));
  return {
    http1: socket => void http1.emit('connection', socket),
    http2OfFrontProxy: socket => void frontProxy.emit('connection', socket),
    http2: socket => void others.emit('connection', socket),
    closeIdle: () => http1.closeIdleConnections(),
    close: () => void http1.close(),
  };
}

function createHttp2(options: ProtocolOptions, bounds: ServerOptions): Http2Server {
  const server = createHttp2Server({
    ...bounds,
    maxHeaderListPairs: limits.maxHeaderPairs,
    settings: { ...bounds.settings, maxHeaderListSize: limits.maxHeaderBytes },
  });
  server.on('request', options.onRequest as never);
  acceptUncommon(server, options.onRequest, () => false);
  server.on('session', options.onSession);
  return server;
}
