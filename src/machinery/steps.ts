import type { Slice } from './slice.ts';

/**
 * Work on a value that may be large, as a generator that stops after every few items. Who runs it decides what happens at a stop:
 * `atOnce` goes on, `inSlices` lets other requests in between.
 */
export type Steps<T> = Generator<void, T, void>;

/** After how many items of a loop such work stops. A stop costs about as much as an item. */
export const itemsPerStep = 64;

/** Does all of the work without a pause: for what is known to be small. */
export function atOnce<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/**
 * Does the work, and lets other requests in between when a slice is over. Throws what it throws, and the signal's reason when it
 * is aborted. Work that ends within the slice, as nearly all does, is done on return: a promise would cost it more than the pauses.
 */
export function inSlices<T>(work: Steps<T>, slice: Slice, signal?: AbortSignal): T | Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (slice.isOver) return goOn(work, slice, signal);
  }
}

async function goOn<T>(work: Steps<T>, slice: Slice, signal: AbortSignal | undefined): Promise<T> {
  for (;;) {
    if (slice.isOver) await slice.next(signal);
    const step = work.next();
    if (step.done) return step.value;
  }
}
