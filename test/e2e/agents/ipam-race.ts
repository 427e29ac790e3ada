import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type GoClient, goClient } from './go-client.ts';
import type { Installation } from './installation.ts';
import type { Assignment } from './ipam.ts';
import { type HandleSpec, Ipam } from './ipam.ts';
import { addressAt, type BlockSpec, blockSize, nameOf } from './ipam-block.ts';

const writers = 16;
const hosts = 8;
/** 64 addresses for 16 writers that want up to five each: hosts run out of blocks and borrow from each other. */
const blocks = Array.from({ length: 8 }, (_none, index) => `10.66.0.${index * blockSize}/29`);
const wanted = 5;

/**
 * 16 writers, two on each host, assign and release addresses of one small pool as Calico's IPAM does, each `rounds` times. No address
 * may be given twice, and in the end the blocks and handles hold what the writers hold and nothing else.
 */
export async function raceForAddresses(
  t: TestContext,
  installation: Installation,
  rounds: number,
): Promise<void> {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`SEED=${seed}`);
  const client = goClient(await installation.clientFor('calico-cni-plugin', 2 * writers), 'datastore');
  const held = new Map<string, Assignment>();
  let full = 0;
  const write = async (writer: number) => {
    const random = randomFrom(seed + writer);
    const ipam = new Ipam({ client, host: `host-${writer % hosts}`, blocks, random });
    const mine: Assignment[] = [];
    for (let round = 0; round < rounds; round++) {
      const dice = random();
      if (dice < 0.1) await ipam.releaseAffinity(blocks[Math.floor(random() * blocks.length)]!);
      else if (mine.length < wanted && (mine.length === 0 || dice < 0.6)) {
        // A handle has up to three addresses, as a pod with several interfaces.
        const handle = `k8s-pod-network.W${writer}-${Math.floor(round / 3)}`;
        const assigned = await ipam.assign(handle);
        if (!assigned) {
          full++;
          continue;
        }
        const other = held.get(assigned.address);
        assert.equal(other, undefined, `${assigned.address} is given to ${handle} and to ${other?.handle}`);
        held.set(assigned.address, assigned);
        mine.push(assigned);
      } else {
        const [given] = mine.splice(Math.floor(random() * mine.length), 1);
        held.delete(given!.address);
        await ipam.release(given!);
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, (_none, writer) => write(writer)));
  t.diagnostic(`${held.size} addresses held, ${full} times none was left`);
  await checkBlocks(client, held);
  await checkHandles(client, held);
}

/** Each address that is held is assigned, with its number, and no other is; every block has an owner that says so, or none. */
async function checkBlocks(client: GoClient, held: Map<string, Assignment>): Promise<void> {
  const { items } = await client.list('ipamblocks');
  const assigned = new Map<string, string>();
  for (const { metadata, spec } of items) {
    const block = spec as unknown as BlockSpec;
    assert.equal(metadata.name, nameOf(block.cidr));
    assert.equal(block.deleted, false);
    const free = [...block.unallocated].sort((a, b) => a - b);
    const taken = block.allocations.flatMap((index, ordinal) => (index === null ? [] : [ordinal]));
    const all = [...free, ...taken].sort((a, b) => a - b);
    assert.deepEqual(
      all,
      Array.from({ length: blockSize }, (_none, ordinal) => ordinal),
      block.cidr,
    );
    assert.deepEqual(Object.keys(block.sequenceNumberForAllocation).map(Number), taken);
    for (const ordinal of taken) {
      const { handle_id: handle } = block.attributes[block.allocations[ordinal]!]!;
      assigned.set(addressAt(block.cidr, ordinal), `${handle} ${block.sequenceNumberForAllocation[ordinal]}`);
    }
    if (block.affinity) {
      const host = block.affinity.replace('host:', '');
      const affinity = await client.get('blockaffinities', `${host}-${nameOf(block.cidr)}`);
      // Whoever gave it up and lost the block to another write leaves the affinity for the host to take up again.
      assert.equal(affinity.spec!.deleted, false);
    }
  }
  const wantedState = [...held.values()].map(({ address, handle, sequence }): [string, string] => [
    address,
    `${handle} ${sequence}`,
  ]);
  assert.deepEqual([...assigned].sort(), wantedState.sort());
}

/** The counts of the handles are those of the blocks, and a handle without addresses is gone. */
async function checkHandles(client: GoClient, held: Map<string, Assignment>): Promise<void> {
  const counts = new Map<string, Record<string, number>>();
  for (const { handle, cidr } of held.values()) {
    const count = counts.get(handle) ?? {};
    count[cidr] = (count[cidr] ?? 0) + 1;
    counts.set(handle, count);
  }
  const { items } = await client.list('ipamhandles');
  const stored = items.map(({ metadata, spec }) => {
    const { handleID, block, deleted } = spec as unknown as HandleSpec;
    assert.equal(metadata.name, handleID.toLowerCase());
    assert.equal(deleted, false);
    return [handleID, Object.entries(block).sort()];
  });
  const expected = [...counts].map(([handle, count]) => [handle, Object.entries(count).sort()]);
  const byHandle = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  assert.deepEqual(stored.sort(byHandle), expected.sort(byHandle));
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
