import {
  internalError,
  requestEntityTooLarge,
  StatusError,
  serviceUnavailable,
} from '../machinery/status.ts';
import type { Log } from '../observability/observability.ts';
import { StorageError } from '../storage/errors.ts';
import type { Exchange } from './exchange.ts';
import { sendStatus, sendText, TextError } from './respond.ts';

const retryAfterSeconds = 1;

/**
 * Answers with whatever was thrown: a StatusError as its Status, a StorageError as the Status that fits, anything else as the
 * text that kube-apiserver answers a panic with, and the log has the stack. An answer that has begun is broken off.
 */
export function answerError(exchange: Exchange, error: unknown, log: Log): void {
  const known = statusErrorOf(error);
  if (!known && !isAbort(error))
    log.error(`request failed: ${error instanceof Error ? error.message : String(error)}`, {
      auditId: exchange.auditId,
      path: exchange.info.path,
      error,
    });
  if (exchange.answered) {
    // Work that was told to stop comes after an answer that is whole, or after the end of the client.
    if (!isAbort(error)) exchange.response.destroy();
  } else if (error instanceof TextError) {
    sendText(exchange, error.code, error.message, error.headers);
  } else if (known) {
    sendStatus(exchange, known.status);
  } else {
    sendText(exchange, 500, 'This request caused apiserver to panic. Look in the logs for details.\n');
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
