import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, ownField, setOwnField } from '../own-field.ts';
import { itemsPerStep, type Steps } from '../steps.ts';
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
} from './shape.ts';

/**
 * The live value with the applied one laid over it (structured-merge-diff's Merge): nothing is taken away, and where both have a
 * leaf the applied one wins. Items that both have come in the order of the applied list, others stay where they are. Undefined
 * where nothing is left. The result shares parts with the inputs, neither of which is changed.
 */
export function* merge(
  shape: MergeShape,
  live: Json | undefined,
  applied: Json | undefined,
): Steps<Json | undefined> {
  if (isOneOf(shape, live, applied)) return applied === undefined ? live : applied;
  const branch = branchOf(shape, applied ?? live);
  if (branch.kind === 'map') return yield* mergeFields(branch.map, live!, applied!);
  return branch.kind === 'list' ? yield* mergeItems(branch.list, live!, applied!) : applied;
}

/** Whether the merge of two values is one of them as it is: the applied one, or the only one. */
function isOneOf(shape: MergeShape, live: Json | undefined, applied: Json | undefined): boolean {
  if (live === undefined || applied === undefined) return true;
  return isWhole(branchOf(shape, applied ?? live)) || (isVoid(live) && isVoid(applied));
}

function* mergeFields(map: MapShape, live: Json, applied: Json): Steps<Json | undefined> {
  const from = isJsonObject(live) ? live : {};
  const over = isJsonObject(applied) ? applied : {};
  const result: JsonObject = {};
  const names = Object.keys(from);
  for (const name in over) if (!Object.hasOwn(from, name)) names.push(name);
  let count = 0;
  for (const name of names) {
    if (++count % itemsPerStep === 0) yield;
    const shape = fieldShape(map, name);
    const [old, next] = [ownField(from, name), ownField(over, name)];
    const isSimple = !shape || isOneOf(shape, old, next);
    const merged = isSimple ? (next === undefined ? old : next) : yield* merge(shape, old, next);
    if (merged !== undefined) setOwnField(result, name, merged);
  }
  return count > 0 && !isVoid(result) ? result : undefined;
}

interface Indexed {
  keys: ItemKey[];
  items: Json[];
  /** Of an item that is there twice, undefined: it is not merged with another. */
  byKey: Map<ItemKey, Json | undefined>;
}

function* indexed(list: ListShape, value: Json): Steps<Indexed> {
  const items = Array.isArray(value) ? value : [];
  const keys: ItemKey[] = [];
  const byKey = new Map<ItemKey, Json | undefined>();
  for (const item of items) {
    const key = itemKey(list, item);
    byKey.set(key, byKey.has(key) ? undefined : item);
    if (keys.push(key) % itemsPerStep === 0) yield;
  }
  return { keys, items, byKey };
}

function* mergeItems(list: ListShape, live: Json, applied: Json): Steps<Json | undefined> {
  const old = yield* indexed(list, live);
  const next = yield* indexed(list, applied);
  const result: Json[] = [];
  const both = next.keys.filter(key => old.byKey.has(key));
  const done = new Set<ItemKey>();
  let [at, to, shared, count] = [0, 0, 0, 0];
  while (at < old.keys.length || to < next.keys.length) {
    if (++count % itemsPerStep === 0) yield;
    const [mine, theirs] = [old.keys[at], next.keys[to]];
    if (mine !== undefined && !next.byKey.has(mine)) {
      result.push(old.items[at++]!);
      continue;
    }
    if (mine !== undefined && mine !== theirs) {
      if (theirs !== undefined && shared < both.length && both[shared] !== mine) {
        // It will be taken in its place in the applied list.
        at++;
        continue;
      }
      if (done.has(mine)) at++;
    } else if (mine !== undefined) at++;
    if (theirs === undefined) continue;
    done.add(theirs);
    const [item, other] = [old.byKey.get(theirs), next.byKey.get(theirs)];
    const isSimple = isOneOf(list.items(), item, other);
    const merged = isSimple ? (other === undefined ? item : other) : yield* merge(list.items(), item, other);
    if (merged !== undefined) result.push(merged);
    if (both[shared] === theirs) shared++;
    to++;
  }
  return result.length > 0 ? result : undefined;
}
