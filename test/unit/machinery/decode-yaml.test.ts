import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { limits } from '../../../src/limits.ts';
import { DecodeError, decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { equal } from '../../../src/machinery/equal.ts';
import { anyJson } from './arbitrary.ts';

function decodeYaml(text: string) {
  return decode(Buffer.from(text), 'application/yaml');
}

function failure(text: string): string {
  try {
    decodeYaml(text);
  } catch (error) {
    assert.ok(error instanceof DecodeError, `${error}`);
    return error.message;
  }
  return assert.fail('it was decoded');
}

describe('YAML scalars', () => {
  // What sigs.k8s.io/yaml v1.6.0 makes of each.
  const scalars: [string, unknown][] = [
    ['true', true],
    ['True', true],
    ['yes', true],
    ['on', true],
    ['y', true],
    ['no', false],
    ['OFF', false],
    ['n', false],
    ['tRue', 'tRue'],
    ['"yes"', 'yes'],
    ["'1'", '1'],
    ['~', null],
    ['null', null],
    ['', null],
    ['1', 1],
    ['+5', 5],
    ['-0', 0],
    ['010', 8],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b11', 3],
    ['-0b1', -1],
    ['1_000', 1000],
    ['08', 8],
    ['09', 9],
    ['0b2', '0b2'],
    ['12345678901234567890', 12345678901234567890n],
    ['-9223372036854775808', -9223372036854775808n],
    ['99999999999999999999', 1e20],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1e', '1e'],
    ['.', '.'],
    ['12:30', '12:30'],
    ['2020-01-01', '2020-01-01'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ["app == 'x'", "app == 'x'"],
    ['<<', '<<'],
    ['!!str 1', '1'],
    ['!!str', ''],
    ['!!float 7', 7],
    ['!foo 1', '1'],
    ['! 1', '1'],
  ];
  for (const [text, value] of scalars) {
    it(JSON.stringify(text), () => assert.deepEqual(decodeYaml(`a: ${text}`).value, { a: value }));
  }

  const refused: [string, string][] = [
    ['.inf', 'yaml: line 1: json: unsupported value: .inf'],
    ['.NaN', 'yaml: line 1: json: unsupported value: .NaN'],
    ['!!int x', 'yaml: line 1: cannot decode !!str `x` as a !!int'],
    ['!!bool 1', 'yaml: line 1: cannot decode !!int `1` as a !!bool'],
    ['!!binary aGk=', 'yaml: line 1: the !!binary tag is not supported'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => assert.equal(failure(`a: ${text}`), message));
  }
});

describe('YAML documents', () => {
  const documents: [string, string][] = [
    ['', 'null'],
    ['# nothing\n', 'null'],
    ['""', '""'],
    ['---\na: 1\n---\n', '{"a":1}'],
    ['a: |\n  x\n  y\n', '{"a":"x\\ny\\n"}'],
    ['a: |\n  x', '{"a":"x"}'],
    ['a: >-\n  x\n  y\n', '{"a":"x y"}'],
    ['1: a\ntrue: b\n1.5: c\n', '{"1":"a","true":"b","1.5":"c"}'],
    ['a: &x {b: 1}\nc: *x\n', '{"a":{"b":1},"c":{"b":1}}'],
    ['a: &x 1\nb: &x 2\nc: *x\n', '{"a":1,"b":2,"c":2}'],
    ['a: &x {b: 1, c: 1}\nd: {<<: *x, b: 2}\n', '{"a":{"b":1,"c":1},"d":{"b":2,"c":1}}'],
    [
      'p: &p {a: 1}\nq: &q {a: 2, b: 2}\nr: {<<: [*p, *q]}\n',
      '{"p":{"a":1},"q":{"a":2,"b":2},"r":{"a":1,"b":2}}',
    ],
    ['"<<": 1', '{"<<":1}'],
    ['{"a": [1, 2], "b": "yes"}', '{"a":[1,2],"b":"yes"}'],
    ['__proto__: {polluted: true}\n', '{"__proto__":{"polluted":true}}'],
    [
      'a: &x {__proto__: {polluted: true}}\nb: {<<: *x}\n',
      '{"a":{"__proto__":{"polluted":true}},"b":{"__proto__":{"polluted":true}}}',
    ],
  ];
  for (const [text, json] of documents) {
    it(JSON.stringify(text), () => {
      const { value } = decodeYaml(text);
      assert.equal(encode(value), json);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
  }

  const refused: [string, RegExp][] = [
    ['a: 1\n---\nb: 2\n', /^yaml: line 3: expected a single document in the stream$/],
    ['---\n'.repeat(1000), /expected a single document in the stream/],
    ['a: *x', /^yaml: line 1: unknown anchor 'x' referenced$/],
    ['a: &a [*a]', /anchor 'a' value contains itself/],
    ['? [1]\n: 2', /invalid map key: a list/],
    ['~: 2', /invalid map key: null/],
    ['a: {<<: 1}', /map merge requires map or sequence of maps as the value/],
    ['a: [', /^yaml: line 1: /],
    ['\ta: 1', /^yaml: line 1: /],
    ['a: 1\nb: {\nc', /^yaml: line 3: /],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => assert.match(failure(text), message));
  }

  it('says where an error is', () => {
    const at = (text: string) => {
      try {
        decodeYaml(text);
      } catch (error) {
        return error instanceof DecodeError && [error.line, error.column];
      }
    };
    assert.deepEqual(at('a:\n  b: 1\n c: 2'), [3, 1]);
    assert.deepEqual(at('a: 1\nb: *x'), [2, 4]);
    assert.deepEqual(at('a: 1\nb: {c: !!int x}'), [2, 14]);
  });

  it('reads what the yaml package writes', () => {
    fc.assert(
      fc.property(anyJson({ bigint: false }), value => {
        const text = stringify(value, { version: '1.1', aliasDuplicateObjects: false });
        assert.ok(equal(decodeYaml(text).value, value), text);
      }),
    );
  });
});

describe('any text', () => {
  it('is decoded or refused with a DecodeError that has a place', () => {
    const piece = fc.constantFrom(
      ...'a: - ? : , [ ] { } &a *a ! !!str !!map !!set | > |2 # % %YAML --- ... <<: ~ \\ " \' \t \0 1 é'.split(
        ' ',
      ),
      '\n',
      '\n  ',
      ' ',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 14 }).map(pieces => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    const bytes = fc.oneof(
      text.map(each => Buffer.from(each)),
      fc.uint8Array({ maxLength: 20 }),
    );
    const mediaType = fc.constantFrom('application/json' as const, 'application/yaml' as const);
    fc.assert(
      fc.property(bytes, mediaType, (body, type) => {
        try {
          decode(body, type).position('a');
        } catch (error) {
          assert.ok(error instanceof DecodeError, `${error}`);
          assert.ok(error.line >= 1 && error.column >= 1);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('bounds on YAML', () => {
  it('depth', () => {
    assert.match(
      failure('['.repeat(limits.maxJsonDepth + 1) + ']'.repeat(limits.maxJsonDepth + 1)),
      /max depth/,
    );
    for (const open of ['[', '{a: ', '- ', '? ']) assert.match(failure(open.repeat(500_000)), /max depth/);
  });

  it('aliases', () => {
    const aliases = (count: number) => `a: &a x\nb: [${Array(count).fill('*a').join(', ')}]`;
    assert.doesNotThrow(() => decodeYaml(aliases(limits.maxYamlAliases)));
    assert.match(failure(aliases(limits.maxYamlAliases + 1)), /excessive aliasing/);
    const large = `a: &a ${'x'.repeat(limits.maxYamlAliasCharacters / 2)}\nb: [*a, *a]`;
    assert.match(failure(large), /excessive aliasing/);
  });

  it('a billion laughs', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]`);
    assert.match(failure(`a0: &a0 [x]\n${levels.join('\n')}`), /excessive aliasing/);
  });

  it('tokens', () => {
    assert.match(failure(`[${'1,'.repeat(limits.maxYamlTokens)}1]`), /the document is too large/);
  });

  it('stops at the first of many errors', () => {
    assert.match(failure(']'.repeat(1_000_000)), /Unexpected flow-seq-end/);
    assert.match(failure('&a '.repeat(200_000)), /A node can have at most one anchor|too large/);
  });
});

describe('duplicate keys of YAML', () => {
  const tables: [string, string[], string][] = [
    ['a: 1\nb: 2\na: 3\n', ['line 3: key "a" already set in map'], '{"a":3,"b":2}'],
    ['a:\n  b: 1\na:\n  b: 2\n', ['line 4: key "a" already set in map'], '{"a":{"b":2}}'],
    [
      '1: a\n1: b\nyes: c\non: d\n',
      ['line 2: key 1 already set in map', 'line 4: key true already set in map'],
      '{"1":"b","true":"d"}',
    ],
    ['{"a": 1, "a": 2}', ['line 1: key "a" already set in map'], '{"a":2}'],
    ['x: &x {a: 1}\nz: {<<: *x, a: 2}\n', [], '{"x":{"a":1},"z":{"a":2}}'],
  ];
  for (const [text, messages, json] of tables) {
    it(JSON.stringify(text), () => {
      const decoded = decodeYaml(text);
      assert.deepEqual(decoded.duplicates, messages);
      assert.equal(encode(decoded.value), json);
    });
  }
});

describe('positions in YAML', () => {
  const text =
    'metadata:\n  labels:\n    app: a\nspec:\n  ingress:\n    - action: Allow\n    - action: Deny\n';
  const positions: [string, number, number][] = [
    ['spec', 4, 1],
    ['spec.ingress[1]', 7, 7],
    ['spec.ingress[1].action', 7, 7],
    ['metadata.labels[app]', 3, 5],
  ];
  for (const [path, line, column] of positions) {
    it(`of ${path}`, () => assert.deepEqual(decodeYaml(text).position(path), { line, column }));
  }

  it('of JSON sent as YAML', () => {
    assert.deepEqual(decodeYaml('{"a":\n{"b": 1}}').position('a.b'), { line: 2, column: 2 });
  });
});
