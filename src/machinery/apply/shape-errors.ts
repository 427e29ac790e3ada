import { limits } from '../../limits.ts';
import { cut } from '../cut.ts';
import { goJsonType, goPrint } from '../go-text.ts';
import type { Json, JsonObject } from '../json.ts';
import { isJsonObject } from '../own-field.ts';
import {
  type Branch,
  branchOf,
  fieldShape,
  ItemError,
  type ItemKey,
  itemKey,
  type ListShape,
  type MapShape,
  type MergeShape,
  stepOf,
} from './shape.ts';
import { fieldStep, type Path, printPath, type Step } from './step.ts';

/** Why a value is none of its shape: the path as messages print it, and what is wrong there. */
export interface ShapeError {
  path: string;
  text: string;
}

/**
 * What keeps a value from being merged: fields that the type does not have, wrong types, items that are there twice
 * (structured-merge-diff's validation, with its texts). Stops at limits.maxFieldErrors.
 */
export function shapeErrors(shape: MergeShape, value: Json): ShapeError[] {
  const errors: ShapeError[] = [];
  checkValue(shape, value, [], errors);
  return errors;
}

/** The errors as one text, as upstream prints them. */
export function printShapeErrors(errors: ShapeError[]): string {
  const texts = errors.map(({ path, text }) => (path === '' ? cut(text) : `${cut(path)}: ${cut(text)}`));
  return texts.length === 1 ? texts[0]! : ['errors:', ...texts.map(text => `  ${text}`)].join('\n');
}

function checkValue(shape: MergeShape, value: Json, path: Step[], errors: ShapeError[]): void {
  const branch = branchOf(shape, value);
  if (branch.kind === 'map' && isJsonObject(value)) checkFields(branch.map, value, path, errors);
  else if (branch.kind === 'list' && Array.isArray(value)) checkItems(branch.list, value, path, errors);
  else checkType(branch, value, path, errors);
}

/** Reports a value whose type its branch does not take. */
function checkType(branch: Branch, value: Json, path: Path, errors: ShapeError[]): void {
  if (value === null) return;
  const text =
    branch.kind === 'scalar'
      ? scalarError(branch.scalar, value)
      : `expected ${branch.kind}, got &{${goPrint(value)}}`;
  if (text) errors.push({ path: printPath(path), text });
}

function scalarError(scalar: NonNullable<MergeShape['scalar']>, value: Json): string | undefined {
  const type = goJsonType(value);
  if (scalar === 'numeric') {
    return type === 'number' ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`;
  }
  if (scalar === 'string') {
    if (type === 'string') return undefined;
    return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
  }
  if (scalar === 'boolean') {
    return type === 'bool' ? undefined : `expected boolean, got &{${goPrint(value)}}`;
  }
  return typeof value === 'object' ? `expected any scalar, got &{${goPrint(value)}}` : undefined;
}

function checkFields(map: MapShape, value: JsonObject, path: Step[], errors: ShapeError[]): void {
  for (const name of Object.keys(value)) {
    if (errors.length >= limits.maxFieldErrors) return;
    path.push(fieldStep(name));
    const shape = fieldShape(map, name);
    const field = value[name]!;
    if (!shape) errors.push({ path: printPath(path), text: 'field not declared in schema' });
    else checkValue(shape, field, path, errors);
    path.pop();
  }
}

function checkItems(list: ListShape, items: Json[], path: Step[], errors: ShapeError[]): void {
  const seen = new Set<ItemKey>();
  for (const [index, item] of items.entries()) {
    if (errors.length >= limits.maxFieldErrors) return;
    let key: ItemKey = index;
    if (list.type !== 'atomic') {
      try {
        key = itemKey(list, item);
      } catch (error) {
        if (!(error instanceof ItemError)) throw error;
        errors.push({ path: printPath(path), text: `element ${index}: ${error.message}` });
        return;
      }
      if (seen.has(key)) {
        const which = printPath([stepOf(list, key)]);
        errors.push({ path: printPath(path), text: `duplicate entries for key ${which}` });
      }
      seen.add(key);
    }
    const branch = branchOf(list.items(), item);
    // Most items are right, and need no step to be told by.
    if (branch.kind === 'scalar' && (item === null || !scalarError(branch.scalar, item))) continue;
    path.push(list.type === 'atomic' ? `i:${index}` : stepOf(list, key));
    checkValue(list.items(), item, path, errors);
    path.pop();
  }
}

/** A value as Go's `%#v` prints it. */
function goSyntax(value: Json): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isJsonObject(value)) return String(value);
  const names = Object.keys(value).sort();
  const fields = names.map(name => `${JSON.stringify(name)}:${goSyntax(value[name]!)}`);
  return `map[string]interface {}{${fields.join(', ')}}`;
}

function goTypeName(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isJsonObject(value)) return 'map[string]interface {}';
  return goJsonType(value);
}
