import type { Change, Revision, WatchHandlers } from './backend.ts';
import { StorageError } from './errors.ts';

/** One watch that is open. */
export class Watcher {
  readonly prefix: string;
  readonly handlers: WatchHandlers;
  /** Changes up to here are not wanted; may be in the future. */
  readonly from: Revision;
  /** Why it has ended; undefined while it lives. */
  ended: Error | undefined;

  constructor(prefix: string, from: Revision, handlers: WatchHandlers) {
    this.prefix = prefix;
    this.from = from;
    this.handlers = handlers;
  }

  /** Hands over changes, unless there are none or the watch has ended. A handler that throws ends the watch. */
  deliver(changes: Change[]): void {
    if (this.ended || changes.length === 0) return;
    try {
      this.handlers.onChanges(changes);
    } catch (error) {
      this.end(new StorageError('Unavailable', `a watch handler failed: ${error}`, { cause: error }));
    }
  }

  /** Ends the watch and tells its owner, once. */
  end(error: Error): void {
    if (this.ended) return;
    this.ended = error;
    try {
      this.handlers.onError(error);
    } catch (failure) {
      // Nobody is left to be told; the other watchers must not suffer.
      queueMicrotask(() => {
        throw failure;
      });
    }
  }
}
