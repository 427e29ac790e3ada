import { randomUUID } from 'node:crypto';
import { anonymous, type User } from '../access/user.ts';
import { limits } from '../limits.ts';
import type { Answers } from './answers.ts';
import type { Clock } from './clock.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import type { NegotiationInput } from './negotiation.ts';
import type { RequestInfo } from './request-info.ts';
import { Warnings } from './warnings.ts';
import type { YamlThread } from './yaml-thread.ts';

/** One request and its answer, as it passes through the server. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly auditId: string;
  /** By the clock that never jumps. */
  readonly receivedAtMs: number;
  readonly userAgent: string;
  /** Set by the first filter; of an empty path until then. */
  info: RequestInfo;
  query: URLSearchParams;
  /** Anonymous until authentication has run. */
  user: User;
  /** The whole body, where the request is for a resource and may have one; see receiveBody. Set once the user is known. */
  body?: Promise<Buffer>;
  readonly warnings: Warnings;
  /** Reads and writes YAML. */
  readonly yaml: YamlThread;
  /** Where its answer is counted until it is sent. */
  readonly answers: Answers;
  /** Aborted when the answer is out, the client has gone or the time is up. */
  readonly abort: AbortController;
  /** Whether an answer has been started or the client has gone: whoever comes later must not write. */
  answered: boolean;
  /** Why the request failed, for the log; set with the answer of an error. */
  reason?: string;
  /** Calls back once when the exchange is over; at once when it is already. */
  onEnd(callback: () => void): void;
  /** Takes an error that no code expected: it is logged, and ends this exchange alone. */
  panic(error: unknown): void;
}

const maxAuditIdLength = 128;

/** Why work is told to stop. One for all: making an exception costs as much as a small answer. */
export const over = new DOMException('the request is over', 'AbortError');

/**
 * Begins an exchange: gives it an audit id (the caller's, else a new one) and the headers that every answer has. `onPanic` is given
 * what its callbacks throw.
 */
export function beginExchange(
  request: HttpRequest,
  response: HttpResponse,
  {
    clock,
    yaml,
    answers,
    onPanic,
  }: {
    clock: Clock;
    yaml: YamlThread;
    answers: Answers;
    onPanic(exchange: Exchange, error: unknown): void;
  },
): Exchange {
  // A client that has gone shows as an error on either half; 'close' follows and ends the exchange.
  request.on('error', () => {});
  response.on('error', () => {});
  const abort = new AbortController();
  const ends: (() => void)[] = [];
  let ended = false;
  const exchange: Exchange = {
    request,
    response,
    auditId: auditIdOf(request),
    receivedAtMs: clock.elapsedMs(),
    userAgent: request.headers['user-agent'] ?? '',
    info: {
      isResource: false,
      path: '',
      verb: (request.method ?? '').toLowerCase(),
      group: '',
      version: '',
      namespace: '',
      resource: '',
      name: '',
      subresource: '',
      rest: [],
    },
    query: new URLSearchParams(),
    user: anonymous,
    warnings: new Warnings(),
    yaml,
    answers,
    abort,
    answered: false,
    onEnd: callback => {
      const end = guarded(exchange, callback);
      if (ended) end();
      else ends.push(end);
    },
    panic: error => onPanic(exchange, error),
  };
  response.once('close', () => {
    ended = true;
    exchange.answered = true;
    abort.abort(over);
    for (const end of ends) end();
  });
  response.setHeader('Audit-Id', exchange.auditId);
  response.setHeader('Cache-Control', 'no-cache, private');
  endUpload(exchange, clock);
  return exchange;
}

/** A callback for an event or a timer of an exchange: what it throws ends that exchange alone. */
export function guarded<A extends unknown[]>(
  exchange: Exchange,
  callback: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      exchange.panic(error);
    }
  };
}

function auditIdOf({ headers }: HttpRequest): string {
  const sent = headers['audit-id'];
  const usable = typeof sent === 'string' && sent.length <= maxAuditIdLength && /^[\x21-\x7e]+$/.test(sent);
  return usable ? sent : randomUUID();
}

/** What negotiation needs to know of the request. */
export function negotiationInput({ request, query, userAgent }: Exchange): NegotiationInput {
  return { accept: request.headers.accept, userAgent, query };
}

/**
 * Lets go, over HTTP/2, of a client that goes on sending a body after its answer. Not at once: a reset may overtake the rest
 * of the answer. (Over HTTP/1.1 Node passes over the rest of the body, within the listener's requestTimeout.)
 */
function endUpload(exchange: Exchange, clock: Clock): void {
  const { request } = exchange;
  const { stream } = request;
  if (!stream) return;
  const check = guarded(exchange, () => {
    if (stream.destroyed || request.complete) return;
    if (stream.state.localClose) stream.close();
    else wait();
  });
  const wait = () => stream.once('close', clock.after(limits.unreadBodyGraceMs, check));
  stream.once('finish', () => {
    if (!request.complete) wait();
  });
}
