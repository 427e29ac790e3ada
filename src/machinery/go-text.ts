import { limits } from '../limits.ts';
import { cutNote } from './cut.ts';
import type { Json } from './json.ts';

/** Texts that Go prints and that clients of Kubernetes therefore know. */

const shortEscapes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short) return short;
  const code = character.codePointAt(0)!;
  if (!unprintable.test(character)) return character;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** A string in double quotes as Go's `%q` (strconv.Quote) prints it; one that is very long is cut. */
export function goQuote(text: string): string {
  const most = limits.maxQuotedCharacters;
  if (text.length > most) return `${goQuote(text.slice(0, most))}${cutNote(text.length)}`;
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text)) return `"${text}"`;
  return `"${[...text].map(escapeCharacter).join('')}"`;
}

/** A byte in single quotes as the messages of Go's JSON scanner print it (encoding/json quoteChar). */
export function goQuoteByte(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === 0x22) return "'\"'";
  return `'${escapeCharacter(String.fromCharCode(byte))}'`;
}

/** Whether Go's unicode.IsPrint holds for every character: letters, marks, numbers, punctuation, symbols, space. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/** The type that Go's JSON decoder names in its errors for a value of this kind. */
export function goJsonType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'number';
  return typeof value;
}

/** A decoded JSON value as Go's `%v` prints it. */
export function goPrint(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPrint).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const names = Object.keys(value).sort();
  return `map[${names.map(name => `${name}:${goPrint(value[name]!)}`).join(' ')}]`;
}
