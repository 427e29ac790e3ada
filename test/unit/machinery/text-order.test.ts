import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareText } from '../../../src/machinery/text-order.ts';

test('texts are ordered as their UTF-8 bytes are', () => {
  // Much alike, so that the first difference is not always at the start; of all ranges that matter.
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '\0', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '𝒜'),
  });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareText(a, b)), bytes);
      assert.equal(compareText(a, a), 0);
    }),
  );
});
