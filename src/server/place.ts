import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { anonymous, type User } from '../access/user.ts';
import type { Hold } from '../memory/shared-bytes.ts';
import type { FloodAllowances, Traffic } from './floods.ts';
import type { HttpRequest } from './http-message.ts';

/** A connection and what is known of it. */
export interface Place {
  /** Below TLS. */
  readonly raw: Socket;
  /** Whose share it counts to: the remote address, later the user. */
  owner: string;
  hold: Hold;
  /** Until the TLS handshake is over. */
  handshake: Hold | undefined;
  identified: boolean;
  frontProxy: boolean;
  socket: TLSSocket | undefined;
  session: ServerHttp2Session | undefined;
  /** Since when no request is under way on it; while the handshake lasts, since when it does. */
  idleSinceMs: number;
  /** Requests under way. */
  open: number;
  /** Since when it is being ended without haste. */
  endingSinceMs: number | undefined;
  /** Whether its user has no place for it: requests that are still open do not keep it then. */
  refused: boolean;
  allowances: FloodAllowances;
  /** HTTP/2 frames since the last look that ask for work and are no part of a request. */
  controlFrames: number;
  bodyBytes: number;
  requests: number;
  before: Traffic;
  /** Gives it to the share of the user of a request. */
  identify(userName: string): void;
}

/** Under this name the place hangs on its socket; HTTP/2's stand-in for the socket passes it through. */
const onSocket = Symbol('place');

type Carrier = { [onSocket]?: Place };

/** Hangs the place of a connection on its socket. */
export function setPlace(socket: TLSSocket, place: Place): void {
  (socket as Carrier)[onSocket] = place;
}

/** The place of the connection of a socket, or of HTTP/2's stand-in for one; undefined when it has none, or has gone. */
export function placeOf(socket: object | undefined): Place | undefined {
  return (socket as Carrier | undefined)?.[onSocket];
}

/** To be called when the user of a request is known: its connection leaves the share of those without an identity. */
export function identified({ socket }: Pick<HttpRequest, 'socket'>, { name }: User): void {
  const place = placeOf(socket);
  if (place && !place.identified && name !== anonymous.name) place.identify(name);
}

/** To be called for each part of a body that is read: bytes that are not are of no use. */
export function bodyReceived({ socket }: Pick<HttpRequest, 'socket'>, bytes: number): void {
  const place = placeOf(socket);
  if (place) place.bodyBytes += bytes;
}

const discarded = new WeakSet<HttpRequest>();

/** Throws away what still comes of the body of a request. It is no flood: the client sends it before it knows the answer. */
export function discardBody(request: HttpRequest): void {
  if (request.readableEnded || discarded.has(request)) return;
  discarded.add(request);
  request.on('data', (chunk: Buffer) => bodyReceived(request, chunk.length));
  request.resume();
}

/** What the connection has carried so far. */
export function trafficOf({ raw, bodyBytes, requests }: Place): Traffic {
  return { bytesRead: raw.bytesRead, bytesWritten: raw.bytesWritten, bodyBytes, requests };
}
