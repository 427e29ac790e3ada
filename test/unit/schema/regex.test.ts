import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileRegex } from '../../../src/schema/regex.ts';

/** Patterns that mean the same in Go and in JavaScript, over few letters so that they match now and then. */
const { pattern } = fc.letrec<{ pattern: string; atom: string; sequence: string }>(tie => ({
  atom: fc.oneof(
    { maxDepth: 1, withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '^', '$', '[ab]', '[^a]', '[a-c_-]', '\\d', '\\.', '[\\d.]', '(?:)'),
    tie('pattern').map(inner => `(${inner})`),
  ),
  sequence: fc
    .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '+?')), {
      maxLength: 3,
    })
    // JavaScript cannot repeat an assertion.
    .map(parts => parts.map(([atom, repeat]) => (/^[$^]$/.test(atom) ? atom : atom + repeat)).join('')),
  pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map(parts => parts.join('|')),
}));
// Short, since RegExp takes exponential time on some of these patterns.
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '_', '-', '1', '7'), maxLength: 7 });

test('agrees with RegExp where the two languages agree', () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 8 }), (source, texts) => {
      const expected = new RegExp(source, 'u');
      const regex = compileRegex(source);
      for (const value of texts)
        assert.equal(regex.test(value), expected.test(value), `/${source}/ on ${value}`);
    }),
    { numRuns: 1500 },
  );
});

describe('is Go where the two languages differ', () => {
  const cases: [string, string, boolean][] = [
    ['^(?i)(Accept|Return)?$', 'aCCEPT', true],
    ['^(?i)(Accept|Return)?$', '', true],
    ['^(?i)(Accept|Return)?$', 'Accepted', false],
    ['^(?i:a)b$', 'Ab', true],
    ['^(?i:a)b$', 'AB', false],
    ['^((?i)a)b$', 'AB', false],
    ['(?i)^a(?-i)b$', 'AB', false],
    ['(?i)^[k]$', '\u212a', true],
    ['(?i)^\\w$', '\u017f', true],
    ['^\\w$', '\u017f', false],
    ['^.$', '\r', true],
    ['^.$', '\n', false],
    ['(?s)^.$', '\n', true],
    ['^.$', '\u{1f600}', true],
    ['^\\s$', '\u00a0', false],
    ['^\\s$', '\v', false],
    ['^[\\S]$', '\u00a0', true],
    ['^a$', 'a\n', false],
    ['\\Aa\\z', 'a', true],
    ['(?P<name>a)\\x41\\x{1F600}', 'aA\u{1f600}', true],
    ['^[a-zA-Z0-9-_]+$', 'a-_9', true],
    ['^\\%\\_$', '%_', true],
    ['^[]a]+$', ']a', true],
    ['^{a}$', '{a}', true],
    ['^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))*$', '1.5s', false],
    ['^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))*$', '1\\x5s', true],
  ];
  for (const [source, value, expected] of cases) {
    test(`/${source}/ on ${JSON.stringify(value)}`, () => {
      assert.equal(compileRegex(source).test(value), expected);
    });
  }
});

describe('refuses what it does not know', () => {
  const sources = [
    '(',
    'a)',
    '[a',
    '[b-a]',
    '*a',
    'a**',
    'a{2,1}',
    'a{1001}',
    '\\',
    '\\1',
    '\\b',
    '\\p{L}',
    '(?=a)',
  ];
  for (const source of [...sources, '[[:alpha:]]', '(?<n', '(?i)é', '((a{100}){100}){100}', '(?P=n)']) {
    test(source, () => assert.throws(() => compileRegex(source), SyntaxError));
  }
});

test('takes linear time on texts that make a backtracking engine exponential', () => {
  const duration = '^(([0-9]*(\\.[0-9]*)?(ms|s|h|m|us)+)+|Auto)$';
  // A backtracking engine would need 2^100000 steps; that this ends at all is the proof.
  assert.equal(compileRegex(duration).test(`${'s'.repeat(100_000)}!`), false);
  assert.equal(compileRegex(duration).test('ms'.repeat(100_000)), true);
});

test('survives more states than it keeps', () => {
  // The state remembers which of the last 12 letters were a: 4,096 states.
  const regex = compileRegex('a.{12}$');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 13, maxLength: 400 }), value => {
      assert.equal(regex.test(value), value.at(-13) === 'a');
    }),
    { numRuns: 200 },
  );
});
