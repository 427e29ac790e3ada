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
export function splitDocuments(bytes: Uint8Array): RawDocument[] {
  // One character a byte: offsets in the text are offsets in the bytes, whether they are UTF-8 or not.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const places = new Places(text);
  const documents: RawDocument[] = [];
  for (const [from, to] of yamlRanges(text)) {
    for (const [start, end] of jsonRanges(text, from, to)) {
      const content = contentOffset(text, start, end);
      if (content === undefined) continue;
      const origin = places.at(start);
      documents.push({ bytes: bytes.subarray(start, end), origin, start: places.at(content) });
    }
  }
  return documents;
}

/** JSON's own reader has the better messages for what is to be JSON. */
export function mediaTypeOf(file: string, document: RawDocument): DecodableMediaType {
  const looksLikeJson = /^\s*[{[]/.test(Buffer.from(document.bytes.subarray(0, 4096)).toString('latin1'));
  return looksLikeJson && file.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
}

type Range = [start: number, end: number];

/** The parts between markers. A `---` begins one, a `...` ends one; directives go with what follows them. */
function yamlRanges(text: string): Range[] {
  const ranges: Range[] = [];
  let start = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  let directivesFrom: number | undefined;
  for (const match of text.matchAll(marker)) {
    const starts = match[1] === '---';
    const end = starts ? match.index : match.index + match[1]!.length;
    if (starts && holdsDirectivesOnly(text.slice(start, end))) {
      directivesFrom ??= start;
    } else {
      ranges.push([directivesFrom ?? start, end]);
      directivesFrom = undefined;
    }
    start = end;
  }
  ranges.push([directivesFrom ?? start, text.length]);
  return ranges;
}

function holdsDirectivesOnly(part: string): boolean {
  return part.includes('%') && part.split('\n').every(line => /^(?:%.*|[ \t\r]*(?:#.*)?)$/.test(line));
}

/** The JSON objects that follow each other in a part of the text; the whole part where it is anything else. */
function jsonRanges(text: string, from: number, to: number): Range[] {
  const ranges: Range[] = [];
  let start = from;
  for (;;) {
    const end = text[skipSpace(text, start, to)] === '{' ? endOfJson(text, start, to) : undefined;
    const rest = end === undefined ? to : skipSpace(text, end, to);
    if (end === undefined || text[rest] !== '{' || rest === to || !isJson(text.slice(start, end))) break;
    ranges.push([start, end]);
    start = end;
  }
  ranges.push([start, to]);
  return ranges;
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

function contentOffset(text: string, start: number, end: number): number | undefined {
  for (let from = start; from < end; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 || newline > end ? end : newline;
    const line = text.slice(from, to);
    if (!emptyLine.test(line)) return from + /^(?:---(?=[ \t]))?[ \t]*/.exec(line)![0].length;
    from = to + 1;
  }
  return undefined;
}

/** Positions of ascending offsets, columns in UTF-16 units. */
class Places {
  private readonly text: string;
  private line = 1;
  private lineStart = 0;

  constructor(text: string) {
    this.text = text;
  }

  at(offset: number): TextPosition {
    for (let at = this.text.indexOf('\n', this.lineStart); at >= 0 && at < offset; ) {
      this.line++;
      this.lineStart = at + 1;
      at = this.text.indexOf('\n', this.lineStart);
    }
    const before = Buffer.from(this.text.slice(this.lineStart, offset), 'latin1').toString('utf8');
    return { line: this.line, column: before.replace(/^\ufeff/, '').length + 1 };
  }
}
