/** A run of one request's work between two turns of the event loop, ms: ten of them fit what clients may notice. */
const sliceMs = 5;

const waiting: (() => void)[] = [];

/**
 * Resolves in a later turn of the event loop. Of all that wait, one goes on in each turn: with setImmediate alone, hundreds
 * of requests would each run for a slice in the same turn, and hold the loop together.
 */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    if (waiting.push(resolve) === 1) setImmediate(letOneGoOn);
  });
}

function letOneGoOn(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(letOneGoOn);
}

/** Measures long work, so that it can let other requests in between: `if (slice.isOver) await slice.next(signal)`. */
export class Slice {
  #endMs = performance.now() + sliceMs;

  /** Whether the work has held the event loop for long enough. */
  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** Waits for a later turn, in which the next slice begins. Throws the signal's reason when it is aborted by then. */
  async next(signal?: AbortSignal): Promise<void> {
    await nextTurn();
    signal?.throwIfAborted();
    this.#endMs = performance.now() + sliceMs;
  }
}
