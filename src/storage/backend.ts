import type { ApiObject } from '../machinery/object.ts';
import type { FieldError } from '../machinery/status.ts';

/**
 * The storage contract. Keys are strings ordered by their UTF-8 bytes, values are bytes that a backend never looks into;
 * one that is handed in may be changed afterwards, one that is handed out may not (others read the same bytes).
 * A revision is a positive safe integer; each committed write gets a higher one than every write before it.
 * Every method throws StorageError and nothing else.
 */
export type Revision = number;

export interface Entry {
  key: string;
  value: Uint8Array;
  /** Revision of the write that stored this value. */
  revision: Revision;
  /** Revision of the write that created the key, from a backend that keeps it. */
  createRevision?: Revision;
}

/** What must hold of other keys when a write commits, else Conflict. A key is at its revision; with 0 it is absent. */
export type Guard =
  /** Nothing was created or changed under the prefix after the revision (a deletion need not be seen). */
  { prefix: string; unchangedSince: Revision } | { key: string; revision: Revision };

/** One compare-and-set. `expect` is the revision of the entry being replaced; a mismatch is Conflict. */
export type Write =
  /** Exists if the key is there. */
  | { type: 'create'; key: string; value: Uint8Array }
  /** NotFound if the key is absent. `subresource`: which half is written; `frees`: to be taken like a delete where room is short. */
  | { type: 'update'; key: string; value: Uint8Array; expect: Revision; subresource?: 'status'; frees?: true }
  /** NotFound if the key is absent. */
  | { type: 'delete'; key: string; expect: Revision };

export interface ListOptions {
  /** Entries after this key, exclusive. */
  after?: string;
  /** At most this many entries; all when absent. */
  limit?: number;
  /** The state as of this revision; Compacted when it can no longer be told. The latest when absent or in the future. */
  at?: Revision;
}

export interface Page {
  entries: Entry[];
  /** The store's revision at which the page is exact. */
  revision: Revision;
  /** Whether entries follow the last one. */
  more: boolean;
}

/** One change. A delete carries the last value and the revision of the delete. */
export interface Change {
  type: 'put' | 'delete';
  key: string;
  value: Uint8Array;
  revision: Revision;
  createRevision?: Revision;
}

export interface WatchHandlers {
  /**
   * Changes in revision order, those of one revision together, never empty; called synchronously in order, never
   * concurrently. One that throws ends its own watch, with Unavailable and what it threw as the cause, and no other.
   */
  onChanges(changes: Change[]): void;
  /** The stream has ended and nothing follows: Compacted, Unavailable or Closed. Not called after close(). */
  onError(error: Error): void;
}

export interface Watch {
  /** Resolves with a revision up to which all is delivered, at least the store's when asked; with keys, of them alone. */
  progress(keys?: readonly string[]): Promise<Revision>;
  /** Ends the watch. No handler is called afterwards. */
  close(): void;
}

export interface Backend {
  /** The entry, or undefined. Reads are linearizable: they see every write acknowledged before the call. */
  get(key: string): Promise<Entry | undefined>;
  /** The entries whose key starts with the prefix, in key order. */
  list(prefix: string, options?: ListOptions): Promise<Page>;
  /**
   * Commits one write, durably, if its expectation and then all guards hold. The entry as stored; for a delete the last
   * value with the delete's revision. Unavailable may hide a write that was committed after all.
   */
  write(write: Write, guards?: Guard[]): Promise<Entry>;
  /**
   * Changes under the prefix with a revision above `from`, without gap or repeat. Compacted when `from` is too old; a
   * future `from` just waits. What has happened already is delivered before the promise resolves.
   */
  watch(prefix: string, from: Revision, handlers: WatchHandlers): Promise<Watch>;
  /** The revision of the last committed write, of whoever writes to the store; 1 for an empty store. */
  revision(): Promise<Revision>;
  /**
   * Forgets the changes up to the revision: no earlier one can be listed at or watched from any more. The state at the
   * revision itself can still be told, and live entries stay. The current revision when it is in the future.
   */
  compact(revision: Revision): Promise<void>;
  /** Throws Unavailable with the reason when writes cannot succeed just now (disk full, connection lost). */
  check(): Promise<void>;
  /** Ends every watch with Closed. Calls under way finish or throw Closed; later ones throw Closed. */
  close(): Promise<void>;
}

/** How one kind is laid out in one backend: v3 objects to keys and bytes, and back. */
export interface Codec {
  /** The prefix of all the kind's keys, or of one namespace's. */
  prefix(namespace?: string): string;
  /** The key under which a new object is stored. */
  keyFor(object: ApiObject): string;
  /** Keys under which an object of this name may be found, best first. */
  candidateKeys(namespace: string | undefined, name: string): string[];
  /** The stored form; metadata.resourceVersion is not part of it. */
  encode(object: ApiObject): Uint8Array;
  /** The v3 object with metadata.resourceVersion set. Throws on bytes that are no such object. */
  decode(entry: Entry): ApiObject;
  /** Whether a key under the prefix is rightly there, and none of the kind's: it is passed over in silence. */
  skips?(key: string): boolean;
  /** What keeps the backend from storing `object`, or from removing `old` where there is none: it has no place for it, or no use. */
  refuses?(change: { object?: ApiObject; old?: ApiObject }): FieldError[];
  /** Whether objects are read only through this backend, since their owners write them directly. */
  readOnly?: boolean;
}
