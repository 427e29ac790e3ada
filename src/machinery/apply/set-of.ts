import type { Json } from '../json.ts';
import { isJsonObject } from '../own-field.ts';
import { type FieldSet, type GrowingSet, insert } from './field-set.ts';
import { branchOf, fieldShape, itemStep, type ListShape, type MapShape, type MergeShape } from './shape.ts';
import { fieldStep, type Step } from './step.ts';

/**
 * The set of the fields that a value has: leaves, items of lists, keys of maps; of what is taken as one, the whole
 * (structured-merge-diff's ToFieldSet). The value must be of its shape, but items may be there twice.
 */
export function fieldsOf(shape: MergeShape, value: Json): FieldSet {
  const set: GrowingSet = new Map();
  collect(shape, value, [], set);
  return set;
}

function collect(shape: MergeShape, value: Json, path: Step[], set: GrowingSet): void {
  const branch = branchOf(shape, value);
  if (branch.kind === 'scalar') insert(set, path);
  else if (branch.kind === 'list') collectItems(branch.list, value, path, set);
  else collectFields(branch.map, value, path, set);
}

function collectFields(map: MapShape, value: Json, path: Step[], set: GrowingSet): void {
  if (map.atomic) {
    insert(set, path);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of Object.keys(value)) {
    const field = value[name]!;
    const shape = fieldShape(map, name);
    if (!shape) continue;
    path.push(fieldStep(name));
    collect(shape, field, path, set);
    const isEmpty = field === null || (isJsonObject(field) && Object.keys(field).length === 0);
    if (isEmpty || !map.field(name)) insert(set, path);
    path.pop();
  }
}

function collectItems(list: ListShape, value: Json, path: Step[], set: GrowingSet): void {
  if (list.type === 'atomic') {
    insert(set, path);
    return;
  }
  if (!Array.isArray(value)) return;
  const steps = value.map(item => itemStep(list, item));
  const seen = new Set<Step>();
  const repeated = new Set(steps.filter(step => seen.has(step) || !seen.add(step)));
  for (const [index, step] of steps.entries()) {
    path.push(step);
    // Of an item that is there twice, no part can be told from that of its double.
    if (!repeated.has(step)) collect(list.items(), value[index]!, path, set);
    insert(set, path);
    path.pop();
  }
}
