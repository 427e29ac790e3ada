import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions, SecureVersion, Server as TlsServer } from 'node:tls';
import { keepPeerCertificates } from '../access/peer.ts';
import { limits } from '../limits.ts';
import { isWebSocketRequest } from './websocket.ts';

/** What the listener presents, and which CAs it names when it asks for a client certificate. All PEM. */
export interface TlsMaterial {
  cert: string;
  key: string;
  /** Every pool that a client certificate may come from; who may do what with it is not decided here. */
  clientCas: string[];
}

/** TLS material that may change while the server runs. */
export interface TlsProvider {
  readonly current: TlsMaterial;
  /** Calls back after each change of `current`. */
  onChange(listener: () => void): void;
}

export interface ListenerOptions {
  tls: TlsProvider;
  /** Whether to offer HTTP/2; HTTP/1.1 always is. */
  http2: boolean;
  minTlsVersion?: SecureVersion | undefined;
  /** OpenSSL names joined by colons. */
  cipherSuites?: string | undefined;
  maxStreamsPerConnection: number;
  /** For requests that cannot be read within it; not for their answers. */
  requestTimeoutMs: number;
  onRequest: RequestListener;
  onTlsError(error: Error): void;
  /** What goes wrong with the listening socket. */
  onError(error: Error): void;
}

export interface Listener {
  listen(port: number, address: string): Promise<{ address: string; port: number }>;
  /** Stops accepting connections, and tells the open ones to bring no new requests. */
  stop(): void;
  /** Closes HTTP/1.1 connections that no request is on. */
  closeIdle(): void;
  /** Resolves once all connections have ended. */
  closed: Promise<void>;
  /** Cuts the connections that are left. */
  destroy(): void;
}

/**
 * The HTTPS listener (machinery.md §5.6, §7.1): h2 and http/1.1 by ALPN; client certificates are asked for and never judged here;
 * idle connections outlive the 90 s of Go's clients; nothing but a drain ends a connection that carries watches.
 */
export function createListener(options: ListenerOptions): Listener {
  const server = options.http2 ? createHttp2(options) : createHttp1(options);
  keepPeerCertificates(server);
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  options.tls.onChange(() => server.setSecureContext(secureContext(options)));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  acceptUncommon(server, options.onRequest);
  // A broken connection ends its requests through their own events.
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => {});
    session.setLocalWindowSize(limits.connectionWindowBytes);
  });
  server.on('tlsClientError', (error: Error) => options.onTlsError(error));
  const closed = Promise.withResolvers<void>();
  server.once('close', closed.resolve);
  return {
    listen: async (port, address) => {
      const bound = await listen(server, port, address);
      server.on('error', error => options.onError(error));
      return bound;
    },
    stop: () => {
      // Also sends GOAWAY to HTTP/2 sessions and closes idle HTTP/1.1 connections.
      if (server.listening) server.close();
      else if (sockets.size === 0) closed.resolve();
      for (const session of sessions) session.close();
    },
    closeIdle: () => server.closeIdleConnections?.(),
    closed: closed.promise,
    destroy: () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Gives the application also what Node would answer by itself or drop: requests to go on as a WebSocket, CONNECT, and
 * expectations that Node does not know.
 */
function acceptUncommon(server: SecureServer, onRequest: RequestListener): void {
  // Older versions of Node have no such question, and take every Upgrade header for one that is meant.
  Object.assign(server, { shouldUpgradeCallback: isWebSocketRequest });
  const takeOver = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {});
    if (head.length > 0) socket.unshift(head);
    onRequest(request, responseOn(request, socket));
  };
  server.on('upgrade', takeOver);
  server.on('connect', (request: IncomingMessage, second: unknown, head: Buffer) => {
    // Over HTTP/2 a response comes with it, and its connection goes on.
    if (request instanceof IncomingMessage) takeOver(request, second as Socket, head);
    else onRequest(request, second as ServerResponse);
  });
  server.on('checkExpectation', onRequest);
}

/** The answer to a request whose connection is its own from now on: HTTP ends with the answer. */
function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    socket.end();
    // Node no longer watches over a connection that has left HTTP.
    socket.setTimeout(limits.unreadBodyGraceMs, () => socket.destroy());
  });
  return response;
}

/** Older versions of Node close idle connections of an HTTP/2 server in other ways. */
type SecureServer = TlsServer & { closeIdleConnections?(): void };

function createHttp2(options: ListenerOptions): SecureServer {
  const server = createSecureServer({
    ...secureContext(options),
    ...connectionOptions(options),
    allowHTTP1: true,
    maxSessionMemory: limits.maxSessionMemoryBytes / (1024 * 1024),
    // The defaults end the session at 1,000 cancelled streams, and with it all its other watches.
    streamResetBurst: limits.streamResetBurst,
    streamResetRate: limits.streamResetsPerSecond,
    maxSessionRejectedStreams: limits.maxRejectedStreams,
    maxHeaderListPairs: limits.maxHeaderPairs,
    settings: {
      maxConcurrentStreams: options.maxStreamsPerConnection,
      initialWindowSize: limits.streamWindowBytes,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
  });
  server.on('request', options.onRequest as never);
  return server as unknown as SecureServer;
}

function createHttp1(options: ListenerOptions): SecureServer {
  return createHttpsServer(
    { ...secureContext(options), ...connectionOptions(options), ALPNProtocols: ['http/1.1'] },
    options.onRequest,
  );
}

function connectionOptions(options: ListenerOptions) {
  return {
    requestCert: true,
    rejectUnauthorized: false,
    noDelay: true,
    handshakeTimeout: limits.headersTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    headersTimeout: Math.min(options.requestTimeoutMs, limits.headersTimeoutMs),
    // Beyond the time in which the request itself is answered: this one closes the connection.
    requestTimeout: 2 * options.requestTimeoutMs,
  };
}

/** The full set, always: what is left out is reset, and without `ca` no client certificate would be known. */
function secureContext(options: ListenerOptions): SecureContextOptions {
  const { cert, key, clientCas } = options.tls.current;
  return {
    cert,
    key,
    ca: clientCas,
    minVersion: options.minTlsVersion ?? 'TLSv1.2',
    ...(options.cipherSuites && { ciphers: options.cipherSuites }),
  };
}

function listen(
  server: SecureServer,
  port: number,
  address: string,
): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      const bound = server.address() as AddressInfo;
      resolve({ address: bound.address, port: bound.port });
    });
  });
}
