import { status as code, Metadata, type ServiceError } from '@grpc/grpc-js';
import { StorageError } from '../errors.ts';

/** What etcd's error means for what to do next. */
export type Failure =
  /** The revision that was asked for is compacted, or has not come yet. */
  | 'compacted'
  | 'future'
  /** The token has expired; nothing was done. */
  | 'token'
  /** The request never left this process; nothing was done. */
  | 'unsent'
  /** This member cannot answer just now: another one may, and what was asked may have been done. */
  | 'member'
  /** No member will do it. */
  | 'refused';

/** Says what an error of a call to etcd means. */
export function classify(error: unknown): Failure {
  if (!isServiceError(error)) return 'member';
  const { details } = error;
  switch (error.code) {
    case code.OUT_OF_RANGE:
      return details.includes('compacted') ? 'compacted' : details.includes('future') ? 'future' : 'refused';
    case code.UNAUTHENTICATED:
      return 'token';
    case code.INVALID_ARGUMENT:
    case code.FAILED_PRECONDITION:
      return refusesToken(details) ? 'token' : 'refused';
    case code.PERMISSION_DENIED:
    case code.RESOURCE_EXHAUSTED:
    case code.UNIMPLEMENTED:
      return 'refused';
    case code.UNAVAILABLE:
      return details.startsWith('No connection established') || details.startsWith('Name resolution failed')
        ? 'unsent'
        : 'member';
    default:
      return 'member';
  }
}

/** Whether a user was named to an etcd that has none. */
export function isWithoutUsers(error: unknown): boolean {
  return isServiceError(error) && error.details.includes('authentication is not enabled');
}

/** What a watch was cancelled for, in the form that calls throw. */
export function cancellation(reason: string): ServiceError {
  const details = reason || 'the watch was cancelled';
  let kind = code.UNAVAILABLE;
  if (refusesToken(details)) kind = code.UNAUTHENTICATED;
  else if (details.includes('permission denied')) kind = code.PERMISSION_DENIED;
  return Object.assign(new Error(details), { code: kind, details, metadata: new Metadata() });
}

/** A user is unknown to a member that has restarted, or whose users have changed since the token was given. */
function refusesToken(details: string): boolean {
  return /invalid auth token|auth store is old|user name is empty/.test(details);
}

/** The error of the storage contract for an error of a call to etcd. */
export function storageError(error: unknown, url: string): StorageError {
  if (error instanceof StorageError) return error;
  if (!isServiceError(error)) return unavailable(`etcd at ${url}: ${error}`, error);
  const { details } = error;
  if (details.includes('database space exceeded')) {
    return unavailable(
      `etcd is out of space (NOSPACE alarm): ${details}; compact, defragment and disarm the alarm, or raise its quota`,
      error,
    );
  }
  if (details.includes('request is too large') || details.includes('received message larger than max')) {
    return new StorageError('TooLarge', `etcd refuses the request: ${details}`, { cause: error });
  }
  switch (error.code) {
    case code.OUT_OF_RANGE:
      return details.includes('compacted')
        ? new StorageError('Compacted', details, { cause: error })
        : unavailable(details, error);
    case code.PERMISSION_DENIED:
      return unavailable(`etcd refuses access to the user: ${details}`, error);
    case code.DEADLINE_EXCEEDED:
      return unavailable(`etcd at ${url} does not answer: ${details}`, error);
    default:
      return unavailable(`etcd at ${url}: ${details}`, error);
  }
}

function unavailable(message: string, cause: unknown): StorageError {
  return new StorageError('Unavailable', message, { cause });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && typeof (error as Partial<ServiceError>).details === 'string';
}
