import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, ownField, setOwnField } from '../own-field.ts';
import {
  branchOf,
  fieldShape,
  isVoid,
  itemStep,
  type ListShape,
  type MapShape,
  type MergeShape,
} from './shape.ts';
import type { Step } from './step.ts';

/**
 * The live value with the applied one laid over it (structured-merge-diff's Merge): nothing is taken away, and where both have a
 * leaf the applied one wins. Items that both have come in the order of the applied list, others stay where they are. Undefined
 * where nothing is left. The result shares parts with the inputs, neither of which is changed.
 */
export function merge(
  shape: MergeShape,
  live: Json | undefined,
  applied: Json | undefined,
): Json | undefined {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const branch = branchOf(shape, applied === null ? live : applied);
  if (branch.kind === 'scalar') return applied;
  if (isVoid(live) && isVoid(applied)) return applied;
  if (branch.kind === 'map') {
    return branch.map.atomic ? applied : mergeFields(branch.map, live, applied);
  }
  return branch.list.type === 'atomic' ? applied : mergeItems(branch.list, live, applied);
}

function mergeFields(map: MapShape, live: Json, applied: Json): Json | undefined {
  const from = isJsonObject(live) ? live : {};
  const over = isJsonObject(applied) ? applied : {};
  const result: JsonObject = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(over)])) {
    const shape = fieldShape(map, name);
    const [old, next] = [ownField(from, name), ownField(over, name)];
    const merged = shape ? merge(shape, old, next) : (next ?? old);
    if (merged !== undefined) setOwnField(result, name, merged);
  }
  return Object.keys(result).length > 0 ? result : undefined;
}

/** Items by their steps. Of one that is there twice, undefined: it is not merged with another. */
function indexed(
  list: ListShape,
  value: Json,
): { steps: Step[]; items: Json[]; byStep: Map<Step, Json | undefined> } {
  const items = Array.isArray(value) ? value : [];
  const steps = items.map(item => itemStep(list, item));
  const byStep = new Map<Step, Json | undefined>();
  for (const [index, step] of steps.entries()) byStep.set(step, byStep.has(step) ? undefined : items[index]);
  return { steps, items, byStep };
}

function mergeItems(list: ListShape, live: Json, applied: Json): Json | undefined {
  const old = indexed(list, live);
  const next = indexed(list, applied);
  const result: Json[] = [];
  const take = (merged: Json | undefined) => {
    if (merged !== undefined) result.push(merged);
  };
  const both = next.steps.filter(step => old.byStep.has(step));
  const done = new Set<Step>();
  let [at, to, shared] = [0, 0, 0];
  const takeApplied = (step: Step) => {
    done.add(step);
    take(merge(list.items(), old.byStep.get(step), next.byStep.get(step)));
    if (both[shared] === step) shared++;
    to++;
  };
  while (at < old.steps.length || to < next.steps.length) {
    const [mine, theirs] = [old.steps[at], next.steps[to]];
    if (mine !== undefined && !next.byStep.has(mine)) {
      take(old.items[at++]);
    } else if (mine !== undefined && mine === theirs) {
      at++;
      takeApplied(mine);
    } else if (mine !== undefined && theirs !== undefined && shared < both.length && both[shared] !== mine) {
      // It will be taken in its place in the applied list.
      at++;
    } else {
      if (mine !== undefined && done.has(mine)) at++;
      if (theirs !== undefined) takeApplied(theirs);
    }
  }
  return result.length > 0 ? result : undefined;
}
