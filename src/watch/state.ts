import type { CacheEntry } from './entry.ts';
import { OrderedEntries } from './ordered-entries.ts';

/** What clients see under one name before and after a change. */
export interface Replacement {
  before: CacheEntry | undefined;
  after: CacheEntry | undefined;
}

/**
 * The objects of one kind in key order, found by name. A backend's key is not a function of the name: where two keys have
 * objects of one name, the one under the lower key is shown, and the other is held back until that has gone.
 */
export class State {
  readonly #stored = new Map<string, CacheEntry>();
  readonly #shown = new Map<string, CacheEntry>();
  /** Keys held back, by the name that they share with a lower key. */
  readonly #heldBack = new Map<string, Set<string>>();
  readonly #inOrder: OrderedEntries;

  constructor(entries: CacheEntry[] = []) {
    for (const entry of entries) {
      this.#stored.set(entry.key, entry);
      const shown = this.#shown.get(nameOf(entry));
      if (shown && shown.key < entry.key) this.#holdBack(entry);
      else {
        if (shown) this.#holdBack(shown);
        this.#shown.set(nameOf(entry), entry);
      }
    }
    this.#inOrder = new OrderedEntries([...this.#shown.values()].sort((a, b) => compareKeys(a.key, b.key)));
  }

  /** The number of objects shown. */
  get size(): number {
    return this.#inOrder.size;
  }

  byName(namespace: string, name: string): CacheEntry | undefined {
    return this.#shown.get(`${namespace}/${name}`);
  }

  /** Whether the key holds an object, shown or not. */
  has(key: string): boolean {
    return this.#stored.has(key);
  }

  /** The number of keys that are held back. */
  get heldBackCount(): number {
    let count = 0;
    for (const keys of this.#heldBack.values()) count += keys.size;
    return count;
  }

  /** Each key that is held back, with the key whose object is shown in its place. */
  *heldBack(): Iterable<{ key: string; shown: string }> {
    for (const [name, keys] of this.#heldBack) {
      for (const key of keys) yield { key, shown: this.#shown.get(name)!.key };
    }
  }

  /** Takes in what a key holds now; undefined: nothing that can be read. Returns what it changes for clients. */
  set(key: string, entry: CacheEntry | undefined): Replacement[] {
    const old = this.#stored.get(key);
    const changes: Replacement[] = [];
    if (old && (!entry || nameOf(old) !== nameOf(entry))) changes.push(this.#without(old));
    if (entry) changes.push(this.#with(entry));
    return changes.filter(({ before, after }) => before !== after);
  }

  /** What is shown now, in key order. */
  snapshot(): OrderedEntries {
    return this.#inOrder.fork();
  }

  #with(entry: CacheEntry): Replacement {
    const { key } = entry;
    const name = nameOf(entry);
    const before = this.#shown.get(name);
    this.#stored.set(key, entry);
    if (before && before.key < key) {
      this.#holdBack(entry);
      return { before, after: before };
    }
    if (before && before.key > key) {
      this.#inOrder.delete(before.key);
      this.#holdBack(before);
    }
    this.#inOrder.set(entry);
    this.#shown.set(name, entry);
    return { before, after: entry };
  }

  #without(entry: CacheEntry): Replacement {
    const { key } = entry;
    const name = nameOf(entry);
    const before = this.#shown.get(name);
    this.#stored.delete(key);
    const keys = this.#heldBack.get(name);
    if (before?.key !== key) {
      this.#letGo(name, key);
      return { before, after: before };
    }
    this.#inOrder.delete(key);
    const next = keys && [...keys].sort(compareKeys)[0];
    if (next === undefined) {
      this.#shown.delete(name);
      return { before, after: undefined };
    }
    this.#letGo(name, next);
    const after = this.#stored.get(next)!;
    this.#inOrder.set(after);
    this.#shown.set(name, after);
    return { before, after };
  }

  #holdBack(entry: CacheEntry): void {
    const name = nameOf(entry);
    const keys = this.#heldBack.get(name) ?? new Set();
    this.#heldBack.set(name, keys.add(entry.key));
  }

  #letGo(name: string, key: string): void {
    const keys = this.#heldBack.get(name);
    if (keys?.delete(key) && keys.size === 0) this.#heldBack.delete(name);
  }
}

/** The order of keys: by UTF-16 units, which for the names that Kubernetes allows is the order of bytes. */
export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameOf(entry: CacheEntry): string {
  return `${entry.namespace}/${entry.name}`;
}
