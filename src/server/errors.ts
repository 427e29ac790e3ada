import {
  internalError,
  requestEntityTooLarge,
  StatusError,
  serviceUnavailable,
} from '../machinery/status.ts';
import type { Log } from '../observability/observability.ts';
import { StorageError } from '../storage/errors.ts';
import type { Exchange } from './exchange.ts';
import { breakOff, type HttpRequest, type HttpResponse } from './http-message.ts';
import { quietly } from './panic.ts';
import { discardBody } from './place.ts';
import { sendStatus, sendText, TextError } from './respond.ts';

const retryAfterSeconds = 1;

/**
 * Answers with whatever was thrown: a StatusError as its Status, a StorageError as the Status that fits; anything else is a panic.
 * An answer that is whole stands, one that has begun is broken off. Never throws.
 */
export function answerError(exchange: Exchange, error: unknown, log: Log): void {
  try {
    // The text has the reason; the stack of what was behind it is worth a line too.
    if (error instanceof TextError && error.cause !== undefined)
      log.error(`request failed: ${error.message.trimEnd()}`, {
        auditId: exchange.auditId,
        path: exchange.info.path,
        error: error.cause,
      });
    const known = error instanceof TextError ? error : statusErrorOf(error);
    if (!known && !isAbort(error)) exchange.panic(error);
    else if (exchange.response.writableEnded) return;
    else if (!known || exchange.answered) breakOff(exchange.response);
    else {
      exchange.reason = known.message.trimEnd();
      if (known instanceof StatusError) sendStatus(exchange, known.status);
      else sendText(exchange, known.code, known.message, known.headers);
    }
  } catch (another) {
    exchange.panic(another);
  }
}

const panicText = Buffer.from('This request caused apiserver to panic. Look in the logs for details.\n');
const keptHeaders = ['audit-id', 'cache-control'];

/**
 * Ends a request in the middle of whose work something broke: 500 with the text of kube-apiserver where nothing was sent, else its answer
 * is broken off. Never throws.
 */
export function endInPanic(request: HttpRequest, response: HttpResponse): void {
  if (response.writableEnded || response.destroyed) return;
  try {
    // Of a WebSocket the head went out past the response.
    if (response.headersSent || response.statusCode === 101) throw new Error('too late to answer');
    for (const name of response.getHeaderNames()) {
      if (!keptHeaders.includes(name)) response.removeHeader(name);
    }
    discardBody(request);
    response.statusCode = 500;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Length', panicText.length);
    response.end(panicText);
  } catch {
    quietly(() => breakOff(response));
  }
}

/** What a step throws that was told to stop, since nobody waits for its answer any more. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The Status of an error that has one. */
function statusErrorOf(error: unknown): StatusError | undefined {
  if (error instanceof StatusError) return error;
  if (!(error instanceof StorageError)) return undefined;
  switch (error.code) {
    case 'Unavailable':
    case 'Closed':
      return serviceUnavailable(`the datastore is unavailable: ${error.message}`, retryAfterSeconds);
    case 'TooLarge':
      return requestEntityTooLarge(error.message);
    case 'Refused':
      return error.cause instanceof StatusError ? error.cause : internalError(error.message);
    default:
      // The registry answers these; one that gets here was forgotten there.
      return internalError(`${error.code}: ${error.message}`);
  }
}
