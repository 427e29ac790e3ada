/** What one owner has in its line. */
interface Line<T> {
  items: T[];
  /** The index of the first that waits. */
  next: number;
}

/** Things that wait, in a line for each owner. They are taken in turn: whoever has thousands waits behind itself alone. */
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
      // What has gone must not be kept by a line that is never empty.
      if (line.next === 1_000) {
        line.items.splice(0, line.next);
        line.next = 0;
      }
      return item;
    }
    return undefined;
  }
}
