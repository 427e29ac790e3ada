/**
 * Parser of Go's regular expressions (RE2 syntax), as far as schemas use them: what it does not know it refuses,
 * so that no pattern is taken for another one. See regex.ts for why JavaScript's own engine is not used.
 */

import { isUnicodeClass } from './regex-unicode.ts';

/** Code points as inclusive ranges [from, to, from, to …], sorted, without overlap. */
export type Ranges = number[];

export type Expression =
  | { op: 'empty' | 'start' | 'end' }
  | { op: 'chars'; ranges: Ranges }
  | { op: 'sequence' | 'choice'; parts: Expression[] }
  | { op: 'repeat'; part: Expression; min: number; max: number };

interface Flags {
  ignoreCase: boolean;
  dotAll: boolean;
}

interface Reader {
  chars: string[];
  at: number;
  flags: Flags;
  /** How many groups are open. */
  depth: number;
  /** Whether syntax that cannot be run here is let pass as long as Go knows it. */
  syntaxOnly: boolean;
  fail(reason: string): never;
}

const lastCodePoint = 0x10ffff;
/** RE2's own bound on a counted repetition. */
const maxRepeat = 1000;
/** Go's own bound on groups within groups. */
const maxDepth = 1000;

const digits: Ranges = [0x30, 0x39];
const word: Ranges = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
const space: Ranges = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
const perlClasses = new Map([
  ['d', digits],
  ['w', word],
  ['s', space],
]);
const controls = new Map([
  ['a', 7],
  ['f', 12],
  ['t', 9],
  ['n', 10],
  ['r', 13],
  ['v', 11],
]);
/** The letters beyond ASCII that Unicode's simple folding joins with ASCII ones: the Kelvin sign and the long s. */
const foldedBeyondAscii = [
  [0x4b, 0x6b, 0x212a],
  [0x53, 0x73, 0x17f],
] as const;

/**
 * The syntax tree of a pattern; throws SyntaxError for one that Go refuses or that is not known here. With
 * `syntaxOnly` everything that Go knows passes, and the tree is good for nothing.
 */
export function parseRegex(pattern: string, options: { syntaxOnly?: boolean } = {}): Expression {
  const reader: Reader = {
    chars: [...pattern],
    at: 0,
    flags: { ignoreCase: false, dotAll: false },
    depth: 0,
    syntaxOnly: options.syntaxOnly ?? false,
    fail(reason) {
      throw new SyntaxError(`pattern ${JSON.stringify(pattern)}: ${reason} at ${reader.at}`);
    },
  };
  const expression = readChoice(reader);
  if (reader.at < reader.chars.length) reader.fail('unexpected )');
  if (!repeatsFit(expression, maxRepeat)) reader.fail('repeats of repeats make too many');
  return expression;
}

/** Whether the counts of repeats within repeats, multiplied, stay within the bound (Go's repeatIsValid). */
function repeatsFit(expression: Expression, bound: number): boolean {
  switch (expression.op) {
    case 'sequence':
    case 'choice':
      return expression.parts.every(part => repeatsFit(part, bound));
    case 'repeat': {
      const count = expression.max === Infinity ? expression.min : expression.max;
      if (count > bound) return false;
      return repeatsFit(expression.part, count === 0 ? bound : Math.trunc(bound / count));
    }
    default:
      return true;
  }
}

function readChoice(reader: Reader): Expression {
  const parts = [readSequence(reader)];
  while (take(reader, '|')) parts.push(readSequence(reader));
  return parts.length === 1 ? parts[0]! : { op: 'choice', parts };
}

function readSequence(reader: Reader): Expression {
  const parts: Expression[] = [];
  while (reader.at < reader.chars.length && !'|)'.includes(reader.chars[reader.at]!)) {
    // Flags such as (?i) are nothing to be repeated: what stands before them is.
    const atom = isFlags(reader) ? parts.pop() : readAtom(reader);
    if (atom) parts.push(readRepeats(reader, atom));
    else if (readBounds(reader)) reader.fail('nothing to repeat');
  }
  if (parts.length === 1) return parts[0]!;
  return parts.length === 0 ? { op: 'empty' } : { op: 'sequence', parts };
}

function readRepeats(reader: Reader, atom: Expression): Expression {
  const bounds = readBounds(reader);
  if (!bounds) return atom;
  const [min, max] = bounds;
  if (min > max || min > maxRepeat || (max !== Infinity && max > maxRepeat)) reader.fail('bad repeat count');
  take(reader, '?'); // lazy or greedy makes no difference to whether there is a match
  if (readBounds(reader)) reader.fail('repeat of a repeat');
  return { op: 'repeat', part: atom, min, max };
}

function readBounds(reader: Reader): [number, number] | undefined {
  if (take(reader, '*')) return [0, Infinity];
  if (take(reader, '+')) return [1, Infinity];
  if (take(reader, '?')) return [0, 1];
  const counted = /^\{([0-9]+)(,([0-9]*))?\}/.exec(reader.chars.slice(reader.at, reader.at + 16).join(''));
  if (!counted) return undefined;
  reader.at += counted[0].length;
  const min = Number(counted[1]);
  if (counted[2] === undefined) return [min, min];
  return [min, counted[3] === '' ? Infinity : Number(counted[3])];
}

/** Takes flags that hold until the end of the enclosing group, such as (?i), if they come next. */
function isFlags(reader: Reader): boolean {
  const { at, chars } = reader;
  if (chars[at] !== '(' || chars[at + 1] !== '?') return false;
  reader.at += 2;
  const flags = readFlags(reader);
  if (take(reader, ')')) {
    reader.flags = flags;
    return true;
  }
  reader.at = at;
  return false;
}

function readAtom(reader: Reader): Expression {
  if (readBounds(reader)) reader.fail('nothing to repeat');
  const char = reader.chars[reader.at++]!;
  switch (char) {
    case '^':
      return { op: 'start' };
    case '$':
      return { op: 'end' };
    case '.':
      return { op: 'chars', ranges: reader.flags.dotAll ? [0, lastCodePoint] : invert([10, 10]) };
    case '(':
      return readGroup(reader);
    case '[':
      return readClass(reader);
    case '\\':
      return readEscape(reader);
    default:
      return literal(reader, char);
  }
}

function readGroup(reader: Reader): Expression {
  const outer = reader.flags;
  if (++reader.depth > maxDepth) reader.fail('too many groups within groups');
  if (take(reader, '?')) {
    if (take(reader, 'P') && reader.chars[reader.at] !== '<') reader.fail('unknown group');
    if (take(reader, '<')) {
      const name = readUntil(reader, '>');
      if (!/^\w+$/.test(name)) reader.fail('bad group name');
    } else {
      const inner = readFlags(reader);
      if (!take(reader, ':')) reader.fail('unknown group');
      reader.flags = inner;
    }
  }
  const expression = readChoice(reader);
  if (!take(reader, ')')) reader.fail('missing )');
  reader.flags = outer;
  reader.depth--;
  return expression;
}

function readFlags(reader: Reader): Flags {
  const flags = { ...reader.flags };
  let on = true;
  for (;;) {
    if (on && take(reader, '-')) {
      on = false;
      if (!/[imsU]/.test(reader.chars[reader.at] ?? '')) reader.fail('no flag behind -');
    } else if (take(reader, 'i')) flags.ignoreCase = on;
    else if (take(reader, 's')) flags.dotAll = on;
    else if (reader.syntaxOnly && take(reader, 'm')) continue;
    else if (!take(reader, 'U')) return flags;
  }
}

function readEscape(reader: Reader): Expression {
  if (take(reader, 'A')) return { op: 'start' };
  if (take(reader, 'z')) return { op: 'end' };
  if (reader.syntaxOnly && skipExtra(reader)) return { op: 'empty' };
  const perl = readPerlClass(reader);
  return perl ? { op: 'chars', ranges: perl } : literal(reader, readEscapedChar(reader));
}

/** Passes over word boundaries, quoted text and classes of Unicode, behind the backslash; says whether there was one. */
function skipExtra(reader: Reader): boolean {
  if (take(reader, 'b') || take(reader, 'B')) return true;
  if (!take(reader, 'Q')) return skipUnicodeClass(reader);
  const rest = reader.chars.slice(reader.at);
  const end = rest.findIndex((char, index) => char === '\\' && rest[index + 1] === 'E');
  reader.at = end < 0 ? reader.chars.length : reader.at + end + 2;
  return true;
}

/** Passes over a class such as \pL, \P{Lu} or \p{^Greek}, behind the backslash. */
function skipUnicodeClass(reader: Reader): boolean {
  if (!take(reader, 'p') && !take(reader, 'P')) return false;
  const name = take(reader, '{') ? readUntil(reader, '}') : (reader.chars[reader.at++] ?? '');
  return isUnicodeClass(name) || reader.fail(`unknown class ${JSON.stringify(name)}`);
}

/** \d, \w, \s and their opposites, behind the backslash. */
function readPerlClass(reader: Reader): Ranges | undefined {
  const char = reader.chars[reader.at] ?? '';
  const found = perlClasses.get(char.toLowerCase());
  if (!found) return undefined;
  reader.at++;
  const ranges = reader.flags.ignoreCase ? fold(reader, found) : found;
  return perlClasses.has(char) ? ranges : invert(ranges);
}

function readEscapedChar(reader: Reader): string {
  const char = reader.chars[reader.at++] ?? reader.fail('trailing \\');
  const control = controls.get(char);
  if (control !== undefined) return String.fromCodePoint(control);
  if (char === 'x') {
    const hex = take(reader, '{')
      ? readUntil(reader, '}')
      : reader.chars.slice(reader.at, reader.at + 2).join('');
    const closed = reader.chars[reader.at - 1] === '}';
    if (!/^[0-9a-fA-F]+$/.test(hex) || (!closed && hex.length < 2)) reader.fail('bad \\x');
    if (Number.parseInt(hex, 16) > lastCodePoint) reader.fail('bad \\x');
    if (!closed) reader.at += 2;
    return String.fromCodePoint(Number.parseInt(hex, 16));
  }
  // One digit alone would be a backreference, which Go does not have.
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(
    reader.chars.slice(reader.at - 1, reader.at + 2).join(''),
  );
  if (octal && reader.syntaxOnly) {
    reader.at += octal[0].length - 1;
    return String.fromCodePoint(Number.parseInt(octal[0], 8));
  }
  // Any ASCII punctuation may be escaped; letters and digits would mean something.
  if (/^[!-/:-@[-`{-~]$/.test(char)) return char;
  return reader.fail(`unknown escape \\${char}`);
}

function readClass(reader: Reader): Expression {
  const negated = take(reader, '^');
  const ranges: Ranges = [];
  for (let first = true; ; first = false) {
    if (!first && take(reader, ']')) break;
    if (reader.at >= reader.chars.length) reader.fail('missing ]');
    if (reader.chars[reader.at] === '[' && reader.chars[reader.at + 1] === ':') {
      if (!reader.syntaxOnly) reader.fail('named classes are not known');
      if (skipNamedClass(reader)) continue;
    }
    const escaped = take(reader, '\\');
    if (escaped && reader.syntaxOnly && skipUnicodeClass(reader)) continue;
    const perl = escaped ? readPerlClass(reader) : undefined;
    if (perl) {
      ranges.push(...perl);
      continue;
    }
    const from = readClassChar(reader, escaped);
    let to = from;
    if (reader.chars[reader.at] === '-' && reader.chars[reader.at + 1] !== ']') {
      reader.at++;
      to = readClassChar(reader, take(reader, '\\'));
    }
    if (from > to) reader.fail('bad range');
    ranges.push(from, to);
  }
  const merged = merge(reader.flags.ignoreCase ? fold(reader, ranges) : ranges);
  return { op: 'chars', ranges: negated ? invert(merged) : merged };
}

const namedClasses = 'alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit';
const namedClass = new RegExp(`^\\[:\\^?(${namedClasses}):\\]`);

/** Passes over [:alpha:] and the like; what has no end is no class. */
function skipNamedClass(reader: Reader): boolean {
  const rest = reader.chars.slice(reader.at, reader.at + 32).join('');
  const found = namedClass.exec(rest);
  if (!found) {
    if (/^\[:.*?:\]/s.test(reader.chars.slice(reader.at).join(''))) reader.fail('unknown class');
    return false;
  }
  reader.at += found[0].length;
  return true;
}

function readClassChar(reader: Reader, escaped: boolean): number {
  const char = escaped ? readEscapedChar(reader) : (reader.chars[reader.at++] ?? reader.fail('missing ]'));
  return char.codePointAt(0)!;
}

function literal(reader: Reader, char: string): Expression {
  const ranges = [char.codePointAt(0)!, char.codePointAt(0)!];
  return { op: 'chars', ranges: reader.flags.ignoreCase ? fold(reader, ranges) : ranges };
}

/** Adds the other case of all letters. Beyond ASCII that needs Unicode's tables, so such a pattern is refused. */
function fold(reader: Reader, ranges: Ranges): Ranges {
  const folded = [...ranges];
  for (let index = 0; index < ranges.length; index += 2) {
    const [from, to] = [ranges[index]!, ranges[index + 1]!];
    if (reader.syntaxOnly) continue;
    if (to > 0x7f && to !== lastCodePoint && ![0x17f, 0x212a].includes(to)) {
      reader.fail('(?i) beyond ASCII is not known');
    }
    addShifted(folded, Math.max(from, 0x41), Math.min(to, 0x5a), 32);
    addShifted(folded, Math.max(from, 0x61), Math.min(to, 0x7a), -32);
    for (const [upper, lower, other] of foldedBeyondAscii) {
      const hit = [upper, lower].some(point => point >= from && point <= to);
      if (hit) folded.push(other, other);
    }
  }
  return merge(folded);
}

function addShifted(ranges: Ranges, from: number, to: number, shift: number): void {
  if (from <= to) ranges.push(from + shift, to + shift);
}

function merge(ranges: Ranges): Ranges {
  const pairs: [number, number][] = [];
  for (let index = 0; index < ranges.length; index += 2) pairs.push([ranges[index]!, ranges[index + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: Ranges = [];
  for (const [from, to] of pairs) {
    const end = merged.at(-1);
    if (end !== undefined && from <= end + 1) merged[merged.length - 1] = Math.max(end, to);
    else merged.push(from, to);
  }
  return merged;
}

function invert(ranges: Ranges): Ranges {
  const inverted: Ranges = [];
  let next = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    if (ranges[index]! > next) inverted.push(next, ranges[index]! - 1);
    next = ranges[index + 1]! + 1;
  }
  if (next <= lastCodePoint) inverted.push(next, lastCodePoint);
  return inverted;
}

function take(reader: Reader, char: string): boolean {
  if (reader.chars[reader.at] !== char) return false;
  reader.at++;
  return true;
}

function readUntil(reader: Reader, end: string): string {
  const start = reader.at;
  while (reader.at < reader.chars.length && reader.chars[reader.at] !== end) reader.at++;
  if (!take(reader, end)) reader.fail(`missing ${end}`);
  return reader.chars.slice(start, reader.at - 1).join('');
}
