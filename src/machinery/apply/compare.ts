import { equal } from '../equal.ts';
import type { Json } from '../json.ts';
import { isJsonObject, ownField } from '../own-field.ts';
import { type FieldSet, type GrowingSet, insert, recursiveDifference } from './field-set.ts';
import {
  branchOf,
  fieldShape,
  isVoid,
  itemStep,
  type ListShape,
  type MapShape,
  type MergeShape,
} from './shape.ts';
import { fieldStep, type Step } from './step.ts';

/** What differs between two values of one shape. No field is in two of the sets. */
export interface Changes {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

interface Walk {
  added: GrowingSet;
  modified: GrowingSet;
  removed: GrowingSet;
  path: Step[];
}

/** Compares two values field by field (structured-merge-diff's Compare). Both must be of the shape; items may be there twice. */
export function compare(shape: MergeShape, old: Json, next: Json): Changes {
  const walk: Walk = { added: new Map(), modified: new Map(), removed: new Map(), path: [] };
  compareValues(walk, shape, old, next);
  const { added, modified, removed } = walk;
  return { added, modified, removed };
}

/** The changes outside these fields and what is below them. */
export function changesOutside(changes: Changes, fields: FieldSet): Changes {
  return {
    added: recursiveDifference(changes.added, fields),
    modified: recursiveDifference(changes.modified, fields),
    removed: recursiveDifference(changes.removed, fields),
  };
}

function compareValues(walk: Walk, shape: MergeShape, old: Json | undefined, next: Json | undefined): void {
  const branch = branchOf(shape, next ?? old);
  const isLeaf =
    branch.kind === 'scalar' ||
    (isVoid(old) && isVoid(next)) ||
    (branch.kind === 'map' ? branch.map.atomic : branch.list.type === 'atomic');
  if (isLeaf) {
    compareLeaves(walk, old, next);
    return;
  }
  if (branch.kind === 'map') compareFields(walk, branch.map, old, next);
  else compareItems(walk, branch.list, old, next);
  if (old === undefined) insert(walk.added, walk.path);
  else if (next === undefined) insert(walk.removed, walk.path);
}

function compareLeaves(walk: Walk, old: Json | undefined, next: Json | undefined): void {
  if (old === undefined) insert(walk.added, walk.path);
  else if (next === undefined) insert(walk.removed, walk.path);
  else if (!equal(old, next)) insert(walk.modified, walk.path);
}

function compareFields(walk: Walk, map: MapShape, old: Json | undefined, next: Json | undefined): void {
  const from = isJsonObject(old) ? old : {};
  const to = isJsonObject(next) ? next : {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const shape = fieldShape(map, name);
    if (!shape) continue;
    walk.path.push(fieldStep(name));
    compareValues(walk, shape, ownField(from, name), ownField(to, name));
    walk.path.pop();
  }
}

function compareItems(walk: Walk, list: ListShape, old: Json | undefined, next: Json | undefined): void {
  const before = itemsByStep(list, old);
  const after = itemsByStep(list, next);
  for (const step of new Set([...before.keys(), ...after.keys()])) {
    walk.path.push(step);
    compareDoubles(walk, list, before.get(step) ?? [], after.get(step) ?? []);
    walk.path.pop();
  }
}

function itemsByStep(list: ListShape, value: Json | undefined): Map<Step, Json[]> {
  return Map.groupBy(Array.isArray(value) ? value : [], item => itemStep(list, item));
}

/** Compares the items of one step. Where there are several on a side they are taken as one. */
function compareDoubles(walk: Walk, list: ListShape, old: Json[], next: Json[]): void {
  if (old.length <= 1 && next.length <= 1) {
    compareValues(walk, list.items(), old[0], next[0]);
  } else if (old.length >= 2 && next.length >= 2) {
    if (!equal(old, next)) insert(walk.modified, walk.path);
  } else if (old.length >= 2) {
    if (next.length > 0) compareValues(walk, list.items(), undefined, next[0]);
    insert(walk.removed, walk.path);
  } else {
    if (old.length > 0) compareValues(walk, list.items(), old[0], undefined);
    insert(walk.added, walk.path);
  }
}
