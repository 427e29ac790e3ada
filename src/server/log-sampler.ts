import { limits } from '../limits.ts';
import type { Clock } from './clock.ts';

const windowMs = 1_000;
/** Keys that are told apart within a second; others share one. */
const maxKeys = 1_000;
const others = '';

/**
 * Bounds how many log lines of one kind a second has. The first of each key are written; at the end of the second `onLeftOut` is told of
 * each key how many were not. The empty key stands for all keys beyond the first thousand.
 */
export class LogSampler {
  readonly #clock: Clock;
  readonly #onLeftOut: (key: string, count: number) => void;
  readonly #seen = new Map<string, number>();
  #startedMs = 0;
  #ending = false;

  constructor(clock: Clock, onLeftOut: (key: string, count: number) => void) {
    this.#clock = clock;
    this.#onLeftOut = onLeftOut;
  }

  /** Whether a line of this key is to be written now. */
  admits(key: string): boolean {
    const nowMs = this.#clock.elapsedMs();
    if (!this.#ending && nowMs - this.#startedMs >= windowMs) {
      this.#seen.clear();
      this.#startedMs = nowMs;
    }
    const known = this.#seen.has(key) || this.#seen.size < maxKeys ? key : others;
    const count = (this.#seen.get(known) ?? 0) + 1;
    this.#seen.set(known, count);
    if (count <= limits.sampledLogLinesPerSecond) return true;
    if (!this.#ending) {
      this.#ending = true;
      this.#clock.after(Math.max(0, windowMs - (nowMs - this.#startedMs)), () => this.#end());
    }
    return false;
  }

  #end(): void {
    const leftOut = [...this.#seen].filter(([, count]) => count > limits.sampledLogLinesPerSecond);
    this.#seen.clear();
    this.#startedMs = this.#clock.elapsedMs();
    this.#ending = false;
    for (const [key, count] of leftOut) this.#onLeftOut(key, count - limits.sampledLogLinesPerSecond);
  }
}
