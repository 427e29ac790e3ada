import { group, type Kind } from '../kinds/kind.ts';
import type { Decoded } from '../machinery/decode.ts';
import type { ApiObject } from '../machinery/object.ts';
import { badRequest, type FieldError, invalid } from '../machinery/status.ts';
import type { RequestContext } from './context.ts';
import { examine } from './examine.ts';
import { readObject } from './sent-object.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** An object of the kind as a client sent it: known fields only, metadata of the right types. */
export interface ReadBody {
  object: ApiObject;
  /** `unknown field "spec.x"`, `duplicate field "spec.y"`: what Strict refuses and Warn tells. */
  strictErrors: string[];
}

/**
 * Takes a decoded body as an object of the kind (machinery.md §3.1 step 2, §3.6): fills apiVersion and kind, drops unknown fields.
 * Throws 400 where it is no object of this kind, 422 where its metadata has wrong types, with all that is wrong beside.
 */
export function readBody(kind: Kind, body: Pick<Decoded, 'value' | 'duplicates'>): ReadBody {
  const sent = readObject(kind, body);
  if (sent.typeErrors.length > 0) {
    const { name } = sent.object.metadata;
    throw invalid(group, kind.kind, name ?? '', examine(kind, sent).errors);
  }
  return sent;
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
