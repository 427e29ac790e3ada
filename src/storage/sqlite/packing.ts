import type { Change, Entry, Revision } from '../backend.ts';

/**
 * Entries on their way between threads: the values lie in a few buffers that are handed over, not copied. Not one buffer a
 * value, which costs more than copying, nor one for all, which a single entry that is kept would hold in memory.
 */
export interface PackedEntries {
  keys: string[];
  revisions: Revision[];
  lengths: number[];
  slabs: ArrayBuffer[];
}

export interface PackedChanges extends PackedEntries {
  types: Change['type'][];
}

const slabBytes = 128 * 1024;

/** Packs entries. The slabs are to be transferred with the message. */
export function packEntries(entries: Entry[]): PackedEntries {
  return {
    keys: entries.map(entry => entry.key),
    revisions: entries.map(entry => entry.revision),
    lengths: entries.map(entry => entry.value.byteLength),
    slabs: slabsOf(entries),
  };
}

/** Packs changes as packEntries does. */
export function packChanges(changes: Change[]): PackedChanges {
  return { ...packEntries(changes), types: changes.map(change => change.type) };
}

/** The entries that were packed; their values are views of the slabs. */
export function unpackEntries(packed: PackedEntries): Entry[] {
  let slab = 0;
  let offset = 0;
  return packed.keys.map((key, index) => {
    const length = packed.lengths[index]!;
    while (offset + length > packed.slabs[slab]!.byteLength) {
      slab++;
      offset = 0;
    }
    const value = new Uint8Array(packed.slabs[slab]!, offset, length);
    offset += length;
    return { key, value, revision: packed.revisions[index]! };
  });
}

/** The changes that were packed. */
export function unpackChanges(packed: PackedChanges): Change[] {
  return unpackEntries(packed).map((entry, index) => ({ type: packed.types[index]!, ...entry }));
}

/** Values side by side, as many to a slab as fit; a larger one has a slab of its own. */
function slabsOf(entries: Entry[]): ArrayBuffer[] {
  const slabs: ArrayBuffer[] = [];
  for (let first = 0; first < entries.length; ) {
    let bytes = entries[first]!.value.byteLength;
    let end = first + 1;
    for (; end < entries.length; end++) {
      const more = entries[end]!.value.byteLength;
      if (bytes + more > slabBytes) break;
      bytes += more;
    }
    const slab = new Uint8Array(bytes);
    for (let offset = 0; first < end; first++) {
      const { value } = entries[first]!;
      slab.set(value, offset);
      offset += value.byteLength;
    }
    slabs.push(slab.buffer);
  }
  return slabs;
}
