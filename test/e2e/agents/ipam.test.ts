import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { endToEnd } from '../suite.ts';
import { type GoClient, goClient } from './go-client.ts';
import { datastores, type Installation, install } from './installation.ts';
import { Ipam } from './ipam.ts';
import { type BlockSpec, LateRelease, nameOf } from './ipam-block.ts';
import { raceForAddresses } from './ipam-race.ts';

for (const datastore of datastores) {
  endToEnd(`Calico's IPAM with the server as its datastore: ${datastore.name}`, {}, suite => {
    let installation: Installation;
    let client: GoClient;
    before(async () => {
      installation = await install(suite, datastore);
      client = goClient(await installation.clientFor('calico-cni-plugin'), 'datastore');
    });

    const cidr = '10.67.0.0/29';
    const writes: string[] = [];
    const ipamOf = (host: string) =>
      new Ipam({ client, host, blocks: [cidr], random: () => 0, trace: line => writes.push(line) });
    const blockNow = async () => (await client.get('ipamblocks', nameOf(cidr))).spec as unknown as BlockSpec;

    test('the writes of a first address, in their order, and of its release', async () => {
      const ipam = ipamOf('node-a');
      const first = (await ipam.assign('pod-ABC'))!;
      assert.equal(first.address, '10.67.0.0');
      assert.deepEqual(writes, [
        'create blockaffinities',
        'update blockaffinities',
        'create ipamblocks',
        'update blockaffinities',
        'create ipamhandles',
        'update ipamblocks',
      ]);
      const affinity = await client.get('blockaffinities', `node-a-${nameOf(cidr)}`);
      assert.equal(affinity.spec!.state, 'confirmed');
      const handle = await client.get('ipamhandles', 'pod-abc');
      assert.deepEqual(handle.spec, { handleID: 'pod-ABC', block: { [cidr]: 1 }, deleted: false });
      const block = await blockNow();
      assert.equal(block.affinity, 'host:node-a');
      assert.ok(first.sequence > BigInt(Number.MAX_SAFE_INTEGER), 'a number that a double cannot hold');
      assert.equal(block.sequenceNumberForAllocation['0'], first.sequence);
      assert.equal(block.sequenceNumber, first.sequence + 1n);

      writes.length = 0;
      await ipam.release(first);
      assert.deepEqual(writes, ['update ipamblocks', 'update ipamhandles', 'delete ipamhandles']);
      assert.deepEqual((await blockNow()).unallocated, [1, 2, 3, 4, 5, 6, 7, 0]);
      assert.equal((await blockNow()).sequenceNumber, first.sequence + 2n);
    });

    test('a release that comes late frees nothing, though the numbers differ in the last digit only', async () => {
      const ipam = ipamOf('node-a');
      const given = (await ipam.assign('pod-1'))!;
      for (const near of [-1n, 1n]) {
        await assert.rejects(ipam.release({ ...given, sequence: given.sequence + near }), LateRelease);
      }
      await assert.rejects(ipam.release({ ...given, handle: 'pod-2' }), LateRelease);
      assert.equal((await blockNow()).sequenceNumberForAllocation[given.ordinal], given.sequence);
      await ipam.release(given);
    });

    test('a block that is given up with addresses in it goes with the last of them', async () => {
      const owner = ipamOf('node-a');
      const given = (await owner.assign('pod-1'))!;
      await owner.releaseAffinity(cidr);
      assert.equal((await blockNow()).affinity, undefined);
      await assert.rejects(client.get('blockaffinities', `node-a-${nameOf(cidr)}`), /NotFound/);
      const borrowed = (await ipamOf('node-b').assign('pod-2'))!;
      await owner.release(given);
      await owner.release(borrowed);
      await assert.rejects(client.get('ipamblocks', nameOf(cidr)), /NotFound/);
      assert.deepEqual((await client.list('ipamhandles')).items, []);
    });

    test('a mark without a delete: whoever comes next deletes, and begins anew', async () => {
      const ipam = ipamOf('node-a');
      const given = (await ipam.assign('pod-1'))!;
      await ipam.release(given);
      const name = nameOf(cidr);
      const stored = await client.get('ipamblocks', name);
      stored.spec!.deleted = true;
      const marked = await client.update('ipamblocks', stored);
      const again = (await ipam.assign('pod-2'))!;
      assert.ok(again.sequence > given.sequence);
      const anew = await client.get('ipamblocks', name);
      assert.notEqual(anew.metadata.uid, marked.metadata.uid);
      // Who deletes late names the block that is gone.
      await assert.rejects(client.remove('ipamblocks', marked), /409 .*Conflict/);
      await ipam.release(again);
      await ipam.releaseAffinity(cidr);
    });

    test('two that write the same version: one is told of the conflict', async () => {
      const ipam = ipamOf('node-a');
      await ipam.release((await ipam.assign('pod-1'))!);
      const stored = await client.get('ipamblocks', nameOf(cidr));
      const outcomes = await Promise.allSettled(
        [1n, 2n].map(more => {
          const spec = { ...stored.spec, sequenceNumber: (stored.spec!.sequenceNumber as bigint) + more };
          return client.update('ipamblocks', { ...stored, spec });
        }),
      );
      const states = outcomes.map(({ status }) => status).sort();
      assert.deepEqual(states, ['fulfilled', 'rejected']);
      await ipam.releaseAffinity(cidr);
      await assert.rejects(client.get('ipamblocks', nameOf(cidr)), /NotFound/);
    });

    test('16 writers: no address twice, none leaked', t => raceForAddresses(t, installation, 12));
  });
}
