import { setTimeout } from 'node:timers/promises';
import { limits } from '../limits.ts';
import type { Log } from '../observability/observability.ts';
import type { Backend, Change, Page, Revision, Watch } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';

const retryMs = { first: 100, longest: 5_000 };

export interface UpstreamOptions {
  backend: Backend;
  prefix: string;
  /** What is followed, for logs. */
  plural: string;
  log: Log;
  /** Takes what was read: the state from which changes are told from then on, in place of all that was told before. */
  onPage(page: Page): void;
  onChanges(changes: Change[]): void;
  /** Everything up to the revision has been told. */
  onProgress(revision: Revision): void;
}

/** The one watch by which a cache follows the store. It is taken up again where it ended, however long that takes. */
export class Upstream {
  readonly #options: UpstreamOptions;
  #watch: Watch | undefined;
  /** Everything up to here has been told. */
  #position: Revision = 0;
  #problem: string | undefined = 'not loaded yet';
  /** Since a watch has ended, and until the next one is taken up. */
  #interruption: { sinceMs: number; over: PromiseWithResolvers<void> } | undefined;
  #closed = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** Why the store is not followed just now; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Reads the store and follows it. Resolves when it does, however long the store cannot be read, or when closed. */
  async start(): Promise<void> {
    await this.#try('read');
  }

  /**
   * Resolves when everything acknowledged before the call has been told, or all of that about the keys. Throws Unavailable when
   * the store cannot be asked.
   */
  async progress(keys?: readonly string[]): Promise<void> {
    this.mustBeLoaded();
    const watch = this.#watch!;
    const again = async (error: unknown) => {
      if (await this.#isTakenUp(watch)) return this.#watch!.progress(keys);
      throw error;
    };
    const reached = await watch
      .progress(keys)
      .catch(again)
      .catch(error => {
        // One that ended since its history is gone is as good as one that the store has dropped: it is taken up anew.
        if (!isCode(error, 'Compacted')) throw error;
        throw new StorageError('Unavailable', (error as Error).message, { cause: error });
      });
    if (!keys) this.#advance(reached);
  }

  /** Whether another watch has taken the place of one that has ended. Mostly that takes a moment, which is waited for. */
  async #isTakenUp(ended: Watch): Promise<boolean> {
    const interruption = this.#interruption;
    const leftMs = interruption ? interruption.sinceMs + limits.resumeWaitMs - performance.now() : 0;
    // Timers are not exact to the millisecond: one that has just run out is over.
    if (interruption && leftMs > 2) {
      const timer = new AbortController();
      const late = setTimeout(leftMs, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([interruption.over.promise, late]);
      timer.abort();
    }
    return this.#watch !== ended && !this.#interruption && !this.#closed;
  }

  /** Throws Unavailable before there is a first state. */
  mustBeLoaded(): void {
    if (this.#watch) return;
    throw new StorageError('Unavailable', `${this.#options.plural} cannot be read: ${this.#problem}`);
  }

  close(): void {
    this.#closed = true;
    this.#interruption?.over.resolve();
    this.#watch?.close();
  }

  /** Reads and follows, or only follows, until that works. What ends a watch later begins the same again. */
  async #try(step: 'read' | 'follow', ended?: Error): Promise<void> {
    let delayMs = retryMs.first;
    let next = step;
    for (let failure: unknown = ended; !this.#closed; ) {
      if (failure) {
        if (isCode(failure, 'Closed')) return;
        if (isCode(failure, 'Compacted')) next = 'read';
        this.#tell(failure, next);
      }
      try {
        if (next === 'read') await this.#read();
        next = 'follow';
        await this.#follow();
        this.#problem = undefined;
        this.#interruption?.over.resolve();
        this.#interruption = undefined;
        return;
      } catch (error) {
        failure = error;
      }
      await setTimeout(delayMs * (0.5 + Math.random() / 2), undefined, { ref: false });
      delayMs = Math.min(delayMs * 2, retryMs.longest);
    }
  }

  #tell(failure: unknown, next: 'read' | 'follow'): void {
    this.#problem = failure instanceof Error ? failure.message : String(failure);
    const { log, plural } = this.#options;
    log.warn('the store is not followed, trying again', { resource: plural, error: this.#problem, next });
  }

  /** Reads from as far back as the store can tell, so that watches can resume over a restart of the server. */
  async #read(): Promise<void> {
    const { backend, prefix, onPage } = this.#options;
    for (let at: Revision | undefined = 1; ; ) {
      try {
        const page = await backend.list(prefix, at === undefined ? {} : { at });
        if (this.#closed) return;
        this.#position = page.revision;
        onPage(page);
        return;
      } catch (error) {
        if (!isCode(error, 'Compacted')) throw error;
        // The oldest revision may move on between two calls.
        at = (error as StorageError).oldest;
      }
    }
  }

  /** Throws what ends the watch before it has caught up; what ends it afterwards starts the next try. */
  async #follow(): Promise<void> {
    const { backend, prefix, onChanges } = this.#options;
    let live = false;
    let ended: Error | undefined;
    const watch = await backend.watch(prefix, this.#position, {
      onChanges: changes => {
        onChanges(changes);
        this.#position = Math.max(this.#position, changes.at(-1)!.revision);
      },
      onError: error => {
        ended = error;
        if (!live) return;
        this.#interruption = { sinceMs: performance.now(), over: Promise.withResolvers() };
        void this.#try('follow', error);
      },
    });
    try {
      if (this.#closed) throw new StorageError('Closed', 'the cache is closed');
      this.#watch = watch;
      this.#advance(await watch.progress());
      if (ended) throw ended;
      live = true;
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  #advance(revision: Revision): void {
    this.#position = Math.max(this.#position, revision);
    this.#options.onProgress(revision);
  }
}

function isCode(error: unknown, code: StorageError['code']): boolean {
  return error instanceof StorageError && error.code === code;
}
