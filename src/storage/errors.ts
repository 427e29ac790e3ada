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
