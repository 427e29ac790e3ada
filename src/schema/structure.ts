import { equal } from '../machinery/equal.ts';
import { goQuote } from '../machinery/go-text.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import { isJsonObject, ownField } from '../machinery/own-field.ts';
import type { FieldError } from '../machinery/status.ts';
import { addError, goFloat, isFull, wholeObject } from './field-errors.ts';
import { oldListItems } from './list-types.ts';
import { nearest } from './nearest.ts';
import { fieldNode, type JsonType, jsonType, type SchemaNode } from './node.ts';

/**
 * Checks a value against everything in a schema but list types and CEL, with the verdicts and texts that
 * kube-apiserver has for a CRD (kube-openapi validate, apiextensions kubeOpenAPIResultToFieldErrors). Where it loses
 * the path or the value of an error (it prints `<nil>` and `""`), the real ones are given, and what only repeats the
 * error of a wrong type is left out. `old` is what the value replaces; undefined where there is no such thing: errors
 * in a value that did not change are dropped, as CRDValidationRatcheting does, so that an object from before a rule
 * can still be changed elsewhere. Stops when there are as many errors as one answer holds.
 */
export function checkStructure(
  node: SchemaNode,
  value: Json,
  old: Json | undefined,
  path: string,
  errors: FieldError[],
): void {
  const before = errors.length;
  const type = jsonType(value);
  const typeFits = checkType(node, type, path, errors);
  if (value !== null) checkCombinations(node, value, old, path, errors);
  if (typeof value === 'string') checkString(node, value, path, typeFits, errors);
  if (typeof value === 'number' || typeof value === 'bigint')
    checkNumber(node, value, path, typeFits, errors);
  if (Array.isArray(value)) checkArray(node, value, old, path, errors);
  checkEnum(node, value, path, errors);
  if (isJsonObject(value)) checkObject(node, value, old, path, errors);
  // Not so the whole object: its metadata is outside the schema, which counts as changed.
  if (errors.length > before && path !== '' && old !== undefined && equal(value, old)) errors.length = before;
}

function bodyError(path: string, value: unknown, text: string): FieldError {
  return { type: 'Invalid', field: path || wholeObject, value, detail: `${path} in body ${text}` };
}

/** A wrong type; kube-apiserver prints the type found in the place of the value. */
function typeError(path: string, wanted: string, found: string): FieldError {
  const detail = `${path} in body must be of type ${wanted}: ${goQuote(found)}`;
  return { type: 'TypeInvalid', field: path || wholeObject, value: found, detail };
}

function checkType(node: SchemaNode, type: JsonType, path: string, errors: FieldError[]): boolean {
  const { types, schema } = node;
  if (types.length === 0) return true;
  if (type === 'null' && schema.nullable) return true;
  if (types.includes(type) || (type === 'integer' && types.includes('number'))) return true;
  // With a format it is the format that is named, and what Go's type of the value would be called as one.
  if (node.schema.format && isKnownFormat(node) && !['null', 'string', 'array'].includes(type)) {
    const found = type === 'integer' ? 'int64' : type === 'number' ? 'float64' : '';
    addError(errors, typeError(path, node.schema.format, found));
  } else {
    addError(errors, typeError(path, types.join(','), type));
  }
  return false;
}

/** Whether kube-apiserver keeps the format of the node; it strips those that it does not check. */
function isKnownFormat(node: SchemaNode): boolean {
  const { type, format } = node.schema;
  if (type === 'integer') return format === 'int32' || format === 'int64';
  if (type === 'number') return format === 'float' || format === 'double';
  return node.format !== undefined;
}

function checkString(
  node: SchemaNode,
  value: string,
  path: string,
  typeFits: boolean,
  errors: FieldError[],
): void {
  const problem = stringProblem(node, value, path);
  if (problem) addError(errors, problem);
  if (!typeFits || !node.format || node.format(value)) return;
  addError(errors, typeError(path, node.schema.format!, value));
}

/** The first of the bounds of a string that it breaks. Lengths count code points. */
function stringProblem(node: SchemaNode, value: string, path: string): FieldError | undefined {
  const { minLength, maxLength, pattern } = node.schema;
  if (maxLength !== undefined && codePoints(value) > maxLength) {
    const detail = `may not be more than ${maxLength} ${maxLength === 1 ? 'byte' : 'bytes'}`;
    return { type: 'TooLong', field: path, detail };
  }
  if (minLength !== undefined && codePoints(value) < minLength) {
    return bodyError(path, value, `should be at least ${minLength} chars long`);
  }
  if (node.pattern && !node.pattern.test(value)) {
    return bodyError(path, value, `should match '${pattern}'`);
  }
  return undefined;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function checkNumber(
  node: SchemaNode,
  value: number | bigint,
  path: string,
  typeFits: boolean,
  errors: FieldError[],
): void {
  const { schema } = node;
  if (typeFits && schema.type === 'integer' && schema.format === 'int32') checkInt32(value, path, errors);
  const isInteger = jsonType(value) === 'integer';
  const bound = (limit: number) => (isInteger ? Math.trunc(limit) : limit);
  const text = (limit: number) => (isInteger ? String(bound(limit)) : goFloat(limit));
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && (value < bound(minimum) || (exclusiveMinimum && value === bound(minimum)))) {
    const than = exclusiveMinimum ? 'greater than' : 'greater than or equal to';
    addError(errors, bodyError(path, value, `should be ${than} ${text(minimum)}`));
  }
  if (maximum !== undefined && (value > bound(maximum) || (exclusiveMaximum && value === bound(maximum)))) {
    const than = exclusiveMaximum ? 'less than' : 'less than or equal to';
    addError(errors, bodyError(path, value, `should be ${than} ${text(maximum)}`));
  }
}

function checkInt32(value: number | bigint, path: string, errors: FieldError[]): void {
  if (value >= -(2 ** 31) && value < 2 ** 31) return;
  const detail = `Checked value must be of type integer with format int32 in ${path}`;
  addError(errors, { type: 'Invalid', field: path, value, detail });
}

function checkArray(
  node: SchemaNode,
  items: Json[],
  old: Json | undefined,
  path: string,
  errors: FieldError[],
): void {
  const { schema } = node;
  if (node.items) {
    const oldItem = oldListItems(schema, old);
    for (const [index, item] of items.entries()) {
      if (isFull(errors)) return;
      checkStructure(node.items, item, oldItem(item), `${path}[${index}]`, errors);
    }
  }
  if (schema.minItems !== undefined && items.length < schema.minItems) {
    addError(errors, bodyError(path, items.length, `should have at least ${schema.minItems} items`));
  }
  if (schema.maxItems !== undefined && items.length > schema.maxItems) {
    addError(errors, tooMany(path, items.length, schema.maxItems));
  }
}

function tooMany(path: string, count: number, max: number): FieldError {
  const detail = `must have at most ${max} ${max === 1 ? 'item' : 'items'}`;
  return { type: 'TooMany', field: path || wholeObject, value: count, detail };
}

function checkEnum(node: SchemaNode, value: Json, path: string, errors: FieldError[]): void {
  const allowed = node.schema.enum;
  if (!allowed || allowed.length === 0 || allowed.some(one => equal(one, value))) return;
  const texts = allowed.map(one => goQuote(typeof one === 'string' ? one : JSON.stringify(one)));
  const detail = `supported values: ${texts.join(', ')}`;
  const words = allowed.filter(one => typeof one === 'string');
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  const hint = meant === undefined ? {} : { hint: `did you mean ${goQuote(meant)}?` };
  addError(errors, { type: 'NotSupported', field: path, value, detail, ...hint });
}

function checkObject(
  node: SchemaNode,
  object: JsonObject,
  old: Json | undefined,
  path: string,
  errors: FieldError[],
): void {
  const { minProperties, maxProperties, required } = node.schema;
  const names = Object.keys(object);
  if (minProperties !== undefined && names.length < minProperties) {
    addError(errors, bodyError(path, names.length, `should have at least ${minProperties} properties`));
  }
  if (maxProperties !== undefined && names.length > maxProperties) {
    addError(errors, tooMany(path, names.length, maxProperties));
  }
  for (const name of names) {
    if (isFull(errors)) return;
    const field = fieldNode(node, name);
    if (!field) continue;
    const oldField = isJsonObject(old) ? ownField(old, name) : undefined;
    checkStructure(field, object[name]!, oldField, joinPath(path, name), errors);
  }
  for (const name of required ?? []) {
    if (Object.hasOwn(object, name)) continue;
    addError(errors, { type: 'Required', field: joinPath(path, name) });
  }
}

function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function checkCombinations(
  node: SchemaNode,
  value: Json,
  old: Json | undefined,
  path: string,
  errors: FieldError[],
): void {
  if (!node.hasCombinations) return;
  const trial = (branch: SchemaNode): FieldError[] => {
    const found: FieldError[] = [];
    checkStructure(branch, value, old, path, found);
    return found;
  };
  const quoted = goQuote(path);
  const fail = (text: string) =>
    addError(errors, { type: 'Invalid', field: path || wholeObject, value, detail: `${quoted} ${text}` });
  if (node.anyOf.length > 0) {
    const results = node.anyOf.map(trial);
    if (results.every(found => found.length > 0)) {
      fail('must validate at least one schema (anyOf)');
      addAll(errors, closest(results));
    }
  }
  if (node.oneOf.length > 0) {
    const results = node.oneOf.map(trial);
    const valid = results.filter(found => found.length === 0).length;
    if (valid !== 1) {
      const many = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
      fail(`must validate one and only one schema (oneOf). ${many}`);
      if (valid === 0) addAll(errors, closest(results));
    }
  }
  if (node.allOf.length > 0) {
    const results = node.allOf.map(trial);
    for (const found of results) addAll(errors, found);
    if (results.some(found => found.length > 0)) {
      fail(
        `must validate all the schemas (allOf)${results.some(found => found.length === 0) ? '' : '. None validated'}`,
      );
    }
  }
  if (node.not && trial(node.not).length === 0) fail('must not validate the schema (not)');
}

/** The errors of the branch that came closest: the fewest, the first of equals. */
function closest(results: FieldError[][]): FieldError[] {
  return results.reduce((best, found) => (found.length < best.length ? found : best));
}

function addAll(errors: FieldError[], found: FieldError[]): void {
  for (const error of found) addError(errors, error);
}
