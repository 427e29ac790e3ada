import { copy } from '../../../src/machinery/equal.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { type FieldError, StatusError } from '../../../src/machinery/status.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { examine } from '../../../src/registry/examine.ts';
import { fillDefaults, objectErrors, settleNamespace, wipeForCreate } from '../../../src/registry/prepare.ts';
import { readObject } from '../../../src/registry/sent-object.ts';
import type { Mutation } from './mutations.ts';

/** Whether a mutation is about what a client says through the status subresource: a create drops it. */
export function isOfStatus({ field }: Mutation): boolean {
  return /^status\b/.test(field);
}

/**
 * Everything that the server finds wrong with a mutation by itself: with a create of it under strict field validation,
 * or with an update of the status of the example.
 */
export function answerTo(mutation: Mutation): string[] {
  const { kind } = mutation;
  try {
    const sent = atOnce(readObject(kind, { value: copy(mutation.object), duplicates: [] }));
    if (sent.strictErrors.length > 0) return sent.strictErrors;
    const example = copy(kind.examples.valid[0]!);
    if (!isOfStatus(mutation)) {
      settleNamespace({ kind }, sent.object, example.metadata.namespace ?? '');
      return atOnce(examine(kind, sent)).errors.map(textOf);
    }
    wipeForCreate(kind, example);
    fillDefaults({ kind }, example, undefined);
    return errorsAsStatus(mutation, sent.object, example).map(textOf);
  } catch (error) {
    if (error instanceof StatusError) return [error.message];
    throw error;
  }
}

function errorsAsStatus({ kind }: Mutation, sent: ApiObject, old: ApiObject): FieldError[] {
  const next = copy(old);
  if (sent.status !== undefined) next.status = sent.status;
  fillDefaults({ kind }, next, old);
  return atOnce(objectErrors(kind, next, old));
}

function textOf({ field, type, detail }: FieldError): string {
  return `${field}: ${type}: ${detail ?? ''}`;
}
