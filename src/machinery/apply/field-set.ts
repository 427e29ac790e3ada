import { type Path, type Step, sortedSteps } from './step.ts';

/**
 * A set of fields, as a tree of steps (structured-merge-diff's fieldpath.Set). A node of the tree is a field that belongs to the
 * set, or only on the way to such fields, or both. Sets are not changed once they are made, and share parts. There is no node
 * that neither belongs to the set nor leads to one that does.
 */
export type FieldSet = ReadonlyMap<Step, FieldNode>;

export interface FieldNode {
  /** Whether the field itself belongs to the set. */
  readonly member: boolean;
  readonly below: FieldSet;
}

/** A set while it is being made. */
export type GrowingSet = Map<Step, { member: boolean; below: GrowingSet }>;

export const emptySet: FieldSet = new Map();

const leaf: FieldNode = { member: true, below: emptySet };

/** Adds a field to a set that is being made. The whole object, which has an empty path, cannot be a member. */
export function insert(set: GrowingSet, path: Path): void {
  let level = set;
  for (const [index, step] of path.entries()) {
    let node = level.get(step);
    if (!node) {
      node = { member: false, below: new Map() };
      level.set(step, node);
    }
    if (index === path.length - 1) node.member = true;
    level = node.below;
  }
}

/** The set of these fields. */
export function setOf(...paths: Path[]): FieldSet {
  const set: GrowingSet = new Map();
  for (const path of paths) insert(set, path);
  return set;
}

/** Whether the field belongs to the set. */
export function has(set: FieldSet, path: Path): boolean {
  let level = set;
  for (const [index, step] of path.entries()) {
    const node = level.get(step);
    if (!node) return false;
    if (index === path.length - 1) return node.member;
    level = node.below;
  }
  return false;
}

/** The part of the set below a step. */
export function within(set: FieldSet, step: Step): FieldSet {
  return set.get(step)?.below ?? emptySet;
}

/** The fields of either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || a === b) return b;
  if (b.size === 0) return a;
  const result = new Map(a);
  for (const [step, node] of b) {
    const other = result.get(step);
    result.set(
      step,
      other ? { member: node.member || other.member, below: union(other.below, node.below) } : node,
    );
  }
  return result;
}

/** The fields of all of the sets. Unlike one `union` after the other it does not copy what it has for each. */
export function unionOf(sets: Iterable<FieldSet>): FieldSet {
  const result: GrowingSet = new Map();
  for (const set of sets) addTo(result, set);
  return result;
}

function addTo(result: GrowingSet, set: FieldSet): void {
  for (const [step, { member, below }] of set) {
    let node = result.get(step);
    if (!node) {
      node = { member: false, below: new Map() };
      result.set(step, node);
    }
    node.member ||= member;
    addTo(node.below, below);
  }
}

/** The fields of both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result = new Map<Step, FieldNode>();
  for (const [step, node] of a) {
    const other = b.get(step);
    if (!other) continue;
    put(result, step, node.member && other.member, intersection(node.below, other.below));
  }
  return result;
}

/** The fields of `a` that do not belong to `b`. What is below a field of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<Step, FieldNode>();
  for (const [step, node] of a) {
    const other = b.get(step);
    if (!other) result.set(step, node);
    else put(result, step, node.member && !other.member, difference(node.below, other.below));
  }
  return result;
}

/** The fields of `a` that are neither in `b` nor below a field of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<Step, FieldNode>();
  for (const [step, node] of a) {
    const other = b.get(step);
    if (!other) result.set(step, node);
    else if (!other.member) put(result, step, node.member, recursiveDifference(node.below, other.below));
  }
  return result;
}

/** The fields of the set below which there are no others. */
export function leaves(set: FieldSet): FieldSet {
  const result = new Map<Step, FieldNode>();
  for (const [step, node] of set) {
    result.set(step, node.below.size === 0 ? leaf : { member: false, below: leaves(node.below) });
  }
  return result;
}

function put(result: Map<Step, FieldNode>, step: Step, member: boolean, below: FieldSet): void {
  if (member || below.size > 0) result.set(step, { member, below });
}

/** Whether two sets have the same fields. */
export function sameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [step, node] of a) {
    const other = b.get(step);
    if (!other || other.member !== node.member || !sameSet(node.below, other.below)) return false;
  }
  return true;
}

/** The steps of one level in canonical order. */
export function stepsInOrder(set: FieldSet): Step[] {
  return sortedSteps([...set.keys()]);
}

/** The paths of all fields of the set, in the order in which upstream tells conflicts: the fields of a level, then what is below. */
export function pathsOf(set: FieldSet, start: Path = []): Path[] {
  const steps = stepsInOrder(set);
  return [
    ...steps.filter(step => set.get(step)!.member).map(step => [...start, step]),
    ...steps.flatMap(step => pathsOf(set.get(step)!.below, [...start, step])),
  ];
}
