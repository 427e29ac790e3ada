import type { ApiObject } from '../../machinery/object.ts';
import type { FieldError } from '../../machinery/status.ts';
import { type Cidr, cidrsOverlap, cidrText, parseCidr } from '../../schema/cidr.ts';
import type { Change, View } from '../kind.ts';
import { objectIn } from './fill.ts';
import { listed, nameOf } from './listed.ts';

export const poolOverlapSays = [
  {
    at: 'spec.cidr',
    says: 'A new pool shares no address with another one.',
    source: 'kinds.md 3, IPPool, may not overlap another pool',
  },
  {
    at: 'spec.blockSize',
    says: 'Blocks that are in the range of a new pool already have its block size.',
    source: 'kinds.md 3, IPPool, may not cover blocks of another size',
  },
];

/** The range in spec.cidr of a pool, a block or an affinity; undefined where it is none. */
export function rangeOf(object: ApiObject): Cidr | undefined {
  const cidr = objectIn(object, 'spec')?.cidr;
  return typeof cidr === 'string' ? parseCidr(cidr) : undefined;
}

/**
 * For `admit` of IPPool: a new pool shares no address with another one, and no block of another size lies in its range, which
 * IPAM could not use and would not know of (clientv3, create of a pool; kinds.md 3, IPPool).
 */
export async function poolOverlap({ operation, object }: Change, view: View): Promise<FieldError[]> {
  const range = rangeOf(object);
  if (operation !== 'create' || !range) return [];
  return [...(await sharedWithPools(object, range, view)), ...(await blocksOfOtherSize(object, range, view))];
}

async function sharedWithPools(pool: ApiObject, range: Cidr, view: View): Promise<FieldError[]> {
  const shared: string[] = [];
  for (const other of await view.list('ippools')) {
    const otherRange = rangeOf(other);
    // One of the same name is told of as existing.
    if (nameOf(other) === nameOf(pool) || !otherRange || !cidrsOverlap(range, otherRange)) continue;
    const going = other.metadata.deletionTimestamp ? ', which is being deleted' : '';
    shared.push(`${cidrText(otherRange)} of IPPool ${nameOf(other)}${going}`);
  }
  if (shared.length === 0) return [];
  const detail = `must not overlap another pool, and overlaps ${listed(shared)}`;
  return [{ type: 'Invalid', field: 'spec.cidr', value: objectIn(pool, 'spec')?.cidr, detail }];
}

async function blocksOfOtherSize(pool: ApiObject, range: Cidr, view: View): Promise<FieldError[]> {
  const byDefault = range.address.family === 4 ? 26 : 122;
  const blockSize = objectIn(pool, 'spec')?.blockSize || byDefault;
  const blocks = new Set<string>();
  for (const plural of ['ipamblocks', 'blockaffinities']) {
    for (const block of await view.list(plural)) {
      const blockRange = rangeOf(block);
      if (!blockRange || blockRange.prefixLength === blockSize || !cidrsOverlap(range, blockRange)) continue;
      blocks.add(cidrText(blockRange));
    }
  }
  if (blocks.size === 0) return [];
  const detail = `must be the size of the blocks that are in the range already: ${listed([...blocks].sort())}`;
  return [{ type: 'Invalid', field: 'spec.blockSize', value: blockSize, detail }];
}
