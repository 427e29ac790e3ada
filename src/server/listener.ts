import type { RequestListener } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';
import { keepPeerCertificates, type Peer, peerOf } from '../access/peer.ts';
import { limits } from '../limits.ts';
import type { Clock } from './clock.ts';
import { Connections, type EndReason } from './connections.ts';
import { OwnerLines } from './owner-lines.ts';
import { createProtocolServers } from './protocol-servers.ts';

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
  /** Whether a connection is that of a front proxy, known by its certificate; without it none is. */
  isFrontProxy?: ((peer: Peer) => boolean) | undefined;
  /** All connections together. */
  maxConnections: number;
  maxStreamsPerConnection: number;
  /** For requests that cannot be read within it; not for their answers. */
  requestTimeoutMs: number;
  clock: Clock;
  onRequest: RequestListener;
  onTlsError(error: Error): void;
  /** For each connection that is refused, or ended for what its client did or did not do. */
  onConnectionEnd(reason: EndReason): void;
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
 * The HTTPS listener: h2 and http/1.1 by ALPN; client certificates are asked for and never judged here. Each connection is
 * handed to the server of its protocol; a front proxy, whose connection carries the requests of all users, has wider bounds
 * than other clients. What it is is asked once, when the connection begins: a front proxy that came before the cluster said
 * whom to trust has the narrow bounds until it connects again.
 */
export function createListener(options: ListenerOptions): Listener {
  const tls = createTlsServer({
    ...secureContext(options),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: limits.handshakeTimeoutMs,
    ALPNProtocols: options.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
  });
  keepPeerCertificates(tls);
  const beginHandshake = inTurn(socket => tls.emit('connection', socket));
  const sockets = new Set<Socket>();
  const connections = new Connections({ ...options, onEnd: options.onConnectionEnd });
  const sessions = new Set<ServerHttp2Session>();
  const protocols = createProtocolServers({
    ...options,
    onRequest: connections.counted(options.onRequest),
    onPipelineFlood: socket => connections.end(socket, 'pipelining'),
    onSession: session => {
      connections.session(session);
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      session.on('error', () => {});
    },
  });
  options.tls.onChange(() => tls.setSecureContext(secureContext(options)));
  const server = createServer({ noDelay: true, pauseOnConnect: true }, socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (connections.accept(socket)) beginHandshake(socket);
  });
  tls.on('secureConnection', (socket: TLSSocket) => {
    // A broken connection ends its requests through their own events.
    socket.on('error', () => {});
    const isFrontProxy = options.isFrontProxy?.(peerOf(socket)) ?? false;
    if (!connections.secured(socket, isFrontProxy)) return;
    if (socket.alpnProtocol !== 'h2') protocols.http1(socket);
    else if (isFrontProxy) protocols.http2OfFrontProxy(socket);
    else protocols.http2(socket);
  });
  tls.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    options.onTlsError(error);
    socket.destroy();
  });
  const closed = Promise.withResolvers<void>();
  server.once('close', closed.resolve);
  return {
    listen: async (port, address) => {
      const bound = await listen(server, port, address);
      server.on('error', error => options.onError(error));
      return bound;
    },
    stop: () => {
      connections.stop();
      if (server.listening) server.close();
      else if (sockets.size === 0) closed.resolve();
      protocols.close();
      // Each sends GOAWAY.
      for (const session of sessions) session.close();
    },
    closeIdle: () => protocols.closeIdle(),
    closed: closed.promise,
    destroy: () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** TLS handshakes begun in one turn of the event loop; each costs as much as several requests. */
const handshakesPerTurn = 1;

/** Calls `begin` for a few connections in each turn of the event loop, for one of each remote address after another. */
function inTurn(begin: (socket: Socket) => void): (socket: Socket) => void {
  const lines = new OwnerLines<Socket>();
  const beginSome = () => {
    for (let begun = 0; begun < handshakesPerTurn; ) {
      const socket = lines.take();
      if (!socket) break;
      if (socket.destroyed) continue;
      begun++;
      begin(socket);
    }
    if (!lines.isEmpty) setImmediate(beginSome);
  };
  return socket => {
    if (lines.isEmpty) setImmediate(beginSome);
    lines.push(socket.remoteAddress ?? '', socket);
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

function listen(server: Server, port: number, address: string): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      const bound = server.address() as AddressInfo;
      resolve({ address: bound.address, port: bound.port });
    });
  });
}
