import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createIndenter, indentJson } from '../../../src/server/indent.ts';

suite('indentation of JSON bytes', () => {
  test('is what JSON.stringify makes, for any document', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        const value = JSON.parse(text);
        const compact = Buffer.from(JSON.stringify(value));
        assert.equal(indentJson(compact).toString(), JSON.stringify(value, undefined, 2));
      }),
    );
  });

  test('does not depend on how the document is sliced', () => {
    fc.assert(
      fc.property(fc.json(), fc.array(fc.nat(40), { minLength: 1 }), (text, sizes) => {
        const compact = Buffer.from(JSON.stringify(JSON.parse(text)));
        const indent = createIndenter();
        const parts: Buffer[] = [];
        for (let at = 0, turn = 0; at < compact.length; turn++) {
          const size = 1 + sizes[turn % sizes.length]!;
          parts.push(indent(compact.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(Buffer.concat(parts), indentJson(compact));
      }),
    );
  });

  test('keeps digits that a double would lose', () => {
    assert.equal(
      indentJson(Buffer.from('{"a":12345678901234567890,"b":1.0}')).toString(),
      '{\n  "a": 12345678901234567890,\n  "b": 1.0\n}',
    );
  });
});
