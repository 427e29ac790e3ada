import { apiVersion, type Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import { cut } from '../machinery/cut.ts';
import type { Decoded } from '../machinery/decode.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import { metadataTypeErrors, pruneMetadata } from '../machinery/metadata.ts';
import type { ApiObject } from '../machinery/object.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import { badRequest, type FieldError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import { prune } from '../schema/prune.ts';

/** An object of a kind as somebody wrote it: known fields only, and of metadata those of the right type only. */
export interface SentObject {
  object: ApiObject;
  /** `unknown field "spec.x"`, `duplicate field "spec.y"`. */
  strictErrors: string[];
  /** What is of the wrong type in metadata; the fields are left out of the object. */
  typeErrors: FieldError[];
}

/**
 * Takes a decoded document as an object of the kind (machinery.md §3.1 step 2, §3.6): fills apiVersion and kind, drops
 * unknown fields. Changes the value in place. Throws 400 where it is no object of this kind.
 */
export function* readObject(kind: Kind, body: Pick<Decoded, 'value' | 'duplicates'>): Steps<SentObject> {
  const { object, typeErrors: ofWhole } = asObject(kind, body.value);
  const { metadata } = object;
  yield;
  const typeErrors = [...ofWhole, ...metadataTypeErrors(metadata)];
  dropMistyped(metadata, typeErrors);
  const sent = object as unknown as ApiObject;
  yield;
  const unknown = pruneMetadata(metadata);
  yield;
  unknown.push(...prune(kind.schema, sent));
  yield;
  const strictErrors = [
    ...body.duplicates,
    ...unknown.map(path => `unknown field ${JSON.stringify(cut(path))}`),
  ];
  return { object: sent, strictErrors: strictErrors.slice(0, limits.maxStrictErrors), typeErrors };
}

/** The body with what makes it an object of the kind. Metadata that is no object is made an empty one. */
function asObject(
  kind: Kind,
  value: Json,
): { object: JsonObject & { metadata: JsonObject }; typeErrors: FieldError[] } {
  if (!isJsonObject(value)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: a JSON object is needed`,
    );
  }
  const sentKind = value.kind ?? kind.kind;
  const sentVersion = value.apiVersion ?? apiVersion;
  if (sentKind !== kind.kind) {
    throw badRequest(
      `${cut(String(sentKind))} in version "v3" cannot be handled as a ${kind.kind}: the kind in the body must be ${kind.kind}`,
    );
  }
  if (sentVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${cut(String(sentVersion))}) does not match the expected API version (${apiVersion})`,
    );
  }
  value.kind = kind.kind;
  value.apiVersion = apiVersion;
  value.metadata ??= {};
  const { metadata } = value;
  const typeErrors: FieldError[] = [];
  if (!isJsonObject(metadata)) {
    typeErrors.push({ type: 'TypeInvalid', field: 'metadata', value: metadata, detail: 'must be an object' });
    value.metadata = {};
  }
  return { object: value as JsonObject & { metadata: JsonObject }, typeErrors };
}

/** Takes out the fields of metadata in which a type is wrong, so that all others can be looked at. */
function dropMistyped(metadata: JsonObject, typeErrors: FieldError[]): void {
  for (const { field } of typeErrors) {
    const name = /^metadata\.(\w+)/.exec(field)?.[1];
    if (name !== undefined) delete metadata[name];
  }
}
