import { atOnce, itemsPerStep, type Steps } from '../steps.ts';
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
export type GrowingSet = Map<Step, FieldNode>;

export const emptySet: FieldSet = new Map();

/** A field of the set below which there are no others: one node for all of them, since most fields are such. */
export const leaf: FieldNode = { member: true, below: emptySet };

/** The node of a field, by whether it belongs to the set and what does so below it; undefined where nothing does. */
export function nodeOf(member: boolean, below: FieldSet): FieldNode | undefined {
  if (below.size > 0) return { member, below };
  return member ? leaf : undefined;
}

function put(result: GrowingSet, step: Step, node: FieldNode | undefined): void {
  if (node) result.set(step, node);
}

/** The set of these fields. The whole object, which has an empty path, cannot be one. */
export function setOf(...paths: Path[]): FieldSet {
  return atOnce(unionOf(paths.map(path => path.reduceRight<FieldSet>(above, emptySet))));
}

/** The set of one field: that of the last step where nothing is below, or one that leads there. */
function above(below: FieldSet, step: Step): FieldSet {
  return new Map([[step, below.size === 0 ? leaf : { member: false, below }]]);
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
export function* union(a: FieldSet, b: FieldSet): Steps<FieldSet> {
  if (a.size === 0 || a === b) return b;
  if (b.size === 0) return a;
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  const result = new Map(many);
  let count = 0;
  for (const [step, node] of few) {
    if (++count % itemsPerStep === 0) yield;
    const other = result.get(step);
    if (other === node) continue;
    if (other) put(result, step, nodeOf(node.member || other.member, yield* union(other.below, node.below)));
    else result.set(step, node);
  }
  return result;
}

/** The fields of all of the sets. Unlike one `union` after the other it does not copy what it has for each. */
export function* unionOf(sets: Iterable<FieldSet>): Steps<FieldSet> {
  const [first, ...others] = [...sets].filter(set => set.size > 0);
  if (!first || others.length === 0) return first ?? emptySet;
  const result = new Map(first);
  const shared = new Map<Step, FieldNode[]>();
  let count = 0;
  for (const set of others) {
    for (const [step, node] of set) {
      if (++count % itemsPerStep === 0) yield;
      const other = result.get(step);
      if (!other) result.set(step, node);
      else if (other !== node) {
        const nodes = shared.get(step);
        if (nodes) nodes.push(node);
        else shared.set(step, [other, node]);
      }
    }
  }
  for (const [step, nodes] of shared) {
    if (++count % itemsPerStep === 0) yield;
    const member = nodes.some(node => node.member);
    put(result, step, nodeOf(member, yield* unionOf(nodes.map(({ below }) => below))));
  }
  return result;
}

/** The fields of both sets. */
export function* intersection(a: FieldSet, b: FieldSet): Steps<FieldSet> {
  if (a === b || b.size === 0) return b;
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  const result: GrowingSet = new Map();
  let count = 0;
  for (const [step, node] of few) {
    if (++count % itemsPerStep === 0) yield;
    const other = many.get(step);
    if (other === node) result.set(step, node);
    else if (other) {
      const below = yield* intersection(node.below, other.below);
      put(result, step, nodeOf(node.member && other.member, below));
    }
  }
  return result;
}

/** The fields of `a` that do not belong to `b`. What is below a field of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): Steps<FieldSet> {
  return without(a, b, false);
}

/** The fields of `a` that are neither in `b` nor below a field of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): Steps<FieldSet> {
  return without(a, b, true);
}

function* without(a: FieldSet, b: FieldSet, recursive: boolean): Steps<FieldSet> {
  if (a.size === 0 || b.size === 0) return a;
  const result: GrowingSet = new Map();
  let changed = false;
  let count = 0;
  for (const [step, node] of a) {
    if (++count % itemsPerStep === 0) yield;
    const other = b.get(step);
    let left: FieldNode | undefined = node;
    if (other?.member && (recursive || node.below.size === 0)) left = undefined;
    else if (other && node.below.size > 0 && (other.member || other.below.size > 0)) {
      const below = yield* without(node.below, other.below, recursive);
      const member = node.member && !other.member;
      if (member !== node.member || below !== node.below) left = nodeOf(member, below);
    }
    if (left) result.set(step, left);
    changed ||= left !== node;
  }
  return changed ? result : a;
}

/** The fields of the set below which there are no others. */
export function leaves(set: FieldSet): FieldSet {
  const result: GrowingSet = new Map();
  for (const [step, node] of set) {
    result.set(step, node.below.size === 0 ? leaf : { member: false, below: leaves(node.below) });
  }
  return result;
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
export function* pathsOf(set: FieldSet, start: Path = []): Generator<Path, void> {
  const steps = stepsInOrder(set);
  for (const step of steps) {
    if (set.get(step)!.member) yield [...start, step];
  }
  for (const step of steps) {
    const { below } = set.get(step)!;
    if (below.size > 0) yield* pathsOf(below, [...start, step]);
  }
}

/** How many fields belong to the set. */
export function countOf(set: FieldSet): number {
  let count = 0;
  for (const { member, below } of set.values())
    count += (member ? 1 : 0) + (below.size > 0 ? countOf(below) : 0);
  return count;
}
