import type { CacheEntry } from './entry.ts';

/** The objects of one kind in key order, found by name. */
export class State {
  readonly #byKey = new Map<string, CacheEntry>();
  readonly #byName = new Map<string, CacheEntry>();
  #keys: string[] = [];

  constructor(entries: CacheEntry[] = []) {
    for (const entry of entries) this.#byKey.set(entry.key, entry);
    this.#keys = [...this.#byKey.keys()].sort(compareKeys);
    // Backwards, so that of two keys with one name the lower wins.
    for (let index = this.#keys.length - 1; index >= 0; index--) {
      const entry = this.#byKey.get(this.#keys[index]!)!;
      this.#byName.set(nameOf(entry), entry);
    }
  }

  get size(): number {
    return this.#keys.length;
  }

  byKey(key: string): CacheEntry | undefined {
    return this.#byKey.get(key);
  }

  byName(namespace: string, name: string): CacheEntry | undefined {
    return this.#byName.get(`${namespace}/${name}`);
  }

  put(entry: CacheEntry): void {
    if (!this.#byKey.has(entry.key)) this.#keys.splice(this.#position(entry.key), 0, entry.key);
    this.#byKey.set(entry.key, entry);
    const named = this.#byName.get(nameOf(entry));
    if (!named || named.key >= entry.key) this.#byName.set(nameOf(entry), entry);
  }

  remove(key: string): void {
    const entry = this.#byKey.get(key);
    if (!entry) return;
    this.#byKey.delete(key);
    this.#keys.splice(this.#position(key), 1);
    if (this.#byName.get(nameOf(entry))?.key === key) this.#byName.delete(nameOf(entry));
  }

  /** The entries whose key starts with the prefix and follows `after`, in key order. */
  range(prefix: string, after = ''): CacheEntry[] {
    const found: CacheEntry[] = [];
    for (let index = this.#position(after > prefix ? after : prefix); index < this.#keys.length; index++) {
      const key = this.#keys[index]!;
      if (!key.startsWith(prefix)) break;
      if (key !== after) found.push(this.#byKey.get(key)!);
    }
    return found;
  }

  /** Index of the first key that is not less than the given one. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The order of keys: by UTF-16 units, which for the names that Kubernetes allows is the order of bytes. */
export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameOf(entry: CacheEntry): string {
  return `${entry.namespace}/${entry.name}`;
}
