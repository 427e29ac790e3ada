import { nearest } from '../nearest.ts';
import { type Operator, shorten, Tokenizer } from './tokenize.ts';

export { SelectorSyntaxError } from './tokenize.ts';

/** A comparison of a label with a value. */
export type Comparison = {
  op: '==' | '!=' | 'contains' | 'starts with' | 'ends with';
  label: string;
  value: string;
};

/** Whether the value of a label is in a set, whose values are sorted by bytes and all different. */
export type Membership = { op: 'in' | 'not in'; label: string; values: readonly string[] };

/** A test that has no other selector within. */
export type Test = { op: 'all' } | { op: 'global' } | { op: 'has'; label: string } | Comparison | Membership;

/** Two or more selectors. */
export type Group = { op: '&&'; operands: readonly Selector[] } | { op: '||'; operands: readonly Selector[] };

/** A selector of Calico as a tree. Brackets leave no trace but the shape; a negation never stands on a negation. */
export type Selector = Test | Group | { op: '!'; operand: Exclude<Selector, { op: '!' }> };

/** Where the steps of a parser are counted: every character that is looked at and every token. */
export interface StepCounter {
  steps: number;
}

/** What an opening bracket waits for; the whole text is like the inside of brackets. */
interface Level {
  openedAt: number;
  /** Whether `!` before the bracket negates what is in it. */
  negated: boolean;
  /** Terms of `||` that are complete. */
  alternatives: Selector[];
  /** Terms of the `&&` that is being read. */
  terms: Selector[];
}

const operators: Operator[] = ['==', '!=', 'in', 'not in', 'contains', 'starts with', 'ends with'];

/**
 * The selector of a text, `all()` for one that is empty or blank (libcalico-go's selector parser; selectors.md 2).
 * Throws SelectorSyntaxError with the position where it stopped. Brackets nest without bound and without recursion;
 * the schema bounds the length of the text.
 */
export function parseSelector(text: string, counter: StepCounter = { steps: 0 }): Selector {
  // Half a surrogate pair would be U+FFFD on the way to an agent.
  const tokens = new Tokenizer(text.toWellFormed());
  try {
    return tokens.next() === 'end' ? { op: 'all' } : parseWhole(tokens);
  } finally {
    counter.steps += tokens.steps;
  }
}

/** The selector that holds for exactly what the given one does not. */
export function negate(selector: Selector): Selector {
  return selector.op === '!' ? selector.operand : { op: '!', operand: selector };
}

function parseWhole(tokens: Tokenizer): Selector {
  const outer: Level[] = [];
  let level: Level = { openedAt: 0, negated: false, alternatives: [], terms: [] };
  for (;;) {
    const negated = skipNegations(tokens);
    if (tokens.kind === '(') {
      outer.push(level);
      level = { openedAt: tokens.start, negated, alternatives: [], terms: [] };
      tokens.next();
      continue;
    }
    const test = parseTest(tokens);
    level.terms.push(negated ? negate(test) : test);
    while (tokens.kind === ')' && outer.length > 0) {
      const inner = complete(level);
      const term = level.negated ? negate(inner) : inner;
      level = outer.pop()!;
      level.terms.push(term);
      tokens.next();
    }
    if (tokens.kind === '||') {
      level.alternatives.push(group('&&', level.terms));
      level.terms = [];
    } else if (tokens.kind !== '&&') {
      if (tokens.kind === 'end' && outer.length === 0) return complete(level);
      failAfterTerm(tokens, outer.length > 0 ? level.openedAt : undefined);
    }
    tokens.next();
  }
}

function complete(level: Level): Selector {
  return group('||', [...level.alternatives, group('&&', level.terms)]);
}

function group(op: '&&' | '||', operands: Selector[]): Selector {
  return operands.length === 1 ? operands[0]! : { op, operands };
}

/** Whether the `!` before a term negate it: two of them cancel out. */
function skipNegations(tokens: Tokenizer): boolean {
  let negated = false;
  while (tokens.kind === '!') {
    negated = !negated;
    tokens.next();
  }
  return negated;
}

/** Reads one test and the token after it. */
function parseTest(tokens: Tokenizer): Test {
  const { kind, value: label } = tokens;
  switch (kind) {
    case 'all':
    case 'global':
      tokens.next();
      return { op: kind };
    case 'has':
      tokens.next();
      return { op: 'has', label };
    case 'label':
      return parseComparison(tokens, label);
    default:
      return failAtTerm(tokens);
  }
}

function parseComparison(tokens: Tokenizer, label: string): Test {
  const op = tokens.next();
  switch (op) {
    case 'in':
    case 'not in':
      return { op, label, values: parseSet(tokens) };
    case '==':
    case '!=':
    case 'contains':
    case 'starts with':
    case 'ends with':
      return { op, label, value: parseString(tokens) };
    default:
      return failAtOperator(tokens, label);
  }
}

function parseString(tokens: Tokenizer): string {
  if (tokens.next() !== 'string') {
    tokens.fail('a string in quotes, such as "web"', {
      hint: tokens.kind === '{' ? 'a set goes with in or not in' : undefined,
    });
  }
  const { value } = tokens;
  tokens.next();
  return value;
}

function parseSet(tokens: Tokenizer): string[] {
  if (tokens.next() !== '{') tokens.fail('a set of strings, such as {"web", "db"}');
  const values: string[] = [];
  while (tokens.next() === 'string') {
    values.push(tokens.value);
    if (tokens.next() !== ',') break;
  }
  if (tokens.kind !== '}') {
    tokens.fail(
      values.length === 0
        ? 'a string in quotes or } to end the set'
        : tokens.kind === 'string'
          ? 'a comma between the strings of the set'
          : 'another string in quotes or } to end the set',
    );
  }
  tokens.next();
  return sortedSet(values);
}

/** The different values, sorted by their bytes in UTF-8, which is by code points. */
function sortedSet(values: string[]): string[] {
  if (values.length < 2) return values;
  return values.sort(compareCodePoints).filter((value, index) => value !== values[index - 1]);
}

function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Halves of surrogate pairs are of code points behind all others. */
function rank(unit: number): number {
  return (unit & 0xf800) === 0xd800 ? unit + 0x10000 : unit;
}

function failAtTerm(tokens: Tokenizer): never {
  const hint = tokens.kind === 'string' ? 'the label comes first, and without quotes' : undefined;
  return tokens.fail('a test of a label, such as app == "web" or has(app)', { hint });
}

const brackets = ['has', 'all', 'global'];

function failAtOperator(tokens: Tokenizer, label: string): never {
  const expected = `${operators.slice(0, -1).join(', ')} or ${operators.at(-1)} after the label ${shorten(label)}`;
  const { kind, value } = tokens;
  let hint: string | undefined;
  if (kind === '(') {
    const word = brackets.includes(label) ? label : nearest(label, brackets);
    hint = word && `write ${word}( in lower case, the bracket touching the word`;
  } else if (kind === 'label') {
    const word = nearest(value, operators);
    hint = word && `did you mean ${word}?`;
  } else if (kind === '!') hint = 'write != or not in, or put the ! before the label';
  return tokens.fail(expected, { hint: hint ?? symbolHint(tokens) });
}

function failAfterTerm(tokens: Tokenizer, openedAt: number | undefined): never {
  const expected = openedAt === undefined ? '&&, || or the end' : '&&, || or )';
  const words: Record<string, string> = { and: '&&', or: '||' };
  const symbol = tokens.kind === 'label' ? words[tokens.value.toLowerCase()] : undefined;
  const opened =
    openedAt !== undefined && tokens.kind === 'end'
      ? `the bracket at position ${tokens.position(openedAt)} is still open`
      : undefined;
  return tokens.fail(expected, {
    hint: symbol ? `write ${symbol}` : (opened ?? symbolHint(tokens)),
  });
}

/** What to write in place of a symbol that stands alone where it stands twice in this language. */
function symbolHint({ text, start }: Tokenizer): string | undefined {
  const symbol = text[start];
  return symbol === '=' || symbol === '&' || symbol === '|' ? `write ${symbol}${symbol}` : undefined;
}
