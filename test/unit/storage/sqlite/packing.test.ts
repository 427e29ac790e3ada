import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../../../../src/storage/backend.ts';
import {
  packChanges,
  packEntries,
  unpackChanges,
  unpackEntries,
} from '../../../../src/storage/sqlite/packing.ts';

const slab = 128 * 1024;
const sizes = fc.oneof(fc.constantFrom(0, 1, slab - 1, slab, slab + 1, 3 * slab), fc.nat(slab));
const change: fc.Arbitrary<Change> = fc.record(
  {
    type: fc.constantFrom('put', 'delete'),
    key: fc.string(),
    value: fc.tuple(sizes, fc.nat(255)).map(([length, byte]) => new Uint8Array(length).fill(byte)),
    revision: fc.nat(),
  },
  { noNullPrototype: true },
);

test('what is packed comes out again', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), changes => {
      const packed = packChanges(changes);
      assert.deepEqual(unpackChanges(structuredClone(packed, { transfer: packed.slabs })), changes);
      const entries = changes.map(({ key, value, revision }) => ({ key, value, revision }));
      assert.deepEqual(unpackEntries(packEntries(entries)), entries);
    }),
    { numRuns: 50 },
  );
});

test('small values share a buffer, and no buffer holds many', () => {
  const entries = Array.from({ length: 1_000 }, (_, index) => ({
    key: `${index}`,
    value: new Uint8Array(2_000),
    revision: index,
  }));
  const { slabs } = packEntries(entries);
  assert.ok(slabs.length >= 15 && slabs.length <= 16, `${slabs.length} buffers`);
  assert.ok(slabs.every(buffer => buffer.byteLength <= slab));
});
