import type { Kind } from '../kinds/kind.ts';
import { metadataSiblings } from '../machinery/metadata.ts';
import { fieldErrorTypes, type StatusCause } from '../machinery/status.ts';
import { nearest } from '../schema/nearest.ts';
import { meantField } from '../schema/unknown-field.ts';

/**
 * What Strict refuses, as causes of a Status: the field and, for an unknown one, the known field that was probably meant.
 * `strictErrors` are sentences such as `unknown field "spec.x"` (machinery.md §3.6).
 */
export function strictCauses(kind: Kind, strictErrors: string[]): StatusCause[] {
  return strictErrors.map(text => {
    const reason = fieldErrorTypes.Invalid.cause;
    const [, what, quoted] = /^(?:json patch )?(unknown|duplicate) field (".*")$/s.exec(text) ?? [];
    if (what === undefined || quoted === undefined) return { reason, message: text };
    const field = unquote(quoted);
    const meant = what === 'unknown' ? meantBy(kind, field) : undefined;
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
    return { reason, message: `${what} field${hint}`, field };
  });
}

function meantBy(kind: Kind, field: string): string | undefined {
  if (!field.startsWith('metadata.')) return meantField(kind.schema, field);
  return nearest(field.slice(field.lastIndexOf('.') + 1), metadataSiblings(field));
}

/** The text in quotes. Go escapes some characters otherwise than JSON; such a text stays as it is printed. */
function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}
