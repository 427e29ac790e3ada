import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import {
  errorCatalogue,
  type StatusDetails,
  StatusError,
  type StatusReason,
} from '../../machinery/status.ts';
import { StorageError } from '../errors.ts';
import type { Answer } from './cluster.ts';

/** The error of a request that got no answer. */
export function unanswered(error: unknown): StorageError {
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError('Unavailable', message, { cause: error });
}

/** The StorageError that an answer other than a success stands for. */
export function failureOf(what: string, answer: Answer): StorageError {
  const status = statusIn(answer.body);
  const text = typeof status?.message === 'string' ? status.message : answer.body.toString().trim();
  const message = `${what}: HTTP ${answer.status}${text && `: ${text.slice(0, 1_000)}`}`;
  switch (answer.status) {
    case 401:
      return new StorageError(
        'Unavailable',
        `${message}; the cluster does not accept this server's credential`,
      );
    case 403:
      // Of RBAC, not of admission: `User "x" cannot list resource "tiers" in API group …`.
      if (/ cannot \w+ (resource|path) /.test(text)) {
        return new StorageError('Unavailable', `${message}; this server's account needs that right`);
      }
      return refusal(message, status);
    case 404:
      return notFound(message, status);
    case 409:
      return new StorageError(status?.reason === 'AlreadyExists' ? 'Exists' : 'Conflict', message);
    case 410:
      return new StorageError('Compacted', message);
    case 413:
      return new StorageError('TooLarge', message);
    case 400:
    case 422:
      return /metadata\.annotations: Too long/.test(text)
        ? new StorageError('TooLarge', message)
        : refusal(message, status);
    default:
      return /request is too large|message larger than max/.test(text)
        ? new StorageError('TooLarge', message)
        : new StorageError('Unavailable', message);
  }
}

/** A resource that is not served is no object that is not there: its objects are unknown. */
function notFound(message: string, status: JsonObject | undefined): StorageError {
  const details = isJsonObject(status?.details) ? status.details : {};
  if (typeof details.name !== 'string') {
    return new StorageError('Unavailable', `${message}; are the CustomResourceDefinitions installed?`);
  }
  // A create in a namespace that does not exist.
  return details.kind === 'namespaces' ? refusal(message, status) : new StorageError('NotFound', message);
}

/** What the cluster's schema or admission does not let in, with the Status to answer it with. */
function refusal(message: string, status: JsonObject | undefined): StorageError {
  const reason = String(status?.reason);
  const known: StatusReason = reason in errorCatalogue ? (reason as StatusReason) : 'Invalid';
  const details = isJsonObject(status?.details) ? (status.details as StatusDetails) : undefined;
  const cause = new StatusError(known, `the cluster refuses it: ${status?.message ?? message}`, details);
  return new StorageError('Refused', message, { cause });
}

function statusIn(body: Buffer): JsonObject | undefined {
  let parsed: Json;
  try {
    parsed = JSON.parse(body.toString()) as Json;
  } catch {
    return undefined;
  }
  return isJsonObject(parsed) && parsed.kind === 'Status' ? parsed : undefined;
}
