import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { type Status, StatusError } from '../../../src/machinery/status.ts';
import { cidrText, masked, parseCidr } from '../../../src/schema/cidr.ts';
import type { Backend } from '../../../src/storage/backend.ts';
import { of, openWorld, type World } from '../../unit/registry/world.ts';

export interface Subject {
  name: string;
  open(): Promise<Backend>;
  /** The store as a second server has it, which closes it itself; the same one when absent. */
  another?(store: Backend): Promise<Backend>;
  /** How the kinds are laid out; as in the embedded stores when absent. */
  codecOf?: Parameters<typeof openWorld>[1];
  /** Rounds of each race; a thousand, unless a store takes long. */
  rounds?: number;
  /** Up to how many milliseconds one client begins before another: less than a write takes. */
  spreadMs?: number;
  /** Why there is no such store on this machine. */
  unavailable?: string | false;
}

/** The answer to one of two clients: the object, or the Status of the refusal. */
type Answer = { object: ApiObject; status?: undefined } | { object?: undefined; status: Status };

interface Race {
  /** Two servers on one store: what one has written the other hears of later. */
  servers: [World, World];
  store: Backend;
  /** A whole number below the bound. */
  below(bound: number): number;
  /** Starts all at about the same time, in any order, and waits for all answers. */
  run(...requests: (() => Promise<ApiObject>)[]): Promise<Answer[]>;
}

/** Races between writes that may not both succeed, on one backend, many rounds each. */
export function crossObjectConformance(subject: Subject): void {
  const { rounds = 1_000, unavailable = false } = subject;
  const calmRounds = Math.ceil(rounds / 5);
  const race = (name: string, work: (race: Race, round: number) => Promise<string>) =>
    test(name, async t => {
      const race = await prepare(t, subject);
      const outcomes: Record<string, number> = {};
      for (let round = 0; round < rounds; round++) {
        const outcome = await work(race, round);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
      t.diagnostic(JSON.stringify(outcomes));
      assert.ok(Object.keys(outcomes).length > 1, 'one side always won: this was no race');
    });

  /** One side may win each time. */
  const calm = (name: string, work: (race: Race, round: number) => Promise<void>) =>
    test(name, async t => {
      const race = await prepare(t, subject);
      for (let round = 0; round < calmRounds; round++) await work(race, round);
    });

  suite(`rules across objects on ${subject.name}: ${rounds} rounds`, { skip: unavailable }, () => {
    race('of pools that overlap one is created', overlappingPools);
    calm('pools that do not overlap are all created', disjointPools);
    race('a policy is created, or its tier is deleted', policyAgainstTier);
    race('a policy is moved to a tier, or the tier is marked for deletion', moveAgainstMark);
    calm('a tier is deleted after its last policy, or not at all', tierAfterPolicy);
    race('no affinity is left behind by a pool that is deleted', claimAgainstPool);
    race('a peer is created before its filter is deleted, or not at all', peerAgainstFilter);
  });
}

async function prepare(t: TestContext, subject: Subject): Promise<Race> {
  const { open, another, codecOf, spreadMs = 0 } = subject;
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`SEED=${seed}`);
  const next = random(seed);
  const below = (bound: number) => Math.floor(next() * bound);
  const store = await open();
  const second = (await another?.(store)) ?? store;
  const servers: [World, World] = [await openWorld(store, codecOf), await openWorld(second, codecOf)];
  t.after(async () => {
    for (const server of servers) server.close();
    await store.close();
    await second.close();
  });
  const run = (...requests: (() => Promise<ApiObject>)[]) =>
    Promise.all(
      requests.map(async request => {
        // Both sorts of turn: the memory store never leaves the current one.
        if (below(2) === 0) await setImmediate();
        for (let turns = below(60); turns > 0; turns--) await null;
        const pauseMs = below(spreadMs + 1);
        if (pauseMs > 0) await setTimeout(pauseMs);
        return answerOf(request);
      }),
    );
  return { servers, store, below, run };
}

/** A repeatable sequence of numbers from 0 to 1 (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function answerOf(request: () => Promise<ApiObject>): Promise<Answer> {
  try {
    return { object: await request() };
  } catch (error) {
    // Anything else is a failure of the server, which no race excuses.
    if (error instanceof StatusError) return { status: error.status };
    throw error;
  }
}

/** Disabled pools are removed without a wait. */
function pool(name: string, cidr: string): ApiObject {
  return of('IPPool', name, { cidr, blockSize: 30, disabled: true });
}

/** A range within 10.48.0.0/16, or one that holds it. */
function rangeBeside(race: Race): string {
  const text = `10.48.${race.below(256)}.0/${12 + race.below(13)}`;
  return cidrText(masked(parseCidr(text)!));
}

async function overlappingPools(race: Race, round: number): Promise<string> {
  const [here, there] = race.servers;
  const wide = pool(`wide-${round}`, '10.48.0.0/16');
  const others = [pool(`one-${round}`, rangeBeside(race)), pool(`two-${round}`, '10.48.0.0/15')];
  const pools = [wide, ...others.slice(0, 1 + race.below(2))];
  const answers = await race.run(
    ...pools.map((each, index) => () => (index % 2 === 0 ? here : there).create(each)),
  );
  const created = answers.flatMap(({ object }) => object ?? []);
  assert.equal(created.length, 1, `round ${round}: ${JSON.stringify(answers)}`);
  const winner = created[0]!.metadata.name!;
  for (const { status } of answers) {
    if (!status) continue;
    assert.equal(status.code, 422);
    assert.deepEqual(
      status.details?.causes?.map(cause => cause.field),
      ['spec.cidr'],
    );
    assert.ok(status.message?.endsWith(`of IPPool ${winner}`), status.message);
  }
  const { entries } = await race.store.list('/ippools/');
  assert.deepEqual(
    entries.map(entry => entry.key),
    [`/ippools/${winner}`],
  );
  await here.remove(created[0]!);
  return winner.split('-')[0]!;
}

async function disjointPools(race: Race, round: number): Promise<void> {
  const [here, there] = race.servers;
  const pools = ['10.48.0.0/24', '10.48.1.0/24', '10.49.0.0/16'].map((cidr, index) =>
    pool(`pool-${index}-${round}`, cidr),
  );
  const answers = await race.run(
    ...pools.map((each, index) => () => (index % 2 === 0 ? here : there).create(each)),
  );
  for (const { status } of answers) assert.equal(status, undefined);
  await Promise.all(pools.map(each => here.remove(each)));
}

const policyKinds = [
  { kind: 'NetworkPolicy', namespace: 'shop' },
  { kind: 'GlobalNetworkPolicy', namespace: undefined },
  { kind: 'StagedNetworkPolicy', namespace: 'shop' },
  { kind: 'StagedGlobalNetworkPolicy', namespace: undefined },
];

function policyIn(race: Race, tier: string, round: number): ApiObject {
  const { kind, namespace } = policyKinds[race.below(policyKinds.length)]!;
  return of(kind, `web-${round}`, { tier, selector: 'all()' }, namespace);
}

function refusedForTier(status: Status | undefined): void {
  assert.equal(status?.code, 422);
  assert.deepEqual(
    status.details?.causes?.map(cause => cause.field),
    ['spec.tier'],
  );
}

async function policyAgainstTier(race: Race, round: number): Promise<string> {
  const [here, there] = race.servers;
  const tier = of('Tier', `tier-${round}`, { order: 100 });
  await here.create(tier);
  const policy = policyIn(race, `tier-${round}`, round);
  const [created, deleted] = await race.run(
    () => there.create(policy),
    () => here.remove(tier),
  );
  const report = `round ${round}: ${JSON.stringify([created, deleted])}`;
  if (created!.object) {
    assert.equal(deleted!.status?.code, 409, report);
    assert.match(deleted!.status.message!, new RegExp(`1 policy is in this tier: .*web-${round};`));
    assert.ok(await here.read(tier));
    await here.remove(policy);
    await here.remove(tier);
  } else {
    refusedForTier(created!.status);
    assert.ok(deleted!.object, report);
    assert.equal(await here.read(policy), undefined);
  }
  assert.equal(await here.read(tier), undefined);
  return created!.object ? 'policy' : 'tier';
}

async function moveAgainstMark(race: Race, round: number): Promise<string> {
  const [here, there] = race.servers;
  const tier = of('Tier', `tier-${round}`, { order: 100 });
  await here.create({ ...tier, metadata: { ...tier.metadata, finalizers: ['example.com/hold'] } });
  if (round === 0) await here.create(of('Tier', 'origin', {}));
  const policy = await here.create(policyIn(race, 'origin', round));
  const move = { spec: { tier: `tier-${round}` } };
  const spec = { ...(policy.spec as object), ...move.spec };
  const [moved, marked] = await race.run(
    () => (race.below(2) === 0 ? there.merge(policy, move) : there.update({ ...policy, spec })),
    () => here.remove(tier),
  );
  const report = `round ${round}: ${JSON.stringify([moved, marked])}`;
  if (moved!.object) {
    assert.equal(marked!.status?.code, 409, report);
    assert.equal((await here.read(tier))?.metadata.deletionTimestamp, undefined);
  } else {
    refusedForTier(moved!.status);
    assert.ok(marked!.object?.metadata.deletionTimestamp, report);
  }
  await here.remove(policy);
  await here.merge(tier, { metadata: { finalizers: null } });
  if (moved!.object) await here.remove(tier);
  assert.equal(await here.read(tier), undefined);
  return moved!.object ? 'policy' : 'tier';
}

async function tierAfterPolicy(race: Race, round: number): Promise<void> {
  const [here, there] = race.servers;
  const tier = of('Tier', `tier-${round}`, { order: 100 });
  await here.create(tier);
  const policy = policyIn(race, `tier-${round}`, round);
  await here.create(policy);
  const [gone, deleted] = await race.run(
    () => there.remove(policy),
    () => here.remove(tier),
  );
  assert.equal(gone!.status, undefined);
  if (deleted!.object) {
    const order = [gone!, deleted!].map(({ object }) => Number(object!.metadata.resourceVersion));
    assert.ok(order[0]! < order[1]!, `round ${round}: the tier went first`);
  } else {
    assert.equal(deleted!.status?.code, 409);
    await here.remove(tier);
  }
}

async function claimAgainstPool(race: Race, round: number): Promise<string> {
  const [here, there] = race.servers;
  const claimed = pool('pods', '10.48.0.0/16');
  await here.create(claimed);
  const block = `10.48.${round >> 6}.${(round & 63) * 4}/30`;
  const spec = { cidr: block, node: 'n', state: 'confirmed', deleted: false };
  const affinity = of('BlockAffinity', `n-${block.replaceAll(/[./]/g, '-')}`, spec);
  const [made, deleted] = await race.run(
    () => there.create(affinity),
    () => here.remove(claimed),
  );
  assert.ok(made!.object && deleted!.object, `round ${round}: ${JSON.stringify([made, deleted])}`);
  const left = await here.read(affinity);
  const since = Number(left?.metadata.resourceVersion ?? Number.POSITIVE_INFINITY);
  assert.ok(since > Number(deleted!.object.metadata.resourceVersion), `round ${round}: left behind`);
  if (left) await here.remove(affinity);
  return left ? 'pool first' : 'affinity first';
}

async function peerAgainstFilter(race: Race, round: number): Promise<string> {
  const [here, there] = race.servers;
  const filter = of('BGPFilter', `filter-${round}`, { exportV4: [{ action: 'Accept' }] });
  await here.create(filter);
  const filters = [`filter-${round}`];
  const peer = of('BGPPeer', `peer-${round}`, { peerIP: '192.0.2.1', asNumber: 64513, filters });
  const [created, deleted] = await race.run(
    () => there.create(peer),
    () => here.remove(filter),
  );
  assert.ok(deleted!.object);
  if (created!.object) {
    const order = [created!, deleted!].map(({ object }) => Number(object!.metadata.resourceVersion));
    assert.ok(order[0]! < order[1]!, `round ${round}: the filter was gone`);
    await here.remove(peer);
  } else {
    assert.equal(created!.status?.code, 422);
  }
  return created!.object ? 'peer' : 'filter';
}
