import type { Rule } from '../rule.ts';
import { parseSelector, SelectorSyntaxError } from '../selector/parse.ts';
import { isPlainSelector } from '../selector/plain.ts';
import { Tokenizer } from '../selector/tokenize.ts';
import { textRule } from './text.ts';

function syntaxError(text: string): SelectorSyntaxError | undefined {
  if (isPlainSelector(text)) return undefined;
  try {
    parseSelector(text);
    return undefined;
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return error;
    throw error;
  }
}

const operators = '==, !=, in, not in, contains, starts with or ends with';

/** A selector in Calico's language. The empty text is one: `all()`. */
export const selectorRule: Rule = textRule({
  id: 'selector',
  says: 'Must parse as a selector, such as app == "web" && has(zone). Empty means all().',
  source: 'selectors.md 1 and 2, Where selectors occur, Grammar; kinds.md 0.3, Named field checks (selector)',
  problem: text => {
    const error = syntaxError(text);
    return error && `must parse as a selector: ${error.message}`;
  },
  valid: [
    '',
    '  ',
    'all()',
    'app == "web"',
    "!has(a) && (b in {'x', 'y'} || c starts with 'z')",
    '-x//.. != ""',
  ],
  invalid: [
    ['a', `must parse as a selector: at position 2: expected ${operators} after the label a, found the end`],
    [
      'app == web',
      'must parse as a selector: at position 8: expected a string in quotes, such as "web", found web',
    ],
  ],
});

const alone = 'must be global() alone: it cannot be combined with other selectors';

/** Whether a text is one token global() and nothing else but blanks. */
function isGlobalAlone(text: string): boolean {
  const tokens = new Tokenizer(text);
  return tokens.next() === 'global' && tokens.next() === 'end';
}

/** `namespaceSelector` of the source or destination of a rule. Goes with `selectorRule`, which sees to the syntax. */
export const namespaceSelectorRule: Rule = textRule({
  id: 'namespace-selector-global',
  says: 'global() stands alone in the namespaceSelector of a rule. Its text is not allowed in quoted values either.',
  source: "selectors.md 6, global() in a rule's namespaceSelector",
  problem: text => {
    if (!text.includes('global(') || syntaxError(text)) return undefined;
    return isGlobalAlone(text) ? undefined : alone;
  },
  valid: ['', 'global()', '  global()', 'global( )', 'global\t== "x"', 'has(global)'],
  invalid: [
    ['(global())', alone],
    ['!global()', alone],
    ['global() && has(x)', alone],
    ['has(x) || global()', alone],
    ['x == "global("', alone],
  ],
});
