import type { FieldError } from '../../machinery/status.ts';
import type { Level } from './report.ts';

interface Check {
  level: Level;
  /** What must hold. */
  says: string;
  /** What to do where it does not. */
  help: string;
}

const field =
  'The message names the field, its value and what would be right. The pages of the kinds list every field.';

/** The sorts of problems, by the names under which reports know them. They are stable. */
export const checkTable = {
  syntax: {
    level: 'error',
    says: 'A document is YAML or JSON.',
    help: 'The message says what was read and where. In YAML, look at the indentation of the line and the one before.',
  },
  'incomplete-object': {
    level: 'error',
    says: 'An object has apiVersion, kind and metadata; a list has items.',
    help: 'Set what is missing.',
  },
  'unknown-kind': {
    level: 'error',
    says: 'The kind is one of projectcalico.org/v3.',
    help: 'Kinds are written in upper camel case, as NetworkPolicy.',
  },
  'api-version': {
    level: 'error',
    says: 'Objects of Calico are written with apiVersion projectcalico.org/v3.',
    help: 'crd.projectcalico.org/v1 is the form in which Calico stores objects; it is not one to write.',
  },
  'unknown-field': {
    level: 'error',
    says: 'Every field is known.',
    help: 'An unknown field has no effect: look for a slip of the keyboard or a wrong indentation.',
  },
  'duplicate-field': {
    level: 'error',
    says: 'A field stands once in its object.',
    help: 'Only the last of the values would count. Leave one.',
  },
  'required-value': { level: 'error', says: 'Required fields are set.', help: field },
  'invalid-value': { level: 'error', says: 'Values are of the form that their field needs.', help: field },
  'invalid-type': { level: 'error', says: 'Values are of the type that their field needs.', help: field },
  'unsupported-value': { level: 'error', says: 'A value is one of those that its field knows.', help: field },
  'duplicate-value': { level: 'error', says: 'The items of a set or map differ.', help: field },
  'forbidden-value': { level: 'error', says: 'Fields are set only where they may be.', help: field },
  'value-not-found': { level: 'error', says: 'What a value refers to is there.', help: field },
  'value-size': { level: 'error', says: 'Texts, lists and maps are within their bounds.', help: field },
  'object-size': {
    level: 'error',
    says: 'An object is small enough to be stored.',
    help: 'Split the object.',
  },
  'likely-mistake': {
    level: 'warning',
    says: 'What is legal is also sensible.',
    help: 'The object can be stored, but probably does not do what was meant.',
  },
  'duplicate-object': {
    level: 'warning',
    says: 'An object is defined once.',
    help: 'Only the definition that is applied last would count. Leave one.',
  },
  'internal-error': {
    level: 'error',
    says: 'The check itself works.',
    help: 'This is a mistake in Tortie: please report it together with the object.',
  },
} as const satisfies Record<string, Check>;

export type CheckId = keyof typeof checkTable;

/** Under which check each type of field error is reported. */
export const checkOfError: Record<FieldError['type'], CheckId> = {
  Required: 'required-value',
  Invalid: 'invalid-value',
  TypeInvalid: 'invalid-type',
  NotSupported: 'unsupported-value',
  Duplicate: 'duplicate-value',
  Forbidden: 'forbidden-value',
  NotFound: 'value-not-found',
  TooLong: 'value-size',
  TooShort: 'value-size',
  TooMany: 'value-size',
  TooFew: 'value-size',
  Internal: 'internal-error',
};
