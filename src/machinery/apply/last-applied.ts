import { DecodeError, decode } from '../decode.ts';
import { goJson } from '../go-json.ts';
import type { Json, JsonObject } from '../json.ts';
import { maxAnnotationBytes } from '../metadata.ts';
import type { ApiObject } from '../object.ts';
import { isJsonObject, ownField } from '../own-field.ts';
import type { Steps } from '../steps.ts';
import { compare } from './compare.ts';
import { difference, emptySet, type FieldSet, unionOf } from './field-set.ts';
import { fieldsOf } from './set-of.ts';
import { shapeErrors } from './shape-errors.ts';
import type { Tracking } from './track.ts';

/** The annotation in which client-side apply keeps what it applied last. */
const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

function lastAppliedOf(object: JsonObject): string {
  const { metadata } = object;
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  const value = isJsonObject(annotations) ? ownField(annotations, annotation) : undefined;
  return typeof value === 'string' ? value : '';
}

/** Whether client-side apply has left its note on the object. */
export function hasLastApplied(object: JsonObject): boolean {
  return lastAppliedOf(object) !== '';
}

/** Brings the note on the object up to what has been applied now; takes it off where it does not fit (upstream's SetLastApplied). */
export function withLastApplied(object: ApiObject, config: JsonObject): void {
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  annotations[annotation] = `${goJson(withoutNote(config))}\n`;
  const bytes = Object.entries(annotations).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxAnnotationBytes) delete annotations[annotation];
  object.metadata.annotations = annotations;
}

function withoutNote(config: JsonObject): JsonObject {
  const { metadata } = config;
  if (!isJsonObject(metadata) || !isJsonObject(metadata.annotations)) return config;
  const { [annotation]: _, ...annotations } = metadata.annotations;
  return { ...config, metadata: { ...metadata, annotations } };
}

/**
 * The fields that client-side apply set and that still are as it set them: kubectl may take these over from whoever stands as
 * their owner. None where there is no note that can be read.
 */
export function* waived({ shape, apiVersion, kind }: Tracking, live: JsonObject): Steps<FieldSet> {
  const note = parseNote(lastAppliedOf(live));
  if (!isJsonObject(note) || note.apiVersion !== apiVersion || note.kind !== kind) return emptySet;
  if (shapeErrors(shape, note).length > 0) return emptySet;
  const { added, modified, removed } = yield* compare(shape, note, live);
  const changed = yield* unionOf([added, modified, removed]);
  return yield* difference(yield* fieldsOf(shape, note), changed);
}

function parseNote(text: string): Json {
  if (text === '') return null;
  try {
    return decode(Buffer.from(text), 'application/json').value;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
