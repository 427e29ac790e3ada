import { group, type Kind } from '../kinds/kind.ts';
import type { Decoded } from '../machinery/decode.ts';
import { badRequest, causesOf, type FieldError, invalid, StatusError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import type { RequestContext } from './context.ts';
import { examine } from './examine.ts';
import { readObject, type SentObject } from './sent-object.ts';
import { strictCauses } from './strict-causes.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/**
 * Takes a decoded body as an object of the kind (machinery.md §3.1 step 2, §3.6): fills apiVersion and kind, drops unknown fields.
 * Throws 400 where it is no object of this kind, 422 where its metadata has wrong types, with all that is wrong beside.
 */
export function* readBody(kind: Kind, body: Pick<Decoded, 'value' | 'duplicates'>): Steps<SentObject> {
  const sent = yield* readObject(kind, body);
  if (sent.typeErrors.length > 0) {
    const { name } = sent.object.metadata;
    throw invalid(group, kind.kind, name ?? '', (yield* examine(kind, sent)).errors);
  }
  return sent;
}

/**
 * Refuses, tells or ignores unknown and duplicate fields of a create or update (machinery.md §3.6). The message of the
 * 400 is upstream's; its causes name each such field and what may have been meant, and then what `others` tells of:
 * the problems that the object has apart from them.
 */
export function* checkStrict(
  kind: Kind,
  found: { strictErrors: string[]; others: () => Steps<FieldError[]> },
  validation: FieldValidation,
  context: RequestContext,
): Steps<void> {
  const { strictErrors, others } = found;
  if (strictErrors.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') {
    const causes = [...strictCauses(kind, strictErrors), ...causesOf(yield* others())];
    throw badRequest(
      `${kind.kind} in version "v3" cannot be handled as a ${kind.kind}: strict decoding error: ${joined(strictErrors)}`,
      { group, kind: kind.kind, causes },
    );
  }
  for (const text of strictErrors) context.warn(text);
}

/** The errors in one line, but for those of YAML, which come as one with a line each. */
function joined(strictErrors: string[]): string {
  const isYaml = (text: string) => /^line \d+: key /.test(text);
  const ofYaml = strictErrors.filter(isYaml).map(text => `\n  ${text}`);
  const first = ofYaml.length > 0 ? [`yaml: unmarshal errors:${ofYaml.join('')}`] : [];
  return [...first, ...strictErrors.filter(text => !isYaml(text))].join(', ');
}

/** The same for the result of a patch, which is refused as 422 (machinery.md §3.6). */
export function* checkStrictPatch(
  kind: Kind,
  found: { strictErrors: string[]; patched: () => string; others: () => Steps<FieldError[]> },
  validation: FieldValidation,
  context: RequestContext,
): Steps<void> {
  const { strictErrors, patched, others } = found;
  if (strictErrors.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') {
    const error: FieldError = {
      type: 'Invalid',
      field: 'patch',
      value: patched(),
      detail: `strict decoding error: ${strictErrors.join(', ')}`,
    };
    const { message } = invalid('', '', '', [error]);
    const causes = [...causesOf([error]), ...strictCauses(kind, strictErrors), ...causesOf(yield* others())];
    throw new StatusError('Invalid', message, { causes });
  }
  for (const text of strictErrors) context.warn(text);
}
