import { limits } from '../../limits.ts';
import { type Decoded, DecodeError, decode, type TextPosition } from '../../machinery/decode.ts';
import { encode } from '../../machinery/encode.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { isJsonObject, ownField } from '../../machinery/own-field.ts';
import { causesOf, type FieldError, StatusError } from '../../machinery/status.ts';
import { atOnce } from '../../machinery/steps.ts';
import { examine } from '../../registry/examine.ts';
import { readObject } from '../../registry/sent-object.ts';
import { strictCauses } from '../../registry/strict-causes.ts';
import { wholeObject } from '../../schema/field-errors.ts';
import { type CheckId, checkOfError, checkTable } from './checks.ts';
import { mediaTypeOf, type RawDocument } from './documents.ts';
import { type Found, type FoundObject, findObjects } from './objects.ts';
import type { Problem, Report, Subject } from './report.ts';

/** What the checks of one document need to know of the run. */
export interface DocumentContext {
  file: string;
  /** Which document of the file it is, from 1. */
  number: number;
  report: Report;
  /** Where each object of the run was first seen: `file:line`. */
  seen: Map<string, string>;
}

/** Checks one document; what it finds goes into the report. Never throws. */
export function checkDocument(raw: RawDocument, context: DocumentContext): void {
  const { file, number, report } = context;
  const subject = { file, kind: '', namespace: '', name: '', document: number };
  let decoded: Decoded;
  try {
    decoded = decode(raw.bytes, mediaTypeOf(file, raw), {
      origin: raw.origin,
      maxYamlTokens: limits.maxManifestYamlTokens,
    });
  } catch (error) {
    const { line, column } = error instanceof DecodeError ? error : raw.start;
    const check = error instanceof DecodeError ? 'syntax' : 'internal-error';
    const problems = [problem(file, { line, column }, check, '', withoutLine(messageOf(error)))];
    report.subjects.push({ ...subject, problems });
    return;
  }
  const checker = new DocumentChecker(raw, decoded, context);
  for (const found of findObjects(decoded.value)) checker.check(found);
  checker.checkDuplicates();
}

class DocumentChecker {
  private readonly raw: RawDocument;
  private readonly decoded: Decoded;
  private readonly context: DocumentContext;
  /** What was found, in the order of the text; without a subject what was passed over. */
  private readonly found: { path: string; subject?: Subject }[] = [];

  constructor(raw: RawDocument, decoded: Decoded, context: DocumentContext) {
    this.raw = raw;
    this.decoded = decoded;
    this.context = context;
  }

  check(found: Found): void {
    const { file, number, report } = this.context;
    if (found.sort === 'passed over') {
      report.passedOver[found.as]++;
      this.found.push({ path: found.path });
      return;
    }
    const kind = found.sort === 'object' ? found.kind.kind : found.kind;
    const subject: Subject = { file, kind, ...namesOf(found.value), document: number, problems: [] };
    if (found.sort === 'refused') {
      subject.problems.push(this.problem(found.path, found.check, found.field, found.message));
    } else {
      if (!found.kind.namespaced) subject.namespace = '';
      this.checkObject(subject, found);
      this.checkSeen(subject, found);
    }
    sortProblems(subject.problems);
    this.found.push({ path: found.path, subject });
    report.subjects.push(subject);
  }

  /** Fields that the text repeats. The reader knows of where they stand only, and so whose they are is found by the place. */
  checkDuplicates(): void {
    const { decoded, raw, context } = this;
    if (decoded.duplicates.length === 0) return;
    const starts = this.found.map(({ path }) => (path === '' ? undefined : decoded.position(path)));
    for (const [index, message] of decoded.duplicates.entries()) {
      const position = decoded.duplicatePosition?.(index) ?? raw.start;
      const owner = starts.findLastIndex(start => start === undefined || !isBefore(position, start));
      const { subject } = this.found[Math.max(owner, 0)] ?? {};
      if (!subject) continue;
      const field = repeatedField(message);
      const text = field === '' ? withoutLine(message) : 'duplicate field';
      subject.problems.push(problem(context.file, position, 'duplicate-field', field, text));
      sortProblems(subject.problems);
    }
  }

  private checkObject(subject: Subject, found: FoundObject): void {
    const { path } = found;
    const add = (check: CheckId, field: string, message: string) =>
      subject.problems.push(this.problem(path, check, field, message));
    try {
      const sent = atOnce(readObject(found.kind, { value: found.value, duplicates: [] }));
      for (const { message = '', field = '' } of strictCauses(found.kind, sent.strictErrors)) {
        add('unknown-field', field, message);
      }
      const { errors, warnings } = atOnce(examine(found.kind, sent));
      const told = new Set<string>();
      for (const error of errors) {
        const whole = error.field === wholeObject;
        const message = (whole && error.detail) || (causesOf([error])[0]?.message ?? '');
        // Two branches of a schema, or a rule and the schema, may say the same: the server's answer has it once too.
        const same = `${error.field}: ${message}`;
        if (told.has(same)) continue;
        told.add(same);
        const found = this.problem(path, checkOfError[error.type], this.exactField(path, error), message);
        subject.problems.push({ ...found, field: whole ? '' : error.field });
      }
      for (const message of warnings) add('likely-mistake', leadingField(message), message);
      const bytes = Buffer.byteLength(encode(sent.object));
      if (bytes > limits.maxObjectBytes) {
        add(
          'object-size',
          '',
          `the object has ${bytes} bytes; at most ${limits.maxObjectBytes} can be stored`,
        );
      }
    } catch (error) {
      if (error instanceof StatusError) add('incomplete-object', '', error.message);
      else add('internal-error', '', `the object could not be checked: ${messageOf(error)}`);
    }
  }

  private checkSeen(subject: Subject, { path, kind }: FoundObject): void {
    if (subject.name === '') return;
    const { file, seen } = this.context;
    const namespace = subject.namespace || (kind.namespaced ? 'default' : '');
    const key = JSON.stringify([subject.kind, namespace, subject.name]);
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, `${file}:${this.raw.start.line}${path === '' ? '' : ` (${path})`}`);
      return;
    }
    const message = `the same object is in ${before} already; only the one that is applied last counts`;
    subject.problems.push({ ...this.problem(path, 'duplicate-object', 'metadata.name', message), field: '' });
  }

  private problem(path: string, check: CheckId, field: string, message: string): Problem {
    const position = placeOfField(this.decoded, this.raw.start, path, field);
    return problem(this.context.file, position, check, field, message);
  }

  /** An error about a key of a map is told of the map; the text has a place for the key. */
  private exactField(path: string, { field, value }: FieldError): string {
    if (field === wholeObject) return '';
    if (typeof value !== 'string' || !/^metadata\.(labels|annotations)$/.test(field)) return field;
    const key = `${field}.${value}`;
    return this.decoded.position(path === '' ? key : `${path}.${key}`) ? key : field;
  }
}

/**
 * Where a field of the object at `path` stands; of one that is not there, the nearest field around it. `start` is where the
 * document begins.
 */
export function placeOfField(
  decoded: Decoded,
  start: TextPosition,
  path: string,
  field: string,
): TextPosition {
  for (let within = field; within !== ''; within = parentPath(within)) {
    const found = decoded.position(path === '' ? within : `${path}.${within}`);
    if (found) return found;
  }
  return path === '' ? start : (decoded.position(path) ?? start);
}

function problem(
  file: string,
  position: TextPosition,
  check: CheckId,
  field: string,
  message: string,
): Problem {
  const { line, column } = position;
  return { file, line, column, level: checkTable[check].level, check, field, message };
}

/** In the order of the text; what is about the whole object comes last, since more can be seen once the rest is right. */
function sortProblems(problems: Problem[]): void {
  const whole = (one: Problem) =>
    Number(one.field === '' && one.level === 'error' && one.check !== 'duplicate-field');
  problems.sort((a, b) => whole(a) - whole(b) || a.line - b.line || a.column - b.column);
}

function isBefore(a: TextPosition, b: TextPosition): boolean {
  return a.line < b.line || (a.line === b.line && a.column < b.column);
}

/** The reader's message less the line, which every problem has anyway. */
function withoutLine(message: string): string {
  return message.replace(/^(?:yaml: )?line \d+: /, '');
}

function namesOf(value: JsonObject): { namespace: string; name: string } {
  const metadata = ownField(value, 'metadata');
  const text = (field: string) => {
    const found = isJsonObject(metadata) ? ownField(metadata, field) : undefined;
    return typeof found === 'string' ? found : '';
  };
  return { namespace: text('namespace'), name: text('name') };
}

/** The path less its last step. */
function parentPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0));
}

/** The path in `duplicate field "items[3].spec.x"`, as it is in the object of the list. */
function repeatedField(message: string): string {
  const quoted = /^duplicate field ("(?:[^"\\]|\\.)*")$/.exec(message)?.[1];
  try {
    return quoted === undefined ? '' : String(JSON.parse(quoted)).replace(/^(?:items\[\d+\]\.)+/, '');
  } catch {
    return '';
  }
}

/** The path that a warning begins with, if it does: `spec.types: …` or `spec.types excludes …`. */
function leadingField(message: string): string {
  return /^(?:spec|metadata)(?:\.[A-Za-z0-9]+|\[\d+\])+(?=[:\s])/.exec(message)?.[0] ?? '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
