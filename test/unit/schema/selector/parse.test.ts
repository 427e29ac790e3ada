import assert from 'node:assert/strict';
import { describe, suite, test } from 'node:test';
import fc from 'fast-check';
import { canonicalSelector } from '../../../../src/schema/selector/canonical.ts';
import { matchesLabels } from '../../../../src/schema/selector/evaluate.ts';
import { neverMatches } from '../../../../src/schema/selector/never-matches.ts';
import { negate, parseSelector, SelectorSyntaxError } from '../../../../src/schema/selector/parse.ts';
import { modelledSelector, tokenSoup, wellFormed } from './arbitrary.ts';
import { expectations, invalidCases, validCases } from './cases.ts';

function errorOf(text: string): SelectorSyntaxError {
  try {
    parseSelector(text);
  } catch (error) {
    assert.ok(error instanceof SelectorSyntaxError, String(error));
    return error;
  }
  assert.fail(`${JSON.stringify(text)} is valid`);
}

function isValid(text: string): boolean {
  try {
    parseSelector(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof SelectorSyntaxError, String(error));
    return false;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 40)}…${text.slice(-20)}` : text);
}

suite('valid selectors, with their canonical text', () => {
  for (const [why, cases] of validCases) {
    describe(why, () => {
      for (const entry of cases) {
        const [text, canonical] = typeof entry === 'string' ? [entry, entry] : entry;
        test(shown(text), () => {
          const parsed = parseSelector(text);
          assert.equal(canonicalSelector(parsed), canonical);
          assert.deepEqual(parseSelector(canonical), parsed);
        });
      }
    });
  }
});

suite('invalid selectors, with the position where the parser stops and what it expects', () => {
  for (const [expected, why, cases] of invalidCases) {
    describe(`${expected} expected: ${why}`, () => {
      for (const marked of cases) {
        test(shown(marked), () => {
          const [before, after] = marked.split('¦') as [string, string];
          const error = errorOf(before + after);
          assert.equal(error.position, [...before].length + 1);
          assert.match(error.expected, expectations[expected]);
        });
      }
    });
  }
});

test('there are a few hundred cases, none of them twice', () => {
  const texts = [
    ...validCases.flatMap(([, cases]) => cases.map(entry => (typeof entry === 'string' ? entry : entry[0]))),
    ...invalidCases.flatMap(([, , cases]) => cases.map(marked => marked.replace('¦', ''))),
  ];
  assert.ok(texts.length >= 400, String(texts.length));
  assert.deepEqual(
    texts.filter((text, index) => texts.indexOf(text) !== index),
    [],
  );
});

test('messages say what was found, and where a common slip is plain, what to write', () => {
  const afterA = '==, !=, in, not in, contains, starts with or ends with after the label a';
  const messages: [text: string, message: string][] = [
    ['a', `at position 2: expected ${afterA}, found the end`],
    ['a = "b"', `at position 3: expected ${afterA}, found =; write ==`],
    ['a contain "b"', `at position 3: expected ${afterA}, found contain; did you mean contains?`],
    [
      'a !in {}',
      `at position 3: expected ${afterA}, found !; write != or not in, or put the ! before the label`,
    ],
    ['a == b', 'at position 6: expected a string in quotes, such as "web", found b'],
    [
      'a == {"b"}',
      'at position 6: expected a string in quotes, such as "web", found {; a set goes with in or not in',
    ],
    ['a in {"x" "y"}', 'at position 11: expected a comma between the strings of the set, found "y"'],
    ['a == "b', 'at position 6: expected another " to end the string that starts here, found none'],
    ['has(a) & has(b)', 'at position 8: expected &&, || or the end, found &; write &&'],
    ['has(a) AND has(b)', 'at position 8: expected &&, || or the end, found AND; write &&'],
    ['all()\n', 'at position 6: expected &&, || or the end, found a line break; a selector is one line'],
    ['all()\u00a0', 'at position 6: expected &&, || or the end, found U+00A0'],
    [
      'all() && (has(a)',
      'at position 17: expected &&, || or ), found the end; the bracket at position 10 is still open',
    ],
    [
      '"a" == "b"',
      'at position 1: expected a test of a label, such as app == "web" or has(app), found "a"; the label comes ' +
        'first, and without quotes',
    ],
    [
      'Has(a)',
      'at position 4: expected ==, !=, in, not in, contains, starts with or ends with after the label Has, found (; ' +
        'write has( in lower case, the bracket touching the word',
    ],
    [
      `${'x'.repeat(513)} == "b"`,
      'at position 1: expected a label of at most 512 characters, found one of 513',
    ],
    [`all() ${'x'.repeat(99)}`, `at position 7: expected &&, || or the end, found ${'x'.repeat(24)}…`],
  ];
  for (const [text, message] of messages) assert.equal(errorOf(text).message, message);
});

test('positions count characters, not their bytes or UTF-16 units', () => {
  assert.equal(errorOf('a == "é" x').position, 10);
  assert.equal(errorOf('a == "😀" x').position, 10);
  assert.equal(errorOf('a == "👩‍👩‍👧" x').position, 14, 'five code points and no clusters');
});

test('half a surrogate pair is the character that it becomes in UTF-8', () => {
  assert.deepEqual(parseSelector('a == "\ud83d"'), { op: '==', label: 'a', value: '\ufffd' });
  assert.equal(errorOf('\udc00').position, 1);
});

test('negations cancel out', () => {
  const selector = parseSelector('has(a)');
  assert.deepEqual(negate(selector), parseSelector('!has(a)'));
  assert.deepEqual(negate(negate(selector)), selector);
});

describe('properties', () => {
  test('parse, canonical text and parse again is the identity; the canonical text is its own', () => {
    fc.assert(
      fc.property(modelledSelector, ({ text }) => {
        const parsed = parseSelector(text);
        const canonical = canonicalSelector(parsed);
        assert.deepEqual(parseSelector(canonical), parsed);
        assert.equal(canonicalSelector(parseSelector(canonical)), canonical);
      }),
      { numRuns: 2000 },
    );
  });

  test('rows of random tokens are valid exactly where the grammar says so', () => {
    let valid = 0;
    fc.assert(
      fc.property(tokenSoup, text => {
        assert.equal(isValid(text), wellFormed(text));
        if (wellFormed(text)) valid++;
      }),
      { numRuns: 10_000 },
    );
    assert.ok(valid > 100, `only ${valid} were valid`);
  });

  test('valid selectors with one change are valid exactly where the grammar says so', () => {
    const change = fc.constantFrom(
      '',
      ' ',
      '!',
      '=',
      '"',
      "'",
      '(',
      ')',
      '{',
      '}',
      ',',
      '&',
      '|',
      'a',
      'in',
      '\n',
    );
    fc.assert(
      fc.property(modelledSelector, fc.nat(), change, fc.nat(2), ({ text }, at, insert, dropped) => {
        const start = at % (text.length + 1);
        const changed = text.slice(0, start) + insert + text.slice(start + dropped);
        assert.equal(isValid(changed), wellFormed(changed));
      }),
      { numRuns: 5000 },
    );
  });

  test('random bytes and characters are refused or parsed, with a position within the text', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map(each => Buffer.from(each).toString());
    fc.assert(
      fc.property(fc.oneof(bytes, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), text => {
        if (isValid(text)) return;
        const { position } = errorOf(text);
        assert.ok(position >= 1 && position <= [...text].length + 1);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('steps', () => {
  const families: Record<string, (count: number) => string> = {
    negations: count => `${'!'.repeat(count)}has(a)`,
    'negations alone': count => '!'.repeat(count),
    'open brackets': count => '('.repeat(count),
    'closed brackets': count => `${'('.repeat(count)}all()${')'.repeat(count)}`,
    'negated brackets': count => `${'!('.repeat(count)}all()${')'.repeat(count)}`,
    'brackets that never close': count => `${'(has(a) || '.repeat(count)}has(a)`,
    'close brackets': count => `all()${')'.repeat(count)}`,
    conjunctions: count => `${'a == "x" && '.repeat(count)}all()`,
    alternatives: count => `${'a == "x" || b in {} && '.repeat(count)}all()`,
    'nested alternatives': count => `${'(a == "x" || '.repeat(count)}all()${')'.repeat(count)}`,
    'a long string': count => `a == "${'x'.repeat(count)}"`,
    'a long string without an end': count => `a == "${'x'.repeat(count)}`,
    'a long string of quotes': count => `a == "${"'".repeat(count)}"`,
    'a long set': count => `a in {${'"x",'.repeat(count)}}`,
    'a set of different values': count =>
      `a in {${Array.from({ length: count }, (_, index) => `"${String(index).padStart(6)}"`).join()}}`,
    'a long label': count => `${'x'.repeat(count)} == "a"`,
    'a long operator': count => `a ${'contains'.repeat(count)} "b"`,
    'blanks in an operator': count => `a not${' '.repeat(count)}in {}`,
    'blanks after half an operator': count => `a starts${' '.repeat(count)}x`,
    'blanks after every half of an operator': count => `${`a not${' '.repeat(9)}in {} && `.repeat(count)}b`,
    blanks: count => ' \t'.repeat(count),
    'blanks in brackets': count => `has(${' '.repeat(count)}a${'\t'.repeat(count)})`,
    'has without an end': count => 'has('.repeat(count),
    'labels without operators': count => 'a '.repeat(count),
    quotes: count => `'"'`.repeat(count),
    'line breaks': count => '\n'.repeat(count),
  };

  function steps(text: string): number {
    const counter = { steps: 0 };
    try {
      parseSelector(text, counter);
    } catch (error) {
      assert.ok(error instanceof SelectorSyntaxError, String(error));
    }
    return counter.steps;
  }

  for (const [name, family] of Object.entries(families)) {
    test(`at most double when the text doubles: ${name}`, () => {
      // What does not grow with the text: the few tokens around the family.
      const rest = 40;
      for (const count of [64, 512, 4096]) {
        const [once, twice] = [steps(family(count)), steps(family(2 * count))];
        assert.ok(twice <= 2 * once + rest, `${once} steps for ${count}, ${twice} for twice that`);
        assert.ok(
          once <= 3 * family(count).length + rest,
          `${once} steps for ${family(count).length} characters`,
        );
      }
    });
  }

  test('are counted: a valid text has no fewer than characters', () => {
    fc.assert(
      fc.property(modelledSelector, ({ text }) => {
        assert.ok(steps(text) >= text.length);
      }),
    );
  });
});

test('a megabyte of nesting overflows nothing', () => {
  const texts: [text: string, holds: boolean][] = [
    [`${'('.repeat(500_000)}all()${')'.repeat(500_000)}`, true],
    // An odd number of negations of what does not hold.
    [`${'!(has(b) || '.repeat(20_001)}has(b)${')'.repeat(20_001)}`, true],
    [`${'!(has(a) || '.repeat(20_000)}has(b)${')'.repeat(20_000)}`, false],
    [`${'(has(a) && (has(b) || '.repeat(20_000)}has(c)${'))'.repeat(20_000)}`, true],
  ];
  for (const [text, holds] of texts) {
    const parsed = parseSelector(text);
    const canonical = canonicalSelector(parsed);
    assert.equal(canonicalSelector(parseSelector(canonical)), canonical);
    assert.equal(matchesLabels(parsed, { a: '', c: '' }), holds);
    assert.equal(neverMatches(parsed), undefined);
  }
  errorOf('('.repeat(1_000_000));
});
