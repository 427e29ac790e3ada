import type { TextPosition } from '../../machinery/decode.ts';
import type { CheckId } from './checks.ts';

export type Level = 'error' | 'warning';

/** One thing that is wrong, and where. */
export interface Problem extends TextPosition {
  file: string;
  level: Level;
  check: CheckId;
  /** The path within the object, `spec.ingress[0].action`; empty for the object or document as a whole. */
  field: string;
  message: string;
}

/** What was checked: an object, or a document of which no object could be made (its kind is empty then). */
export interface Subject {
  file: string;
  kind: string;
  namespace: string;
  name: string;
  /** Which document of the file it is, from 1; for documents without a name. */
  document: number;
  problems: Problem[];
}

/** A file that could not be read at all. */
export interface UnreadableFile {
  file: string;
  message: string;
}

/** What one run has found. */
export interface Report {
  files: number;
  subjects: Subject[];
  /** Objects of other API groups, and documents that are no Kubernetes objects. */
  passedOver: { otherGroups: number; noObjects: number };
  unreadable: UnreadableFile[];
}

/** All problems of a report, in the order of the files. */
export function problemsOf(report: Report): Problem[] {
  return report.subjects.flatMap(({ problems }) => problems);
}

/** How many problems there are of each level. */
export function countLevels(problems: Problem[]): { errors: number; warnings: number } {
  const errors = problems.filter(({ level }) => level === 'error').length;
  return { errors, warnings: problems.length - errors };
}

/** The objects among the subjects. */
export function countObjects(report: Report): number {
  return report.subjects.filter(({ kind }) => kind !== '').length;
}

/** How people call a subject: `NetworkPolicy default/allow-dns`, or `document 3`. */
export function titleOf({ kind, namespace, name, document }: Subject): string {
  if (kind === '') return `document ${document}`;
  const path = namespace ? `${namespace}/${name}` : name;
  return path ? `${kind} ${path}` : `${kind} in document ${document}`;
}

/** The message with the field before it, unless it begins with the field by itself. */
export function fullMessage({ field, message }: Problem): string {
  return field === '' || message.startsWith(field) ? message : `${field}: ${message}`;
}
