import { checkRegexSyntax } from '../regex-syntax.ts';
import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

/** Longer ones are none that people write, and reading one takes its time. */
const maxCharacters = 4_096;
const tooLong = `must be no longer than ${maxCharacters} characters`;

/** A regular expression that Felix can compile (RE2, as Go has it). */
export const regexpRule: Rule = textRule({
  id: 'regexp',
  says: `Must be a regular expression of Go (RE2 syntax) of at most ${maxCharacters} characters.`,
  source: 'kinds.md 0.3, Named field checks (regexp)',
  problem: text => {
    if (text.length > maxCharacters) return tooLong;
    const problem = checkRegexSyntax(text);
    return problem && `must be a regular expression of Go (RE2): ${problem}`;
  },
  valid: ['', '^eth.*', '(?i)a|b', String.raw`\beth\d+\b`, '[[:alpha:]]+', String.raw`\p{Greek}`],
  invalid: [
    ['(', 'must be a regular expression of Go (RE2): missing ) at 1'],
    ['*a', 'must be a regular expression of Go (RE2): nothing to repeat at 1'],
    ['(?=a)', 'must be a regular expression of Go (RE2): unknown group at 2'],
    [String.raw`(a)\1`, String.raw`must be a regular expression of Go (RE2): unknown escape \1 at 5`],
    ['[z-a]', 'must be a regular expression of Go (RE2): bad range at 4'],
    ['a'.repeat(maxCharacters + 1), tooLong],
    ['a{1001}', 'must be a regular expression of Go (RE2): bad repeat count at 7'],
  ],
});
