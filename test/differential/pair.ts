import { eventually } from '../e2e/client.ts';
import type { Suite } from '../e2e/suite.ts';
import { compare } from './compare.ts';
import { normalize } from './normalize.ts';
import { startOracleSide } from './oracle-side.ts';
import { run } from './run.ts';
import { inCluster, type Sequence } from './sequence.ts';
import type { Protocol, Side } from './side.ts';
import { used } from './specs.ts';
import { startTortieSide } from './tortie-side.ts';

/** Both servers, which get the same requests. */
export interface Pair {
  theirs: Side;
  ours: Side;
  close(): Promise<void>;
}

/** Starts both servers, with what sequences take for granted. */
export async function startPair(suite: Suite): Promise<Pair> {
  const [theirs, ours] = await Promise.all([startOracleSide(suite), startTortieSide()]);
  const close = async () => {
    await theirs.close();
    await ours.close();
  };
  const pair = { theirs, ours, close };
  await prepare(pair);
  return pair;
}

let namespaces = 0;

/** Runs a sequence on both servers at once, in a namespace of its own, and compares the answers. */
export async function runOnBoth(
  { theirs, ours }: Pick<Pair, 'theirs' | 'ours'>,
  sequence: Sequence,
  protocol: Protocol,
  namespace = `differential-${++namespaces}`,
): Promise<ReturnType<typeof compare>> {
  await Promise.all([theirs.createNamespace(namespace), ours.createNamespace(namespace)]);
  // Both are waited for in any case: one that still runs would meet the next sequence.
  const outcomes = await Promise.allSettled(
    [theirs, ours].map(side => run(side, sequence, { protocol, namespace })),
  );
  const [theirEntries, ourEntries] = outcomes.map((outcome, index) => {
    if (outcome.status === 'fulfilled') return normalize(outcome.value);
    throw new Error(`${[theirs, ours][index]!.name} could not be asked`, { cause: outcome.reason });
  });
  return compare(sequence.steps, theirEntries!, ourEntries!);
}

/** Makes what sequences take for granted: the tier that policies are in. */
export async function prepare({ theirs, ours }: Pick<Pair, 'theirs' | 'ours'>): Promise<void> {
  const body = JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Tier',
    metadata: { name: 'default' },
    spec: { order: 1000000, defaultAction: 'Deny' },
  });
  for (const { name, connections } of [theirs, ours]) {
    // A kube-apiserver opens the store of a kind when it is first asked for.
    for (const { plural } of used) {
      const list = () => connections['HTTP/2'].request({ path: inCluster(plural) });
      await eventually(`${name}: ${plural}`, list, ({ code }) => code === 200);
    }
    const path = '/apis/projectcalico.org/v3/tiers';
    const headers = { 'content-type': 'application/json' };
    const answer = await connections['HTTP/2'].request({ method: 'POST', path, headers, body });
    if (answer.code !== 201 && answer.code !== 409) throw new Error(`${name}: ${answer.text}`);
  }
}
