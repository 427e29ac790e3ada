import type { Guard, ListOptions, Revision, Write } from '../backend.ts';
import type { StorageErrorCode } from '../errors.ts';
import type { StoreFiles } from './format.ts';
import type { PackedChanges, PackedEntries } from './packing.ts';

/** What the main thread asks of the worker, and what the worker answers: [question, answer] by name. */
export interface Calls {
  get: [{ key: string }, PackedEntries];
  list: [
    { prefix: string; options: ListOptions },
    { entries: PackedEntries; revision: Revision; more: boolean },
  ];
  /** Past changes after a revision; answered in parts, `through` is how far this one reaches. */
  changes: [{ prefix: string; from: Revision }, { changes: PackedChanges; through: Revision; more: boolean }];
  /** Answered by `committed`, together with all writes of the same transaction. */
  write: [{ write: Write; guards: Guard[]; nowMs: number }, never];
  revision: [object, Revision];
  compact: [{ revision: Revision }, undefined];
  /** What should be known though writes succeed. */
  check: [{ nowMs: number }, string | undefined];
  pragma: [{ statement: string }, string | number | undefined];
  close: [object, undefined];
}

export type CallName = keyof Calls;
export type Ask<Name extends CallName> = Calls[Name][0];
export type Answer<Name extends CallName> = Calls[Name][1];
export type Request = { [Name in CallName]: { id: number; type: Name } & Ask<Name> }[CallName];

/** A StorageError on its way between threads. */
export interface Failure {
  code: StorageErrorCode;
  message: string;
  oldest?: number | undefined;
}

/** What became of one write. `last` is the value that a delete removed. */
export type Outcome =
  | { id: number; revision: Revision; last?: Uint8Array; failure?: undefined }
  | { id: number; failure: Failure };

export type Reply =
  | { type: 'ready' }
  | { type: 'refused'; failure: Failure }
  /** The file turned out to be damaged; writes are refused from here on. */
  | { type: 'damaged'; failure: Failure }
  | { type: 'committed'; outcomes: Outcome[] }
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'failed'; id: number; failure: Failure };

/** What the worker is started with. */
export interface WorkerOptions extends StoreFiles {
  /** What the heap of the thread may grow to; V8's own bound without it. */
  heapBytes?: number;
  historyMs: number;
  maxHistoryEvents: number;
}
