import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DecodeError, decode } from '../../../src/machinery/decode.ts';

const origin = { line: 10, column: 5 };

suite('a part of a larger text', () => {
  test('positions are those of the whole text', () => {
    const json = decode(Buffer.from('{"a": 1,\n"b": [2]}'), 'application/json', { origin });
    assert.deepEqual(json.position('a'), { line: 10, column: 6 });
    assert.deepEqual(json.position('b[0]'), { line: 11, column: 7 });
    const yaml = decode(Buffer.from('a: 1\nb:\n- 2\n'), 'application/yaml', { origin });
    assert.deepEqual(yaml.position('a'), { line: 10, column: 5 });
    assert.deepEqual(yaml.position('b[0]'), { line: 12, column: 3 });
    assert.equal(yaml.position('c'), undefined);
  });

  const broken: [string, 'json' | 'yaml', string, number, number][] = [
    ['{"a": x}', 'json', "invalid character 'x' looking for beginning of value", 10, 11],
    ['{"a":\nx}', 'json', "invalid character 'x' looking for beginning of value", 11, 1],
    ['a: *x', 'yaml', "yaml: line 10: unknown anchor 'x' referenced", 10, 8],
    ['a:\nb: *x', 'yaml', "yaml: line 11: unknown anchor 'x' referenced", 11, 4],
    ['a:\n  b\xff', 'yaml', 'the body is not valid UTF-8', 11, 4],
  ];
  for (const [text, type, message, line, column] of broken) {
    test(`${type}: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => decode(Buffer.from(text, 'latin1'), `application/${type}`, { origin }),
        (error: unknown) => {
          assert.ok(error instanceof DecodeError);
          assert.deepEqual([error.message, error.line, error.column], [message, line, column]);
          return true;
        },
      );
    });
  }

  test('the second of two equal fields has a place', () => {
    const json = decode(Buffer.from('{"a": {"b": 1,\n  "b": 2}}'), 'application/json', { origin });
    assert.deepEqual(json.duplicates, ['duplicate field "a.b"']);
    assert.deepEqual(json.duplicatePosition?.(0), { line: 11, column: 3 });
    const yaml = decode(Buffer.from('a:\n  b: 1\n  b:\n    2\n'), 'application/yaml', { origin });
    assert.deepEqual(yaml.duplicates, ['line 13: key "b" already set in map']);
    assert.deepEqual(yaml.duplicatePosition?.(0), { line: 12, column: 3 });
    assert.equal(yaml.duplicatePosition?.(1), undefined);
  });

  test('the bound on tokens can be another', () => {
    const text = Buffer.from('[1, 2, 3, 4, 5, 6]');
    assert.throws(() => decode(text, 'application/yaml', { maxYamlTokens: 5 }), /too large/);
    assert.doesNotThrow(() => decode(text, 'application/yaml', { maxYamlTokens: 50 }));
  });
});
