/** The sorts of tokens; symbols and operators stand for themselves, `other` for what begins no token. */
export type TokenKind =
  | Operator
  | '&&'
  | '||'
  | '!'
  | '('
  | ')'
  | '{'
  | '}'
  | ','
  | 'string'
  | 'label'
  | 'has'
  | 'all'
  | 'global'
  | 'other'
  | 'end';

/** What stands between a label and the value or set that it is compared with. */
export type Operator = '==' | '!=' | 'in' | 'not in' | 'contains' | 'starts with' | 'ends with';

/** Why a text is no selector. The message is complete: `at position 6: expected …, found …`. */
export class SelectorSyntaxError extends Error {
  /** Where parsing stopped, in characters: 1 is the first, and one after the last is the end. */
  readonly position: number;
  readonly expected: string;
  readonly found: string;

  constructor(what: { position: number; expected: string; found: string; hint?: string | undefined }) {
    const hint = what.hint === undefined ? '' : `; ${what.hint}`;
    super(`at position ${what.position}: expected ${what.expected}, found ${what.found}${hint}`);
    this.name = 'SelectorSyntaxError';
    this.position = what.position;
    this.expected = what.expected;
    this.found = what.found;
  }
}

interface Failure {
  /** An index into the text. */
  at?: number;
  found?: string;
  /** What would help, after the rest of the message. */
  hint?: string | undefined;
}

const maxLabelBytes = 512;

const labelBytes = new Uint8Array(128);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-')) {
  labelBytes[byte] = 1;
}

const code = (character: string) => character.charCodeAt(0);
const [space, tab, doubleQuote, singleQuote, equals, bracket] = [' ', '\t', '"', "'", '=', '('].map(code);
const singles = new Map<number, TokenKind>(
  (['(', ')', '{', '}', ','] as const).map(symbol => [code(symbol), symbol]),
);
const doubles = new Map<number, TokenKind>([
  [code('='), '=='],
  [code('&'), '&&'],
  [code('|'), '||'],
]);

/** Operators of one word, and the second words of the others. */
const words = new Map<string, Operator>([
  ['contains', 'contains'],
  ['in', 'in'],
  ['notin', 'not in'],
  ['startswith', 'starts with'],
  ['endswith', 'ends with'],
]);
const pairs = new Map<string, [second: string, operator: Operator]>([
  ['not', ['in', 'not in']],
  ['starts', ['with', 'starts with']],
  ['ends', ['with', 'ends with']],
]);

/**
 * Reads a selector token by token (libcalico-go's selector tokenizer; selectors.md 2). Every character is looked at a
 * bounded number of times, so the whole takes time linear in the text.
 */
export class Tokenizer {
  readonly text: string;
  /** The token read last. */
  kind: TokenKind = 'other';
  /** The name of a label, also of the one within `has()`; the value of a string. */
  value = '';
  /** Where the token starts, as an index into the text. */
  start = 0;
  /** How many characters were looked at. */
  steps = 0;
  /** Where the next token starts, blanks before it apart. */
  #at = 0;

  /** @param text in well-formed Unicode */
  constructor(text: string) {
    this.text = text;
  }

  /** Reads the next token; throws SelectorSyntaxError where a string, `has(`, `all(` or `global(` has no end. */
  next(): TokenKind {
    const afterLabel = this.kind === 'label';
    this.#skipBlanks();
    this.start = this.#at;
    this.kind = this.#read(afterLabel);
    this.steps += this.#at - this.start + 1;
    return this.kind;
  }

  /** Throws the error that something else was expected: at the last token, where not told otherwise. */
  fail(expected: string, { at = this.start, found, hint }: Failure = {}): never {
    throw new SelectorSyntaxError({
      position: this.position(at),
      expected,
      found: found ?? describe(this.text, at),
      hint: hint ?? (isLineBreak(this.text[at]) ? 'a selector is one line' : undefined),
    });
  }

  /** The position that users count for an index into the text. */
  position(index: number): number {
    return characters(this.text, index) + 1;
  }

  #read(afterLabel: boolean): TokenKind {
    const { text } = this;
    if (this.#at >= text.length) return 'end';
    const first = text.charCodeAt(this.#at);
    if (labelBytes[first] === 1) return afterLabel ? this.#readOperator() : this.#readWord();
    const single = singles.get(first);
    if (single) {
      this.#at++;
      return single;
    }
    if (first === doubleQuote || first === singleQuote) return this.#readString();
    const second = text.charCodeAt(this.#at + 1);
    if (text[this.#at] === '!') {
      this.#at += second === equals ? 2 : 1;
      return second === equals ? '!=' : '!';
    }
    const double = second === first ? doubles.get(first) : undefined;
    if (double) this.#at += 2;
    return double ?? 'other';
  }

  #readString(): TokenKind {
    const quote = this.text[this.#at]!;
    const end = this.text.indexOf(quote, this.#at + 1);
    if (end < 0) this.fail(`another ${quote} to end the string that starts here`, { found: 'none' });
    this.value = this.text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return 'string';
  }

  /** A label, or a word with its brackets. They must touch it; `has (` is a label and a bracket. */
  #readWord(): TokenKind {
    const word = this.#readLabel();
    if (
      this.text.charCodeAt(this.#at) === bracket &&
      (word === 'has' || word === 'all' || word === 'global')
    ) {
      this.#at++;
      this.#skipBlanks();
      if (word === 'has') {
        const at = this.#at;
        this.value = this.#readLabel();
        if (this.value === '') this.fail('the name of a label, such as has(app)', { at });
        this.#skipBlanks();
      }
      if (this.text[this.#at] !== ')') this.fail(`) to end ${word}(`, { at: this.#at });
      this.#at++;
      return word;
    }
    this.value = word;
    return 'label';
  }

  #readLabel(): string {
    const start = this.#at;
    this.#skipLabel();
    const length = this.#at - start;
    if (length > maxLabelBytes) {
      this.fail(`a label of at most ${maxLabelBytes} characters`, { at: start, found: `one of ${length}` });
    }
    return this.text.slice(start, this.#at);
  }

  /** The operator after a label, or that word as a label where it is none. */
  #readOperator(): TokenKind {
    const { start } = this;
    this.#skipLabel();
    const end = this.#at;
    // No operator is longer; a longer word need not be looked up.
    const word = this.text.slice(start, Math.min(end, start + 16));
    const operator = words.get(word);
    if (operator) return operator;
    const pair = pairs.get(word);
    if (pair) {
      this.#skipBlanks();
      const second = this.#at;
      this.#skipLabel();
      if (this.text.slice(second, Math.min(this.#at, second + 16)) === pair[0]) return pair[1];
      this.steps += this.#at - end;
      this.#at = end;
    }
    this.value = word;
    return 'label';
  }

  #skipLabel(): void {
    const { text } = this;
    while (labelBytes[text.charCodeAt(this.#at)] === 1) this.#at++;
  }

  #skipBlanks(): void {
    const { text } = this;
    const start = this.#at;
    for (let next = text.charCodeAt(this.#at); next === space || next === tab; ) {
      next = text.charCodeAt(++this.#at);
    }
    this.steps += this.#at - start;
  }
}

/** What stands at an index of the text, for a message: a word, a string or a single character. */
function describe(text: string, at: number): string {
  const first = text.codePointAt(at);
  if (first === undefined) return 'the end';
  const character = String.fromCodePoint(first);
  if (isLineBreak(character)) return 'a line break';
  if (character === '"' || character === "'") {
    const end = text.indexOf(character, at + 1);
    return shorten(end < 0 ? text.slice(at) : text.slice(at, end + 1));
  }
  const word = /[A-Za-z0-9_./-]+|==|!=|&&|\|\|/y;
  word.lastIndex = at;
  const found = word.exec(text);
  if (found) return shorten(found[0]);
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character;
  return `U+${first.toString(16).toUpperCase().padStart(4, '0')}`;
}

function isLineBreak(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}

/** The text, cut after so many characters that a message can show it. */
export function shorten(text: string, maxCharacters = 24): string {
  // A long text is cut before its characters are counted; none has more than two units.
  const shown = [...text.slice(0, 2 * maxCharacters + 2)];
  return shown.length > maxCharacters ? `${shown.slice(0, maxCharacters).join('')}…` : text;
}

/** How many characters stand before an index. */
function characters(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) {
    // The second half of a pair belongs to the character before.
    if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count++;
  }
  return count;
}
