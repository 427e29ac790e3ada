import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { FieldError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import { checkRules, ruleTree } from './cel.ts';
import { addError, isFull, wholeObject } from './field-errors.ts';
import { checkListTypes } from './list-types.ts';
import { type SchemaNode, schemaNode } from './node.ts';
import { passes } from './passes.ts';
import type { Schema } from './schema.ts';
import { checkRulesOf } from './semantics.ts';
import { checkStructure } from './structure.ts';

/**
 * The errors after which no CEL rule is evaluated, since it might look at a value of the wrong type or at any number
 * of items (apiextensions hasBlockingErr).
 */
const blocksRules = new Set<FieldError['type']>([
  'NotSupported',
  'Required',
  'TooLong',
  'TooMany',
  'TypeInvalid',
]);

const rulesNotChecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/**
 * Every problem of an object that the schema can tell: types, required fields, enums, bounds, patterns, formats,
 * duplicates in lists of type set and map, CEL rules, and then the rules of Calico beyond them. The former with kube-apiserver's verdicts and texts for a CRD of this
 * schema (apiextensions customResourceStrategy). `old` is the stored object on an update. Nothing is changed; run
 * `prune` and `applyDefaults` before. Of more problems than one answer holds, the rest is not looked for.
 */
export function* validate(
  schema: Schema,
  object: ApiObject,
  old: ApiObject | undefined,
): Steps<FieldError[]> {
  if (passes(schemaNode(schema), { object, old })) return [];
  yield;
  return yield* findProblems(schema, object, old);
}

/** What `validate` does where it is not plain that all is right. */
export function* findProblems(
  schema: Schema,
  object: ApiObject,
  old: ApiObject | undefined,
): Steps<FieldError[]> {
  const node = schemaNode(schema);
  const value = object as unknown as Json;
  const oldValue = old as unknown as Json | undefined;
  const errors: FieldError[] = [];
  checkStructure(node, value, oldValue, '', errors);
  yield;
  // Duplicates are held against an update only where there were none before.
  const oldDuplicates: FieldError[] = [];
  if (oldValue !== undefined) checkListTypes(node, oldValue, '', oldDuplicates);
  yield;
  if (oldDuplicates.length === 0) checkListTypes(node, value, '', errors);
  yield;
  // CEL rules may call a value required, too, which says nothing of its shape.
  const ofStructure = [...errors];
  if (node.hasRules) checkCel(node, value, oldValue, errors);
  yield;
  checkRulesOf(schema, { object, old }, ofStructure, errors);
  return errors;
}

function checkCel(node: SchemaNode, value: Json, oldValue: Json | undefined, errors: FieldError[]): void {
  const rules = ruleTree(node);
  if (isFull(errors)) return;
  if (errors.some(error => blocksRules.has(error.type))) {
    addError(errors, { type: 'Invalid', field: wholeObject, value: null, detail: rulesNotChecked });
  } else {
    checkRules(rules, value, oldValue, errors);
  }
}
