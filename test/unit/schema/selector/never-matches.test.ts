import assert from 'node:assert/strict';
import { describe, suite, test } from 'node:test';
import fc from 'fast-check';
import { matchesLabels } from '../../../../src/schema/selector/evaluate.ts';
import { neverMatches } from '../../../../src/schema/selector/never-matches.ts';
import { negate, parseSelector } from '../../../../src/schema/selector/parse.ts';
import { modelledSelector } from './arbitrary.ts';

const name63 = 'x'.repeat(63);

/** Selectors that match nothing, by the kind of reason. */
const never: [why: string, reason: RegExp, selectors: string[]][] = [
  [
    'the negation of everything',
    /^!all\(\) matches nothing$/,
    ['!all()', '!(all())', 'has(a) && !all()', '!all() || !all()'],
  ],
  [
    'an empty set holds no value',
    /holds for no value$/,
    ['a in {}', '!a not in {}', 'has(b) && a in {}', 'a in {} || !b not in {}', '!(has(a) || b not in {})'],
  ],
  [
    'a label is not both there and absent',
    /^.+ and .+ cannot both hold$/,
    [
      'has(a) && !has(a)',
      '!has(a) && has(a)',
      '!has(a) && a == "x"',
      '!has(a) && a in {"x", "y"}',
      '!has(a) && a contains ""',
      '!has(a) && !a != "x"',
      '!(has(a) || !has(a))',
      'has(a) && has(b) && (has(c) && !has(a))',
      '!(!has(a) || has(a) || has(b))',
    ],
  ],
  [
    'a label has one value',
    /^no value of the label a fits .+ at once$/,
    [
      'a == "x" && a == "y"',
      '(a == "x" && has(b)) && a == "y"',
      'a == "x" && a != "x"',
      'a == "x" && !a == "x"',
      'a == "x" && a not in {"x", "y"}',
      'a in {"x", "y"} && a in {"z"}',
      'a in {"x", "y"} && a != "x" && a != "y"',
      'a in {"x", "y"} && a not in {"y", "x", "z"}',
      'a == "" && a != ""',
      '!(a != "x" || a == "x")',
      '!(a != "x" || a != "y")',
    ],
  ],
  [
    'the value does not fit the text',
    /^no value of the label a fits .+ at once$/,
    [
      'a == "x" && a contains "y"',
      'a == "x" && !a contains "x"',
      'a == "xy" && a starts with "y"',
      'a in {"xy", "zy"} && a ends with "x"',
      'a in {"x", "y"} && !a starts with ""',
    ],
  ],
  [
    'no text begins or ends in two ways',
    /cannot (both|all) hold$/,
    [
      'a starts with "x" && a starts with "y"',
      'a starts with "xy" && a starts with "xz"',
      'a ends with "x" && a ends with "y"',
      'a starts with "xy" && !a starts with "x"',
      'a ends with "xy" && !a ends with "y"',
      'a contains "xyz" && !a contains "y"',
      'a starts with "xy" && !a contains "y"',
      'has(a) && !a contains ""',
      'has(a) && !a ends with ""',
    ],
  ],
  [
    'no object can have such a label in Kubernetes',
    /^no object can have the label .+, whose name Kubernetes does not allow$/,
    [
      'has(a//b)',
      '-x == "v"',
      'has(/)',
      'a/b/c in {"v"}',
      'UPPER/name == "v"',
      `x${name63} contains ""`,
      '!a/ != "v"',
    ],
  ],
  [
    'no object can have such a value in Kubernetes',
    /^no object can have the label .+ with the value .+, which Kubernetes does not allow$/,
    [
      'a == "b c"',
      'a == "-"',
      'a == "x/y"',
      `a == "x${name63}"`,
      'a in {"b ", " c"}',
      'a == "é"',
      '!a != "x:y"',
    ],
  ],
  [
    'no value in Kubernetes has such a part',
    /fits no value that Kubernetes allows for a label$/,
    ['a contains " "', 'a starts with "/"', 'a ends with "é"', 'has(b) && a contains "x:y"'],
  ],
  [
    'all of the alternatives contradict themselves',
    /./,
    [
      'a in {} || b in {}',
      '(has(a) && !has(a)) || (has(b) && !has(b))',
      'has(x) && (a in {} || (b == "x" && b == "y"))',
      '!(has(a) || !has(a)) || !all()',
    ],
  ],
];

/** Selectors that match something, or of which that is not found out. */
const perhaps: [why: string, selectors: string[]][] = [
  [
    'everything and anything',
    ['', 'all()', 'global()', '!global()', 'has(a)', '!has(a)', 'a == "x"', 'a == ""'],
  ],
  [
    'absent labels fulfil these',
    [
      'a != "x" && a != "y"',
      'a not in {"x"} && !has(a)',
      'a not in {}',
      '!a contains ""',
      '!a contains "x" && !a contains "y"',
      '!a in {}',
      'a != "b c"',
      '!has(a//b)',
      'a//b != "x"',
      '!a contains " "',
    ],
  ],
  [
    'values that fit all tests',
    [
      'a == "x" && a in {"x", "y"}',
      'a in {"x", "y"} && a != "x"',
      'a == "xy" && a starts with "x" && a ends with "y" && a contains "xy"',
      'a starts with "x" && a starts with "xy"',
      'a ends with "y" && a ends with "xy"',
      'a starts with "x" && a ends with "y"',
      'a starts with "x" && !a starts with "xy"',
      'a contains "x" && !a starts with "x"',
      'has(a) && a != "x"',
      'a in {"b c", "b"}',
    ],
  ],
  ['different labels', ['a == "x" && b == "y"', 'has(a) && !has(b)', 'a in {"x"} && A not in {"x"}']],
  [
    'an alternative',
    ['a in {} || has(a)', 'a == "x" || a == "y"', '!(has(a) && !has(a))', '(a in {} || has(b)) && has(c)'],
  ],
  [
    'labels of Calico hold names, which may be long',
    [`projectcalico.org/name == "x${name63}"`, `projectcalico.org/serviceaccount in {"x${name63}"}`],
  ],
  ['what does not parse is for another rule', ['a', 'a in {} &&', '!all(']],
  ['not found out: alternatives are not combined', ['(has(a) || has(b)) && !has(a) && !has(b)']],
];

suite('selectors that match nothing', () => {
  for (const [why, reason, selectors] of never) {
    describe(why, () => {
      for (const text of selectors) test(text, () => assert.match(neverMatches(text) ?? 'may match', reason));
    });
  }
});

suite('selectors that may match', () => {
  for (const [why, selectors] of perhaps) {
    describe(why, () => {
      for (const text of selectors) test(text, () => assert.equal(neverMatches(text), undefined));
    });
  }
});

test('reasons name the tests that contradict each other, cut short where they are long', () => {
  assert.equal(
    neverMatches('has(c) && a == "x" && a == "y"'),
    'no value of the label a fits a == "x" and a == "y" at once',
  );
  assert.equal(neverMatches('a == "x" && !has(a)'), 'a == "x" and !has(a) cannot both hold');
  const many = Array.from({ length: 9 }, (_, index) => `a == "${index}"`).join(' && ');
  assert.equal(
    neverMatches(many),
    'no value of the label a fits a == "0" and a == "1" and a == "2" and a == "3" and 5 more at once',
  );
  assert.ok(neverMatches(`a in {"${'x'.repeat(9999)}"} && !has(a)`)!.length < 200);
});

test('a parsed selector is as good as its text, and a negation tells what matches everything', () => {
  assert.equal(neverMatches(parseSelector('a in {}')), 'a in {} holds for no value');
  assert.ok(neverMatches(negate(parseSelector('has(a) || !has(a)'))));
  assert.ok(neverMatches(negate(parseSelector(''))));
  assert.equal(neverMatches(negate(parseSelector('has(a)'))), undefined);
});

/** All labels of two names and a few values that Kubernetes allows. */
function* allLabels(): Generator<Record<string, string>> {
  const values = [undefined, '', 'x', 'y', 'xy', 'yx', 'xx', 'xyx', 'z'];
  for (const a of values) {
    for (const b of values) yield { ...(a !== undefined && { a }), ...(b !== undefined && { b }) };
  }
}

test('a selector with a reason matches no labels that Kubernetes allows', () => {
  const literal = fc
    .tuple(
      fc.constantFrom('', '', '!'),
      fc.constantFrom('a', 'a', 'b'),
      fc.constantFrom('==', '!=', 'contains', 'starts with', 'ends with', 'in', 'not in', 'has'),
      fc.array(fc.constantFrom('', 'x', 'y', 'xy', 'é'), { minLength: 1, maxLength: 3 }),
    )
    .map(([not, label, operator, values]) => {
      if (operator === 'has') return `${not}has(${label})`;
      const set = `{${values.map(value => `"${value}"`).join()}}`;
      return `${not}${label} ${operator} ${operator.endsWith('in') ? set : `"${values[0]}"`}`;
    });
  const joined = (operator: string, of: fc.Arbitrary<string>) =>
    fc.array(of, { minLength: 1, maxLength: 4 }).map(terms => terms.join(operator));
  const grouped = fc
    .tuple(fc.constantFrom('', '!'), joined(' || ', joined(' && ', literal)))
    .map(([not, text]) => `${not}(${text})`);
  const texts = fc.oneof(
    joined(' && ', literal),
    joined(' || ', joined(' && ', literal)),
    joined(' && ', fc.oneof(literal, grouped)),
    modelledSelector.map(({ text }) => text),
  );
  let reasons = 0;
  fc.assert(
    fc.property(texts, text => {
      if (neverMatches(text) === undefined) return;
      reasons++;
      const selector = parseSelector(text);
      for (const labels of allLabels())
        assert.equal(matchesLabels(selector, labels), false, JSON.stringify(labels));
    }),
    { numRuns: 5000 },
  );
  assert.ok(reasons > 250, `only ${reasons} had a reason`);
});

test('a long selector on one label is given up, not compared test by test', () => {
  const values = Array.from({ length: 20_000 }, (_, index) => `"${index}"`).join();
  assert.equal(neverMatches(`a in {${values}} && a not in {${values}}`), undefined);
  const tests = Array.from({ length: 20_000 }, () => 'a starts with "x"').join(' && ');
  assert.equal(neverMatches(`${tests} && a starts with "y"`), undefined);
});
