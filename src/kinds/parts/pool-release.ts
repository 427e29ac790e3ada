import { limits } from '../../limits.ts';
import type { JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { type Cidr, cidrText, containsCidr } from '../../schema/cidr.ts';
import type { Retirement, Workspace } from '../kind.ts';
import { objectIn } from './fill.ts';
import { rangeOf } from './pool-overlap.ts';

/** Set by Calico's own controller of pools, which gives the blocks back itself. */
const controllersFinalizer = 'projectcalico.org/ippool-finalizer';

/** What IPAM assigns the addresses to that Windows keeps for itself; nobody uses them. */
const windowsReserved = 'windows-reserved-ipam-handle';

export const poolReleaseSays = {
  at: '',
  says:
    'A delete first disables the pool, waits half a second, gives the blocks in its range back, and then removes it. A pool ' +
    'with the finalizer projectcalico.org/ippool-finalizer is left to the controller that has set it.',
  source: 'kinds.md 3, IPPool, Delete',
};

/**
 * A delete of a pool first disables it, then gives back the block affinities in its range as Calico's IPAM would: the affinity
 * is marked as going, then a block without assignments is deleted and one with assignments is left to nobody, then the
 * affinity is deleted. Assigned addresses and handles stay (clientv3, delete of a pool; datastore.md, IPPool).
 */
export const poolRelease: Retirement = {
  close(pool) {
    const spec = objectIn(pool, 'spec');
    if (isLeftToController(pool) || !spec || spec.disabled === true) return undefined;
    spec.disabled = true;
    return pool;
  },

  async release(pool, workspace) {
    const range = rangeOf(pool);
    if (isLeftToController(pool) || !range) return 0;
    const affinities = (await workspace.list('blockaffinities')).filter(each => isIn(range, each));
    // One that a finalizer holds has been let go as far as can be.
    const held = affinities.filter(({ metadata }) => !metadata.deletionTimestamp);
    const unmarked = held.filter(each => objectIn(each, 'spec')?.state !== 'pendingDeletion');
    if (unmarked.length > 0) {
      // What IPAM does with such a block from here on conflicts with the mark, so that the blocks are read after it.
      await eachOf(unmarked, each => workspace.update('blockaffinities', marked(each)));
      return unmarked.length;
    }
    if (held.length === 0) return 0;
    const blocks = new Map<string, ApiObject>();
    for (const block of await workspace.list('ipamblocks')) {
      const blockRange = rangeOf(block);
      if (blockRange) blocks.set(cidrText(blockRange), block);
    }
    await eachOf(held, each => giveBack(each, blocks, workspace));
    return held.length;
  },
};

function isLeftToController(pool: ApiObject): boolean {
  return pool.metadata.finalizers?.includes(controllersFinalizer) === true;
}

function isIn(range: Cidr, affinity: ApiObject): boolean {
  const block = rangeOf(affinity);
  return block !== undefined && containsCidr(range, block);
}

function marked(affinity: ApiObject): ApiObject {
  return { ...affinity, spec: { ...objectIn(affinity, 'spec'), state: 'pendingDeletion' } };
}

/** Where a step finds that somebody else was faster, the rest is left to the next look at the affinity. */
async function giveBack(
  affinity: ApiObject,
  blocks: Map<string, ApiObject>,
  workspace: Workspace,
): Promise<void> {
  const range = rangeOf(affinity);
  const block = range && blocks.get(cidrText(range));
  if (block && ownerIn(block) === ownerOf(affinity)) {
    const done = isEmpty(block)
      ? await workspace.remove('ipamblocks', block)
      : await workspace.update('ipamblocks', ownerless(block));
    if (!done) return;
  }
  await workspace.remove('blockaffinities', affinity);
}

function ownerIn(block: ApiObject): unknown {
  return objectIn(block, 'spec')?.affinity;
}

function ownerOf(affinity: ApiObject): string {
  const spec = objectIn(affinity, 'spec');
  return `${spec?.type || 'host'}:${spec?.node}`;
}

/** Whether nothing is assigned from the block. Addresses that rest after their release count as assigned. */
function isEmpty(block: ApiObject): boolean {
  const spec = objectIn(block, 'spec');
  const allocations = Array.isArray(spec?.allocations) ? spec.allocations : [];
  const attributes = Array.isArray(spec?.attributes) ? spec.attributes : [];
  return allocations.every(ordinal => {
    if (ordinal === null) return true;
    const attribute = attributes[Number(ordinal)] as JsonObject | undefined;
    return String(attribute?.handle_id).toLowerCase() === windowsReserved;
  });
}

function ownerless(block: ApiObject): ApiObject {
  const { affinity: _owner, affinityClaimTime: _claimTime, ...spec } = objectIn(block, 'spec') ?? {};
  const { sequenceNumber = 0 } = spec;
  // Each write of a block counts on, lest a late release frees what was assigned anew.
  if (typeof sequenceNumber === 'bigint') spec.sequenceNumber = sequenceNumber + 1n;
  else if (typeof sequenceNumber === 'number') spec.sequenceNumber = sequenceNumber + 1;
  return { ...block, spec };
}

async function eachOf(objects: ApiObject[], work: (object: ApiObject) => Promise<unknown>): Promise<void> {
  const rest = objects.values();
  const worker = async () => {
    for (const object of rest) await work(object);
  };
  await Promise.all(Array.from({ length: limits.releasesInFlight }, worker));
}
