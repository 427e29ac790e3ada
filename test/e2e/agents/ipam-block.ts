/** What of a pool the writers share: blocks of eight addresses, side by side. */
export const blockSize = 8;

export interface Attribute {
  handle_id: string;
  secondary: Record<string, string>;
}

/** Whose each address of a block is. Free addresses are taken from the front of `unallocated` and come back at its end. */
export interface BlockSpec {
  cidr: string;
  affinity?: string;
  affinityClaimTime?: string;
  allocations: (number | null)[];
  unallocated: number[];
  attributes: Attribute[];
  sequenceNumber: bigint;
  sequenceNumberForAllocation: Record<string, bigint>;
  deleted: boolean;
  strictAffinity: boolean;
}

/** A block without assignments. Its number starts from the clock, so that one made anew never repeats the numbers of the last. */
export function newBlock(cidr: string, owner: string, sequenceNumber: bigint): BlockSpec {
  return {
    cidr,
    affinity: owner,
    affinityClaimTime: `${new Date().toISOString().slice(0, 19)}Z`,
    allocations: Array.from({ length: blockSize }, () => null),
    unallocated: Array.from({ length: blockSize }, (_none, ordinal) => ordinal),
    attributes: [],
    sequenceNumber,
    sequenceNumberForAllocation: {},
    deleted: false,
    strictAffinity: false,
  };
}

/** Assigns the next free address; undefined where there is none. Changes the block. */
export function assignNext(block: BlockSpec, attribute: Attribute): number | undefined {
  const ordinal = block.unallocated.shift();
  if (ordinal === undefined) return undefined;
  const same = block.attributes.findIndex(each => JSON.stringify(each) === JSON.stringify(attribute));
  const index = same >= 0 ? same : block.attributes.push(attribute) - 1;
  block.allocations[ordinal] = index;
  block.sequenceNumberForAllocation[ordinal] = BigInt(block.sequenceNumber);
  return ordinal;
}

/** An address that is another's by now: a release that comes late must not free it. */
export class LateRelease extends Error {}

/**
 * Frees an address, if it is still the assignment with this number and handle. Changes the block; false where nobody has it. Throws
 * LateRelease.
 */
export function free(
  block: BlockSpec,
  ordinal: number,
  given: { sequence: bigint; handle: string },
): boolean {
  const index = block.allocations[ordinal];
  const sequence = block.sequenceNumberForAllocation[ordinal] ?? 0n;
  if (BigInt(sequence) !== given.sequence) throw new LateRelease(`${given.sequence} is not ${sequence}`);
  if (index === null || index === undefined) return false;
  const { handle_id: handle } = block.attributes[index]!;
  if (handle !== given.handle) throw new LateRelease(`${given.handle} is not ${handle}`);
  block.allocations[ordinal] = null;
  block.unallocated.push(ordinal);
  delete block.sequenceNumberForAllocation[ordinal];
  dropUnused(block);
  return true;
}

/** Attributes that no address has any more go, and the others move up. */
function dropUnused(block: BlockSpec): void {
  const used = new Set(block.allocations.filter(index => index !== null));
  const places = new Map<number, number>();
  block.attributes = block.attributes.filter((_attribute, index) => {
    if (!used.has(index)) return false;
    places.set(index, places.size);
    return true;
  });
  block.allocations = block.allocations.map(index => (index === null ? null : places.get(index)!));
}

export function isEmpty(block: BlockSpec): boolean {
  return block.allocations.every(index => index === null);
}

/** The name of an object that stands for a network: 10.66.0.8/29 is 10-66-0-8-29. */
export function nameOf(cidr: string): string {
  return cidr.replaceAll(/[./]/g, '-');
}

/** The address at a place in a block of 10.66.0.0/24. */
export function addressAt(cidr: string, ordinal: number): string {
  const [, prefix, last] = /^(.*\.)(\d+)\//.exec(cidr)!;
  return `${prefix}${Number(last) + ordinal}`;
}
