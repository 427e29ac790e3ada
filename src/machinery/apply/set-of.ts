import type { Json, JsonObject } from '../json.ts';
import { isJsonObject } from '../own-field.ts';
import { itemsPerStep, type Steps } from '../steps.ts';
import { emptySet, type FieldSet, type GrowingSet, leaf, nodeOf } from './field-set.ts';
import {
  branchOf,
  fieldShape,
  isWhole,
  itemStep,
  type ListShape,
  type MapShape,
  type MergeShape,
} from './shape.ts';
import { fieldStep } from './step.ts';

/**
 * The set of the fields that a value has: leaves, items of lists, keys of maps; of what is taken as one, the whole
 * (structured-merge-diff's ToFieldSet). The value must be of its shape, but items may be there twice.
 */
export function* fieldsOf(shape: MergeShape, value: Json): Steps<FieldSet> {
  const branch = branchOf(shape, value);
  if (isWhole(branch)) return emptySet;
  if (branch.kind === 'map' && isJsonObject(value)) return yield* fieldsOfMap(branch.map, value);
  if (branch.kind === 'list' && Array.isArray(value)) return yield* fieldsOfList(branch.list, value);
  return emptySet;
}

function* fieldsOfMap(map: MapShape, value: JsonObject): Steps<FieldSet> {
  const result: GrowingSet = new Map();
  let count = 0;
  for (const name of Object.keys(value)) {
    if (++count % itemsPerStep === 0) yield;
    const field = value[name]!;
    const shape = fieldShape(map, name);
    if (!shape) continue;
    const isEmpty = field === null || (isJsonObject(field) && Object.keys(field).length === 0);
    const isMember = isEmpty || !map.field(name);
    const isLeaf = isWhole(branchOf(shape, field));
    const node = isLeaf ? leaf : nodeOf(isMember, yield* fieldsOf(shape, field));
    if (node) result.set(fieldStep(name), node);
  }
  return result;
}

function* fieldsOfList(list: ListShape, items: Json[]): Steps<FieldSet> {
  const result: GrowingSet = new Map();
  let count = 0;
  for (const item of items) {
    if (++count % itemsPerStep === 0) yield;
    const step = itemStep(list, item);
    // Of an item that is there twice, no part can be told from that of its double.
    const isLeaf = result.has(step) || isWhole(branchOf(list.items(), item));
    result.set(step, isLeaf ? leaf : nodeOf(true, yield* fieldsOf(list.items(), item))!);
  }
  return result;
}
