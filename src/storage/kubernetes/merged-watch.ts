import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, Revision, Watch, WatchHandlers } from '../backend.ts';
import { StorageError } from '../errors.ts';

/** A watch of one source: everything up to its position has been delivered. */
export interface SourceWatch extends Watch {
  readonly position: Revision;
}

const retryMs = 500;

/**
 * Several watches of one cluster as one. Each source is in order by itself; a change is told once every other source has got as far,
 * so that the whole is in order too, and whoever resumes from the revision of a change has missed none.
 */
export class MergedWatch implements Watch {
  readonly #handlers: WatchHandlers;
  #sources: SourceWatch[] = [];
  #waiting: Change[] = [];
  #settling = false;
  #ended: Error | undefined;

  private constructor(handlers: WatchHandlers) {
    this.#handlers = handlers;
  }

  /** Opens all sources, each with handlers of its own. What has happened already is delivered before it resolves. */
  static async open(
    open: ((handlers: WatchHandlers) => Promise<SourceWatch>)[],
    handlers: WatchHandlers,
  ): Promise<MergedWatch> {
    const watch = new MergedWatch(handlers);
    const own: WatchHandlers = {
      onChanges: changes => watch.#take(changes),
      onError: error => watch.#end(error, true),
    };
    const results = await Promise.allSettled(open.map(each => each(own)));
    for (const result of results) if (result.status === 'fulfilled') watch.#sources.push(result.value);
    try {
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      await watch.progress();
    } catch (error) {
      watch.close();
      throw error;
    }
    return watch;
  }

  /** A key is of one source alone, but its changes wait for those of the others. */
  async progress(): Promise<Revision> {
    if (this.#ended) throw this.#ended;
    await Promise.all(this.#sources.map(source => source.progress()));
    if (this.#ended) throw this.#ended;
    return this.#release();
  }

  close(): void {
    this.#end(new StorageError('Closed', 'the watch is closed'), false);
  }

  #take(changes: Change[]): void {
    this.#waiting.push(...changes);
    this.#waiting.sort((a, b) => a.revision - b.revision);
    if (!this.#settling) void this.#settle();
  }

  /** Asks the sources how far they are until nothing waits any more. */
  async #settle(): Promise<void> {
    this.#settling = true;
    while (!this.#ended && this.#waiting.length > 0) {
      try {
        await this.progress();
      } catch {
        // The sources find their way back by themselves, or end.
        await sleep(retryMs);
      }
    }
    this.#settling = false;
  }

  /** Tells what all sources have got to. Returns how far that is. */
  #release(): Revision {
    const reached = Math.min(...this.#sources.map(source => source.position));
    const told = this.#waiting.filter(change => change.revision <= reached);
    this.#waiting = this.#waiting.filter(change => change.revision > reached);
    if (told.length === 0) return reached;
    try {
      this.#handlers.onChanges(told);
    } catch (error) {
      this.#end(new StorageError('Unavailable', `a watch handler failed: ${error}`, { cause: error }), true);
    }
    return reached;
  }

  #end(error: Error, tell: boolean): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const source of this.#sources) source.close();
    if (!tell) return;
    try {
      this.#handlers.onError(error);
    } catch (failure) {
      // Nobody is left to be told.
      queueMicrotask(() => {
        throw failure;
      });
    }
  }
}
