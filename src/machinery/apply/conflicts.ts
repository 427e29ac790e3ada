import { goQuote } from '../go-text.ts';
import { StatusError } from '../status.ts';
import { compareText } from '../text-order.ts';
import { type FieldSet, pathsOf } from './field-set.ts';
import type { Manager } from './managers.ts';
import { printPath } from './step.ts';

/** What an apply would take from a manager without being told to. */
export interface Conflict {
  id: string;
  manager: Manager;
  fields: FieldSet;
}

/** The 409 that an apply with conflicts is answered with, to the letter: people and tools read its message. */
export function applyConflict(conflicts: Conflict[]): StatusError {
  const sorted = [...conflicts].sort((a, b) => compareText(a.id, b.id));
  const all = sorted.flatMap(({ manager, fields }) =>
    pathsOf(fields).map(path => ({ by: printManager(manager), field: printPath(path) })),
  );
  const causes = all.map(({ by, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${by}`,
    field,
  }));
  return new StatusError('Conflict', messageOf(all, sorted), { causes });
}

function messageOf(all: { by: string; field: string }[], conflicts: Conflict[]): string {
  if (all.length === 1) {
    const [{ by, field }] = all as [{ by: string; field: string }];
    return `Apply failed with 1 conflict: conflict with ${by}: ${field}`;
  }
  const lines = conflicts.flatMap(({ manager, fields }) => [
    `conflicts with ${printManager(manager)}:`,
    ...pathsOf(fields).map(path => `- ${printPath(path)}`),
  ]);
  return `Apply failed with ${all.length} conflicts: ${lines.join('\n')}`;
}

function printManager({ name, operation, apiVersion, subresource }: Manager): string {
  const within = subresource ? ` with subresource ${goQuote(subresource)}` : '';
  const using = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${goQuote(name)}${within}${using}`;
}
