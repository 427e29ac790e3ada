import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { eventually, probe } from '../e2e/client.ts';
import type { Attack, Counts } from './attack.ts';
import { residentBytes } from './cgroup.ts';
import { type Fare, GoodClient } from './good-client.ts';
import { type StartedTarget, startTarget, type TargetOptions } from './target.ts';
import type { Order } from './thread.ts';

const MiB = 2 ** 20;
const defaultBytes = 1024 * MiB;
/** Much longer than any answer should take, also where two tests share two cores; a client's patience ends at ten seconds. */
const worstMs = 8_000;
/** Time that an attack may take to give up what it holds, once its own time is over. */
const partingMs = 10_000;

/** The modules in attacks/. */
export const groups = ['lines', 'frames', 'windows', 'crowd', 'bodies'];

export interface SuiteOptions extends Partial<TargetOptions> {
  /** Starts what is attacked, when it is no server by itself. */
  start?(t: TestContext): Promise<StartedTarget>;
  groups: string[];
  /** How long each attack goes on. */
  seconds: number;
  /** How many go on at once. */
  atOnce?: number;
  /** Names of those that are wanted; all without it. */
  only?: RegExp;
  /** Names of those that the server does not withstand yet. */
  except?: RegExp;
}

/** One attack under way, in a thread of its own. */
interface Started {
  /** Rejects when the attack cannot be prepared. */
  prepared: Promise<unknown>;
  begin(seconds: number): Promise<Counts>;
  end(): Promise<number>;
}

/**
 * Runs the attacks of some groups on one server with a good client beside them, and checks after each what must not depend on the
 * machine. A server that an attack took down is started again for the next one.
 */
export function attackSuite(options: SuiteOptions): void {
  const { atOnce = 1, memoryBytes = defaultBytes } = options;
  test(`attacks in ${memoryBytes / MiB} MiB, ${atOnce} at once`, t => attackAll(t, options));
}

/** The same within a test. */
export async function attackAll(t: TestContext, options: SuiteOptions): Promise<void> {
  const { atOnce = 1, memoryBytes = defaultBytes, args = [] } = options;
  const found = await Promise.all(options.groups.map(load));
  const attacks = found
    .flat()
    .filter(({ name }) => (options.only?.test(name) ?? true) && !options.except?.test(name));
  const start = options.start ?? (one => startTarget(one, { memoryBytes, args }));
  let scene: Scene | undefined;
  for (let first = 0; first < attacks.length; first += atOnce) {
    const some = attacks.slice(first, first + atOnce);
    await t.test(some.map(({ name }) => name).join(' + '), async one => {
      if (!scene || scene.target.process.hasExited()) {
        scene?.good.close();
        scene = undefined;
        scene = await openScene(t, await start(t));
      }
      await withstand(one, scene, some, options);
    });
  }
  await t.test('acknowledged writes are there, and the watch was told each change once', async () => {
    if (scene && !scene.target.process.hasExited()) await scene.good.finish();
  });
}

/** An attack and the module that it is in. */
type Loaded = Attack & { module: string };

async function load(group: string): Promise<Loaded[]> {
  const module = new URL(`attacks/${group}.ts`, import.meta.url).href;
  const { attacks } = (await import(module)) as { attacks: Attack[] };
  return attacks.map(attack => ({ ...attack, module }));
}

interface Scene {
  target: StartedTarget;
  good: GoodClient;
  quiet: Fare;
}

async function openScene(t: TestContext, target: StartedTarget): Promise<Scene> {
  const good = new GoodClient(target);
  t.after(() => good.close());
  // The first requests of a process pay for what is loaded and compiled then.
  await sleep(1_500);
  await good.fare();
  await sleep(2_500);
  return { target, good, quiet: await good.fare() };
}

async function withstand(
  t: TestContext,
  { target, good, quiet }: Scene,
  attacks: Loaded[],
  { seconds }: SuiteOptions,
): Promise<void> {
  const { url, ca, pid, credentials, memory, process: server } = target;
  const started = attacks.map(({ name, module }) =>
    start({ module, name, target: { url, ca, pid, credentials } }),
  );
  let resident = 0;
  const look = setInterval(() => {
    resident = Math.max(resident, residentBytes(pid) ?? 0);
  }, 20);
  let counts: Counts[];
  try {
    await Promise.all(started.map(one => one.prepared));
    await good.fare();
    counts = await Promise.all(started.map(one => one.begin(seconds)));
  } finally {
    clearInterval(look);
    for (const one of started) await one.end();
  }
  const fare = await good.fare();
  report(t, { attacks, counts, quiet, fare, resident });
  // A process that was killed just now has not been noticed yet.
  if (residentBytes(pid) === undefined) await server.exited;
  assert.equal(memory.exceeded(), false, `within ${memory.bytes / MiB} MiB of memory`);
  assert.equal(server.hasExited(), false, `the process lives:\n${server.tail()}`);
  const told = `${fare.answered} of ${fare.sent} requests of the good client answered, ${JSON.stringify(fare.refused)}`;
  assert.ok(fare.answered >= 0.99 * fare.sent && fare.answered > 0, told);
  assert.ok(fare.worst < worstMs, `the worst answer took ${fare.worst} ms`);
  assert.ok(resident <= memory.bytes, `${resident} bytes are resident`);
  await eventually(
    'a new connection is served',
    () => probe(`${url}/livez`),
    status => status === 200,
    10_000,
  );
  attacks.forEach((attack, index) => {
    attack.expect?.(counts[index]!);
  });
}

function start(order: Order): Started {
  const worker = new Worker(new URL('thread.ts', import.meta.url), { workerData: order });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  failed.catch(() => {});
  const heard = (key: string) =>
    new Promise<Record<string, Counts>>(resolve => {
      worker.on('message', message => key in message && resolve(message));
    });
  return {
    prepared: Promise.race([heard('prepared'), failed]),
    begin: async seconds => {
      const ended = heard('counts').then(({ counts }) => counts!);
      worker.postMessage({ seconds });
      const late = sleep(seconds * 1_000 + partingMs, undefined, { ref: false }).then(() => ({ late: 1 }));
      return Promise.race([ended, failed, late]);
    },
    end: () => worker.terminate(),
  };
}

function report(
  t: TestContext,
  row: { attacks: Attack[]; counts: Counts[]; quiet: Fare; fare: Fare; resident: number },
): void {
  const { quiet, fare } = row;
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const name = row.attacks.map(attack => attack.name).join(' + ');
  const figures = `p50 ${ms(quiet.p50)} → ${ms(fare.p50)}, p99 ${ms(quiet.p99)} → ${ms(fare.p99)}, worst ${ms(fare.worst)}`;
  const answers = `${fare.answered} of ${fare.sent} answered ${JSON.stringify(fare.refused)}`;
  t.diagnostic(
    `${name}: ${figures}, ${answers}, ${(row.resident / MiB).toFixed(0)} MiB; ${JSON.stringify(row.counts)}`,
  );
  const file = process.env.TORTIE_ATTACK_FIGURES;
  if (file) {
    const { attacks: _attacks, ...numbers } = row;
    appendFileSync(file, `${JSON.stringify({ name, ...numbers })}\n`);
  }
}
