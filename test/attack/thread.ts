/** The thread of one attack, so that its own work does not hold up the good client that is measured beside it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Attack, Target } from './attack.ts';

export interface Order {
  /** The module that exports `attacks`, and the name of one of them. */
  module: string;
  name: string;
  target: Target;
}

const { module, name, target } = workerData as Order;
const { attacks } = (await import(module)) as { attacks: Attack[] };
const attack = attacks.find(one => one.name === name)!;
await attack.prepare?.(target);
parentPort!.postMessage({ prepared: true });
parentPort!.once('message', async ({ seconds }: { seconds: number }) => {
  const counts = await attack.run(target, AbortSignal.timeout(seconds * 1_000));
  parentPort!.postMessage({ counts });
  parentPort!.close();
});
