import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import { type Decoded, DecodeError, decode, parseStored } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { equal } from '../../../src/machinery/equal.ts';
import { anyJson } from './arbitrary.ts';

function decodeJson(text: string | Uint8Array): Decoded {
  return decode(typeof text === 'string' ? Buffer.from(text) : text, 'application/json');
}

function failure(text: string | Uint8Array): DecodeError {
  try {
    decodeJson(text);
  } catch (error) {
    assert.ok(error instanceof DecodeError, `${error}`);
    return error;
  }
  return assert.fail('it was decoded');
}

describe('decoding JSON', () => {
  const values: [string, unknown][] = [
    ['null', null],
    [' \t\r\n true ', true],
    ['[]', []],
    ['{}', {}],
    ['[1, -2, 0, -0]', [1, -2, 0, 0]],
    ['[1.0, 1e3, 1.5E-2, -0.5]', [1, 1000, 0.015, -0.5]],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['[1805912345678901234, -9223372036854775808]', [1805912345678901234n, -9223372036854775808n]],
    ['18446744073709551615', 18446744073709551615n],
    ['1234567890123456789012', Number('1234567890123456789012')],
    ['"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"', 'a"\\/\b\f\n\r\té😀'],
    ['"\\ud800x"', '\ufffdx'],
    ['"é😀"', 'é😀'],
    ['{"a":{"b":[{"c":null}]},"":0}', { a: { b: [{ c: null }] }, '': 0 }],
  ];
  for (const [text, value] of values) {
    it(`reads ${text}`, () => assert.deepEqual(decodeJson(text).value, value));
  }

  const failures: [string, string][] = [
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['"a', 'unexpected end of JSON input'],
    ['nul', "invalid character ' ' in literal null (expecting 'l')"],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['{"a":1}x', "invalid character 'x' after top-level value"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{,}', "invalid character ',' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['01', "invalid character '1' after top-level value"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['-', "invalid character ' ' in numeric literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['1e999', 'json: cannot unmarshal number 1e999 into Go value of type float64'],
    ['[1e999,}', "invalid character '}' looking for beginning of value"],
    ['//', "invalid character '/' looking for beginning of value"],
  ];
  for (const [text, message] of failures) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(failure(text).message, message));
  }

  it('says where an error is', () => {
    const { line, column } = failure('{\n  "a": 1,\n  "b": ?\n}');
    assert.deepEqual({ line, column }, { line: 3, column: 8 });
  });

  it('refuses invalid UTF-8 and says where', () => {
    const { message, line, column } = failure(Buffer.from([0x7b, 0x0a, 0x22, 0xc3, 0xa9, 0xff, 0x22]));
    assert.deepEqual([message, line, column], ['the body is not valid UTF-8', 2, 3]);
  });

  it('refuses what is nested too deeply', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    assert.doesNotThrow(() => decodeJson(nested(limits.maxJsonDepth)));
    assert.equal(failure(nested(limits.maxJsonDepth + 1)).message, 'exceeded max depth');
    assert.equal(failure('{"a":'.repeat(500_000)).message, 'exceeded max depth');
  });

  it('accepts and refuses what JSON.parse does, and reads the same', () => {
    const piece = fc.constantFrom(
      ...'{ } [ ] , : "a" "b\\n" 1 -1 1.5 1e5 0 - . e true false null tru \\ " x'.split(' '),
      '\n',
      ' ',
      '\u0001',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')),
      fc.tuple(fc.json(), fc.nat(), piece).map(([json, at, inserted]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + inserted + json.slice(place);
      }),
    );
    fc.assert(
      fc.property(text, source => {
        const numbers: number[] = [];
        let expected: unknown;
        try {
          expected = JSON.parse(source, (_key, value) => {
            if (typeof value === 'number') numbers.push(value);
            return value;
          });
        } catch {
          assert.throws(() => decodeJson(source), DecodeError);
          return;
        }
        // JSON.parse rounds large integers, and makes Infinity of what Go and we refuse.
        fc.pre(numbers.every(number => Math.abs(number) < 2 ** 53));
        assert.ok(equal(decodeJson(source).value, expected));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what was encoded, bigint included', () => {
    fc.assert(
      fc.property(anyJson(), fc.boolean(), (value, pretty) => {
        const text = encode(value, { pretty });
        assert.ok(equal(decodeJson(text).value, value), text);
        assert.ok(equal(parseStored(Buffer.from(text), true), value), text);
      }),
    );
  });

  it('reads stored bytes out of a larger buffer, with and without 64-bit integers', () => {
    const whole = Buffer.from('xx{"a":1805912345678901234}yy');
    const bytes = whole.subarray(2, -2);
    assert.deepEqual(parseStored(bytes, true), { a: 1805912345678901234n });
    assert.deepEqual(parseStored(Buffer.from('{"a":1}'), false), { a: 1 });
  });
});

describe('duplicate fields of JSON', () => {
  const tables: [string, string[], unknown][] = [
    ['{"a":1,"b":2}', [], { a: 1, b: 2 }],
    ['{"a":1,"a":2,"a":3}', ['a'], { a: 3 }],
    ['{"spec":{"x":1,"x":{"y":1}}}', ['spec.x'], { spec: { x: { y: 1 } } }],
    ['{"spec":{"ingress":[{"action":1,"action":2}]}}', ['spec.ingress[0].action'], undefined],
    ['[{"op":1,"op":2}]', ['[0].op'], [{ op: 2 }]],
    ['{"constructor":1,"toString":2,"constructor":3}', ['constructor'], undefined],
    ['{"a\\"b":1,"a\\"b":2}', ['a\\"b'], { 'a"b': 2 }],
  ];
  for (const [text, paths, value] of tables) {
    it(`of ${text}`, () => {
      const decoded = decodeJson(text);
      assert.deepEqual(
        decoded.duplicates,
        paths.map(path => `duplicate field "${path}"`),
      );
      if (value !== undefined) assert.deepEqual(decoded.value, value);
    });
  }

  it('are bounded', () => {
    const fields = Array.from({ length: 300 }, (_, index) => `"k${index % 150}":1`);
    assert.equal(decodeJson(`{${fields.join()}}`).duplicates.length, limits.maxStrictErrors);
  });
});

describe('names of prototype members', () => {
  it('are ordinary fields', () => {
    const decoded = decodeJson(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    const value = decoded.value as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(
      encode(value),
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
  });

  it('are told when they come twice', () => {
    const decoded = decodeJson('{"__proto__":1,"__proto__":2}');
    assert.deepEqual(decoded.duplicates, ['duplicate field "__proto__"']);
    assert.equal(encode(decoded.value), '{"__proto__":2}');
  });
});

describe('positions in JSON', () => {
  const text = `{
  "metadata": {"labels": {"app": "a", "example.com/x": "b"}},
  "spec": {
    "ingress": [
      {"action": "Allow"},
      {"action": "Deny", "action": "Log"}
    ]
  }
}`;
  const positions: [string, number, number][] = [
    ['', 1, 1],
    ['spec', 3, 3],
    ['spec.ingress', 4, 5],
    ['spec.ingress[1]', 6, 7],
    ['spec.ingress[0].action', 5, 8],
    ['spec.ingress[1].action', 6, 26],
    ['metadata.labels.app', 2, 27],
    ['metadata.labels[app]', 2, 27],
    ['metadata.labels[example.com/x]', 2, 39],
  ];
  for (const [path, line, column] of positions) {
    it(`of ${path || 'the whole'}`, () =>
      assert.deepEqual(decodeJson(text).position(path), { line, column }));
  }

  it('of what is not there', () => assert.equal(decodeJson(text).position('spec.egress'), undefined));
});
