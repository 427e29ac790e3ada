/**
 * Bounds how much work is under way at once. Work waits in the lane it belongs to, and the lanes are served in turn: one that
 * is full of work does not keep the others waiting, and within a lane the order is kept. The time that a call has must begin
 * with its turn: thousands that are made at once would otherwise time out in a queue that nobody sees.
 */
export class Lanes {
  readonly #limit: number;
  readonly #waiting = new Map<string, (() => void)[]>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Does the work when it is its turn. Returns, or throws, what it does. */
  async run<T>(lane: string, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await this.#turn(lane);
    else this.#running++;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #turn(lane: string): Promise<void> {
    return new Promise(resolve => {
      const queue = this.#waiting.get(lane);
      if (queue) queue.push(resolve);
      else this.#waiting.set(lane, [resolve]);
    });
  }

  /** Gives the place that has become free to the first of the lane whose turn it is. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running--;
      return;
    }
    const [lane, queue] = next;
    this.#waiting.delete(lane);
    const start = queue.shift()!;
    if (queue.length > 0) this.#waiting.set(lane, queue);
    start();
  }
}
