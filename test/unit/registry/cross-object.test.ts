import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { of, openWorld, refusal, type World, watched } from './world.ts';

async function setUp(t: { after(work: () => void): void }): Promise<World> {
  const world = await openWorld(createMemoryBackend());
  t.after(world.close);
  return world;
}

/** A world whose store does something else just before the first write of a key commits. */
async function disturbed(t: { after(work: () => void): void }, key: string, disturb: () => Promise<unknown>) {
  let done = false;
  const backend = watched(createMemoryBackend(), async write => {
    if (done || write.key !== key) return;
    done = true;
    await disturb();
  });
  const world = await openWorld(backend);
  t.after(world.close);
  return world;
}

const tier = of('Tier', 'security', { order: 100 });
const policyKinds = [
  { kind: 'NetworkPolicy', plural: 'networkpolicies', namespace: 'shop' },
  { kind: 'GlobalNetworkPolicy', plural: 'globalnetworkpolicies', namespace: undefined },
  { kind: 'StagedNetworkPolicy', plural: 'stagednetworkpolicies', namespace: 'shop' },
  { kind: 'StagedGlobalNetworkPolicy', plural: 'stagedglobalnetworkpolicies', namespace: undefined },
];
const inTier = (name: string, inside: string, kind = 'NetworkPolicy', namespace?: string) =>
  of(kind, name, { tier: inside, selector: 'all()' }, kind === 'NetworkPolicy' ? 'shop' : namespace);
const held = (object: ApiObject, finalizer: string): ApiObject => ({
  ...object,
  metadata: { ...object.metadata, finalizers: [finalizer] },
});

suite('the tier of a policy', () => {
  for (const { kind, namespace } of policyKinds) {
    test(`${kind}: must be there`, async t => {
      const world = await setUp(t);
      await world.create(of('Tier', 'platform', {}));
      const policy = inTier('web', 'plattform', kind, namespace);
      for (const options of [{}, { dryRun: true }]) {
        const status = await refusal(world.create(policy, options));
        assert.equal(status.code, 422);
        const message = 'Not found: "plattform": there is no such tier; there are: platform';
        assert.deepEqual(status.details?.causes, [
          {
            reason: 'FieldValueNotFound',
            message: `${message}; did you mean "platform"?`,
            field: 'spec.tier',
          },
        ]);
      }
      const stored = await world.create(inTier('web', 'platform', kind, namespace));
      const moved = { ...stored, spec: { ...(stored.spec as object), tier: 'nowhere' } };
      assert.equal((await refusal(world.update(moved))).details?.causes?.[0]?.field, 'spec.tier');
      const patch = world.merge(stored, { spec: { tier: 'nowhere' } }, { dryRun: true });
      assert.equal((await refusal(patch)).details?.causes?.[0]?.field, 'spec.tier');
    });
  }

  test('is told of with the other problems', async t => {
    const world = await setUp(t);
    const policy = of('NetworkPolicy', 'web', { tier: 'security', selector: 'a ==', types: [] }, 'shop');
    const { causes = [] } = (await refusal(world.create(policy))).details ?? {};
    const fields = causes.map(cause => cause.field);
    assert.ok(fields.includes('spec.tier'), String(fields));
    assert.ok(fields.includes('spec.selector'), String(fields));
  });

  test('is not looked for where a type is wrong', async t => {
    const world = await setUp(t);
    const policy = of('NetworkPolicy', 'web', { tier: 7 }, 'shop');
    const { causes = [] } = (await refusal(world.create(policy))).details ?? {};
    assert.equal(causes[0]?.field, 'spec.tier');
    assert.ok(causes.every(cause => cause.reason !== 'FieldValueNotFound'));
  });

  test('is not looked for in an update that leaves it', async t => {
    const world = await setUp(t);
    await world.create(tier);
    const stored = await world.create(inTier('web', 'security'));
    const key = '/tiers/security';
    const { revision } = (await world.backend.get(key))!;
    await world.backend.write({ type: 'delete', key, expect: revision });
    await world.merge(stored, { metadata: { labels: { a: 'b' } } });
  });

  test('is not one that is being deleted', async t => {
    const world = await setUp(t);
    await world.create(held(tier, 'example.com/hold'));
    await world.remove(tier);
    const status = await refusal(world.create(inTier('web', 'security')));
    assert.match(status.details?.causes?.[0]?.message ?? '', /this tier is being deleted; there are: $/);
  });

  test('must still be there when the policy is stored', async t => {
    const world: World = await disturbed(t, '/networkpolicies/shop/web', () => world.remove(tier));
    await world.create(tier);
    const status = await refusal(world.create(inTier('web', 'security')));
    assert.equal(status.details?.causes?.[0]?.field, 'spec.tier');
  });

  test('must not be marked for deletion when the policy is stored', async t => {
    const world: World = await disturbed(t, '/networkpolicies/shop/web', () => world.remove(tier));
    await world.create(held(tier, 'example.com/hold'));
    const status = await refusal(world.create(inTier('web', 'security')));
    assert.match(status.details?.causes?.[0]?.message ?? '', /this tier is being deleted/);
    assert.equal(await world.read(inTier('web', 'security')), undefined);
  });

  test('may be changed otherwise meanwhile', async t => {
    const change = () => world.merge(tier, { spec: { order: 7 } });
    const world: World = await disturbed(t, '/networkpolicies/shop/web', change);
    await world.create(tier);
    await world.create(inTier('web', 'security'));
  });
});

suite('the deletion of a tier', () => {
  test('is refused for those that are built in', async t => {
    const world = await setUp(t);
    for (const name of ['default', 'kube-admin', 'kube-baseline']) {
      const order = { default: 1000000, 'kube-admin': 1000, 'kube-baseline': 10000000 }[name]!;
      const builtIn = of('Tier', name, { order, defaultAction: name === 'default' ? 'Deny' : 'Pass' });
      await world.create(builtIn);
      for (const options of [{}, { dryRun: true }]) {
        const status = await refusal(world.remove(builtIn, options));
        assert.equal(status.code, 403);
        assert.equal(
          status.message,
          `tiers.projectcalico.org "${name}" is forbidden: this tier is built in and cannot be deleted`,
        );
      }
    }
  });

  for (const { kind, namespace } of policyKinds) {
    test(`is refused while a ${kind} is in it`, async t => {
      const world = await setUp(t);
      await world.create(tier);
      const policy = inTier('web', 'security', kind, namespace);
      await world.create(policy);
      const status = await refusal(world.remove(tier));
      assert.equal(status.code, 409);
      assert.equal(status.reason, 'Conflict');
      const name = namespace ? 'shop/web' : 'web';
      assert.equal(
        status.message,
        'Operation cannot be fulfilled on tiers.projectcalico.org "security": 1 policy is in this tier: ' +
          `${kind} ${name}; delete them or move them to another tier first`,
      );
      await world.remove(policy);
      await world.remove(tier);
      assert.equal(await world.read(tier), undefined);
    });
  }

  test('names the first of many', async t => {
    const world = await setUp(t);
    await world.create(tier);
    for (let index = 0; index < 7; index++) await world.create(inTier(`web-${index}`, 'security'));
    const { message } = await refusal(world.remove(tier));
    assert.match(message!, /7 policies are in this tier: NetworkPolicy shop\/web-0, .*web-4 and 2 more; /);
  });

  test('sees a policy that comes in meanwhile', async t => {
    const policy = inTier('web', 'security');
    let world: World;
    let tierReads = 0;
    const backend = watched(createMemoryBackend(), async write => {
      if (write.type === 'delete' && write.key === '/tiers/security' && tierReads++ === 0) {
        await world.create(policy);
      }
    });
    world = await openWorld(backend);
    t.after(() => world.close());
    await world.create(tier);
    assert.equal((await refusal(world.remove(tier))).code, 409);
    assert.ok(await world.read(policy));
    assert.ok(await world.read(tier));
  });

  test('goes on without those that may not go', async t => {
    const world = await setUp(t);
    for (const name of ['a', 'c']) await world.create(of('Tier', name, {}));
    await world.create(of('Tier', 'b', {}));
    await world.create(inTier('web', 'b'));
    const status = await refusal(world.removeAll('Tier'));
    assert.equal(status.code, 409);
    assert.match(status.message!, /"b"/);
    assert.deepEqual(
      (await Promise.all(['a', 'b', 'c'].map(name => world.read(of('Tier', name, {}))))).map(Boolean),
      [false, true, false],
    );
  });
});

suite('a write that rests on other objects', () => {
  const policy = inTier('web', 'security');

  async function restless(t: { after(work: () => void): void }): Promise<{ world: World; tries(): number }> {
    let order = 0;
    const backend = watched(createMemoryBackend(), async write => {
      if (write.key === '/networkpolicies/shop/web' && armed) {
        await world.merge(tier, { spec: { order: ++order } });
      }
    });
    let armed = false;
    const world = await openWorld(backend);
    t.after(world.close);
    await world.create(tier);
    await world.create(of('Tier', 'platform', {}));
    await world.create(inTier('web', 'platform'));
    armed = true;
    return { world, tries: () => order };
  }

  test('is given up where they never rest', async t => {
    const { world, tries } = await restless(t);
    const status = await refusal(world.merge(policy, { spec: { tier: 'security' } }));
    assert.equal(status.code, 409);
    assert.match(status.message!, /other objects that it depends on keep being modified; please try again$/);
    assert.equal(tries(), limits.maxPatchAttempts);
  });

  test('is given up for a create too', async t => {
    const { world } = await restless(t);
    const { revision } = (await world.backend.get('/networkpolicies/shop/web'))!;
    await world.backend.write({ type: 'delete', key: '/networkpolicies/shop/web', expect: revision });
    const status = await refusal(world.create(policy));
    assert.equal(status.code, 409);
    assert.match(status.message!, /keep being modified/);
  });

  test('gets its turn among many', async t => {
    const writes = { count: 0 };
    const world = await openWorld(watched(createMemoryBackend(), async () => void writes.count++));
    t.after(world.close);
    const pools = Array.from({ length: 200 }, (_, index) =>
      of('IPPool', `pool-${index}`, { cidr: `10.${index}.0.0/16`, disabled: true }),
    );
    await Promise.all(pools.map(pool => world.create(pool)));
    assert.ok(writes.count <= 2 * pools.length, `${writes.count} tries`);
    const moved = Array.from({ length: 200 }, (_, index) => inTier(`web-${index}`, 'platform'));
    for (const name of ['platform', 'security']) await world.create(of('Tier', name, {}));
    for (const object of moved) await world.create(object);
    const change = async () => {
      for (let order = 0; order < 100; order++) await world.merge(tier, { spec: { order } });
    };
    await Promise.all([
      change(),
      ...moved.map(object => world.merge(object, { spec: { tier: 'security' } })),
    ]);
  });

  test('is not taken for a stale one', async t => {
    const change = () => world.merge(tier, { spec: { order: 7 } });
    let armed = false;
    const backend = watched(createMemoryBackend(), async write => {
      if (!armed || write.key !== '/networkpolicies/shop/web') return;
      armed = false;
      await change();
    });
    const world = await openWorld(backend);
    t.after(world.close);
    await world.create(tier);
    await world.create(of('Tier', 'platform', {}));
    const stored = await world.create(inTier('web', 'platform'));
    armed = true;
    const moved = await world.update({ ...stored, spec: { ...(stored.spec as object), tier: 'security' } });
    assert.equal((moved.spec as { tier: string }).tier, 'security');
    armed = true;
    const stale = { ...stored, spec: { ...(stored.spec as object), tier: 'platform' } };
    assert.match((await refusal(world.update(stale))).message!, /the object has been modified/);
  });
});

suite('the filters of a BGP peer', () => {
  const peer = (filters: string[]) => of('BGPPeer', 'tor', { peerIP: '192.0.2.1', asNumber: 64513, filters });
  const filter = of('BGPFilter', 'only-pods', { exportV4: [{ action: 'Accept' }] });

  test('must be there', async t => {
    const world = await setUp(t);
    const none = (await refusal(world.create(peer(['only-pods'])))).details?.causes;
    assert.deepEqual(none, [
      {
        reason: 'FieldValueNotFound',
        message: 'Not found: "only-pods": there is no such BGPFilter; there is none yet',
        field: 'spec.filters[0]',
      },
    ]);
    await world.create(filter);
    const second = (await refusal(world.create(peer(['only-pods', 'only-pod'])))).details?.causes;
    assert.deepEqual(second, [
      {
        reason: 'FieldValueNotFound',
        message:
          'Not found: "only-pod": there is no such BGPFilter; there are: only-pods; did you mean "only-pods"?',
        field: 'spec.filters[1]',
      },
    ]);
    await world.create(peer(['only-pods']));
  });

  test('may go later, and do not keep the peer from other changes', async t => {
    const world = await setUp(t);
    await world.create(filter);
    const stored = await world.create(peer(['only-pods']));
    await world.remove(filter);
    await world.merge(stored, { metadata: { labels: { a: 'b' } } });
    const status = await refusal(world.merge(stored, { spec: { filters: ['only-pods', 'other'] } }));
    assert.deepEqual(
      status.details?.causes?.map(cause => cause.field),
      ['spec.filters[1]'],
    );
    await world.remove(stored);
  });

  test('must still be there when the peer is stored', async t => {
    const world: World = await disturbed(t, '/bgppeers/tor', () => world.remove(filter));
    await world.create(filter);
    assert.equal((await refusal(world.create(peer(['only-pods'])))).code, 422);
  });
});

suite('the range of a new pool', () => {
  const pool = (name: string, cidr: string, more = {}) => of('IPPool', name, { cidr, ...more });

  const table: { first: string; second: string; overlap: boolean }[] = [
    { first: '10.48.0.0/16', second: '10.48.0.0/16', overlap: true },
    { first: '10.48.0.0/16', second: '10.48.128.0/24', overlap: true },
    { first: '10.48.128.0/24', second: '10.48.0.0/16', overlap: true },
    { first: '10.48.0.0/16', second: '10.49.0.0/16', overlap: false },
    { first: '10.48.0.0/25', second: '10.48.0.128/25', overlap: false },
    { first: 'fd00:10:48::/64', second: 'fd00:10:48::/80', overlap: true },
    { first: 'fd00:10:48::/64', second: 'fd00:10:49::/64', overlap: false },
    { first: '0.0.0.0/1', second: '::1:0:0/96', overlap: false },
  ];
  for (const { first, second, overlap } of table) {
    test(`${second} beside ${first}: ${overlap ? 'refused' : 'taken'}`, async t => {
      const world = await setUp(t);
      await world.create(pool('one', first, { disabled: true }));
      if (!overlap) {
        await world.create(pool('two', second, { disabled: true }));
        return;
      }
      for (const options of [{}, { dryRun: true }]) {
        const status = await refusal(world.create(pool('two', second), options));
        assert.equal(status.code, 422);
        assert.deepEqual(status.details?.causes, [
          {
            reason: 'FieldValueInvalid',
            message: `Invalid value: "${second}": must not overlap another pool, and overlaps ${first} of IPPool one`,
            field: 'spec.cidr',
          },
        ]);
      }
    });
  }

  test('of a pool that exists is not told as an overlap with itself', async t => {
    const world = await setUp(t);
    const stored = await world.create(pool('one', '10.48.0.0/16'));
    assert.equal((await refusal(world.create(pool('one', '10.48.0.0/16')))).reason, 'AlreadyExists');
    await world.update({ ...stored, spec: { ...(stored.spec as object), natOutgoing: true } });
  });

  test('may not be taken while the pool is stored', async t => {
    const other = () => world.create(pool('two', '10.48.0.0/24'));
    const world: World = await disturbed(t, '/ippools/one', other);
    const status = await refusal(world.create(pool('one', '10.48.0.0/16')));
    assert.match(status.message!, /overlaps 10\.48\.0\.0\/24 of IPPool two/);
  });

  test('holds no blocks of another size', async t => {
    const world = await setUp(t);
    const affinity = (name: string, cidr: string) =>
      of('BlockAffinity', name, { cidr, node: 'n', state: 'confirmed', deleted: false });
    await world.create(affinity('n-10-48-1-0-28', '10.48.1.0/28'));
    await world.create(affinity('n-10-49-0-0-26', '10.49.0.0/26'));
    await world.create(blockOf('10.48.2.0/30', 'host:n', [null, null, null, null]));
    const status = await refusal(world.create(pool('one', '10.48.0.0/16')));
    assert.deepEqual(status.details?.causes, [
      {
        reason: 'FieldValueInvalid',
        message:
          'Invalid value: 26: must be the size of the blocks that are in the range already: 10.48.1.0/28, 10.48.2.0/30',
        field: 'spec.blockSize',
      },
    ]);
    await world.create(pool('two', '10.49.0.0/16'));
    await world.create(pool('three', '10.48.1.0/24', { blockSize: 28 }));
  });
});

function blockOf(cidr: string, affinity: string | undefined, allocations: (number | null)[]): ApiObject {
  const unallocated = [...allocations.keys()].filter(index => allocations[index] === null);
  const attributes = allocations.some(each => each !== null) ? [{ handle_id: 'pod-1' }] : [];
  const sequenceNumber = 1795447394212775992n as never;
  const spec = { cidr, allocations, unallocated, attributes, strictAffinity: false, sequenceNumber };
  return of('IPAMBlock', cidr.replaceAll(/[./:]/g, '-'), { ...spec, ...(affinity && { affinity }) });
}

suite('the deletion of a pool', () => {
  const pool = of('IPPool', 'pods', { cidr: '10.48.0.0/16', blockSize: 30 });
  const affinity = (cidr: string, spec = {}) =>
    of('BlockAffinity', `n-${cidr.replaceAll(/[./:]/g, '-')}`, {
      cidr,
      node: 'n',
      state: 'confirmed',
      deleted: false,
      ...spec,
    });
  const free = [null, null, null, null];
  const used = [0, null, null, null];

  /** A pool with blocks of every sort, and what is left of them when it has gone. */
  async function fill(world: World): Promise<void> {
    await world.create(pool);
    await world.create(of('IPPool', 'other', { cidr: '10.49.0.0/16', blockSize: 30, disabled: true }));
    await world.create(affinity('10.48.0.0/30'));
    await world.create(blockOf('10.48.0.0/30', 'host:n', free));
    await world.create(affinity('10.48.0.4/30', { type: 'host' }));
    await world.create(blockOf('10.48.0.4/30', 'host:n', used));
    await world.create(affinity('10.48.0.8/30', { type: 'virtual', node: 'load-balancer' }));
    await world.create(blockOf('10.48.0.8/30', 'virtual:load-balancer', free));
    // An affinity that came to nothing, and one that lost its block to another node.
    await world.create(affinity('10.48.0.12/30', { state: 'pending' }));
    await world.create(affinity('10.48.0.16/30', { state: 'pending' }));
    await world.create(blockOf('10.48.0.16/30', 'host:m', free));
    await world.create(blockOf('10.48.0.20/30', undefined, used));
    await world.create(affinity('10.49.0.0/30'));
    await world.create(blockOf('10.49.0.0/30', 'host:n', free));
  }

  async function left(world: World) {
    const list = async (prefix: string) =>
      (await world.backend.list(prefix)).entries.map(({ key }) => key.slice(prefix.length));
    return {
      pools: await list('/ippools/'),
      affinities: await list('/blockaffinities/'),
      blocks: await list('/ipamblocks/'),
    };
  }

  const wanted = {
    pools: ['other'],
    affinities: ['n-10-49-0-0-30'],
    blocks: ['10-48-0-16-30', '10-48-0-20-30', '10-48-0-4-30', '10-49-0-0-30'],
  };

  test('disables it, waits, gives its blocks back and removes it', async t => {
    const world = await setUp(t);
    await fill(world);
    const events: string[] = [];
    await world.backend.watch('/', await world.backend.revision(), {
      onChanges: changes => events.push(...changes.map(({ type, key }) => `${type} ${key}`)),
      onError: error => assert.fail(error),
    });
    const last = await world.remove(pool);
    assert.equal((last.spec as { disabled: boolean }).disabled, true);
    assert.deepEqual(world.pauses, [limits.retireSettleMs]);
    assert.deepEqual(await left(world), wanted);
    assert.equal(events[0], 'put /ippools/pods');
    assert.equal(events.at(-1), 'delete /ippools/pods');
    const mark = events.indexOf('put /blockaffinities/n-10-48-0-0-30');
    const block = events.indexOf('delete /ipamblocks/10-48-0-0-30');
    const gone = events.indexOf('delete /blockaffinities/n-10-48-0-0-30');
    assert.ok(0 < mark && mark < block && block < gone, events.join(', '));
    const kept = await world.read(blockOf('10.48.0.4/30', undefined, used));
    const spec = kept!.spec as Record<string, unknown>;
    assert.equal(spec.affinity, undefined);
    assert.deepEqual(spec.allocations, used);
    assert.equal(spec.sequenceNumber, 1795447394212775993n);
    const foreign = await world.read(blockOf('10.48.0.16/30', undefined, free));
    assert.equal((foreign!.spec as { affinity: string }).affinity, 'host:m');
  });

  test('does not wait for one that is disabled already', async t => {
    const world = await setUp(t);
    await world.create({ ...pool, spec: { cidr: '10.48.0.0/16', disabled: true } });
    await world.remove(pool);
    assert.deepEqual(world.pauses, []);
  });

  test('changes nothing in a dry run', async t => {
    const world = await setUp(t);
    await fill(world);
    const before = await world.backend.revision();
    await world.remove(pool, { dryRun: true });
    assert.equal(await world.backend.revision(), before);
  });

  test('takes the version that the client has seen, not the one that it makes itself', async t => {
    const world = await setUp(t);
    const { metadata } = await world.create(pool);
    const { uid, resourceVersion } = metadata as { uid: string; resourceVersion: string };
    const stale = world.remove(pool, { preconditions: { resourceVersion: '1' } });
    assert.equal((await refusal(stale)).code, 409);
    assert.equal(((await world.read(pool))!.spec as { disabled?: boolean }).disabled, undefined);
    await world.remove(pool, { preconditions: { uid, resourceVersion } });
    assert.equal(await world.read(pool), undefined);
  });

  test("is left to Calico's controller where that has said so", async t => {
    const world = await setUp(t);
    await fill(world);
    const finalizer = 'projectcalico.org/ippool-finalizer';
    await world.merge(pool, { metadata: { finalizers: [finalizer] } });
    const before = await left(world);
    const marked = await world.remove(pool);
    assert.ok(marked.metadata.deletionTimestamp);
    assert.equal((marked.spec as { disabled?: boolean }).disabled, undefined);
    assert.deepEqual(await left(world), before);
    await world.merge(pool, { metadata: { finalizers: null } });
    assert.deepEqual(await left(world), { ...before, pools: ['other'] });
  });

  test('gives its blocks back before other finalizers let it go', async t => {
    const world = await setUp(t);
    await fill(world);
    const marked = await world.remove(pool, { propagationPolicy: 'Foreground' });
    assert.equal((marked.spec as { disabled: boolean }).disabled, true);
    assert.deepEqual(await left(world), { ...wanted, pools: ['other', 'pods'] });
    const overlap = await refusal(world.create(of('IPPool', 'new', { cidr: '10.48.0.0/24', blockSize: 30 })));
    assert.match(overlap.message!, /of IPPool pods, which is being deleted/);
    await world.merge(pool, { metadata: { finalizers: null } });
    assert.deepEqual(await left(world), wanted);
  });

  test('sees an affinity that comes up before the pool goes', async t => {
    const world = await setUp(t);
    let claims = 3;
    const backend = watched(world.backend, async write => {
      if (write.type === 'delete' && write.key === '/ippools/pods' && claims-- > 0) {
        await world.create(affinity(`10.48.1.${4 * claims}/30`));
      }
    });
    const deleting = await openWorld(backend);
    t.after(deleting.close);
    await fill(world);
    await deleting.remove(pool);
    assert.equal(claims, -1);
    assert.deepEqual(await left(world), wanted);
  });

  test('is taken up where one before it was cut short, wherever that was', async () => {
    for (let cut = 0; ; cut++) {
      const store = createMemoryBackend();
      const world = await openWorld(store);
      await fill(world);
      let writes = 0;
      const failing = watched(store, async () => {
        if (writes++ >= cut) throw new StorageError('Unavailable', 'the power is gone');
      });
      const server = await openWorld(failing);
      const outcome = await server.remove(pool).then(
        () => 'done',
        () => 'cut',
      );
      server.close();
      if (outcome === 'cut') await world.remove(pool);
      assert.deepEqual(await left(world), wanted, `cut after ${cut} writes`);
      world.close();
      if (outcome === 'done') {
        assert.ok(cut > 8, `only ${cut} writes`);
        return;
      }
    }
  });

  test('ends where affinities never cease to come up', async t => {
    const store = createMemoryBackend();
    const world = await openWorld(store);
    t.after(world.close);
    await world.create(pool);
    let next = 0;
    const endless = await openWorld(
      watched(store, async write => {
        if (write.type === 'delete' && write.key.startsWith('/blockaffinities/')) {
          next += 4;
          await world.create(affinity(`10.48.${next >> 8}.${next & 255}/30`));
        }
      }),
    );
    t.after(endless.close);
    await world.create(affinity('10.48.0.0/30'));
    const status = await refusal(endless.remove(pool));
    assert.equal(status.code, 409);
    assert.match(status.message!, /come up again and again; please try again$/);
    assert.ok(await world.read(pool));
  });

  test('of many, one after the other', async t => {
    const world = await setUp(t);
    await fill(world);
    await world.removeAll('IPPool');
    assert.deepEqual((await left(world)).pools, []);
    assert.deepEqual((await left(world)).affinities, []);
  });
});
