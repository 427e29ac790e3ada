import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { limits } from '../../../../src/limits.ts';
import type { JsonObject } from '../../../../src/machinery/json.ts';
import type { Change, Entry, Guard } from '../../../../src/storage/backend.ts';
import { StorageError } from '../../../../src/storage/errors.ts';
import { Cluster, type ClusterClient } from '../../../../src/storage/kubernetes/cluster.ts';
import { GuardedKind, type Use } from '../../../../src/storage/kubernetes/guarded-kind.ts';
import { Guards } from '../../../../src/storage/kubernetes/guards.ts';
import { Lease } from '../../../../src/storage/kubernetes/lease.ts';
import type { ClusterResource } from '../../../../src/storage/kubernetes/resource.ts';
import { Lanes } from '../../../../src/storage/lanes.ts';

/** A cluster that keeps one Lease by compare-and-set, and has no other objects than these. */
function leaseCluster(items: JsonObject[] = []) {
  let stored: JsonObject | undefined;
  let revision = 100;
  const answer = (status: number, object: JsonObject) => ({
    status,
    body: Buffer.from(JSON.stringify(object)),
  });
  const failure = (status: number, reason: string) =>
    answer(status, { kind: 'Status', reason, message: reason, details: { name: 'x' } });
  const versionOf = (object: JsonObject | undefined) =>
    (object?.metadata as JsonObject | undefined)?.resourceVersion;
  const client: ClusterClient = {
    async request(method, path, body) {
      if (!path.includes('/leases')) {
        return answer(200, { metadata: { resourceVersion: String(revision) }, items });
      }
      if (method === 'GET') return stored ? answer(200, stored) : failure(404, 'NotFound');
      if (method === 'POST' && stored) return failure(409, 'AlreadyExists');
      if (method === 'PUT' && versionOf(body) !== versionOf(stored)) return failure(409, 'Conflict');
      const metadata = { ...(body!.metadata as JsonObject), resourceVersion: String(++revision) };
      stored = { ...body!, metadata };
      return answer(200, stored);
    },
    watch: () => ({ close() {} }),
    async close() {},
  };
  const holder = () => (stored?.spec as JsonObject | undefined)?.holderIdentity;
  return { cluster: new Cluster(client), holder };
}

suite('leases', () => {
  const open = (cluster: Cluster, identity: string, clock: () => number) =>
    new Lease({ cluster, namespace: 'ns', name: 'tortie-tiers', identity, clock });

  test('one holder at a time; the next gets it when it is given back', async () => {
    const { cluster, holder } = leaseCluster();
    const [a, b] = ['a', 'b'].map(identity => open(cluster, identity, () => performance.now()));
    await a!.take();
    assert.equal(holder(), 'a');
    const waiting = b!.take();
    await a!.giveBack();
    await waiting;
    assert.equal(holder(), 'b');
  });

  test('of a holder that vanished it is taken once its time is over, and not before', async () => {
    const { cluster, holder } = leaseCluster();
    let nowMs = 0;
    const a = open(cluster, 'a', () => nowMs);
    const until = await a.take();
    assert.equal(until, limits.guardLeaseMs - limits.guardLeaseMarginMs);
    let looks = 0;
    // Each look of the one who waits is a second later.
    const b = open(cluster, 'b', () => {
      looks++;
      nowMs += 500;
      return nowMs;
    });
    await b.take();
    assert.equal(holder(), 'b');
    assert.ok(nowMs >= limits.guardLeaseMs, `taken after ${nowMs} ms, ${looks} looks`);
    assert.ok(nowMs > until, 'the first has stopped writing by then');
  });

  test('one that is not given back in time is Unavailable', async () => {
    const { cluster } = leaseCluster();
    let nowMs = 0;
    await open(cluster, 'a', () => nowMs).take();
    const b = open(cluster, 'b', () => {
      nowMs += 3_000;
      return nowMs;
    });
    // It changes hands, or is taken anew, all the time.
    const calls = cluster.call.bind(cluster);
    let turn = 0;
    cluster.call = async (...args) => {
      const found = await calls(...args);
      if (args[1] !== 'GET') return found;
      const spec = { ...(found.spec as JsonObject), renewTime: String(++turn) };
      await calls('other', 'PUT', args[2], { body: { ...found, spec } });
      return calls(...args);
    };
    await assert.rejects(b.take(), error => error instanceof StorageError && error.code === 'Unavailable');
  });
});

test('those who change a kind exclude those who rest on it, and who does both excludes all', async () => {
  const { cluster, holder } = leaseCluster();
  const lease = new Lease({ cluster, namespace: 'ns', name: 'tortie-tiers', identity: 'a' });
  const kind = new GuardedKind(lease);
  const active: Use[] = [];
  const seen: string[] = [];
  const uses: Use[] = ['change', 'change', 'rest', 'rest', 'both', 'both', 'rest', 'change'];
  await Promise.all(
    uses.map(use =>
      kind.run(use, async () => {
        assert.equal(holder(), 'a');
        active.push(use);
        seen.push([...active].sort().join('+'));
        await new Promise(resolve => setTimeout(resolve, 5));
        active.splice(active.indexOf(use), 1);
      }),
    ),
  );
  const allowed = ['change', 'change+change', 'rest', 'rest+rest', 'both'];
  assert.deepEqual(
    seen.filter(each => !allowed.includes(each)),
    [],
  );
  assert.ok(seen.includes('change+change') && seen.includes('rest+rest'), 'equal ones go together');
  await kind.close();
  assert.equal(holder(), '');
});

suite('a write past the server', () => {
  const resource = { root: '/tiers/', plural: 'tiers', guarded: true } as ClusterResource;
  const full: ClusterResource = {
    ...resource,
    groupPath: '/apis/x/v1',
    hasInt64: false,
    metadataOnly: false,
    place: key => ({ name: key.slice(7) }),
    namespaceOf: () => undefined,
    keyOf: ({ metadata }) => `/tiers/${(metadata as JsonObject).name}`,
    valueOf: () => new Uint8Array(),
    objectOf: () => ({}),
  };
  const prefix: Guard = { prefix: '/tiers/', unchangedSince: 90 };
  const absent: Guard = { key: '/tiers/b', revision: 0 };
  const there: Guard = { key: '/tiers/c', revision: 80 };
  const cases: [string, Guard, Change, number][] = [
    ['between check and write, under the prefix', prefix, change('put', '/tiers/b', 150), 1],
    ['before the check', prefix, change('put', '/tiers/b', 50), 0],
    ['after the write', prefix, change('put', '/tiers/b', 250), 0],
    ['a deletion, which the guard does not mind', prefix, change('delete', '/tiers/b', 150), 0],
    ['what was absent comes', absent, change('put', '/tiers/b', 150), 1],
    ['what was absent goes again', absent, change('delete', '/tiers/b', 150), 0],
    ['what was there changes', there, change('put', '/tiers/c', 150), 1],
    ['what was there goes', there, change('delete', '/tiers/c', 150), 1],
    ['another one changes', there, change('put', '/tiers/b', 150), 0],
  ];
  for (const [why, guard, told, count] of cases) {
    test(`is told of: ${why}`, async () => {
      const { cluster } = leaseCluster([{ metadata: { name: 'c', resourceVersion: '80' } }]);
      let counted = 0;
      const guards = new Guards({
        cluster,
        resourceOf: () => full,
        namespace: 'ns',
        identity: 'a',
        foreignWrites: { inc: () => void counted++ },
      });
      const entry: Entry = { key: '/tiers/a', value: new Uint8Array(), revision: 200 };
      await guards.run(full, [guard], async () => entry);
      guards.observe(full, told);
      assert.equal(counted, count);
      await guards.close();
    });
  }

  function change(type: Change['type'], key: string, revision: number): Change {
    return { type, key, value: new Uint8Array(), revision };
  }
});

test('a lane that is full of work does not keep the others waiting', async () => {
  const lanes = new Lanes(2);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (lane: string, index: number) =>
    lanes.run(lane, async () => {
      order.push(`${lane}${index}`);
      await gate.promise;
    });
  const all = [...Array.from({ length: 6 }, (_, index) => work('a', index)), work('b', 0), work('c', 0)];
  await new Promise(resolve => setImmediate(resolve));
  assert.deepEqual(order, ['a0', 'a1'], 'no more than the limit at once');
  gate.resolve();
  await Promise.all(all);
  assert.deepEqual(order, ['a0', 'a1', 'a2', 'b0', 'c0', 'a3', 'a4', 'a5']);
});
