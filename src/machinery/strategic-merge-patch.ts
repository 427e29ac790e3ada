import { cut } from './cut.ts';
import { canonicalText, copy } from './equal.ts';
import { goJsonType, goPrint } from './go-text.ts';
import type { Json, JsonObject } from './json.ts';
import { isJsonObject, ownField, setOwnField } from './own-field.ts';
import { badRequest, StatusError } from './status.ts';

/** Names in a patch that are no fields, but say how to merge. */
const directive = '$patch';
const retainKeys = '$retainKeys';
const elementOrder = '$setElementOrder/';
const deletions = '$deleteFromPrimitiveList/';

/**
 * The lists that are merged item by item, and the field that tells their items apart; none for lists of texts. Calico's Go
 * types mark no list of their own so, all others are replaced as a whole.
 */
const mergedLists: ReadonlyMap<string, string> = new Map([
  ['metadata.ownerReferences', 'uid'],
  ['metadata.finalizers', ''],
]);

/**
 * Applies a strategic merge patch to an object of the API, as a Go server does for Calico's types (apimachinery strategicpatch).
 * Does not change its inputs; the result may share parts with the document. Throws StatusError 400 for a patch that is none, 422 for lists within lists.
 */
export function applyStrategicMergePatch(document: Json, patch: Json): Json {
  if (!isJsonObject(patch)) {
    throw badRequest(
      `json: cannot unmarshal ${goJsonType(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergeObject(isJsonObject(document) ? document : {}, patch, '');
}

/** The merged object; it may share parts with the live one, and none with the patch. */
function mergeObject(live: JsonObject, patch: JsonObject, path: string): JsonObject {
  const told = ownField(patch, directive);
  if (told !== undefined) return directedObject(told, patch);
  const result = retained({ ...live }, patch);
  const ordered = mergeOrderedLists(result, patch, path);
  for (const [key, value] of Object.entries(patch)) {
    if (key === retainKeys || key.startsWith(elementOrder) || ordered.has(key)) continue;
    if (key.startsWith(deletions)) {
      deleteItems(result, key.slice(deletions.length), value);
    } else if (value === null) {
      delete result[key];
    } else {
      mergeField(result, key, value, path === '' ? key : `${path}.${key}`);
    }
  }
  return result;
}

function directedObject(told: Json, patch: JsonObject): JsonObject {
  if (told === 'delete') return {};
  const { [directive]: _, ...rest } = patch;
  if (told === 'replace') return copy(rest);
  throw badRequest(`unknown patch type: ${cut(goPrint(told))} in map: ${cut(goPrint(patch))}`);
}

/** The object with those fields only that the patch says to retain; all of its own must be among them. */
function retained(live: JsonObject, patch: JsonObject): JsonObject {
  const keys = ownField(patch, retainKeys);
  if (keys === undefined) return live;
  const bad = () => badRequest('invalid patch format of retainKeys');
  if (!Array.isArray(keys)) throw bad();
  const kept = new Set(keys);
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && !isDirective(key) && !kept.has(key)) throw bad();
  }
  return Object.fromEntries(Object.entries(live).filter(([key]) => kept.has(key)));
}

function mergeField(result: JsonObject, key: string, value: Json, path: string): void {
  const old = ownField(result, key);
  if (isJsonObject(old) && isJsonObject(value)) {
    setOwnField(result, key, mergeObject(old, value, path));
    return;
  }
  if (Array.isArray(old) && Array.isArray(value)) {
    const mergeKey = mergedLists.get(path);
    const merged = mergeKey === undefined ? copy(value) : mergeList(old, value, mergeKey);
    setOwnField(result, key, merged);
    return;
  }
  const fresh = withoutDirectives(value);
  if (fresh === undefined) delete result[key];
  else setOwnField(result, key, fresh);
}

function isDirective(key: string): boolean {
  return key === retainKeys || key.startsWith(deletions) || key.startsWith(elementOrder);
}

/** A new value without its nulls, and without what is there only to say how to merge. */
function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter(item => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  const result: JsonObject = {};
  for (const [key, field] of Object.entries(value)) {
    const kept = field === null || isDirective(key) ? undefined : withoutDirectives(field);
    if (kept !== undefined) setOwnField(result, key, kept);
  }
  return result;
}

function deleteItems(result: JsonObject, key: string, gone: Json): void {
  const items = ownField(result, key);
  if (!Array.isArray(items) || !Array.isArray(gone)) return;
  elementsMustMatch(items, gone);
  const texts = new Set(gone.map(canonicalText));
  setOwnField(
    result,
    key,
    items.filter(item => !texts.has(canonicalText(item))),
  );
}

/** Merges the lists whose order the patch tells. Returns the keys that are done with. */
function mergeOrderedLists(result: JsonObject, patch: JsonObject, path: string): Set<string> {
  const done = new Set<string>();
  for (const [directiveKey, order] of Object.entries(patch)) {
    if (!directiveKey.startsWith(elementOrder)) continue;
    const key = directiveKey.slice(elementOrder.length);
    const mergeKey = mergedLists.get(path === '' ? key : `${path}.${key}`);
    // The order of a list that is replaced as a whole is its own.
    if (mergeKey === undefined) continue;
    const [old, next] = [ownField(result, key), ownField(patch, key)];
    if (!Array.isArray(order)) throw badOrder();
    if (next !== undefined && !Array.isArray(next)) throw badOrder();
    if (!Array.isArray(old) && next === undefined) continue;
    checkOrder(next ?? [], order, mergeKey);
    const merged = orderedItems(Array.isArray(old) ? old : undefined, next, mergeKey);
    setOwnField(result, key, inOrder(merged, order, Array.isArray(old) ? old : [], mergeKey));
    done.add(key);
  }
  return done;
}

function orderedItems(old: Json[] | undefined, next: Json[] | undefined, mergeKey: string): Json[] {
  if (next === undefined) return old ?? [];
  if (old === undefined) return withoutDirectives(next) as Json[];
  return mergeList(old, next, mergeKey);
}

function badOrder(): StatusError {
  return badRequest('invalid patch format of setElementOrder list');
}

/** The items of the patch must come in the order that it tells. */
function checkOrder(items: Json[], order: Json[], mergeKey: string): void {
  if (order.length === 0) return;
  const ids = items.filter(item => !isDirected(item)).map(item => idOf(item, mergeKey));
  let at = 0;
  for (const item of order) if (idOf(item, mergeKey) === ids[at]) at++;
  if (at === ids.length) return;
  const printed = `${cut(goPrint(items))}\n doesn't match $setElementOrder list:\n${cut(goPrint(order))}`;
  throw badRequest(`The order in patch list:\n${printed}\n`);
}

function isDirected(item: Json): boolean {
  return isJsonObject(item) && Object.hasOwn(item, directive);
}

/** What tells an item from the others in its list. Throws 400 where it does not have the field for that. */
function idOf(item: Json, mergeKey: string): string {
  if (mergeKey === '') return JSON.stringify([typeof item, goPrint(item)]);
  const value = isJsonObject(item) ? ownField(item, mergeKey) : undefined;
  if (value === undefined) {
    throw badRequest(`map: ${cut(goPrint(item))} does not contain declared merge key: ${mergeKey}`);
  }
  return JSON.stringify([typeof value, goPrint(value)]);
}

function elementsMustMatch(...lists: Json[][]): void {
  const items = lists.flat();
  if (items.some(item => Array.isArray(item))) {
    const message = 'lists of lists are not supported';
    throw new StatusError('Invalid', message, { causes: [{ message }] });
  }
  const types = new Set(items.map(goJsonType));
  if (types.size > 1) throw badRequest(`list element types are not identical: ${cut(goPrint(lists))}`);
}

function mergeList(old: Json[], next: Json[], mergeKey: string): Json[] {
  elementsMustMatch(old, next);
  if (mergeKey === '') {
    const all = new Map([...old, ...next].map(item => [idOf(item, mergeKey), item]));
    return inOrder([...all.values()], next, old, mergeKey);
  }
  const { kept, items } = obeyed(old, next, mergeKey);
  const byId = new Map(kept.map(item => [idOf(item, mergeKey), item as JsonObject]));
  for (const item of items) {
    const id = idOf(item, mergeKey);
    const same = byId.get(id);
    byId.set(id, same ? mergeObject(same, item as JsonObject, '[]') : copy(item as JsonObject));
  }
  return inOrder([...byId.values()], items, kept, mergeKey);
}

/** Does what items of the patch say that are no items: delete one, or replace the whole list. */
function obeyed(old: Json[], next: Json[], mergeKey: string): { kept: Json[]; items: Json[] } {
  const items: Json[] = [];
  const gone = new Set<string>();
  let isReplaced = false;
  for (const item of next) {
    const told = isJsonObject(item) ? ownField(item, directive) : undefined;
    if (told === undefined) {
      items.push(item);
    } else if (told === 'delete') {
      gone.add(idOf(item, mergeKey));
    } else if (told === 'replace') {
      isReplaced = true;
    } else if (told === 'merge') {
      throw badRequest('merging lists cannot yet be specified in the patch');
    } else {
      throw badRequest(`unknown patch type: ${cut(goPrint(told))} in map: ${cut(goPrint(item))}`);
    }
  }
  const kept = gone.size === 0 ? old : old.filter(one => !gone.has(idOf(one, mergeKey)));
  return { kept: isReplaced ? [] : kept, items };
}

/**
 * Items in the order that upstream gives them: those that `order` names as it names them, the others as they were, and of one of
 * each the other first only where both were there and it was before.
 */
function inOrder(items: Json[], order: Json[], old: Json[], mergeKey: string): Json[] {
  const identified = (list: Json[]) => list.map(item => ({ item, id: idOf(item, mergeKey) }));
  const places = (list: Json[]) => new Map(identified(list).map(({ id }, index) => [id, index]));
  const [named, before] = [places(order), places(old)];
  const all = identified(items);
  const first = all.filter(({ id }) => named.has(id)).sort((a, b) => named.get(a.id)! - named.get(b.id)!);
  const others = all.filter(({ id }) => !named.has(id));
  const result: Json[] = [];
  let at = 0;
  for (const { item, id } of first) {
    const place = before.get(id);
    while (at < others.length && place !== undefined) {
      const other = before.get(others[at]!.id);
      if (other === undefined || other >= place) break;
      result.push(others[at++]!.item);
    }
    result.push(item);
  }
  return [...result, ...others.slice(at).map(({ item }) => item)];
}
