import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, setOwnField } from '../own-field.ts';
import { emptySet, type FieldSet, type GrowingSet, stepsInOrder } from './field-set.ts';
import { FieldSetError, parseStep } from './step.ts';

/** Stands for a field itself beside the fields below it. */
const self = '.';

/**
 * Reads fieldsV1 of an entry of managedFields (machinery.md §4.3). Steps of sorts that a later version may know are passed over.
 * Throws FieldSetError for what cannot be read. The depth is that of the body, which the decoder bounds.
 */
export function parseFieldsV1(fields: Json | undefined): FieldSet {
  if (fields === undefined || fields === null) return emptySet;
  return readLevel(fields).below;
}

/** What stands below a step, and whether the step itself is meant: where nothing is below it, or a dot. */
function readLevel(value: Json): { member: boolean; below: GrowingSet } {
  const below: GrowingSet = new Map();
  if (value === null) return { member: true, below };
  if (!isJsonObject(value)) throw new FieldSetError(`expected an object of fields: ${String(value)}`);
  let member = false;
  for (const key of Object.keys(value)) {
    if (key === self) {
      member = true;
      continue;
    }
    const step = parseStep(key);
    if (step === undefined) continue;
    const node = readLevel(value[key]!);
    const known = below.get(step);
    if (known) node.member ||= known.member;
    below.set(step, node);
  }
  return { member: member || below.size === 0, below };
}

/** Writes a set as fieldsV1, in canonical order. */
export function serializeFieldsV1(set: FieldSet): JsonObject {
  const result: JsonObject = {};
  for (const step of stepsInOrder(set)) {
    const { member, below } = set.get(step)!;
    const inner = below.size === 0 ? {} : serializeFieldsV1(below);
    setOwnField(result, step, member && below.size > 0 ? { [self]: {}, ...inner } : inner);
  }
  return result;
}
