import { limits } from '../limits.ts';
import { equal } from '../machinery/equal.ts';
import type { FieldError } from '../machinery/status.ts';

/** What kube-apiserver prints in the place of a path for an error of the whole object. */
export const wholeObject = '<nil>';

/** Whether there are as many errors as one answer holds: then nothing further needs to be looked at. */
export function isFull(errors: readonly FieldError[]): boolean {
  return errors.length >= limits.maxFieldErrors;
}

/** Adds an error unless there are as many as one answer holds, or there is just this one already. */
export function addError(errors: FieldError[], error: FieldError): void {
  if (isFull(errors)) return;
  // Two branches of an allOf may say the same; kube-apiserver says it once.
  if (errors.some(other => sameError(other, error))) return;
  errors.push(error);
}

function sameError(a: FieldError, b: FieldError): boolean {
  return a.field === b.field && a.type === b.type && a.detail === b.detail && equal(a.value, b.value);
}

/** Go's `%v` of a float64: an exponent from a million on. */
export function goFloat(value: number): string {
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
