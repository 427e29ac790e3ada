/** Where progress is shown. */
export interface Terminal {
  isTTY?: boolean;
  write(text: string): unknown;
}

const quietMs = 1_000;
const intervalMs = 100;

/** One line on a terminal that says how far a run is, once it has taken longer than a second. Nothing where there is none. */
export class ProgressLine {
  readonly #terminal: Terminal | undefined;
  readonly #now: () => number;
  #nextAtMs: number;
  #shown = false;

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal.isTTY === true ? terminal : undefined;
    this.#now = now;
    this.#nextAtMs = now() + quietMs;
  }

  /** Tells how far the run is; the text is made only when it is shown. */
  tell(text: () => string): void {
    if (!this.#terminal || this.#now() < this.#nextAtMs) return;
    this.#nextAtMs = this.#now() + intervalMs;
    this.#shown = true;
    this.#terminal.write(`\r\x1b[K${text()}`);
  }

  /** Takes the line away, so that others can be written. */
  clear(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#terminal?.write('\r\x1b[K');
  }
}
