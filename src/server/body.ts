import { type PriorityLevel, partOf, priorityLevelOf } from '../access/priority-level.ts';
import type { User } from '../access/user.ts';
import { limits } from '../limits.ts';
import { badRequest, requestEntityTooLarge, StatusError, tooManyRequests } from '../machinery/status.ts';
import type { Hold, SharedBytes } from '../memory/shared-bytes.ts';
import type { Clock } from './clock.ts';
import { type Exchange, over } from './exchange.ts';
import { isReadOnly } from './in-flight.ts';
import { bodyReceived, discardBody } from './place.ts';
import { TextError } from './respond.ts';
import { isWebSocketRequest } from './websocket.ts';

export interface BodyOptions {
  maxBytes: number;
  pool: SharedBytes;
  clock: Clock;
  /** Counts a body that was refused to keep room for others. */
  onRefused(exchange: Exchange, reason: 'body-share' | 'body-rate'): void;
}

/**
 * Begins to read the body, as soon as the caller is known: bytes that stay unread use up the window of their HTTP/2 connection,
 * which all users share where kube-apiserver is the client. They are charged to the user until the exchange ends. A body
 * that no handler wants is thrown away as it comes.
 * `exchange.body` rejects with a StatusError or TextError: 413 when the body is larger than allowed, 429 when it is beyond the
 * share of the user, 408 when it comes too slowly, 415 for a Content-Encoding, 400 when the client breaks off.
 */
export function receiveBody(exchange: Exchange, options: BodyOptions): void {
  const { request, info } = exchange;
  if (info.isResource && info.verb !== 'watch' && !isReadOnly(info)) {
    exchange.body = receive(exchange, options);
    // Whether anybody will ask is decided later.
    exchange.body.catch(() => {});
  } else if (!isWebSocketRequest(request)) discardBody(request);
}

async function receive(exchange: Exchange, options: BodyOptions): Promise<Buffer> {
  const { request, response, user, abort } = exchange;
  const { pool, clock } = options;
  // More than its user can ever have would be refused however often it is sent.
  const maxBytes = Math.min(options.maxBytes, shareAlone(pool, user));
  const length = lengthOf(exchange, maxBytes);
  const bytes = new BodyBytes(pool, user, length ?? maxBytes);
  exchange.onEnd(() => bytes.release());
  if (abort.signal.aborted) throw over;
  return await new Promise<Buffer>((resolve, reject) => {
    const settle = () => {
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('aborted', onBroken);
      abort.signal.removeEventListener('abort', onOver);
      pace.stop();
      discardBody(request);
    };
    const refuse = (error: Error) => {
      settle();
      bytes.release();
      reject(error);
    };
    const refuseForOthers = (reason: 'body-share' | 'body-rate', error: Error) => {
      // HTTP/1.1 has no other way to end a body. A stream of HTTP/2 is reset after the answer.
      if (!request.stream && !response.headersSent) response.setHeader('Connection', 'close');
      options.onRefused(exchange, reason);
      refuse(error);
    };
    const onData = (chunk: Buffer) => {
      bodyReceived(request, chunk.length);
      if (bytes.size + chunk.length > maxBytes) refuse(tooLarge(maxBytes));
      else if (!bytes.append(chunk)) refuseForOthers('body-share', beyondShare());
    };
    const onEnd = () => {
      settle();
      resolve(bytes.whole());
    };
    const onBroken = () => refuse(badRequest('the body of the request ended early'));
    const onOver = () => refuse(over);
    const pace = startPace(
      clock,
      () => bytes.size,
      () => refuseForOthers('body-rate', tooSlow()),
    );
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('aborted', onBroken);
    abort.signal.addEventListener('abort', onOver);
  });
}

/** The length that the headers give, if any. Throws a StatusError for a body that will not be read; its bytes are thrown away. */
function lengthOf({ request }: Exchange, maxBytes: number): number | undefined {
  const { 'content-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding && encoding.toLowerCase() !== 'identity') {
    discardBody(request);
    throw new StatusError(
      'UnsupportedMediaType',
      `the body of the request has the Content-Encoding ${JSON.stringify(encoding)}, which is not supported: send it as it is`,
    );
  }
  if (Number(length ?? 0) > maxBytes) {
    discardBody(request);
    throw tooLarge(maxBytes);
  }
  return length === undefined ? undefined : Number(length);
}

function tooLarge(maxBytes: number): StatusError {
  return requestEntityTooLarge(`limit is ${maxBytes}`);
}

function beyondShare(): StatusError {
  return tooManyRequests('Too many requests: too many bytes of request bodies are in flight', 1);
}

function tooSlow(): TextError {
  return new TextError(408, 'Request Timeout: the body of the request came too slowly.\n');
}

const minCapacity = 1024;

/**
 * The bytes of a body, copied out of what they came in: a single byte would else keep a whole read buffer. What it takes of the
 * pool is what it has allocated, never what a client announced.
 */
class BodyBytes {
  readonly #hold: Hold;
  readonly #mayTake: (bytes: number) => boolean;
  readonly #expected: number;
  #bytes = Buffer.alloc(0);
  size = 0;

  constructor(pool: SharedBytes, user: User, expected: number) {
    this.#hold = pool.hold(user.name, 0);
    this.#mayTake = bytes => leavesRoom(pool, user, bytes);
    this.#expected = expected;
  }

  /** Returns false, and takes nothing, where the share of the user is used up. */
  append(chunk: Buffer): boolean {
    const size = this.size + chunk.length;
    if (size > this.#bytes.length && !this.#grow(size)) return false;
    chunk.copy(this.#bytes, this.size);
    this.size = size;
    return true;
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  release(): void {
    this.#bytes = Buffer.alloc(0);
    this.#hold.release();
  }

  /** Doubles, so that many small chunks cost linear time; by less where the share has no room for that. */
  #grow(size: number): boolean {
    return [2, 1.125].some(factor => {
      const wanted = Math.max(minCapacity, Math.ceil(factor * this.#bytes.length));
      const capacity = Math.max(size, Math.min(wanted, this.#expected));
      const more = capacity - this.#bytes.length;
      if (!this.#mayTake(more) || !this.#hold.grow(more)) return false;
      // Small buffers of Buffer.from() and allocUnsafe() are slices of a slab of 8 KB (Buffer.poolSize).
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.#bytes.copy(grown, 0, 0, this.size);
      this.#bytes = grown;
      return true;
    });
  }
}

/** What the callers of a user's class have of a pool. The system may use all of it, and the others leave it its part. */
function partOfUser(pool: SharedBytes, user: User): { level: PriorityLevel; bytes: number } {
  const level = priorityLevelOf(user);
  if (level === 'anonymous') return { level, bytes: partOf(level, pool.total) };
  return { level, bytes: level === 'users' ? pool.total - partOf('system', pool.total) : pool.total };
}

/** The most that a user can hold while nobody else holds anything. Anonymous callers are one user with a part of their own. */
function shareAlone(pool: SharedBytes, user: User): number {
  const { level, bytes } = partOfUser(pool, user);
  return level === 'anonymous' ? bytes : Math.floor(bytes / 2);
}

/** Whether a user may take so many bytes: beside the share that the pool allows, users leave to the system what is kept for it. */
function leavesRoom(pool: SharedBytes, user: User, bytes: number): boolean {
  const after = pool.heldBy(user.name) + bytes;
  const { level, bytes: part } = partOfUser(pool, user);
  if (level === 'anonymous' && after > part) return false;
  return (
    level === 'exempt' || level === 'system' || after <= pool.free - bytes - partOf('system', pool.total)
  );
}

/**
 * Calls back when fewer bytes have come than the least rate asks for, once the grace is over, or none since the last look. A client
 * that has gone looks like that: Node may not learn of a reset connection while it waits to write (HTTP/2).
 */
function startPace(clock: Clock, size: () => number, tooSlowly: () => void): { stop(): void } {
  const startedMs = clock.elapsedMs();
  let seen = 0;
  const stop = clock.every(limits.slowBodyGraceMs, () => {
    const due = ((clock.elapsedMs() - startedMs) / 1000) * limits.minBodyBytesPerSecond;
    if (size() < due || size() === seen) tooSlowly();
    seen = size();
  });
  return { stop };
}
