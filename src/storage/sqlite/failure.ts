import { StorageError } from '../errors.ts';
import type { Failure } from './messages.ts';

/** Any error as a StorageError: what SQLite or the file system throws about a path is Unavailable, with its own text. */
export function storageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError('Unavailable', `${path}: ${message}`, { cause: error });
}

/** A StorageError as plain data, to be sent to another thread. */
export function toFailure({ code, message, oldest }: StorageError): Failure {
  return { code, message, oldest };
}

/** The error that toFailure has made plain data of. */
export function fromFailure({ code, message, oldest }: Failure): StorageError {
  return new StorageError(code, message, oldest === undefined ? {} : { oldest });
}
