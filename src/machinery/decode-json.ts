import { limits } from '../limits.ts';
import { goQuoteByte } from './go-text.ts';
import type { Json, JsonObject } from './json.ts';
import { setOwnField } from './own-field.ts';
import { atOnce, type Steps } from './steps.ts';

/** A syntax error of a JSON text; `offset` counts UTF-16 units. The message is the one of Go's JSON scanner. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** What the second, slower pass over a text collects. */
export interface JsonTrace {
  /** Where each field's key, or each list item, begins. */
  offsets: Map<string, number>;
  /** Paths of fields that appear more than once in their object, in the order of the text. */
  duplicates: Set<string>;
}

/** The path of a field or list item below `path`, as Kubernetes writes it: `spec.ingress[0].action`. */
export function childPath(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  return path === '' ? step : `${path}.${step}`;
}

/** 20 digits hold every unsigned 64-bit integer; what is longer becomes a double, as in Go. */
const maxIntegerDigits = 20;

const quote = 0x22;
const backslash = 0x5c;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The value of a hexadecimal digit; -1 for any other character. */
function hexDigit(code: number): number {
  if (isDigit(code)) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** After how many values a reading that is done in steps stops. */
const valuesPerStep = 256;

/** A list or object that has been begun and not ended. */
interface Open {
  readonly list: Json[] | undefined;
  readonly object: JsonObject | undefined;
  /** Of an object: the field whose value comes next. */
  key: string;
  /** Where a trace is kept. */
  readonly path: string;
  readonly outer: Open | undefined;
}

/**
 * A reader of one JSON text (RFC 8259). Integers that a double cannot hold become bigint. The last of
 * several equal keys wins; `sawDuplicate` says that there were some. The depth is bounded by limits.maxJsonDepth.
 */
export class JsonReader {
  private readonly text: string;
  private readonly trace: JsonTrace | undefined;
  private at = 0;
  private open: Open | undefined;
  private depth = 0;
  private result: Json | undefined;
  private rangeError: JsonSyntaxError | undefined;
  sawDuplicate = false;

  constructor(text: string, trace?: JsonTrace) {
    this.text = text;
    this.trace = trace;
  }

  /** Reads the whole text. Throws JsonSyntaxError. */
  read(): Json {
    return atOnce(this.readInSteps());
  }

  /** The same in steps. */
  *readInSteps(): Steps<Json> {
    this.skipSpace();
    this.trace?.offsets.set('', this.at);
    while (!this.readValues()) yield;
    this.skipSpace();
    if (this.at < this.text.length) throw this.unexpected('after top-level value');
    if (this.rangeError) throw this.rangeError;
    return this.result!;
  }

  /** Reads the next few values; returns whether that was all. */
  private readValues(): boolean {
    for (let count = 0; count < valuesPerStep; count++) {
      const value = this.valueOrOpening();
      if (value !== undefined && this.put(value)) return true;
    }
    return false;
  }

  /** A scalar, or an empty list or object; undefined for one that begins here, whose first value comes next. */
  private valueOrOpening(): Json | undefined {
    const code = this.text.charCodeAt(this.at);
    if (code === quote) return this.string();
    if (code === 0x7b) return this.object();
    if (code === 0x5b) return this.list();
    if (code === 0x2d || isDigit(code)) return this.number();
    if (code === 0x74) return this.literal('true', true);
    if (code === 0x66) return this.literal('false', false);
    if (code === 0x6e) return this.literal('null', null);
    throw this.unexpected('looking for beginning of value');
  }

  private object(): JsonObject | undefined {
    this.enter();
    const object: JsonObject = {};
    if (this.text.charCodeAt(this.at) === 0x7d) return this.end(object);
    this.key(this.begin(undefined, object));
    return undefined;
  }

  private list(): Json[] | undefined {
    this.enter();
    const list: Json[] = [];
    if (this.text.charCodeAt(this.at) === 0x5d) return this.end(list);
    this.item(this.begin(list, undefined), list);
    return undefined;
  }

  /** Puts a value where it belongs, and ends each list and object that ends with it; returns whether it was the outermost. */
  private put(found: Json): boolean {
    let value = found;
    for (;;) {
      const { open } = this;
      if (!open) {
        this.result = value;
        return true;
      }
      const { list, object } = open;
      if (list) list.push(value);
      else setOwnField(object!, open.key, value);
      this.skipSpace();
      const code = this.text.charCodeAt(this.at);
      if (code === 0x2c) {
        this.at++;
        this.skipSpace();
        if (list) this.item(open, list);
        else this.key(open);
        return false;
      }
      if (code !== (list ? 0x5d : 0x7d)) {
        throw this.unexpected(list ? 'after array element' : 'after object key:value pair');
      }
      this.open = open.outer;
      value = this.end(list ?? object!);
    }
  }

  /** Reads a key and what stands before its value. */
  private key(open: Open): void {
    const start = this.at;
    if (this.text.charCodeAt(start) !== quote) {
      throw this.unexpected('looking for beginning of object key string');
    }
    const key = this.string();
    this.skipSpace();
    if (this.text.charCodeAt(this.at) !== 0x3a) throw this.unexpected('after object key');
    this.at++;
    this.skipSpace();
    const object = open.object!;
    const duplicate = object[key] !== undefined && Object.hasOwn(object, key);
    if (duplicate) this.sawDuplicate = true;
    open.key = key;
    if (this.trace) this.noteField(open.path, key, start, duplicate);
  }

  private item(open: Open, list: Json[]): void {
    this.trace?.offsets.set(childPath(open.path, list.length), this.at);
  }

  private enter(): void {
    this.depth++;
    if (this.depth > limits.maxJsonDepth) throw new JsonSyntaxError('exceeded max depth', this.at);
    this.at++;
    this.skipSpace();
  }

  private begin(list: Json[] | undefined, object: JsonObject | undefined): Open {
    const { open: outer } = this;
    const path = this.trace && outer ? childPath(outer.path, outer.list ? outer.list.length : outer.key) : '';
    this.open = { list, object, key: '', path, outer };
    return this.open;
  }

  private end<T>(value: T): T {
    this.depth--;
    this.at++;
    return value;
  }

  private noteField(path: string, key: string, start: number, duplicate: boolean): void {
    const fieldPath = childPath(path, key);
    this.trace!.offsets.set(fieldPath, start);
    if (duplicate) this.trace!.duplicates.add(fieldPath);
  }

  private string(): string {
    const text = this.text;
    const start = this.at + 1;
    for (let at = start; ; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.at = at + 1;
        return text.slice(start, at);
      }
      if (code === backslash) {
        this.at = at;
        return this.escapedString(start);
      }
      // charCodeAt gives NaN behind the end, for which both comparisons are false.
      if (!(code >= 0x20)) {
        this.at = at;
        throw this.unexpected('in string literal');
      }
    }
  }

  /** The rest of a string from its first escape on; what stands between `start` and the cursor is plain. */
  private escapedString(start: number): string {
    const text = this.text;
    let result = text.slice(start, this.at);
    let plainFrom = this.at;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === quote) {
        result += text.slice(plainFrom, this.at);
        this.at++;
        return result.toWellFormed();
      }
      if (code === backslash) {
        result += text.slice(plainFrom, this.at);
        this.at++;
        result += this.escape();
        plainFrom = this.at;
      } else if (code >= 0x20) {
        this.at++;
      } else {
        throw this.unexpected('in string literal');
      }
    }
  }

  private escape(): string {
    const letter = this.text[this.at];
    const plain = letter === undefined ? -1 : '"\\/bfnrt'.indexOf(letter);
    if (plain >= 0) {
      this.at++;
      return '"\\/\b\f\n\r\t'[plain]!;
    }
    if (letter !== 'u') throw this.unexpectedInToken('in string escape code');
    this.at++;
    const start = this.at;
    let character = 0;
    for (; this.at < start + 4; this.at++) {
      const digit = hexDigit(this.text.charCodeAt(this.at));
      if (digit < 0) throw this.unexpectedInToken('in \\u hexadecimal character escape');
      character = character * 16 + digit;
    }
    return String.fromCharCode(character);
  }

  private number(): number | bigint {
    const start = this.at;
    if (this.text.charCodeAt(this.at) === 0x2d) this.at++;
    if (this.text.charCodeAt(this.at) === 0x30) this.at++;
    else this.digits('in numeric literal');
    let integer = true;
    if (this.text.charCodeAt(this.at) === 0x2e) {
      integer = false;
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if ((this.text.charCodeAt(this.at) | 0x20) === 0x65) {
      integer = false;
      this.at++;
      const sign = this.text.charCodeAt(this.at);
      if (sign === 0x2b || sign === 0x2d) this.at++;
      this.digits('in exponent of numeric literal');
    }
    return this.numberOf(this.text.slice(start, this.at), integer, start);
  }

  private numberOf(literal: string, integer: boolean, start: number): number | bigint {
    const number = Number(literal);
    if (integer) {
      if (Number.isSafeInteger(number)) return number + 0;
      if (literal.length <= maxIntegerDigits + 1) return BigInt(literal);
    }
    if (Number.isFinite(number)) return number;
    // As in Go, a syntax error further on comes first.
    const message = `json: cannot unmarshal number ${literal.slice(0, 40)} into Go value of type float64`;
    this.rangeError ??= new JsonSyntaxError(message, start);
    return 0;
  }

  private digits(where: string): void {
    if (!isDigit(this.text.charCodeAt(this.at))) throw this.unexpectedInToken(where);
    do this.at++;
    while (isDigit(this.text.charCodeAt(this.at)));
  }

  private literal<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      this.at++;
      if (this.text[this.at] !== word[i]) {
        throw this.unexpectedInToken(`in literal ${word} (expecting '${word[i]}')`);
      }
    }
    this.at++;
    return value;
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private unexpected(where: string): JsonSyntaxError {
    if (this.at >= this.text.length) return new JsonSyntaxError('unexpected end of JSON input', this.at);
    return this.unexpectedInToken(where);
  }

  /** The same within a number, word or escape, where Go takes the end of the text for a space. */
  private unexpectedInToken(where: string): JsonSyntaxError {
    const code = this.text.codePointAt(this.at) ?? 0x20;
    // Go looks at bytes: of a character beyond ASCII it prints the first byte.
    const byte = code < 0x80 ? code : Buffer.from(String.fromCodePoint(code))[0]!;
    return new JsonSyntaxError(`invalid character ${goQuoteByte(byte)} ${where}`, this.at);
  }
}
