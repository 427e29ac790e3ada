import type { DecodableMediaType, TextPosition } from '../../machinery/decode.ts';

/** One document of a file. */
export interface RawDocument {
  bytes: Uint8Array;
  /** Where the bytes begin in the file. */
  origin: TextPosition;
  /** Where its first line with content is. */
  start: TextPosition;
}

/** A line that starts or ends a document, wherever it stands: not even a quoted text may hold one (YAML 1.2, 9.1.2). */
const marker = /^(---|\.\.\.)(?![^ \t\r\n])/gm;

/** A line that says nothing by itself: blank, a comment, a directive or a bare marker. */
const emptyLine = /^[ \t\r]*(?:#.*|%.*|---[ \t\r]*(?:#.*)?|\.\.\.[ \t\r]*(?:#.*)?)?$/;

const byteOrderMark = '\xef\xbb\xbf';

/**
 * Splits the bytes of a file into its documents: at the markers of YAML, and one JSON object from the next that follows it
 * right away, as kubectl does. Empty documents are left out. Nothing is parsed, so that a broken document does not hide others.
 */
export function* splitDocuments(bytes: Uint8Array): Generator<RawDocument> {
  // One character a byte: offsets in the text are offsets in the bytes, whether they are UTF-8 or not.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const places = new Places(text);
  for (const [from, to] of yamlRanges(text)) {
    for (const [start, end] of jsonRanges(text, from, to)) {
      const content = contentOffset(text.slice(start, end));
      if (content === undefined) continue;
      const origin = places.at(start);
      yield { bytes: bytes.subarray(start, end), origin, start: places.at(start + content) };
    }
  }
}

/** JSON's own reader has the better messages for what is to be JSON. */
export function mediaTypeOf(file: string, document: RawDocument): DecodableMediaType {
  const looksLikeJson = /^\s*[{[]/.test(Buffer.from(document.bytes.subarray(0, 4096)).toString('latin1'));
  return looksLikeJson && file.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
}

type Range = [start: number, end: number];

/** The parts between markers. A `---` begins one, a `...` ends one; directives go with what follows them. */
function* yamlRanges(text: string): Generator<Range> {
  let start = startOfText(text);
  let directivesFrom: number | undefined;
  for (const match of text.matchAll(marker)) {
    const starts = match[1] === '---';
    const end = starts ? match.index : match.index + match[1]!.length;
    if (starts && holdsDirectivesOnly(text.slice(start, end))) {
      directivesFrom ??= start;
    } else {
      yield [directivesFrom ?? start, end];
      directivesFrom = undefined;
    }
    start = end;
  }
  yield [directivesFrom ?? start, text.length];
}

function holdsDirectivesOnly(part: string): boolean {
  return part.includes('%') && part.split('\n').every(line => /^(?:%.*|[ \t\r]*(?:#.*)?)$/.test(line));
}

/** The JSON objects that follow each other in a part of the text; the whole part where it is anything else. */
function* jsonRanges(text: string, from: number, to: number): Generator<Range> {
  let start = from;
  for (;;) {
    const end = text[skipSpace(text, start, to)] === '{' ? endOfJson(text, start, to) : undefined;
    const rest = end === undefined ? to : skipSpace(text, end, to);
    if (end === undefined || text[rest] !== '{' || rest === to || !isJson(text.slice(start, end))) break;
    yield [start, end];
    start = end;
  }
  yield [start, to];
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && ' \t\r\n'.includes(text[at]!)) at++;
  return at;
}

/** Where the object that begins at the first bracket from here on ends, going by brackets and quotes alone. */
function endOfJson(text: string, from: number, to: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < to; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function contentOffset(document: string): number | undefined {
  for (let from = 0; from < document.length; ) {
    const newline = document.indexOf('\n', from);
    const to = newline < 0 ? document.length : newline;
    const line = document.slice(from, to);
    if (!emptyLine.test(line)) return from + /^(?:---(?=[ \t]))?[ \t]*/.exec(line)![0].length;
    from = to + 1;
  }
  return undefined;
}

/** Positions of ascending offsets, at which characters begin; columns in UTF-16 units. */
class Places {
  private readonly text: string;
  private offset: number;
  private line = 1;
  private column = 1;

  constructor(text: string) {
    this.text = text;
    this.offset = startOfText(text);
  }

  at(offset: number): TextPosition {
    const passed = this.text.slice(this.offset, offset);
    let lineStart = 0;
    for (let at = passed.indexOf('\n'); at >= 0; at = passed.indexOf('\n', lineStart)) {
      this.line++;
      this.column = 1;
      lineStart = at + 1;
    }
    this.column += Buffer.from(passed.slice(lineStart), 'latin1').toString('utf8').length;
    this.offset = offset;
    return { line: this.line, column: this.column };
  }
}

function startOfText(text: string): number {
  return text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
}
