import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encode } from '../../../src/machinery/encode.ts';
import { copy, equal } from '../../../src/machinery/equal.ts';
import type { Json } from '../../../src/machinery/json.ts';
import { anyJson } from './arbitrary.ts';

describe('encode', () => {
  const cases: [unknown, string][] = [
    [{ a: 1, b: undefined, c: [null, 'x'] }, '{"a":1,"c":[null,"x"]}'],
    [{ seq: 1805912345678901234n, n: 1, gone: undefined }, '{"seq":1805912345678901234,"n":1}'],
    [[-9223372036854775808n], '[-9223372036854775808]'],
  ];
  for (const [value, text] of cases) it(text, () => assert.equal(encode(value), text));

  it('indents by two spaces', () => {
    assert.equal(encode({ a: [1n] }, { pretty: true }), '{\n  "a": [\n    1\n  ]\n}');
  });

  it('equals JSON.stringify where there is no bigint', () => {
    fc.assert(
      fc.property(anyJson({ bigint: false }), value => assert.equal(encode(value), JSON.stringify(value))),
    );
  });
});

describe('equal', () => {
  const pairs: [unknown, unknown, boolean][] = [
    [1, 1n, true],
    [9007199254740993n, 9007199254740992, false],
    [1, '1', false],
    [1n, '1', false],
    [1, true, false],
    [0n, false, false],
    [0n, '', false],
    [null, undefined, false],
    [null, 0, false],
    [{ a: 1, b: 2 }, { b: 2n, a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: undefined }, { b: undefined }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: 1 }, { b: 1 }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [{}, null, false],
    [{ toString: 1 }, {}, false],
    [{}, { constructor: 1 }, false],
  ];
  for (const [a, b, expected] of pairs) {
    it(`${encode([a])} and ${encode([b])}`, () => {
      assert.equal(equal(a, b), expected);
      assert.equal(equal(b, a), expected);
    });
  }
});

describe('copy', () => {
  it('is equal and shares nothing', () => {
    const spoil = (value: Json): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const inner of Object.values(value)) spoil(inner);
      if (Array.isArray(value)) value.push('spoiled');
      else value.spoiled = true;
    };
    fc.assert(
      fc.property(anyJson(), value => {
        const before = encode(value);
        const copied = copy(value);
        assert.ok(equal(copied, value));
        spoil(copied);
        assert.equal(encode(value), before);
      }),
    );
  });

  it('keeps a field named __proto__ a field', () => {
    const copied = copy(JSON.parse('{"__proto__":{"polluted":true}}'));
    assert.equal(encode(copied), '{"__proto__":{"polluted":true}}');
    assert.equal(Object.getPrototypeOf(copied), Object.prototype);
  });
});
