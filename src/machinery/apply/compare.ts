import { equal } from '../equal.ts';
import type { Json } from '../json.ts';
import { isJsonObject, ownField } from '../own-field.ts';
import { itemsPerStep, type Steps } from '../steps.ts';
import {
  emptySet,
  type FieldNode,
  type FieldSet,
  type GrowingSet,
  leaf,
  nodeOf,
  recursiveDifference,
} from './field-set.ts';
import {
  branchOf,
  fieldShape,
  type ItemKey,
  isVoid,
  isWhole,
  itemKey,
  type ListShape,
  type MapShape,
  type MergeShape,
  stepOf,
} from './shape.ts';
import { fieldStep, type Step } from './step.ts';

/** What differs between two values of one shape. No field is in two of the sets. */
export interface Changes {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** What differs at a field and below it. */
interface Difference {
  added?: FieldNode | undefined;
  modified?: FieldNode | undefined;
  removed?: FieldNode | undefined;
}

const none: Difference = {};
const leafAdded: Difference = { added: leaf };
const leafModified: Difference = { modified: leaf };
const leafRemoved: Difference = { removed: leaf };

/** Compares two values field by field (structured-merge-diff's Compare). Both must be of the shape; items may be there twice. */
export function* compare(shape: MergeShape, old: Json, next: Json): Steps<Changes> {
  const { added, modified, removed } = yield* compareValues(shape, old, next);
  const below = (node: FieldNode | undefined) => node?.below ?? emptySet;
  return { added: below(added), modified: below(modified), removed: below(removed) };
}

/** The changes outside these fields and what is below them. */
export function* changesOutside(changes: Changes, fields: FieldSet): Steps<Changes> {
  if (fields.size === 0) return changes;
  return {
    added: yield* recursiveDifference(changes.added, fields),
    modified: yield* recursiveDifference(changes.modified, fields),
    removed: yield* recursiveDifference(changes.removed, fields),
  };
}

function* compareValues(shape: MergeShape, old: Json | undefined, next: Json | undefined): Steps<Difference> {
  return compareLeaves(shape, old, next) ?? (yield* compareParts(shape, old, next));
}

/** The difference of two values that are taken as one; undefined for those whose parts are looked at. */
function compareLeaves(
  shape: MergeShape,
  old: Json | undefined,
  next: Json | undefined,
): Difference | undefined {
  if (!isWhole(branchOf(shape, next ?? old)) && !(isVoid(old) && isVoid(next))) return undefined;
  if (old === undefined) return leafAdded;
  if (next === undefined) return leafRemoved;
  return equal(old, next) ? none : leafModified;
}

/** The changes below a field, while they are found. */
class GrowingChanges implements Changes {
  readonly added: GrowingSet = new Map();
  readonly modified: GrowingSet = new Map();
  readonly removed: GrowingSet = new Map();

  put(step: Step, difference: Difference): void {
    if (difference.added) this.added.set(step, difference.added);
    if (difference.modified) this.modified.set(step, difference.modified);
    if (difference.removed) this.removed.set(step, difference.removed);
  }
}

function* compareParts(shape: MergeShape, old: Json | undefined, next: Json | undefined): Steps<Difference> {
  const branch = branchOf(shape, next ?? old);
  const below = new GrowingChanges();
  if (branch.kind === 'map') yield* compareFields(below, branch.map, old, next);
  if (branch.kind === 'list') yield* compareItems(below, branch.list, old, next);
  return {
    added: nodeOf(old === undefined, below.added),
    modified: nodeOf(false, below.modified),
    removed: nodeOf(next === undefined, below.removed),
  };
}

function* compareFields(
  changes: GrowingChanges,
  map: MapShape,
  old: Json | undefined,
  next: Json | undefined,
): Steps<void> {
  const from = isJsonObject(old) ? old : {};
  const to = isJsonObject(next) ? next : {};
  const names = Object.keys(to);
  for (const name in from) if (!Object.hasOwn(to, name)) names.push(name);
  let count = 0;
  for (const name of names) {
    if (++count % itemsPerStep === 0) yield;
    const shape = fieldShape(map, name);
    if (!shape) continue;
    const [before, after] = [ownField(from, name), ownField(to, name)];
    const leaves = compareLeaves(shape, before, after);
    changes.put(fieldStep(name), leaves ?? (yield* compareParts(shape, before, after)));
  }
}

function* compareItems(
  changes: GrowingChanges,
  list: ListShape,
  old: Json | undefined,
  next: Json | undefined,
): Steps<void> {
  const before = yield* itemsByKey(list, old);
  const after = yield* itemsByKey(list, next);
  let count = 0;
  for (const key of keysOfEither(before, after)) {
    if (++count % itemsPerStep === 0) yield;
    const isRepeated = before.repeated.has(key) || after.repeated.has(key);
    const leaves = isRepeated
      ? undefined
      : compareLeaves(list.items(), before.first.get(key), after.first.get(key));
    const difference = leaves ?? (yield* compareItem(list, key, before, after));
    if (difference !== none) changes.put(stepOf(list, key), difference);
  }
}

interface Items {
  /** Of several with one key, the first. */
  first: Map<ItemKey, Json>;
  /** All items of the keys that several have. */
  repeated: Map<ItemKey, Json[]>;
}

function* itemsByKey(list: ListShape, value: Json | undefined): Steps<Items> {
  const items: Items = { first: new Map(), repeated: new Map() };
  let count = 0;
  for (const item of Array.isArray(value) ? value : []) {
    if (++count % itemsPerStep === 0) yield;
    const key = itemKey(list, item);
    const first = items.first.get(key);
    const others = items.repeated.get(key);
    if (first === undefined) items.first.set(key, item);
    else if (others) others.push(item);
    else items.repeated.set(key, [first, item]);
  }
  return items;
}

function* keysOfEither(before: Items, after: Items): Generator<ItemKey> {
  yield* before.first.keys();
  for (const key of after.first.keys()) {
    if (!before.first.has(key)) yield key;
  }
}

/** Compares the items of one key. Where there are several on a side they are taken as one. */
function* compareItem(list: ListShape, key: ItemKey, before: Items, after: Items): Steps<Difference> {
  const [old, next] = [before.first.get(key), after.first.get(key)];
  const [several, nextSeveral] = [before.repeated.get(key), after.repeated.get(key)];
  if (several && nextSeveral) return equal(several, nextSeveral) ? none : leafModified;
  if (several) {
    const added = next === undefined ? none : yield* compareValues(list.items(), undefined, next);
    return { ...added, ...leafRemoved };
  }
  if (nextSeveral) {
    const removed = old === undefined ? none : yield* compareValues(list.items(), old, undefined);
    return { ...removed, ...leafAdded };
  }
  return yield* compareParts(list.items(), old, next);
}
