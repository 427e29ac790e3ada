import { limits } from '../limits.ts';
import { JsonReader, JsonSyntaxError, type JsonTrace } from './decode-json.ts';
import { readYaml, YamlSyntaxError } from './decode-yaml.ts';
import { goQuote } from './go-text.ts';
import type { Json } from './json.ts';
import { atOnce, type Steps } from './steps.ts';

/** A place in a text, both counted from 1; columns count UTF-16 units. */
export interface TextPosition {
  line: number;
  column: number;
}

/** A body that is not JSON or YAML. The message is fit for the 400 that answers it. */
export class DecodeError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, position: TextPosition) {
    super(message);
    this.name = 'DecodeError';
    this.line = position.line;
    this.column = position.column;
  }
}

/** A decoded body. */
export interface Decoded {
  value: Json;
  /** One message per field that appears more than once, as strict field validation reports it. */
  duplicates: string[];
  /** Where the field stands that the duplicate of this index repeats; undefined where that is not known. */
  duplicatePosition?(index: number): TextPosition | undefined;
  /**
   * Where the field or list item with this path stands (the key of a field), for paths as field errors have
   * them: `spec.ingress[0].action`, `metadata.labels[app]`. The first call reads the text a second time.
   */
  position(path: string): TextPosition | undefined;
}

export type DecodableMediaType = 'application/json' | 'application/yaml';

/** How to read what is a part of a larger text, or larger than a request may be. */
export interface DecodeOptions {
  /** Where the bytes begin in the text that positions are told of; its start when absent. */
  origin?: TextPosition;
  /** The tokens that a YAML document may have; limits.maxYamlTokens when absent. */
  maxYamlTokens?: number;
}

const textStart: TextPosition = { line: 1, column: 1 };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes a request body or a file. Integers that a double cannot hold become bigint, every other number is a
 * number. Names like `__proto__` become ordinary own fields. Of duplicate fields the last wins. YAML is read as
 * sigs.k8s.io/yaml reads it. Throws DecodeError with the message of Go's JSON or YAML reader where there is one;
 * unlike Go, invalid UTF-8 is refused rather than replaced, and the depth is bounded by limits.maxJsonDepth.
 */
export function decode(
  bytes: Uint8Array,
  mediaType: DecodableMediaType,
  options: DecodeOptions = {},
): Decoded {
  return atOnce(decodeInSteps(bytes, mediaType, options));
}

/** The same in steps, but for YAML that is no JSON, which is read without a stop. */
export function* decodeInSteps(
  bytes: Uint8Array,
  mediaType: DecodableMediaType,
  options: DecodeOptions = {},
): Steps<Decoded> {
  const { origin = textStart } = options;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    const valid = validUtf8Prefix(bytes);
    throw new DecodeError('the body is not valid UTF-8', positionsIn(valid, origin)(valid.length));
  }
  const positions = positionsIn(text, origin);
  if (mediaType === 'application/json') return yield* decodeJsonText(text, positions);
  return yield* decodeYamlText(text, positions, options.maxYamlTokens ?? limits.maxYamlTokens);
}

/** A YAML body, where it is JSON in which no field is there twice; undefined for any other. */
export function* decodeAsJson(bytes: Uint8Array): Steps<Decoded | undefined> {
  // Other YAML is not even made into text.
  if (!/^\s*\{/.test(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString())) {
    return undefined;
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  return yield* jsonInYaml(text, positionsIn(text, textStart));
}

/**
 * Decodes bytes that our own encoder wrote. Kinds without 64-bit integers take the fast way.
 * Throws SyntaxError, JsonSyntaxError or DecodeError if they are not JSON.
 */
export function parseStored(bytes: Uint8Array, hasInt64: boolean): Json {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return hasInt64 ? new JsonReader(text).read() : (JSON.parse(text) as Json);
}

/** Tells where an offset is. */
type Positions = (offset: number) => TextPosition;

function* decodeJsonText(text: string, positions: Positions): Steps<Decoded> {
  const reader = new JsonReader(text);
  let value: Json;
  try {
    value = yield* reader.readInSteps();
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new DecodeError(error.message, positions(error.offset));
    throw error;
  }
  const trace = reader.sawDuplicate ? yield* traceOf(text) : undefined;
  const traced = trace ? () => trace : lazyTrace(fresh => new JsonReader(text, fresh).read());
  const repeated = [...(trace?.duplicates ?? [])].slice(0, limits.maxStrictErrors);
  const position = positionOf(traced, positions);
  return {
    value,
    duplicates: repeated.map(path => `duplicate field ${goQuote(path)}`),
    duplicatePosition: index => (index in repeated ? position(repeated[index]!) : undefined),
    position,
  };
}

function* traceOf(text: string): Steps<JsonTrace> {
  const trace = newTrace();
  yield* new JsonReader(text, trace).readInSteps();
  return trace;
}

function* decodeYamlText(text: string, positions: Positions, maxTokens: number): Steps<Decoded> {
  const json = yield* jsonInYaml(text, positions);
  if (json) return json;
  try {
    const { value, duplicates } = readYaml(text, { maxTokens });
    const traced = lazyTrace(trace => readYaml(text, { maxTokens, trace }));
    const repeated = duplicates
      .slice(0, limits.maxStrictErrors)
      .map(({ key, keyOffset, offset }) => ({ key, at: positions(keyOffset), value: positions(offset) }));
    return {
      value,
      duplicates: repeated.map(each => `line ${each.value.line}: key ${each.key} already set in map`),
      duplicatePosition: index => repeated[index]?.at,
      position: positionOf(traced, positions),
    };
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const position = positions(error.offset);
    throw new DecodeError(`yaml: line ${position.line}: ${error.message}`, position);
  }
}

/** JSON is YAML, and what claims to be YAML often is JSON; reading it as such is a hundred times faster. */
function* jsonInYaml(text: string, positions: Positions): Steps<Decoded | undefined> {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const decoded = yield* decodeJsonText(text, positions);
    return decoded.duplicates.length === 0 ? decoded : undefined;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}

function newTrace(): JsonTrace {
  return { offsets: new Map(), duplicates: new Set() };
}

function lazyTrace(fill: (trace: JsonTrace) => unknown): () => JsonTrace {
  let trace: JsonTrace | undefined;
  return () => {
    if (!trace) {
      trace = newTrace();
      fill(trace);
    }
    return trace;
  };
}

function positionOf(
  traced: () => JsonTrace,
  positions: Positions,
): (path: string) => TextPosition | undefined {
  return path => {
    // Field errors write the key of a map in brackets: metadata.labels[app].
    const dotted = path.replace(/\[([^\]]*[^\]\d][^\]]*)\]/g, '.$1');
    const offset = traced().offsets.get(path) ?? traced().offsets.get(dotted);
    return offset === undefined ? undefined : positions(offset);
  };
}

/** Positions in a text that begins at `origin`. Finds the line breaks once, when it is first asked. */
function positionsIn(text: string, origin: TextPosition): Positions {
  let lineStarts: number[] | undefined;
  return offset => {
    lineStarts ??= startsOfLines(text);
    let line = 0;
    let beyond = lineStarts.length;
    while (beyond - line > 1) {
      const middle = (line + beyond) >> 1;
      if (lineStarts[middle]! <= offset) line = middle;
      else beyond = middle;
    }
    const column = offset - lineStarts[line]! + 1;
    return { line: origin.line + line, column: line === 0 ? origin.column - 1 + column : column };
  };
}

function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The text up to where the bytes stop being UTF-8, found by halving. */
function validUtf8Prefix(bytes: Uint8Array): string {
  const validPrefix = (length: number) => {
    try {
      // `stream` accepts a character that is cut off at the end.
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
    } catch {
      return undefined;
    }
  };
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (validPrefix(middle) === undefined) bad = middle;
    else good = middle;
  }
  return validPrefix(good) ?? '';
}
