/** Where progress is shown. */
interface Terminal {
  isTTY?: boolean;
  write(text: string): unknown;
}

const quietMs = 1_000;
const intervalMs = 100;

/** One line on a terminal that says how far a run is, once it has taken longer than a second. */
export class Progress {
  private readonly terminal: Terminal | undefined;
  private readonly now: () => number;
  private nextAtMs: number;
  private shown = false;

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.terminal = terminal.isTTY === true ? terminal : undefined;
    this.now = now;
    this.nextAtMs = now() + quietMs;
  }

  /** Tells how far the run is. */
  tell(done: { files: number; ofFiles: number; objects: number }): void {
    if (!this.terminal || this.now() < this.nextAtMs) return;
    this.nextAtMs = this.now() + intervalMs;
    this.shown = true;
    this.terminal.write(`\r\x1b[Kchecked ${done.objects} objects in ${done.files} of ${done.ofFiles} files`);
  }

  /** Takes the line away, so that others can be written. */
  clear(): void {
    if (!this.shown) return;
    this.shown = false;
    this.terminal?.write('\r\x1b[K');
  }
}
