import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  emptySet,
  has,
  leaves,
  pathsOf,
  sameSet,
  setOf,
  within,
} from '../../../../src/machinery/apply/field-set.ts';
import {
  FieldSetError,
  fieldStep,
  keyStep,
  parseStep,
  printPath,
  sortedSteps,
  valueStep,
} from '../../../../src/machinery/apply/step.ts';
import { decode } from '../../../../src/machinery/decode.ts';
import { encode } from '../../../../src/machinery/encode.ts';
import { goJson } from '../../../../src/machinery/go-json.ts';
import type { Json } from '../../../../src/machinery/json.ts';
import {
  difference,
  intersection,
  parseFieldsV1,
  recursiveDifference,
  serializeFieldsV1,
  union,
} from './at-once.ts';
import { fieldSets } from './shapes-of-tests.ts';

const parse = (text: string): Json => decode(Buffer.from(text), 'application/json').value;

suite('FieldsV1', () => {
  const canonical: [what: string, given: string, written: string][] = [
    [
      'fields by their bytes',
      '{"f:b":{},"f:a":{},"f:\u{1f600}":{},"f:\uffee":{}}',
      '{"f:a":{},"f:b":{},"f:\uffee":{},"f:\u{1f600}":{}}',
    ],
    [
      'fields, keys, values, indexes',
      '{"i:0":{},"v:1":{},"k:{\\"a\\":1}":{},"f:z":{}}',
      '{"f:z":{},"k:{\\"a\\":1}":{},"v:1":{},"i:0":{}}',
    ],
    [
      'keys sorted and compact',
      '{"k:{ \\"b\\": 1, \\"a\\": \\"x\\" }":{}}',
      '{"k:{\\"a\\":\\"x\\",\\"b\\":1}":{}}',
    ],
    [
      'items by their keys in turn',
      '{"k:{\\"a\\":10}":{},"k:{\\"a\\":9}":{},"k:{\\"a\\":\\"9\\"}":{}}',
      '{"k:{\\"a\\":9}":{},"k:{\\"a\\":10}":{},"k:{\\"a\\":\\"9\\"}":{}}',
    ],
    [
      'values: numbers, texts, booleans',
      '{"v:true":{},"v:false":{},"v:\\"a\\"":{},"v:10":{},"v:9.5":{}}',
      '{"v:9.5":{},"v:10":{},"v:\\"a\\"":{},"v:false":{},"v:true":{}}',
    ],
    [
      'integers without loss',
      '{"k:{\\"n\\":9007199254740993}":{},"v:18446744073709551615":{}}',
      '{"k:{\\"n\\":9007199254740993}":{},"v:18446744073709551615":{}}',
    ],
    [
      'neighbours among large integers',
      '{"v:9007199254740993":{},"v:9007199254740992":{}}',
      '{"v:9007199254740992":{},"v:9007199254740993":{}}',
    ],
    ['texts with what Go escapes', '{"v:\\"<&>\\"":{}}', '{"v:\\"\\\\u003c\\\\u0026\\\\u003e\\"":{}}'],
    ['a dot where the field itself is meant too', '{"f:a":{"f:b":{},".":{}}}', '{"f:a":{".":{},"f:b":{}}}'],
    ['a dot alone is a leaf', '{"f:a":{".":{}}}', '{"f:a":{}}'],
    ['a dot at the top is passed over', '{".":{},"f:a":{}}', '{"f:a":{}}'],
    ['null is a leaf', '{"f:a":null}', '{"f:a":{}}'],
    ['steps of a later version are passed over', '{"x:1":{"f:a":{}},"f:b":{"y:2":{}}}', '{"f:b":{}}'],
    ['indexes in order', '{"i:10":{},"i:9":{}}', '{"i:9":{},"i:10":{}}'],
    [
      'names that objects have',
      '{"f:__proto__":{"f:constructor":{}}}',
      '{"f:__proto__":{"f:constructor":{}}}',
    ],
    ['nothing', '{}', '{}'],
  ];
  for (const [what, given, written] of canonical) {
    test(what, () => assert.equal(encode(serializeFieldsV1(parseFieldsV1(parse(given)))), written));
  }

  const wrong = [
    '{"a":{}}',
    '{"":{}}',
    '{"fx":{}}',
    '{"k:1":{}}',
    '{"k:{":{}}',
    '{"v:":{}}',
    '{"i:x":{}}',
    '{"f:a":1}',
    '{"f:a":[]}',
    '[]',
    '1',
  ];
  for (const text of wrong) {
    test(`${text} is none`, () => assert.throws(() => parseFieldsV1(parse(text)), FieldSetError));
  }

  test('what is written is read as the same set, and written as the same text', () => {
    fc.assert(
      fc.property(fieldSets, set => {
        const written = encode(serializeFieldsV1(set));
        const read = parseFieldsV1(parse(written));
        assert.ok(sameSet(read, set), written);
        assert.equal(encode(serializeFieldsV1(read)), written);
      }),
    );
  });

  test('steps have one order', () => {
    fc.assert(
      fc.property(fieldSets, set => {
        const steps = [...set.keys()];
        const sorted = sortedSteps(steps);
        assert.deepEqual(sortedSteps(steps.toReversed()), sorted);
        assert.deepEqual(sorted.toSorted(), steps.toSorted());
      }),
    );
  });

  test('what is sorted as text has the order of the values', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom(...' !"#a\\<', 'b', '\u{1f600}', '\uffee') }));
    fc.assert(
      fc.property(texts, texts, texts, (names, values, keys) => {
        const steps = [
          ...names.map(fieldStep),
          ...values.map(valueStep),
          ...keys.map(key => keyStep({ uid: key })),
        ];
        // An index has no text order, so that all are sorted by their values.
        assert.deepEqual(sortedSteps(steps), sortedSteps([...steps, 'i:0']).slice(0, -1));
      }),
    );
  });

  test('a text is the same step however it is made', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const value = text.toWellFormed();
        assert.equal(valueStep(value), `v:${goJson(value)}`);
        assert.equal(parseStep(`v:${JSON.stringify(value)}`), valueStep(value));
        assert.equal(parseStep(`k:${JSON.stringify({ [value]: value })}`), keyStep({ [value]: value }));
      }),
    );
  });

  const printed: [step: string, text: string][] = [
    ['f:spec', '.spec'],
    ['k:{"port":80,"name":"x"}', '[name="x",port=80]'],
    ['v:"a\\nb"', '[="a\\nb"]'],
    ['v:9007199254740993', '[=9007199254740993]'],
    ['i:3', '[3]'],
  ];
  for (const [step, text] of printed) {
    test(`${step} is printed as ${text}`, () => assert.equal(printPath([parseStep(step)!]), text));
  }
});

suite('field sets', () => {
  const abc = setOf(['f:a'], ['f:a', 'f:b'], ['f:a', 'f:b', 'f:c'], ['f:d']);

  test('a field is no part of what is taken from above it', () => {
    assert.ok(
      sameSet(difference(abc, setOf(['f:a'])), setOf(['f:a', 'f:b'], ['f:a', 'f:b', 'f:c'], ['f:d'])),
    );
    assert.ok(sameSet(recursiveDifference(abc, setOf(['f:a', 'f:b'])), setOf(['f:a'], ['f:d'])));
  });

  test('has, within, leaves and paths', () => {
    assert.ok(has(abc, ['f:a', 'f:b']));
    assert.ok(!has(setOf(['f:a', 'f:b']), ['f:a']));
    assert.ok(!has(abc, ['f:x', 'f:b']));
    assert.ok(!has(abc, []));
    assert.ok(sameSet(within(abc, 'f:a'), setOf(['f:b'], ['f:b', 'f:c'])));
    assert.equal(within(abc, 'f:x').size, 0);
    assert.ok(sameSet(leaves(abc), setOf(['f:a', 'f:b', 'f:c'], ['f:d'])));
    assert.deepEqual(pathsOf(abc).map(printPath).toArray(), ['.a', '.d', '.a.b', '.a.b.c']);
  });

  test('the laws of sets', () => {
    fc.assert(
      fc.property(fieldSets, fieldSets, fieldSets, (a, b, c) => {
        const same = (one: typeof a, other: typeof a) => assert.ok(sameSet(one, other));
        same(union(a, b), union(b, a));
        same(union(union(a, b), c), union(a, union(b, c)));
        same(union(a, a), a);
        same(intersection(a, b), intersection(b, a));
        same(intersection(a, union(b, c)), union(intersection(a, b), intersection(a, c)));
        same(union(difference(a, b), intersection(a, b)), a);
        same(intersection(difference(a, b), b), emptySet);
        same(difference(difference(a, b), c), difference(a, union(b, c)));
        same(difference(recursiveDifference(a, b), a), emptySet);
        same(recursiveDifference(a, emptySet), a);
      }),
    );
  });

  test('a set has the paths that it was made of', () => {
    fc.assert(
      fc.property(fieldSets, fieldSets, (a, b) => {
        const texts = (set: typeof a) =>
          pathsOf(set)
            .map(path => JSON.stringify(path))
            .toArray();
        assert.ok(sameSet(setOf(...pathsOf(a)), a));
        assert.deepEqual(new Set(texts(union(a, b))), new Set([...texts(a), ...texts(b)]));
        const inB = new Set(texts(b));
        assert.deepEqual(new Set(texts(difference(a, b))), new Set(texts(a).filter(path => !inB.has(path))));
        assert.deepEqual(new Set(texts(intersection(a, b))), new Set(texts(a).filter(path => inB.has(path))));
        for (const path of pathsOf(a)) assert.ok(has(a, path));
      }),
    );
  });
});
