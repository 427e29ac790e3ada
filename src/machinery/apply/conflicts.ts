import { limits } from '../../limits.ts';
import { goQuote } from '../go-text.ts';
import { StatusError } from '../status.ts';
import { compareText } from '../text-order.ts';
import { countOf, type FieldSet, pathsOf } from './field-set.ts';
import type { Manager } from './managers.ts';
import { printPath } from './step.ts';

/** What an apply would take from a manager without being told to. */
export interface Conflict {
  id: string;
  manager: Manager;
  fields: FieldSet;
}

/**
 * The 409 that an apply with conflicts is answered with, to the letter: people and tools read its message. Of each manager it
 * names the first limits.maxFieldErrors fields.
 */
export function applyConflict(conflicts: Conflict[]): StatusError {
  const sorted = [...conflicts].sort((a, b) => compareText(a.id, b.id));
  const told = sorted.map(({ manager, fields }) => ({
    by: printManager(manager),
    fields: pathsOf(fields).take(limits.maxFieldErrors).map(printPath).toArray(),
  }));
  const causes = told.flatMap(({ by, fields }) =>
    fields.map(field => ({ reason: 'FieldManagerConflict', message: `conflict with ${by}`, field })),
  );
  const count = sorted.reduce((sum, { fields }) => sum + countOf(fields), 0);
  const [first] = causes;
  const text =
    count === 1
      ? `1 conflict: ${first!.message}: ${first!.field}`
      : `${count} conflicts: ${told.map(linesOf).join('\n')}`;
  return new StatusError('Conflict', `Apply failed with ${text}`, { causes });
}

function linesOf({ by, fields }: { by: string; fields: string[] }): string {
  return [`conflicts with ${by}:`, ...fields.map(field => `- ${field}`)].join('\n');
}

function printManager({ name, operation, apiVersion, subresource }: Manager): string {
  const within = subresource ? ` with subresource ${goQuote(subresource)}` : '';
  const using = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${goQuote(name)}${within}${using}`;
}
