import { goQuote } from './go-text.ts';
import type { FieldError } from './status.ts';

/** The error for a value that is not one of a few; they are listed in the order given (field.NotSupported). */
export function notSupported(field: string, value: unknown, supported: string[]): FieldError {
  const detail = `supported values: ${supported.map(goQuote).join(', ')}`;
  return { type: 'NotSupported', field, value, detail };
}

/** The one value that dryRun may have is `All`. */
export function dryRunErrors(values: string[]): FieldError[] {
  return values.every(value => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])];
}
