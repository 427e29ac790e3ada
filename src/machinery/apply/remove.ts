import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, setOwnField } from '../own-field.ts';
import { type FieldNode, type FieldSet, has, within } from './field-set.ts';
import { branchOf, fieldShape, itemStep, type ListShape, type MapShape, type MergeShape } from './shape.ts';
import { fieldStep, type Step } from './step.ts';

/**
 * The value without the fields and items of the set (structured-merge-diff's RemoveItems); undefined where nothing is left. A
 * field within it of which nothing is left is null. The result shares parts with the value, which is not changed.
 */
export function withoutFields(shape: MergeShape, value: Json, set: FieldSet): Json | undefined {
  const branch = branchOf(shape, value);
  if (branch.kind === 'scalar') return value;
  if (branch.kind === 'list') return Array.isArray(value) ? withoutItems(branch.list, value, set) : undefined;
  return isJsonObject(value) ? withoutNames(branch.map, value, set) : undefined;
}

function withoutNames(map: MapShape, object: JsonObject, set: FieldSet): Json | undefined {
  if (map.atomic) return undefined;
  const result: JsonObject = {};
  for (const name of Object.keys(object)) {
    const step = fieldStep(name);
    if (has(set, [step])) continue;
    const shape = fieldShape(map, name);
    const rest = shape ? rested(shape, object[name]!, within(set, step)) : object[name]!;
    setOwnField(result, name, rest ?? null);
  }
  return Object.keys(result).length > 0 ? result : undefined;
}

function withoutItems(list: ListShape, items: Json[], set: FieldSet): Json | undefined {
  if (list.type === 'atomic') return undefined;
  const result = items.flatMap(item => {
    const step = itemStep(list, item);
    if (has(set, [step])) return [];
    const rest = rested(list.items(), item, within(set, step));
    return rest === undefined ? [] : [rest];
  });
  return result.length > 0 ? result : undefined;
}

function rested(shape: MergeShape, value: Json, set: FieldSet): Json | undefined {
  return set.size === 0 ? value : withoutFields(shape, value, set);
}

/**
 * The set with those fields of structs that it has something below of (structured-merge-diff's EnsureNamedFieldsAreMembers). The
 * keys of maps and the items of lists belong to a set only where it says so.
 */
export function withNamedFields(shape: MergeShape | undefined, set: FieldSet): FieldSet {
  const result = new Map<Step, FieldNode>();
  for (const [step, { member, below }] of set) {
    const isField = step.startsWith('f:');
    const name = step.slice(2);
    const isNamed = isField && below.size > 0 && shape?.map?.field(name) !== undefined;
    const inner = isField
      ? shape?.map && fieldShape(shape.map, name)
      : step.startsWith('k:')
        ? shape?.list?.items()
        : undefined;
    result.set(step, { member: member || isNamed, below: withNamedFields(inner, below) });
  }
  return result;
}

/**
 * The set as the shape is now: what is owned below something that has become one whole counts as owning the whole
 * (structured-merge-diff's ReconcileFieldSetWithSchema). Fields that the shape does not have stay.
 */
export function reconciled(shape: MergeShape, set: FieldSet): FieldSet {
  let result: Map<Step, FieldNode> | undefined;
  for (const [step, node] of set) {
    const inner = innerShape(shape, step);
    if (!inner || node.below.size === 0) continue;
    const below = isAtomic(inner) ? new Map() : reconciled(inner, node.below);
    if (below === node.below) continue;
    result ??= new Map(set);
    result.set(step, { member: node.member || below.size === 0, below });
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
