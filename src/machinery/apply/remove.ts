import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, setOwnField } from '../own-field.ts';
import { itemsPerStep, type Steps } from '../steps.ts';
import { emptySet, type FieldNode, type FieldSet, has, leaf, within } from './field-set.ts';
import {
  branchOf,
  fieldShape,
  isVoid,
  isWhole,
  itemStep,
  type ListShape,
  type MapShape,
  type MergeShape,
} from './shape.ts';
import { fieldStep, type Step } from './step.ts';

/**
 * The value without the fields and items of the set (structured-merge-diff's RemoveItems); undefined where nothing is left. A
 * field within it of which nothing is left is null. The result shares parts with the value, which is not changed.
 */
export function* withoutFields(shape: MergeShape, value: Json, set: FieldSet): Steps<Json | undefined> {
  const branch = branchOf(shape, value);
  if (branch.kind === 'scalar') return value;
  if (isWhole(branch)) return undefined;
  if (branch.kind === 'map')
    return isJsonObject(value) ? yield* withoutNames(branch.map, value, set) : undefined;
  return Array.isArray(value) ? yield* withoutItems(branch.list, value, set) : undefined;
}

function* withoutNames(map: MapShape, object: JsonObject, set: FieldSet): Steps<Json | undefined> {
  const result: JsonObject = {};
  let count = 0;
  for (const name of Object.keys(object)) {
    if (++count % itemsPerStep === 0) yield;
    const step = fieldStep(name);
    if (has(set, [step])) continue;
    const shape = fieldShape(map, name);
    const below = within(set, step);
    const rest = shape && below.size > 0 ? yield* withoutFields(shape, object[name]!, below) : object[name]!;
    setOwnField(result, name, rest ?? null);
  }
  return isVoid(result) ? undefined : result;
}

function* withoutItems(list: ListShape, items: Json[], set: FieldSet): Steps<Json | undefined> {
  const result: Json[] = [];
  let count = 0;
  for (const item of items) {
    if (++count % itemsPerStep === 0) yield;
    const step = itemStep(list, item);
    if (has(set, [step])) continue;
    const below = within(set, step);
    const rest = below.size > 0 ? yield* withoutFields(list.items(), item, below) : item;
    if (rest !== undefined) result.push(rest);
  }
  return result.length > 0 ? result : undefined;
}

/**
 * The set with those fields of structs that it has something below of (structured-merge-diff's EnsureNamedFieldsAreMembers). The
 * keys of maps and the items of lists belong to a set only where it says so.
 */
export function* withNamedFields(shape: MergeShape | undefined, set: FieldSet): Steps<FieldSet> {
  const result = new Map<Step, FieldNode>();
  let count = 0;
  for (const [step, node] of set) {
    if (++count % itemsPerStep === 0) yield;
    const { member, below } = node;
    if (below.size === 0) {
      result.set(step, node);
      continue;
    }
    const isField = step.startsWith('f:');
    const name = step.slice(2);
    const isNamed = isField && shape?.map?.field(name) !== undefined;
    const inner = isField
      ? shape?.map && fieldShape(shape.map, name)
      : step.startsWith('k:')
        ? shape?.list?.items()
        : undefined;
    result.set(step, { member: member || isNamed, below: yield* withNamedFields(inner, below) });
  }
  return result;
}

/**
 * The set as the shape is now: what is owned below something that has become one whole counts as owning the whole
 * (structured-merge-diff's ReconcileFieldSetWithSchema). Fields that the shape does not have stay.
 */
export function* reconciled(shape: MergeShape, set: FieldSet): Steps<FieldSet> {
  let result: Map<Step, FieldNode> | undefined;
  let count = 0;
  for (const [step, node] of set) {
    if (++count % itemsPerStep === 0) yield;
    const inner = node.below.size > 0 ? innerShape(shape, step) : undefined;
    if (!inner) continue;
    const below = isAtomic(inner) ? emptySet : yield* reconciled(inner, node.below);
    if (below === node.below) continue;
    result ??= new Map(set);
    result.set(step, below.size === 0 ? leaf : { member: node.member, below });
  }
  return result ?? set;
}

function innerShape({ map, scalar, list }: MergeShape, step: Step): MergeShape | undefined {
  if (map) return step.startsWith('f:') ? fieldShape(map, step.slice(2)) : undefined;
  return scalar || !list || step.startsWith('f:') ? undefined : list.items();
}

/** Of what nothing is declared of, nothing is known to have become one. */
function isAtomic({ map, scalar, list }: MergeShape): boolean {
  if (map) return map.atomic && scalar === undefined;
  return scalar === undefined && list?.type === 'atomic';
}
