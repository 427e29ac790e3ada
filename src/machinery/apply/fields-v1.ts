import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, setOwnField } from '../own-field.ts';
import { itemsPerStep, type Steps } from '../steps.ts';
import { emptySet, type FieldNode, type FieldSet, type GrowingSet, leaf, stepsInOrder } from './field-set.ts';
import { isVoid } from './shape.ts';
import { FieldSetError, parseStep } from './step.ts';

/** Stands for a field itself beside the fields below it. */
const self = '.';

/**
 * Reads fieldsV1 of an entry of managedFields (machinery.md §4.3). Steps of sorts that a later version may know are passed over.
 * Throws FieldSetError for what cannot be read. The depth is that of the body, which the decoder bounds.
 */
export function* parseFieldsV1(fields: Json | undefined): Steps<FieldSet> {
  if (fields === undefined || fields === null) return emptySet;
  return (yield* readLevel(fields)).below;
}

/** What stands below a step, and whether the step itself is meant: where nothing is below it, or a dot. */
function* readLevel(value: Json): Steps<FieldNode> {
  if (!isJsonObject(value)) throw new FieldSetError(`expected an object of fields: ${String(value)}`);
  const below: GrowingSet = new Map();
  let member = false;
  let count = 0;
  for (const key of Object.keys(value)) {
    if (++count % itemsPerStep === 0) yield;
    if (key === self) {
      member = true;
      continue;
    }
    const step = parseStep(key);
    if (step === undefined) continue;
    const inner = value[key]!;
    const node = isVoid(inner) && !Array.isArray(inner) ? leaf : yield* readLevel(inner);
    const isKnown = !node.member && below.get(step)?.member;
    below.set(step, isKnown ? { member: true, below: node.below } : node);
  }
  return below.size > 0 ? { member, below } : leaf;
}

/** Writes a set as fieldsV1, in canonical order. */
export function serializeFieldsV1(set: FieldSet): Steps<JsonObject> {
  return writeLevel({}, set);
}

function* writeLevel(result: JsonObject, set: FieldSet): Steps<JsonObject> {
  let count = 0;
  for (const step of stepsInOrder(set)) {
    if (++count % itemsPerStep === 0) yield;
    const { member, below } = set.get(step)!;
    const inner = below.size === 0 ? {} : yield* writeLevel(member ? { [self]: {} } : {}, below);
    setOwnField(result, step, inner);
  }
  return result;
}
