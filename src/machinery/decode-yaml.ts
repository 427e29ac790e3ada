import type { ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser } from 'yaml';
import { limits } from '../limits.ts';
import { childPath, type JsonTrace } from './decode-json.ts';
import { goQuote } from './go-text.ts';
import type { Json, JsonObject } from './json.ts';
import { isJsonObject, setOwnField } from './own-field.ts';
import { resolveYamlScalar, YamlValueError } from './yaml-scalar.ts';

/** A YAML text that cannot be read; `offset` counts UTF-16 units. */
export class YamlSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** A key that its mapping has already: the key as Go prints it, and where it and its value stand. */
export interface YamlDuplicate {
  key: string;
  keyOffset: number;
  offset: number;
}

/** How to read a text: how many tokens it may have, and where to note the places of its fields. */
export interface YamlReading {
  maxTokens: number;
  trace?: JsonTrace;
}

type Node = ParsedNode | null;

/** The parser keeps about one entry a level; composing recurses, so that far deeper texts must not reach it. */
const maxParserStack = 4 * limits.maxJsonDepth;

/** Empty documents beside the one are let through, but not thousands of them. */
const maxDocuments = 10;
const severalDocuments = 'expected a single document in the stream';

/** A composer that stops at the first error instead of collecting them: a hostile text has a million. */
function failingComposer(): Composer {
  const composer = new Composer({
    version: '1.1',
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  let first: YamlSyntaxError | undefined;
  // Not part of the package's interface; without it composeDocuments still finds the errors, only later. The
  // composer catches what it throws and reports it anew at every enclosing node, hence `first`.
  const onError = (source: ErrorSource, _code: string, message: string, warning?: boolean) => {
    if (warning) return;
    const offset = typeof source === 'number' ? source : Array.isArray(source) ? source[0] : source.offset;
    first ??= new YamlSyntaxError(message, offset ?? 0);
    throw first;
  };
  return Object.assign(composer, { onError });
}

type ErrorSource = number | number[] | { offset: number };

/** Composes all documents of a text. Every scalar stays text; explicit tags stay on their nodes. */
function composeDocuments(text: string, maxTokens: number): { contents: Node }[] {
  const parser = new Parser();
  const composer = failingComposer();
  const documents = [];
  let tokens = 0;
  const compose = function* () {
    for (const lexeme of new Lexer().lex(text)) {
      tokens++;
      for (const token of parser.next(lexeme)) {
        if (token.type === 'error') throw new YamlSyntaxError(token.message, token.offset);
        yield* composer.next(token);
      }
      if (parser.stack.length > maxParserStack) {
        throw new YamlSyntaxError('exceeded max depth', parser.offset);
      }
      if (tokens > maxTokens) throw new YamlSyntaxError('the document is too large', parser.offset);
    }
    for (const token of parser.end()) yield* composer.next(token);
    yield* composer.end();
  };
  for (const document of compose()) {
    const error = document.errors[0];
    if (error) throw new YamlSyntaxError(error.message, error.pos[0]);
    documents.push(document);
    if (documents.length > maxDocuments) throw new YamlSyntaxError(severalDocuments, document.range[0]);
  }
  return documents as { contents: Node }[];
}

function isEmptyDocument(document: { contents: Node }): boolean {
  const contents = document.contents;
  if (contents === null) return true;
  if (!isScalar(contents) || contents.type !== 'PLAIN') return false;
  return contents.source === '' && !contents.anchor && !contents.tag;
}

/** Turns composed nodes into JSON values. */
class YamlConverter {
  private readonly trace: JsonTrace | undefined;
  private readonly anchors = new Map<string, ParsedNode>();
  private readonly expanding = new Set<ParsedNode>();
  private aliases = 0;
  private aliasCharacters = 0;
  private aliasDepth = 0;
  private depth = 0;
  readonly duplicates: YamlDuplicate[] = [];

  private readonly text: string;

  constructor(text: string, trace?: JsonTrace) {
    this.text = text;
    this.trace = trace;
  }

  value(node: Node, path: string): Json {
    if (node === null) return null;
    if (isAlias(node)) return this.alias(node.source, node.range[0], path);
    // An alias may use the name again for a later node; the nearest one before it counts.
    if (node.anchor && this.aliasDepth === 0) this.anchors.set(node.anchor, node);
    if (isScalar(node)) return this.scalar(node);
    this.depth++;
    if (this.depth > limits.maxJsonDepth) throw new YamlSyntaxError('exceeded max depth', node.range[0]);
    if (this.expanding.has(node)) {
      throw new YamlSyntaxError(`anchor '${node.anchor}' value contains itself`, node.range[0]);
    }
    this.expanding.add(node);
    this.spend(1, node.range[0]);
    const value = isMap(node) ? this.mapping(node, path) : isSeq(node) ? this.list(node, path) : null;
    this.expanding.delete(node);
    this.depth--;
    return value;
  }

  private scalar(node: ParsedNode): Json {
    if (!isScalar(node)) return null;
    let text = String(node.value ?? '');
    // The parser ends a block scalar with a line break even where the text has none.
    if (node.type?.startsWith('BLOCK') && node.range[1] >= this.text.length && !this.text.endsWith('\n')) {
      text = text.replace(/\n$/, '');
    }
    this.spend(text.length + 1, node.range[0]);
    try {
      return resolveYamlScalar(text, { plain: node.type === 'PLAIN', tag: node.tag });
    } catch (error) {
      if (error instanceof YamlValueError) throw new YamlSyntaxError(error.message, node.range[0]);
      throw error;
    }
  }

  private alias(name: string, offset: number, path: string): Json {
    const target = this.anchors.get(name);
    if (!target) throw new YamlSyntaxError(`unknown anchor '${name}' referenced`, offset);
    this.aliases++;
    if (this.aliases > limits.maxYamlAliases) {
      throw new YamlSyntaxError('document contains excessive aliasing', offset);
    }
    this.aliasDepth++;
    const value = this.value(target, path);
    this.aliasDepth--;
    return value;
  }

  /** Counts what aliases add, since a short text may otherwise grow to gigabytes. */
  private spend(characters: number, offset: number): void {
    if (this.aliasDepth === 0) return;
    this.aliasCharacters += characters;
    if (this.aliasCharacters > limits.maxYamlAliasCharacters) {
      throw new YamlSyntaxError('document contains excessive aliasing', offset);
    }
  }

  private list(node: YAMLSeq, path: string): Json[] {
    return (node.items as Node[]).map((item, index) => {
      const itemPath = childPath(path, index);
      if (item) this.trace?.offsets.set(itemPath, item.range[0]);
      return this.value(item, itemPath);
    });
  }

  private mapping(node: YAMLMap, path: string): JsonObject {
    const object: JsonObject = {};
    const own = new Set<string>();
    for (const pair of node.items as { key: Node; value: Node }[]) {
      if (isMergeKey(pair.key)) {
        this.merge(object, pair.value, path);
        continue;
      }
      const key = this.key(pair.key);
      const fieldPath = childPath(path, key.name);
      const keyOffset = pair.key?.range[0] ?? 0;
      this.trace?.offsets.set(fieldPath, keyOffset);
      setOwnField(object, key.name, this.value(pair.value, fieldPath));
      if (own.has(key.name) && this.aliasDepth === 0) {
        this.duplicates.push({ key: key.printed, keyOffset, offset: pair.value?.range[0] ?? keyOffset });
      }
      own.add(key.name);
    }
    return object;
  }

  /** A `<<` key: the fields of one mapping, or of several of which the first has precedence. */
  private merge(object: JsonObject, node: Node, path: string): void {
    const sources = isSeq(node) ? (node.items as Node[]).toReversed() : [node];
    for (const source of sources) {
      const value = isMap(source) || isAlias(source) ? this.value(source, path) : undefined;
      if (!isJsonObject(value)) {
        throw new YamlSyntaxError(
          'map merge requires map or sequence of maps as the value',
          source?.range[0] ?? 0,
        );
      }
      for (const [name, field] of Object.entries(value)) setOwnField(object, name, field);
    }
  }

  /** JSON has only string keys: numbers and booleans become their text, anything else is refused. */
  private key(node: Node): { name: string; printed: string } {
    const value = this.value(node, '');
    if (typeof value === 'string') return { name: value, printed: goQuote(value) };
    if (value === null || typeof value === 'object') {
      const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a mapping';
      throw new YamlSyntaxError(`invalid map key: ${what}`, node?.range[0] ?? 0);
    }
    return { name: String(value), printed: String(value) };
  }
}

function isMergeKey(node: Node): boolean {
  if (!isScalar(node) || node.value !== '<<') return false;
  return node.tag === undefined ? node.type === 'PLAIN' : node.tag === 'tag:yaml.org,2002:merge';
}

/**
 * Reads one YAML document as sigs.k8s.io/yaml does, which is what kubectl and kube-apiserver use, with two
 * differences: more than one document is an error here, and the bounds are `maxTokens`, limits.maxYamlAliases and
 * maxYamlAliasCharacters. Of several equal keys the last wins. Throws YamlSyntaxError.
 */
export function readYaml(
  text: string,
  { maxTokens, trace }: YamlReading,
): { value: Json; duplicates: YamlDuplicate[] } {
  const documents = composeDocuments(text, maxTokens).filter(document => !isEmptyDocument(document));
  const second = documents[1]?.contents;
  if (second) throw new YamlSyntaxError(severalDocuments, second.range[0]);
  const converter = new YamlConverter(text, trace);
  const contents = documents[0]?.contents ?? null;
  trace?.offsets.set('', contents?.range[0] ?? 0);
  const value = converter.value(contents, '');
  return { value, duplicates: converter.duplicates };
}
