import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareKeys } from '../../../src/storage/keys.ts';

test('keys are ordered as their UTF-8 bytes are', () => {
  // Much alike, so that the first difference is not always at the start; of all ranges that matter.
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '\0', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '𝒜'),
  });
  fc.assert(
    fc.property(key, key, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareKeys(a, b)), bytes);
      assert.equal(compareKeys(a, a), 0);
    }),
  );
});
