import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compileRegex } from '../../../src/schema/regex.ts';
import { checkRegexSyntax } from '../../../src/schema/regex-syntax.ts';

// By the syntax that Go's regexp/syntax documents.
const raw = String.raw;
const valid = [
  '',
  'a|b||',
  '()',
  '(?:a)(?P<name>b)(?<other>c)',
  '(?i)É',
  '(?im-s:^a$)',
  '(?U)a+',
  raw`\bword\B`,
  raw`\A\z\d\D\s\S\w\W`,
  raw`\pL\PN\p{Lu}\p{^Lu}\P{Greek}\p{Any}\p{Old_Persian}\p{lowercase letter}`,
  '[[:alpha:]_[:^digit:]]',
  raw`[\pL\d-]`,
  raw`\Q*+(\E+`,
  raw`\Qno end`,
  raw`\x41\x{10FFFF}\07\123`,
  raw`\.\-\/\_`,
  '(?P<n>a)(?P<n>b)',
  'a(?i)*',
  '[]a]',
  '[^]a]',
  '[a-]',
  '[[:word]',
  'a{2}b{2,}c{2,3}d{,5}e{x}',
  'a*?b+?c??d{2}?',
  'a{1000}',
  '(a{10}){100}',
  '^*',
  ']}',
  `${'('.repeat(1000)}${')'.repeat(1000)}`,
];
const invalid: [pattern: string, why: string][] = [
  ['(', 'no end'],
  [')', 'no start'],
  ['a)', 'no start'],
  ['[', 'no end'],
  ['[]', 'the first ] is itself'],
  ['[a', 'no end'],
  ['[b-a]', 'the wrong way round'],
  ['[[:foo:]]', 'no class of this name'],
  ['*', 'nothing to repeat'],
  ['a**', 'a repeat of a repeat'],
  ['a{2}{3}', 'a repeat of a repeat'],
  ['a|*', 'nothing to repeat'],
  ['(+)', 'nothing to repeat'],
  ['a{1001}', 'more than a thousand'],
  ['a{2,1}', 'the wrong way round'],
  ['(a{100}){11}', 'more than a thousand when multiplied'],
  [raw`\1`, 'a backreference'],
  [raw`(a)\1`, 'a backreference'],
  [raw`\8`, 'no octal digit'],
  [raw`\k<name>`, 'a backreference'],
  ['(?=a)', 'a look ahead'],
  ['(?!a)', 'a look ahead'],
  ['(?<=a)', 'a look behind'],
  ['(?<!a)', 'a look behind'],
  ['(?>a)', 'an atomic group'],
  ['(?-)a', 'no flag behind the dash'],
  ['(?i--s)a', 'two dashes'],
  ['{2}', 'nothing to repeat'],
  ['(?i)*', 'flags are nothing to repeat'],
  [raw`\x4`, 'one digit'],
  ['(?P<>a)', 'no name'],
  ['(?P=n)', 'a backreference'],
  ['(?x)a', 'a flag that Go does not have'],
  [raw`\C`, 'a single byte'],
  [raw`\Z`, 'an anchor that Go does not have'],
  [raw`\h`, 'a class that Go does not have'],
  [raw`\u0041`, 'an escape that Go does not have'],
  [raw`\x{110000}`, 'beyond Unicode'],
  [raw`\xZZ`, 'no hexadecimal digit'],
  [raw`\p{Nope}`, 'no class of Unicode'],
  [raw`\pX`, 'no category of Unicode'],
  ['\\', 'nothing behind the backslash'],
  ['('.repeat(1001) + ')'.repeat(1001), 'more than a thousand groups in groups'],
  ['('.repeat(100_000), 'far more'],
];

suite('regular expressions of Go', () => {
  for (const pattern of valid) {
    test(`${pattern.slice(0, 40)} is one`, () => assert.equal(checkRegexSyntax(pattern), undefined));
  }
  for (const [pattern, why] of invalid) {
    test(`${pattern.slice(0, 40)} is none: ${why}`, () =>
      assert.notEqual(checkRegexSyntax(pattern), undefined));
  }

  test('what runs here has right syntax, whatever the text', () => {
    const piece = fc.constantFrom(
      ...'ab()[]{}*+?|^$\\.,-:1dwpQE'.split(''),
      '(?',
      '[[:alpha:]]',
      '{2}',
      '\\x',
    );
    fc.assert(
      fc.property(fc.array(piece), pieces => {
        const pattern = pieces.join('');
        const problem = checkRegexSyntax(pattern);
        try {
          compileRegex(pattern);
        } catch (error) {
          assert.ok(error instanceof SyntaxError);
          return;
        }
        assert.equal(problem, undefined, pattern);
      }),
      { numRuns: 2000 },
    );
  });
});
