import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createIndenter, indentedSlices } from '../../../src/server/indent.ts';

suite('indentation of JSON bytes', () => {
  test('is what JSON.stringify makes, for any document', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async text => {
        const value = JSON.parse(text);
        const compact = Buffer.from(JSON.stringify(value));
        assert.equal((await whole(compact)).toString(), JSON.stringify(value, undefined, 2));
      }),
    );
  });

  test('does not depend on how the document is sliced', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.array(fc.nat(40), { minLength: 1 }), async (text, sizes) => {
        const compact = Buffer.from(JSON.stringify(JSON.parse(text)));
        const indent = createIndenter();
        const parts: Buffer[] = [];
        for (let at = 0, turn = 0; at < compact.length; turn++) {
          const size = 1 + sizes[turn % sizes.length]!;
          parts.push(indent(compact.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(Buffer.concat(parts), await whole(compact));
      }),
    );
  });

  test('a large document lets others in between', async t => {
    const json = Buffer.from(JSON.stringify(Array.from({ length: 100_000 }, (_unused, n) => `item ${n}`)));
    // A clock that moves a millisecond at each look.
    let now = performance.now();
    t.mock.method(performance, 'now', () => now++);
    let turns = 0;
    const turn = () => {
      turns++;
      handle = setImmediate(turn);
    };
    let handle = setImmediate(turn);
    const indented = await whole(json);
    clearImmediate(handle);
    assert.equal(indented.toString(), JSON.stringify(JSON.parse(json.toString()), undefined, 2));
    assert.ok(turns >= 3, `${turns} turns`);
  });

  test('keeps digits that a double would lose', async () => {
    assert.equal(
      (await whole(Buffer.from('{"a":12345678901234567890,"b":1.0}'))).toString(),
      '{\n  "a": 12345678901234567890,\n  "b": 1.0\n}',
    );
  });
});

async function whole(json: Buffer): Promise<Buffer> {
  const slices = await Array.fromAsync(indentedSlices(json));
  assert.equal(slices.pop()?.toString(), '\n');
  return Buffer.concat(slices);
}
