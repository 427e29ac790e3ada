/** Time as the server sees it; tests pass one of their own and move it by hand. */
export interface Clock {
  /** The time of day, milliseconds since the epoch. It may be set at any moment, so it measures nothing. */
  nowMs(): number;
  /** Milliseconds since some moment in the past; it never jumps. */
  elapsedMs(): number;
  /** Calls back once after a time; the function returned cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back again and again, a time apart; the function returned ends that. It keeps no process alive. */
  every(intervalMs: number, callback: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs).unref();
    return () => clearInterval(timer);
  },
  random: () => Math.random(),
};
