import { apiVersion, group, type Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import type { Decoded } from '../machinery/decode.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import { metadataTypeErrors, pruneMetadata } from '../machinery/metadata.ts';
import type { ApiObject } from '../machinery/object.ts';
import { badRequest, type FieldError, invalid } from '../machinery/status.ts';
import { prune } from '../schema/prune.ts';
import type { RequestContext } from './context.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** An object of the kind as a client sent it: known fields only, metadata of the right types. */
export interface ReadBody {
  object: ApiObject;
  /** `unknown field "spec.x"`, `duplicate field "spec.y"`: what Strict refuses and Warn tells. */
  strictErrors: string[];
}

/**
 * Takes a decoded body as an object of the kind (machinery.md §3.1 step 2, §3.6): fills apiVersion and kind, drops unknown fields.
 * Throws 400 where it is no object of this kind, 422 where its metadata has wrong types.
 */
export function readBody(kind: Kind, body: Pick<Decoded, 'value' | 'duplicates'>): ReadBody {
  const object = asObject(kind, body.value);
  const errors = metadataTypeErrors(object.metadata);
  if (errors.length > 0) throw invalid(group, kind.kind, nameIn(object.metadata), errors);
  const unknown = [...pruneMetadata(object.metadata), ...prune(kind.schema, object as unknown as ApiObject)];
  const strictErrors = [...body.duplicates, ...unknown.map(path => `unknown field ${JSON.stringify(path)}`)];
  return {
    object: object as unknown as ApiObject,
    strictErrors: strictErrors.slice(0, limits.maxStrictErrors),
  };
}

/** Refuses, tells or ignores unknown and duplicate fields of a create or update (machinery.md §3.6). */
export function checkStrict(
  kind: Kind,
  strictErrors: string[],
  validation: FieldValidation,
  context: RequestContext,
): void {
  if (strictErrors.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') {
    throw badRequest(
      `${kind.kind} in version "v3" cannot be handled as a ${kind.kind}: strict decoding error: ${strictErrors.join(', ')}`,
    );
  }
  for (const text of strictErrors) context.warn(text);
}

/** The same for the result of a patch, which is refused as 422 (machinery.md §3.6). */
export function checkStrictPatch(
  strictErrors: string[],
  patched: string,
  validation: FieldValidation,
  context: RequestContext,
): void {
  if (strictErrors.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') {
    const error: FieldError = {
      type: 'Invalid',
      field: 'patch',
      value: patched,
      detail: `strict decoding error: ${strictErrors.join(', ')}`,
    };
    throw invalid('', '', '', [error]);
  }
  for (const text of strictErrors) context.warn(text);
}

function asObject(kind: Kind, value: Json): JsonObject & { metadata: JsonObject } {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: a JSON object is needed`,
    );
  }
  const sentKind = value.kind ?? kind.kind;
  const sentVersion = value.apiVersion ?? apiVersion;
  if (sentKind !== kind.kind) {
    throw badRequest(
      `${String(sentKind)} in version "v3" cannot be handled as a ${kind.kind}: the kind in the body must be ${kind.kind}`,
    );
  }
  if (sentVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${String(sentVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  value.kind = kind.kind;
  value.apiVersion = apiVersion;
  value.metadata ??= {};
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw invalid(group, kind.kind, '', [
      { type: 'TypeInvalid', field: 'metadata', value: metadata, detail: 'must be an object' },
    ]);
  }
  return value as JsonObject & { metadata: JsonObject };
}

function nameIn(metadata: JsonObject): string {
  return typeof metadata.name === 'string' ? metadata.name : '';
}
