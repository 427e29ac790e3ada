import { cut } from '../cut.ts';
import { goJsonType, goPrint } from '../go-text.ts';
import type { Json } from '../json.ts';
import { isJsonObject } from '../own-field.ts';
import {
  branchOf,
  fieldShape,
  ItemError,
  itemStep,
  type ListShape,
  type MapShape,
  type MergeShape,
} from './shape.ts';
import { fieldStep, type Path, printPath, type Step } from './step.ts';

/** Why a value is none of its shape: the path as messages print it, and what is wrong there. */
export interface ShapeError {
  path: string;
  text: string;
}

/**
 * All that keeps a value from being merged: fields that the type does not have, wrong types, items that are there twice
 * (structured-merge-diff's validation, with its texts).
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

function checkValue(shape: MergeShape, value: Json, path: Path, errors: ShapeError[]): void {
  const branch = branchOf(shape, value);
  if (value === null) return;
  const fail = (text: string) => void errors.push({ path: printPath(path), text });
  if (branch.kind === 'map') {
    if (isJsonObject(value)) checkFields(branch.map, value, path, errors);
    else fail(`expected map, got &{${goPrint(value)}}`);
  } else if (branch.kind === 'list') {
    if (Array.isArray(value)) checkItems(branch.list, value, path, errors);
    else fail(`expected list, got &{${goPrint(value)}}`);
  } else {
    const text = scalarError(branch.scalar, value);
    if (text) fail(text);
  }
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

function checkFields(map: MapShape, value: { [name: string]: Json }, path: Path, errors: ShapeError[]): void {
  for (const name of Object.keys(value)) {
    const at = [...path, fieldStep(name)];
    const shape = fieldShape(map, name);
    if (shape) checkValue(shape, value[name]!, at, errors);
    else errors.push({ path: printPath(at), text: 'field not declared in schema' });
  }
}

function checkItems(list: ListShape, items: Json[], path: Path, errors: ShapeError[]): void {
  const seen = new Set<Step>();
  for (const [index, item] of items.entries()) {
    let step: Step = `i:${index}`;
    if (list.type !== 'atomic') {
      try {
        step = itemStep(list, item);
      } catch (error) {
        if (!(error instanceof ItemError)) throw error;
        errors.push({ path: printPath(path), text: `element ${index}: ${error.message}` });
        return;
      }
      if (seen.has(step)) {
        errors.push({ path: printPath(path), text: `duplicate entries for key ${printPath([step])}` });
      }
      seen.add(step);
    }
    checkValue(list.items(), item, [...path, step], errors);
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
