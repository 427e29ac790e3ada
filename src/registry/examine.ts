import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import { generateName } from '../machinery/metadata.ts';
import type { FieldError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import {
  dropDuplicateOwners,
  fillDefaults,
  objectErrors,
  settleNamespace,
  wipeForCreate,
} from './prepare.ts';
import type { SentObject } from './sent-object.ts';

/** What is wrong with an object by itself, without a look at any other. */
export interface Examined {
  errors: FieldError[];
  /** What is legal but probably wrong. */
  warnings: string[];
}

/** What an object is created in when it does not say; every rule holds for any namespace alike. */
const anyNamespace = 'default';

/**
 * Everything that a create would find wrong with an object before it looks at others: metadata, the schema, CEL and the rules
 * of Calico, after the defaults. What is wrong with types in metadata comes first. Changes the object in place.
 */
export function* examine(kind: Kind, sent: SentObject): Steps<Examined> {
  const { object, typeErrors } = sent;
  const { metadata } = object;
  const warnings: string[] = [];
  // There may be wrong types that the full list does not tell of.
  if (typeErrors.length >= limits.maxFieldErrors) return { errors: typeErrors, warnings };
  settleNamespace({ kind }, object, metadata.namespace ?? anyNamespace);
  wipeForCreate(kind, object);
  delete metadata.managedFields;
  dropDuplicateOwners(object, { warn: text => warnings.push(text) });
  fillDefaults({ kind }, object, undefined);
  if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName);
  const errors = [...typeErrors, ...beside(typeErrors, yield* objectErrors(kind, object, undefined))];
  if (errors.length === 0) warnings.push(...(kind.warnings?.(object, undefined) ?? []));
  return { errors: errors.slice(0, limits.maxFieldErrors), warnings };
}

/** The errors that are not about a field of metadata that was taken out for its type. */
function beside(typeErrors: FieldError[], errors: FieldError[]): FieldError[] {
  const gone = new Set(typeErrors.map(({ field }) => /^metadata(\.\w+)?/.exec(field)?.[0] ?? ''));
  return errors.filter(({ field }) => {
    const [own] = /^metadata(\.\w+)?/.exec(field) ?? [];
    return own === undefined || !(gone.has(own) || gone.has('metadata'));
  });
}
