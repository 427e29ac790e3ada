import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { limits } from '../limits.ts';
import { SharedBytes } from '../memory/shared-bytes.ts';
import type { Clock } from './clock.ts';
import { OwnerFloods, uselessBytes } from './floods.ts';
import type { HttpResponse } from './http-message.ts';
import { type Place, placeOf, setPlace, trafficOf } from './place.ts';

/** Why the server ended a connection, or did not take it. */
export type EndReason =
  | 'handshakes'
  | 'handshake-timeout'
  | 'connections'
  | 'idle'
  | 'pipelining'
  | 'frames'
  | 'bytes'
  | 'resets';

export interface ConnectionsOptions {
  /** All connections together. */
  maxConnections: number;
  clock: Clock;
  /** For each connection that the server ends or refuses. */
  onEnd(reason: EndReason): void;
}

/**
 * The connections of the server, each of which has a place. Those without an identity have a part of the places, and each remote
 * address a share of that part; users share the rest (SharedBytes says how, a place counting like a byte). Where a share is used
 * up the connection that has been idle for longest goes, of the owner that has most; without an idle one the new connection goes.
 * Timers look for connections that are idle, and for floods. What one user does never ends the connection of a front proxy.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** By the addresses and ports of both ends. */
  readonly #places = new Map<string, Place>();
  readonly #handshakes = new SharedBytes(limits.maxHandshakes);
  readonly #unidentified: SharedBytes;
  readonly #identified: SharedBytes;
  readonly #addresses = new OwnerFloods();
  readonly #users = new OwnerFloods();
  /** The time of the last look: what happens to a connection reads no clock. */
  #nowMs: number;
  readonly #cancelSweep: () => void;
  readonly #cancelLook: () => void;
  /** Looks more often, as long as something looks like a flood. */
  #closeLook: { sinceMs: number; cancel(): void } | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const unidentified = Math.ceil(options.maxConnections / limits.unidentifiedConnectionsOneIn);
    this.#unidentified = new SharedBytes(unidentified);
    this.#identified = new SharedBytes(options.maxConnections - unidentified);
    this.#nowMs = options.clock.elapsedMs();
    this.#cancelSweep = options.clock.every(limits.connectionSweepMs, () => this.#sweep());
    this.#cancelLook = options.clock.every(limits.floodLookMs, () => this.#look());
  }

  /** Gives a connection a place before TLS begins, or closes it. Returns whether it has one. */
  accept(raw: Socket): boolean {
    const { remoteAddress: address } = raw;
    if (address === undefined) {
      // It has gone already.
      raw.destroy();
      return false;
    }
    const nowMs = this.#nowMs;
    const handshake = this.#handshakes.take(address, 1);
    const room = handshake && this.#makeRoom(this.#unidentified, address, false);
    if (!room) {
      handshake?.release();
      raw.destroy();
      this.#options.onEnd(handshake ? 'connections' : 'handshakes');
      return false;
    }
    const place: Place = {
      raw,
      owner: address,
      hold: this.#unidentified.hold(address, 1),
      handshake,
      identified: false,
      frontProxy: false,
      socket: undefined,
      session: undefined,
      idleSinceMs: nowMs,
      open: 0,
      endingSinceMs: undefined,
      refused: false,
      allowances: this.#addresses.of(address, nowMs),
      controlFrames: 0,
      bodyBytes: 0,
      requests: 0,
      before: { bytesRead: 0, bytesWritten: 0, bodyBytes: 0, requests: 0 },
      identify: userName => this.#identify(place, userName),
    };
    const key = keyOf(raw);
    this.#places.set(key, place);
    raw.once('close', () => {
      place.handshake?.release();
      place.hold.release();
      // The address may have come again before this was known to have gone.
      if (this.#places.get(key) === place) this.#places.delete(key);
    });
    return true;
  }

  /** The TLS handshake of a connection is over. Returns false for a connection without a place, which is ended. */
  secured(socket: TLSSocket, frontProxy: boolean): boolean {
    const place = this.#places.get(keyOf(socket));
    if (!place) {
      socket.destroy();
      return false;
    }
    setPlace(socket, place);
    place.socket = socket;
    place.idleSinceMs = this.#nowMs;
    place.handshake?.release();
    place.before = trafficOf(place);
    if (frontProxy) {
      place.frontProxy = true;
      this.#move(place, frontProxyOwner);
    }
    return true;
  }

  /** Counts the frames of a session that make work and are no part of a request. */
  session(session: ServerHttp2Session): void {
    const place = placeOf(session.socket);
    if (!place) return;
    place.session = session;
    if (place.frontProxy) return;
    const count = () => {
      if (++place.controlFrames > limits.maxControlFramesPerSecond) this.#cut(place, 'frames');
    };
    session.on('ping', count).on('remoteSettings', count).on('priority', count);
  }

  /** Counts the requests of connections. */
  counted(handle: RequestListener): RequestListener {
    return (request: IncomingMessage, response: ServerResponse) => {
      const place = placeOf(request.socket);
      if (place) {
        place.open++;
        place.requests++;
        response.once('close', () => this.#answered(place, response as unknown as HttpResponse));
      }
      handle(request, response);
    };
  }

  /** Ends a connection at once. */
  end(socket: Socket, reason: EndReason): void {
    const place = placeOf(socket);
    if (place) this.#cut(place, reason);
    else socket.destroy();
  }

  /** Looks no more. */
  stop(): void {
    this.#cancelSweep();
    this.#cancelLook();
    this.#closeLook?.cancel();
  }

  #identify(place: Place, userName: string): void {
    place.identified = true;
    if (place.frontProxy) return;
    place.allowances = this.#users.of(userName, this.#nowMs);
    if (this.#makeRoom(this.#identified, userName, true)) this.#move(place, userName);
    else {
      // Its request is answered if that is soon. Until then it keeps a place among those without an identity.
      place.refused = true;
      this.#part(place, 'connections');
    }
  }

  #move(place: Place, owner: string): void {
    place.identified = true;
    place.hold.release();
    place.owner = owner;
    place.hold = this.#identified.hold(owner, 1);
  }

  /** Whether the owner may have one more place, if need be one that an idle connection gives up. */
  #makeRoom(pool: SharedBytes, owner: string, identified: boolean): boolean {
    if (pool.allows(owner, 1)) return true;
    const largest = pool.largestOwner();
    let longest: Place | undefined;
    for (const place of this.#places.values()) {
      const mayGo =
        place.identified === identified && place.owner === largest && place.hold.bytes > 0 && isIdle(place);
      if (mayGo && !place.frontProxy && (!longest || place.idleSinceMs < longest.idleSinceMs))
        longest = place;
    }
    if (!longest) return false;
    longest.hold.release();
    this.#cut(longest, 'connections', constants.NGHTTP2_NO_ERROR);
    return true;
  }

  #answered(place: Place, response: HttpResponse): void {
    place.open--;
    const nowMs = this.#nowMs;
    if (place.open === 0) place.idleSinceMs = nowMs;
    if (place.endingSinceMs !== undefined) this.#partFromIdle(place);
    const { stream } = response;
    const whole = response.headersSent && stream?.writableFinished && stream.rstCode === 0;
    const reset = stream && !whole && place.session?.destroyed === false;
    // For others the bound of HTTP/2 on one connection is enough.
    if (reset && !place.identified && !place.allowances.resets.spend(1, nowMs)) this.#cut(place, 'resets');
  }

  /** Ends a connection without haste: what runs comes to its end. */
  #part(place: Place, reason: EndReason): void {
    if (place.endingSinceMs !== undefined) return;
    this.#options.onEnd(reason);
    place.endingSinceMs = this.#nowMs;
    place.session?.close();
    this.#partFromIdle(place);
  }

  #partFromIdle(place: Place): void {
    if (place.open === 0 && !place.session) place.socket?.destroySoon();
  }

  #cut(place: Place, reason: EndReason, code: number = constants.NGHTTP2_ENHANCE_YOUR_CALM): void {
    if (place.raw.destroyed || place.session?.destroyed) return;
    this.#options.onEnd(reason);
    // The types do not know that a code may stand alone.
    if (place.session) place.session.destroy(code as unknown as Error);
    else (place.socket ?? place.raw).destroy();
  }

  #sweep(): void {
    const nowMs = this.#options.clock.elapsedMs();
    this.#nowMs = nowMs;
    const short = this.#unidentified.free < this.#unidentified.total / 2;
    for (const place of this.#places.values()) {
      place.controlFrames = 0;
      if (place.endingSinceMs !== undefined || place.session?.closed) this.#forsake(place, nowMs);
      else if (nowMs - place.idleSinceMs >= idleMs(place, short) && isIdle(place)) {
        if (place.socket) this.#part(place, 'idle');
        else this.#cut(place, 'handshake-timeout');
      }
    }
    this.#addresses.forgetWhole(nowMs);
    this.#users.forgetWhole(nowMs);
  }

  /** Cuts a connection whose client does not close it. */
  #forsake(place: Place, nowMs: number): void {
    place.endingSinceMs ??= nowMs;
    if ((place.open > 0 && !place.refused) || nowMs - place.endingSinceMs < limits.partingMs) return;
    place.session?.destroy();
    place.raw.destroy();
  }

  /** Counts the bytes that were of no use since the last look. Clients can send megabytes in the time of one turn of the event loop. */
  #look(): void {
    const nowMs = this.#options.clock.elapsedMs();
    let suspect = false;
    for (const place of this.#places.values()) {
      if (place.frontProxy) continue;
      const now = trafficOf(place);
      const useless = uselessBytes(place.before, now);
      place.before = now;
      if (useless <= 0) continue;
      suspect ||= useless > limits.suspectBytes;
      const enough = place.allowances.bytes.spend(useless, nowMs);
      // Others of the same owner may have spent it.
      if (!enough && useless > limits.requestAllowanceBytes) this.#cut(place, 'bytes');
    }
    this.#lookCloser(suspect, nowMs);
  }

  #lookCloser(suspect: boolean, nowMs: number): void {
    if (suspect) {
      const cancel =
        this.#closeLook?.cancel ?? this.#options.clock.every(limits.closeFloodLookMs, () => this.#look());
      this.#closeLook = { sinceMs: nowMs, cancel };
    } else if (this.#closeLook && nowMs - this.#closeLook.sinceMs >= limits.suspicionMs) {
      this.#closeLook.cancel();
      this.#closeLook = undefined;
    }
  }
}

/** All front proxies together. */
const frontProxyOwner = '';

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function isIdle({ open }: Place): boolean {
  return open === 0;
}

/** How long a connection may be without a request. What has begun to send one and does not go on has none. */
function idleMs({ socket, session, identified, requests }: Place, short: boolean): number {
  if (!socket) return limits.handshakeTimeoutMs;
  if (!identified && short) return limits.shortIdleMs;
  if (requests === 0) return limits.headersTimeoutMs;
  return session ? limits.idleHttp2Ms : limits.keepAliveTimeoutMs;
}
