import { canonicalText } from '../machinery/equal.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import { isJsonObject, ownField } from '../machinery/own-field.ts';
import type { FieldError } from '../machinery/status.ts';
import { addError, isFull } from './field-errors.ts';
import type { SchemaNode } from './node.ts';
import type { Schema } from './schema.ts';

/**
 * Checks that lists of type set have no item twice and lists of type map no key twice (apiextensions
 * ValidateListSetsAndMaps). Each duplicate is told once, at its first repetition.
 */
export function checkListTypes(node: SchemaNode, value: Json, path: string, errors: FieldError[]): void {
  if (!node.hasKeyedLists || isFull(errors)) return;
  if (Array.isArray(value)) {
    checkList(node.schema, value, path, errors);
    if (!node.items?.hasKeyedLists) return;
    for (const [index, item] of value.entries())
      checkListTypes(node.items, item, `${path}[${index}]`, errors);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, field] of Object.entries(value)) {
    const property = node.properties.get(name);
    if (property) checkListTypes(property, field, path === '' ? name : `${path}.${name}`, errors);
    else if (node.additional) checkListTypes(node.additional, field, `${path}[${name}]`, errors);
  }
}

function checkList(schema: Schema, items: Json[], path: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') {
    for (const index of repeated(items)) {
      addError(errors, { type: 'Duplicate', field: `${path}[${index}]`, value: items[index] });
    }
  } else if (listType === 'map') {
    checkMapKeys(schema['x-kubernetes-list-map-keys'] ?? [], items, path, errors);
  }
}

function checkMapKeys(keys: string[], items: Json[], path: string, errors: FieldError[]): void {
  const wrong = items.findIndex(item => item !== null && !isJsonObject(item));
  if (wrong >= 0) {
    const detail = 'must be an object for an array of list-type map';
    addError(errors, { type: 'Invalid', field: `${path}[${wrong}]`, value: items[wrong], detail });
    return;
  }
  const keysOfItems = items.map(item => keyOf(keys, item));
  for (const index of repeated(keysOfItems)) {
    addError(errors, { type: 'Duplicate', field: `${path}[${index}]`, value: keysOfItems[index] });
  }
}

/** The key fields of an item; those that it lacks are left out. */
function keyOf(keys: string[], item: Json): JsonObject {
  const key: JsonObject = {};
  if (!isJsonObject(item)) return key;
  for (const name of keys) {
    const field = ownField(item, name);
    if (field !== undefined) key[name] = field;
  }
  return key;
}

/** The index at which each value that occurs more than once does so for the second time. */
function repeated(values: Json[]): number[] {
  const seen = new Map<string, number>();
  const indices: number[] = [];
  for (const [index, value] of values.entries()) {
    const text = canonicalText(value);
    const count = (seen.get(text) ?? 0) + 1;
    seen.set(text, count);
    if (count === 2) indices.push(index);
  }
  return indices;
}

/**
 * Tells the item of the old list that an item of the new one replaces: known only in a list of type map, by its keys;
 * undefined otherwise. It decides what oldSelf is and which errors are old ones (apiextensions MapList).
 */
export function oldListItems(schema: Schema, old: Json | undefined): (item: Json) => Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) return () => undefined;
  const byKey = new Map<string, Json>();
  for (const item of old) {
    const text = canonicalText(keyOf(keys, item));
    if (isJsonObject(item) && !byKey.has(text)) byKey.set(text, item);
  }
  return item => {
    const key = keyOf(keys, item);
    return Object.keys(key).length < keys.length ? undefined : byKey.get(canonicalText(key));
  };
}
