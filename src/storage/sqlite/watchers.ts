import type { Change, Revision } from '../backend.ts';
import type { Watcher } from '../watcher.ts';

/** The open watches by prefix, so that a change is compared with each prefix once, however many watch it. */
export class Watchers {
  readonly #byPrefix = new Map<string, Set<Watcher>>();
  #revision: Revision = 0;

  /** The last commit that was delivered. Every one before it was, too. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Enters a watch to which everything up to the store's revision has been delivered. */
  add(watcher: Watcher, revision: Revision): void {
    this.#revision = Math.max(this.#revision, revision);
    if (watcher.ended) return;
    const same = this.#byPrefix.get(watcher.prefix) ?? new Set();
    this.#byPrefix.set(watcher.prefix, same.add(watcher));
  }

  remove(watcher: Watcher): void {
    const same = this.#byPrefix.get(watcher.prefix);
    same?.delete(watcher);
    if (same?.size === 0) this.#byPrefix.delete(watcher.prefix);
  }

  /** Hands the changes of one commit, in order, to all who want some of them. */
  deliver(changes: Change[]): void {
    const last = changes.at(-1);
    if (!last) return;
    for (const [prefix, watchers] of this.#byPrefix) {
      const wanted = changes.filter(change => change.key.startsWith(prefix));
      if (wanted.length === 0) continue;
      for (const watcher of watchers) {
        const isNew = watcher.from < wanted[0]!.revision;
        watcher.deliver(isNew ? wanted : wanted.filter(change => change.revision > watcher.from));
        if (watcher.ended) this.remove(watcher);
      }
    }
    this.#revision = last.revision;
  }

  /** Ends every watch. */
  end(error: Error): void {
    const all = [...this.#byPrefix.values()].flatMap(watchers => [...watchers]);
    this.#byPrefix.clear();
    for (const watcher of all) watcher.end(error);
  }
}
