import { createHash } from 'node:crypto';
import type { GoClient } from './go-client.ts';
import { addressAt, assignNext, type BlockSpec, free, isEmpty, nameOf, newBlock } from './ipam-block.ts';
import { IpamStore, NotWritten, type Stored } from './ipam-store.ts';

interface AffinitySpec {
  cidr: string;
  node: string;
  type: 'host';
  state: 'pending' | 'confirmed' | 'pendingDeletion';
  deleted: boolean;
}

export interface HandleSpec {
  handleID: string;
  block: Record<string, number>;
  deleted: boolean;
}

/** An address, and what a release of it must name. */
export interface Assignment {
  address: string;
  cidr: string;
  ordinal: number;
  sequence: bigint;
  handle: string;
}

export interface IpamOptions {
  client: GoClient;
  host: string;
  /** The blocks of the pool. */
  blocks: string[];
  /** From 0 up to 1, exclusive. */
  random: () => number;
  /** Told of each write as `create blockaffinities`. */
  trace?: (line: string) => void;
}

/** As often as Calico's IPAM tries again after a conflict. */
const retries = 100;

/** The block was claimed by another host meanwhile, or the affinity is of no worth any more. */
class Lost extends Error {}

/**
 * Calico's IPAM of one host: assigns from the blocks that are affine to it, claims further ones, and at last borrows from those of
 * others. It follows libcalico-go's order of writes and its answer to each conflict; what it leaves out is the taking over of blocks that
 * have stood empty for a minute, cool-down, reservations and IPv6.
 */
export class Ipam {
  readonly #affinities: IpamStore;
  readonly #blocks: IpamStore;
  readonly #handles: IpamStore;
  readonly #options: IpamOptions;
  readonly #owner: string;

  constructor(options: IpamOptions) {
    const { client, host, trace } = options;
    this.#options = options;
    this.#owner = `host:${host}`;
    this.#affinities = new IpamStore(client, 'BlockAffinity', 'blockaffinities', trace);
    this.#blocks = new IpamStore(client, 'IPAMBlock', 'ipamblocks', trace);
    this.#handles = new IpamStore(client, 'IPAMHandle', 'ipamhandles', trace);
  }

  /** One address for the handle; undefined where the pool has none left. */
  async assign(handle: string): Promise<Assignment | undefined> {
    const remaining = (await this.#affineBlocks()).map(({ spec }) => spec.cidr);
    for (let tries = 0; tries < retries; tries++) {
      const block = (await this.#ownBlock(remaining)) ?? (await this.#claimedBlock());
      if (!block) break;
      const assigned = await this.#assignFrom(block.spec.cidr, handle, block);
      if (assigned) return assigned;
    }
    for (const cidr of this.#shuffled()) {
      const assigned = await this.#assignFrom(cidr, handle);
      if (assigned) return assigned;
    }
    return undefined;
  }

  /** Gives an address back. Throws LateRelease where it is another's by now. */
  async release({ cidr, ordinal, sequence, handle }: Assignment): Promise<void> {
    await this.#again(async () => {
      const block = await this.#blocks.get<BlockSpec>(nameOf(cidr));
      if (!free(block.spec, ordinal, { sequence, handle })) return;
      if (isEmpty(block.spec) && !block.spec.affinity) await this.#blocks.remove(block);
      else await this.#updateBlock(block);
    });
    await this.#decrement(handle, cidr);
  }

  /** Gives up a block: deletes it where it is empty, and else leaves it to nobody. */
  async releaseAffinity(cidr: string): Promise<void> {
    try {
      let affinity = await this.#affinities.get<AffinitySpec>(this.#affinityName(cidr));
      const block = await this.#blocks.get<BlockSpec>(nameOf(cidr));
      if (block.spec.affinity && block.spec.affinity !== this.#owner) {
        await this.#affinities.remove(affinity);
        return;
      }
      affinity = await this.#withState(affinity, 'pendingDeletion');
      if (isEmpty(block.spec)) await this.#blocks.remove(block);
      else {
        const { affinity: _owner, affinityClaimTime: _time, ...spec } = block.spec;
        await this.#updateBlock({ ...block, spec });
      }
      await this.#affinities.remove(affinity);
    } catch (error) {
      // Somebody else was faster; who needs the block finds out what became of it.
      if (!(error instanceof NotWritten)) throw error;
    }
  }

  async #affineBlocks(): Promise<Stored<AffinitySpec>[]> {
    const { host } = this.#options;
    const labels = Object.entries(labelsOf(host)).map(([key, value]) => `${key}=${value}`);
    const found = await this.#affinities.list<AffinitySpec>(labels.join(','));
    return found.filter(({ spec }) => spec.node === host && !spec.deleted);
  }

  /** A block of ours with a free address, of those that have not been looked at yet. */
  async #ownBlock(remaining: string[]): Promise<Stored<BlockSpec> | undefined> {
    for (let cidr = remaining.shift(); cidr; cidr = remaining.shift()) {
      for (let tries = 0; tries < retries; tries++) {
        try {
          const affinity = await this.#affinities.get<AffinitySpec>(this.#affinityName(cidr));
          const block = await this.#blockOf(affinity);
          if (block.spec.unallocated.length > 0) return block;
          break;
        } catch (error) {
          if (error instanceof NotWritten && error.why === 'conflict') continue;
          if (error instanceof NotWritten || error instanceof Lost) break;
          throw error;
        }
      }
    }
    return undefined;
  }

  /** A block that is claimed for this host now; undefined where all are taken. */
  async #claimedBlock(): Promise<Stored<BlockSpec> | undefined> {
    for (let tries = 0; tries < retries; tries++) {
      const cidr = await this.#usableBlock();
      if (!cidr) return undefined;
      try {
        return await this.#again(async () => this.#blockOf(await this.#pendingAffinity(cidr)));
      } catch (error) {
        // Another process of the host may be giving the same block up. Then an assignment fails, and the kubelet asks again.
        if (!(error instanceof Lost || error instanceof NotWritten)) throw error;
      }
    }
    throw new Error('no block could be claimed: too many others do the same');
  }

  async #usableBlock(): Promise<string | undefined> {
    const existing = await this.#blocks.list<BlockSpec>();
    const byCidr = new Map(existing.map(({ spec }) => [spec.cidr, spec]));
    return this.#shuffled().find(cidr => {
      const block = byCidr.get(cidr);
      return !block || (block.affinity === this.#owner && block.unallocated.length > 0);
    });
  }

  async #pendingAffinity(cidr: string): Promise<Stored<AffinitySpec>> {
    const { host } = this.#options;
    const name = this.#affinityName(cidr);
    const spec: AffinitySpec = { state: 'pending', node: host, type: 'host', cidr, deleted: false };
    try {
      return await this.#affinities.create(name, spec, labelsOf(host));
    } catch (error) {
      if (!(error instanceof NotWritten) || error.why !== 'exists') throw error;
    }
    const present = await this.#affinities.get<AffinitySpec>(name).catch(absentIsConflict);
    return present.spec.state === 'confirmed' ? present : this.#withState(present, 'pending');
  }

  /** The block that an affinity is about, which is made where it is missing. */
  async #blockOf(affinity: Stored<AffinitySpec>): Promise<Stored<BlockSpec>> {
    const { cidr, state } = affinity.spec;
    let block: Stored<BlockSpec>;
    try {
      block = await this.#blocks.get<BlockSpec>(nameOf(cidr));
    } catch (error) {
      if (!(error instanceof NotWritten) || error.why !== 'absent') throw error;
      return this.#claim(await this.#withState(affinity, 'pending'));
    }
    if (block.spec.affinity !== this.#owner) {
      await this.#affinities.remove(affinity);
      throw new Lost(`${cidr} is of ${block.spec.affinity}`);
    }
    if (state === 'confirmed') return block;
    const pending = await this.#withState(affinity, 'pending');
    // A new version of the block, so that whoever gives it up just now finds that it has changed.
    block = await this.#updateBlock(block);
    await this.#withState(pending, 'confirmed');
    return block;
  }

  async #claim(affinity: Stored<AffinitySpec>): Promise<Stored<BlockSpec>> {
    const { cidr } = affinity.spec;
    const nanoseconds = BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
    try {
      const block = await this.#blocks.create(nameOf(cidr), newBlock(cidr, this.#owner, nanoseconds));
      await this.#confirm(affinity);
      return block;
    } catch (error) {
      if (!(error instanceof NotWritten) || error.why !== 'exists') throw error;
    }
    const block = await this.#blocks.get<BlockSpec>(nameOf(cidr)).catch(absentIsConflict);
    if (block.spec.affinity === this.#owner) {
      await this.#confirm(affinity);
      return block;
    }
    await this.#affinities.remove(affinity).catch(() => undefined);
    throw new Lost(`${cidr} is of ${block.spec.affinity}`);
  }

  /** Another process of the host may have been faster, which is as good. */
  async #confirm(affinity: Stored<AffinitySpec>): Promise<void> {
    try {
      await this.#withState(affinity, 'confirmed');
    } catch (error) {
      const now = await this.#affinities.get<AffinitySpec>(affinity.metadata.name).catch(() => undefined);
      if (now?.spec.state !== 'confirmed') throw error;
    }
  }

  #withState(affinity: Stored<AffinitySpec>, state: AffinitySpec['state']): Promise<Stored<AffinitySpec>> {
    return this.#affinities.update({ ...affinity, spec: { ...affinity.spec, state } });
  }

  /** The handle first, then the block; what loses the block takes the handle back. */
  async #assignFrom(
    cidr: string,
    handle: string,
    first?: Stored<BlockSpec>,
  ): Promise<Assignment | undefined> {
    let block = first;
    for (let tries = 0; tries < retries; tries++) {
      try {
        block ??= await this.#blocks.get<BlockSpec>(nameOf(cidr));
      } catch (error) {
        if (error instanceof NotWritten && error.why === 'absent') return undefined;
        throw error;
      }
      const { host } = this.#options;
      const ordinal = assignNext(block.spec, { handle_id: handle, secondary: { node: host } });
      if (ordinal === undefined) return undefined;
      const sequence = BigInt(block.spec.sequenceNumberForAllocation[ordinal]!);
      await this.#increment(handle, cidr);
      try {
        await this.#updateBlock(block);
        return { address: addressAt(cidr, ordinal), cidr, ordinal, sequence, handle };
      } catch (error) {
        if (!(error instanceof NotWritten)) throw error;
        await this.#decrement(handle, cidr);
        if (error.why === 'absent') return undefined;
      }
      block = undefined;
    }
    throw new Error(`no address of ${cidr} could be assigned: too many others do the same`);
  }

  #updateBlock(block: Stored<BlockSpec>): Promise<Stored<BlockSpec>> {
    const sequenceNumber = BigInt(block.spec.sequenceNumber) + 1n;
    return this.#blocks.update({ ...block, spec: { ...block.spec, sequenceNumber } });
  }

  async #increment(handle: string, cidr: string): Promise<void> {
    const name = handle.toLowerCase();
    await this.#again(async () => {
      const present = await this.#handles.get<HandleSpec>(name).catch(absentIsUndefined);
      if (!present) {
        const spec: HandleSpec = { handleID: handle, block: { [cidr]: 1 }, deleted: false };
        await this.#handles.create(name, spec);
        return;
      }
      const block = { ...present.spec.block, [cidr]: (present.spec.block[cidr] ?? 0) + 1 };
      await this.#handles.update({ ...present, spec: { ...present.spec, block } });
    });
  }

  async #decrement(handle: string, cidr: string): Promise<void> {
    await this.#again(async () => {
      const present = await this.#handles.get<HandleSpec>(handle.toLowerCase());
      const count = present.spec.block[cidr];
      if (!count) throw new Error(`${handle} has no address of ${cidr}`);
      const block = { ...present.spec.block, [cidr]: count - 1 };
      if (count === 1) delete block[cidr];
      const changed = { ...present, spec: { ...present.spec, block } };
      if (Object.keys(block).length > 0) await this.#handles.update(changed);
      else await this.#handles.remove(changed).catch(absentIsUndefined);
    });
  }

  /** Does it again after a conflict, with what is there then. */
  async #again<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 0; tries < retries; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const conflict = error instanceof NotWritten && error.why !== 'absent';
        if (!conflict) throw error;
      }
    }
    throw new Error('too many conflicts');
  }

  #affinityName(cidr: string): string {
    return `${this.#options.host}-${nameOf(cidr)}`;
  }

  #shuffled(): string[] {
    const places = this.#options.blocks.map(cidr => ({ cidr, place: this.#options.random() }));
    return places.sort((a, b) => a.place - b.place).map(({ cidr }) => cidr);
  }
}

function absentIsUndefined(error: unknown): undefined {
  if (error instanceof NotWritten && error.why === 'absent') return undefined;
  throw error;
}

/** What was there a moment ago and is not now: the same as another version of it. */
function absentIsConflict(error: unknown): never {
  if (error instanceof NotWritten && error.why === 'absent') throw new NotWritten('conflict', error);
  throw error;
}

/** By these an affinity of a host is found without reading those of all hosts. */
export function labelsOf(host: string): Record<string, string> {
  return {
    'projectcalico.org/affinity-type': 'host',
    'projectcalico.org/hostname-hash': base32(createHash('sha3-256').update(host).digest()),
    'projectcalico.org/ip-version': '4',
  };
}

function base32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const groups = bits.match(/.{1,5}/g)!;
  return groups
    .map(group => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}
