/** The items of one owner. */
interface Line<T> {
  items: T[];
  /** The index of the first that waits. */
  next: number;
}

/** Items that wait, in a line for each owner. Owners are served in turn: one with thousands of items delays only itself. */
export class OwnerLines<T> {
  /** In the order of their turns. */
  readonly #lines = new Map<string, Line<T>>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  push(owner: string, item: T): void {
    const line = this.#lines.get(owner);
    if (line) line.items.push(item);
    else this.#lines.set(owner, { items: [item], next: 0 });
  }

  /** Takes the first item of the owner whose turn it is; undefined when nothing waits. */
  take(): T | undefined {
    for (const [owner, line] of this.#lines) {
      const item = line.items[line.next++]!;
      this.#lines.delete(owner);
      if (line.next === line.items.length) return item;
      this.#lines.set(owner, line);
      // A line that is never empty must not keep items that were taken.
      if (line.next === 1_000) {
        line.items.splice(0, line.next);
        line.next = 0;
      }
      return item;
    }
    return undefined;
  }
}
