/**
 * The closed set of errors that a backend may throw. Everything above storage switches on `code`. Refused is what a store
 * with rules of its own does not take, now or later: its cause is the StatusError to answer with.
 */
export type StorageErrorCode =
  | 'NotFound'
  | 'Exists'
  | 'Conflict'
  | 'Compacted'
  | 'TooLarge'
  | 'Refused'
  | 'Unavailable'
  | 'Closed';

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  /** Where the code is Compacted: the oldest revision that can still be read or watched from, if known. */
  readonly oldest: number | undefined;

  constructor(code: StorageErrorCode, message: string, options: { cause?: unknown; oldest?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'StorageError';
    this.code = code;
    this.oldest = options.oldest;
  }
}

/** The Conflict for a guard on a key that is at another revision; 0 is that of a key that is absent. */
export function guardFailed(guard: { key: string; revision: number }, found: number): StorageError {
  const at = (revision: number) => (revision === 0 ? 'absent' : `at ${revision}`);
  return new StorageError('Conflict', `${guard.key} is ${at(found)}, not ${at(guard.revision)}`);
}
