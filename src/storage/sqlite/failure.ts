import { StorageError } from '../errors.ts';
import type { Failure } from './messages.ts';

/** Any error as a StorageError: what SQLite or the file system throws is Unavailable, with its own text. */
export function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError('Unavailable', `the store does not work: ${message}`, { cause: error });
}

/** An error as plain data, to be sent to another thread. */
export function toFailure(error: unknown): Failure {
  const { code, message, oldest } = storageError(error);
  return { code, message, oldest };
}

/** The error that toFailure has made plain data of. */
export function fromFailure({ code, message, oldest }: Failure): StorageError {
  return new StorageError(code, message, oldest === undefined ? {} : { oldest });
}
