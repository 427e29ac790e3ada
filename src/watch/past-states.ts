import { limits } from '../limits.ts';
import { Slice } from '../machinery/slice.ts';
import type { Revision } from '../storage/backend.ts';
import type { CacheEvent, History } from './history.ts';
import type { OrderedEntries, Snapshot } from './ordered-entries.ts';

/** The present of one kind: what the past is worked out from. */
export interface Present {
  entries: OrderedEntries;
  history: History;
}

/**
 * The states of one kind at earlier revisions: a few are kept, since a list in pages asks for the same one again and again,
 * and others are worked out from the history. All that they hold beyond their chunks the history holds too.
 */
export class PastStates {
  readonly #present: () => Present;
  /** By revision; the one that was used last stands at the end. */
  readonly #kept = new Map<Revision, Promise<Snapshot>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(present: () => Present) {
    this.#present = present;
  }

  /** The state at the revision; undefined where the history does not reach back to it. */
  async at(revision: Revision): Promise<Snapshot | undefined> {
    this.trim();
    const kept = this.#kept.get(revision);
    if (kept) {
      this.#use(revision, kept);
      return kept;
    }
    if (revision < this.#present().history.oldest) return undefined;
    // One at a time: each takes memory for all its chunks while it is made.
    const made = this.#last.then(() => this.#make(revision));
    this.#last = made.catch(() => {});
    return made;
  }

  /** Keeps a state. It must be the one at the revision, and nobody may change it. */
  keep(revision: Revision, entries: Snapshot): void {
    this.#use(revision, Promise.resolve(entries));
  }

  /** Forgets the states that the history does not reach back to any more. */
  trim(): void {
    if (this.#kept.size === 0) return;
    const { oldest } = this.#present().history;
    for (const revision of this.#kept.keys()) if (revision < oldest) this.#kept.delete(revision);
  }

  /** Forgets all states: the store was read again. */
  clear(): void {
    this.#kept.clear();
  }

  #use(revision: Revision, state: Promise<Snapshot>): void {
    this.#kept.delete(revision);
    this.#kept.set(revision, state);
    if (this.#kept.size <= limits.maxPastStates) return;
    const [longestUnused] = this.#kept.keys();
    this.#kept.delete(longestUnused!);
  }

  async #make(revision: Revision): Promise<Snapshot | undefined> {
    // Another request may have had it made while this one waited.
    const kept = this.#kept.get(revision);
    if (kept) return kept;
    const { history, entries } = this.#present();
    const events = history.after(revision);
    if (!events) return undefined;
    const then = entries.fork();
    const slice = new Slice();
    for (let at = events.length - 1; at >= 0; at--) {
      undo(then, events[at]!);
      if (slice.isOver) await slice.next();
    }
    if (this.#present().history === history && revision >= history.oldest) this.keep(revision, then);
    return then;
  }
}

function undo(entries: OrderedEntries, { current, previous }: CacheEvent): void {
  if (current && current.key !== previous?.key) entries.delete(current.key);
  if (previous) entries.set(previous);
}
