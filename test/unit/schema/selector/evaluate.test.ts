import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalSelector } from '../../../../src/schema/selector/canonical.ts';
import { matchesLabels } from '../../../../src/schema/selector/evaluate.ts';
import { parseSelector } from '../../../../src/schema/selector/parse.ts';
import { modelledSelector, someLabels } from './arbitrary.ts';

type Labels = Record<string, string>;

/** Why, the selector, labels that it matches and labels that it does not (selectors.md 3). */
const cases: [why: string, selector: string, matched: Labels[], unmatched: Labels[]][] = [
  ['nothing at all is all()', '', [{}, { a: 'b' }], []],
  ['all() is always true', 'all()', [{}, { a: 'b' }], []],
  ['its negation never', '!all()', [], [{}, { a: 'b' }]],
  ['global() is always true when evaluated', 'global()', [{}, { a: 'b' }], []],
  ['has: whatever the value', 'has(a)', [{ a: 'b' }, { a: '' }], [{}, { b: 'a' }, { A: 'b' }]],
  ['not has', '!has(a)', [{}, { b: 'a' }], [{ a: 'b' }, { a: '' }]],
  ['==: present and equal', 'a == "b"', [{ a: 'b' }], [{}, { a: '' }, { a: 'B' }, { a: 'bb' }, { b: 'b' }]],
  ['== of the empty value: still present', 'a == ""', [{ a: '' }], [{}, { a: 'b' }]],
  ['!=: absent or different', 'a != "b"', [{}, { a: '' }, { a: 'c' }, { b: 'b' }], [{ a: 'b' }]],
  ['!= of the empty value: absent counts', 'a != ""', [{}, { a: 'b' }], [{ a: '' }]],
  ['not ==: the same as !=', '!a == "b"', [{}, { a: '' }, { a: 'c' }], [{ a: 'b' }]],
  ['not !=: the same as ==', '!a != "b"', [{ a: 'b' }], [{}, { a: '' }, { a: 'c' }]],
  ['in: present and one of them', 'a in {"b", "c"}', [{ a: 'b' }, { a: 'c' }], [{}, { a: '' }, { a: 'bc' }]],
  ['in the empty set: never', 'a in {}', [], [{}, { a: '' }, { a: 'b' }]],
  ['in a set of the empty value', 'a in {""}', [{ a: '' }], [{}, { a: 'b' }]],
  [
    'not in: absent or none of them',
    'a not in {"b", "c"}',
    [{}, { a: '' }, { a: 'd' }],
    [{ a: 'b' }, { a: 'c' }],
  ],
  ['not in the empty set: always', 'a not in {}', [{}, { a: '' }, { a: 'b' }], []],
  ['not (in): the same as not in', '!a in {"b"}', [{}, { a: 'c' }], [{ a: 'b' }]],
  ['not (not in): the same as in', '!a not in {"b"}', [{ a: 'b' }], [{}, { a: 'c' }]],
  ['contains', 'a contains "b"', [{ a: 'b' }, { a: 'abc' }], [{}, { a: '' }, { a: 'B' }, { b: 'b' }]],
  ['contains "": any present label', 'a contains ""', [{ a: '' }, { a: 'b' }], [{}]],
  ['not contains: true for a missing label', '!a contains "b"', [{}, { a: '' }, { a: 'c' }], [{ a: 'abc' }]],
  [
    'starts with',
    'a starts with "bc"',
    [{ a: 'bc' }, { a: 'bcd' }],
    [{}, { a: 'b' }, { a: 'abc' }, { a: '' }],
  ],
  ['starts with "": any present label', 'a starts with ""', [{ a: '' }, { a: 'b' }], [{}]],
  ['not starts with: true for a missing label', '!a starts with "b"', [{}, { a: 'ab' }], [{ a: 'b' }]],
  ['ends with', 'a ends with "bc"', [{ a: 'bc' }, { a: 'abc' }], [{}, { a: 'c' }, { a: 'bcd' }, { a: '' }]],
  ['ends with "": any present label', 'a ends with ""', [{ a: '' }, { a: 'b' }], [{}]],
  ['not ends with: true for a missing label', '!a ends with "b"', [{}, { a: 'ba' }], [{ a: 'b' }]],
  ['and', 'has(a) && has(b)', [{ a: '', b: '' }], [{}, { a: '' }, { b: '' }]],
  ['or', 'has(a) || has(b)', [{ a: '' }, { b: '' }, { a: '', b: '' }], [{}]],
  ['&& before ||', 'has(a) || has(b) && has(c)', [{ a: '' }, { b: '', c: '' }], [{}, { b: '' }, { c: '' }]],
  [
    'brackets',
    '(has(a) || has(b)) && has(c)',
    [
      { a: '', c: '' },
      { b: '', c: '' },
    ],
    [{ a: '' }, { a: '', b: '' }],
  ],
  ['! before &&', '!has(a) && has(b)', [{ b: '' }], [{}, { a: '', b: '' }]],
  ['! of brackets', '!(has(a) && has(b))', [{}, { a: '' }, { b: '' }], [{ a: '', b: '' }]],
  ['! of alternatives', '!(has(a) || has(b))', [{}], [{ a: '' }, { b: '' }]],
  ['! twice', '!!has(a)', [{ a: '' }], [{}]],
  [
    'nested groups',
    '!(has(a) && !(has(b) || !has(c)))',
    [{}, { a: '' }, { a: '', b: '', c: '' }],
    [{ a: '', c: '' }],
  ],
  ['labels are case-sensitive', 'A == "b"', [{ A: 'b' }], [{ a: 'b' }]],
  [
    'labels that Calico adds',
    "projectcalico.org/namespace == 'x'",
    [{ 'projectcalico.org/namespace': 'x' }],
    [{}],
  ],
  ['names of JavaScript objects are no labels of theirs', 'has(constructor) || has(__proto__)', [], [{}]],
  ['values of several bytes', 'a contains "é"', [{ a: 'café' }], [{ a: 'cafe\u0301' }, { a: 'è' }]],
];

for (const [why, text, matched, unmatched] of cases) {
  describe(`${why}: ${text}`, () => {
    const selector = parseSelector(text);
    for (const labels of matched) {
      test(`matches ${JSON.stringify(labels)}`, () => assert.equal(matchesLabels(selector, labels), true));
    }
    for (const labels of unmatched) {
      test(`does not match ${JSON.stringify(labels)}`, () =>
        assert.equal(matchesLabels(selector, labels), false));
    }
  });
}

test('a label called __proto__ is one like any other', () => {
  const labels = JSON.parse('{"__proto__": "x"}') as Labels;
  assert.equal(matchesLabels(parseSelector('__proto__ == "x"'), labels), true);
  assert.equal(matchesLabels(parseSelector('has(toString)'), labels), false);
});

test('a selector means what the model says, and so does its canonical text', () => {
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(modelledSelector, someLabels, ({ text, holds }, labels) => {
      const expected = holds(labels);
      seen[`${expected}`]++;
      const selector = parseSelector(text);
      assert.equal(matchesLabels(selector, labels), expected);
      assert.equal(matchesLabels(parseSelector(canonicalSelector(selector)), labels), expected);
    }),
    { numRuns: 5000 },
  );
  assert.ok(seen.true > 500 && seen.false > 500, JSON.stringify(seen));
});
