import { limits } from '../limits.ts';
import { JsonReader, JsonSyntaxError, type JsonTrace } from './decode-json.ts';
import { readYaml, type YamlDuplicate, YamlSyntaxError } from './decode-yaml.ts';
import { goQuote } from './go-text.ts';
import type { Json } from './json.ts';

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
  /**
   * Where the field or list item with this path stands (the key of a field), for paths as field errors have
   * them: `spec.ingress[0].action`, `metadata.labels[app]`. The first call reads the text a second time.
   */
  position(path: string): TextPosition | undefined;
}

export type DecodableMediaType = 'application/json' | 'application/yaml';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes a request body or a file. Integers that a double cannot hold become bigint, every other number is a
 * number. Names like `__proto__` become ordinary own fields. Of duplicate fields the last wins. YAML is read as
 * sigs.k8s.io/yaml reads it. Throws DecodeError with the message of Go's JSON or YAML reader where there is one;
 * unlike Go, invalid UTF-8 is refused rather than replaced, and the depth is bounded by limits.maxJsonDepth.
 */
export function decode(bytes: Uint8Array, mediaType: DecodableMediaType): Decoded {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new DecodeError('the body is not valid UTF-8', invalidUtf8Position(bytes));
  }
  return mediaType === 'application/json' ? decodeJsonText(text) : decodeYamlText(text);
}

/**
 * Decodes bytes that our own encoder wrote. Kinds without 64-bit integers take the fast way.
 * Throws SyntaxError, JsonSyntaxError or DecodeError if they are not JSON.
 */
export function parseStored(bytes: Uint8Array, hasInt64: boolean): Json {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return hasInt64 ? new JsonReader(text).read() : (JSON.parse(text) as Json);
}

function decodeJsonText(text: string): Decoded {
  const reader = new JsonReader(text);
  let value: Json;
  try {
    value = reader.read();
  } catch (error) {
    if (error instanceof JsonSyntaxError)
      throw new DecodeError(error.message, positionAt(text, error.offset));
    throw error;
  }
  const traced = lazyTrace(trace => new JsonReader(text, trace).read());
  const duplicates = reader.sawDuplicate
    ? [...traced().duplicates]
        .slice(0, limits.maxStrictErrors)
        .map(path => `duplicate field ${goQuote(path)}`)
    : [];
  return { value, duplicates, position: positionIn(text, traced) };
}

function decodeYamlText(text: string): Decoded {
  // JSON is YAML, and what claims to be YAML often is JSON; reading it as such is a hundred times faster.
  if (/^\s*\{/.test(text)) {
    try {
      const decoded = decodeJsonText(text);
      if (decoded.duplicates.length === 0) return decoded;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  try {
    const { value, duplicates } = readYaml(text);
    const traced = lazyTrace(trace => readYaml(text, trace));
    return { value, duplicates: yamlDuplicates(text, duplicates), position: positionIn(text, traced) };
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const position = positionAt(text, error.offset);
    throw new DecodeError(`yaml: line ${position.line}: ${error.message}`, position);
  }
}

function yamlDuplicates(text: string, duplicates: YamlDuplicate[]): string[] {
  return duplicates.slice(0, limits.maxStrictErrors).map(duplicate => {
    const { line } = positionAt(text, duplicate.offset);
    return `line ${line}: key ${duplicate.key} already set in map`;
  });
}

function lazyTrace(fill: (trace: JsonTrace) => unknown): () => JsonTrace {
  let trace: JsonTrace | undefined;
  return () => {
    if (!trace) {
      trace = { offsets: new Map(), duplicates: new Set() };
      fill(trace);
    }
    return trace;
  };
}

function positionIn(text: string, traced: () => JsonTrace): (path: string) => TextPosition | undefined {
  return path => {
    // Field errors write the key of a map in brackets: metadata.labels[app].
    const dotted = path.replace(/\[([^\]]*[^\]\d][^\]]*)\]/g, '.$1');
    const offset = traced().offsets.get(path) ?? traced().offsets.get(dotted);
    return offset === undefined ? undefined : positionAt(text, offset);
  };
}

function positionAt(text: string, offset: number): TextPosition {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** Where valid UTF-8 ends: the text up to there, found by halving. */
function invalidUtf8Position(bytes: Uint8Array): TextPosition {
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
  const text = validPrefix(good) ?? '';
  return positionAt(text, text.length);
}
