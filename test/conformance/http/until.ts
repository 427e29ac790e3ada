import { setImmediate as nextTurn } from 'node:timers/promises';

const patienceMs = 20_000;

/** Waits, turn by turn, until something holds. Rejects when it does not for long. */
export async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`this did not come to hold: ${holds}`);
    await nextTurn();
  }
}
