import { JsonReader, JsonSyntaxError } from '../decode-json.ts';
import { goJson } from '../go-json.ts';
import { goQuote } from '../go-text.ts';
import type { Json, JsonObject } from '../json.ts';
import { isJsonObject } from '../own-field.ts';
import { compareText } from '../text-order.ts';

/**
 * One step of a path to a field, as FieldsV1 writes it (machinery.md §4.3): `f:` and the name of a field or the key of a map,
 * `k:` and the keys of an item of a list of type map, `v:` and an item of a set, `i:` and an index. A step is text in one
 * canonical form, so that equal steps are equal texts.
 */
export type Step = string;

/** The way to a field from the top of an object. */
export type Path = readonly Step[];

/** What Go and JSON.stringify write as it is in a text. */
const plainText = '"[^"\\\\<>&\\u0000-\\u001f\\u2028\\u2029\\ud800-\\udfff]*"';
const plainValue = new RegExp(`^${plainText}$`);
const plainKey = new RegExp(`^\\{${plainText}:${plainText}\\}$`);

/** A set of fields that cannot be read. */
export class FieldSetError extends Error {}

/** The step to a field of an object. */
export function fieldStep(name: string): Step {
  return `f:${name}`;
}

/** The step to an item of a list of type map; `keys` are the key fields that it has. */
export function keyStep(keys: JsonObject): Step {
  return `k:${goJson(keys)}`;
}

/** The step to an item of a list of type set. */
export function valueStep(value: Json): Step {
  if (typeof value !== 'string') return `v:${goJson(value)}`;
  const quoted = `"${value}"`;
  return plainValue.test(quoted) ? `v:${quoted}` : `v:${goJson(value)}`;
}

/**
 * A step in its canonical form; undefined for one of a sort that a later version may know, which is passed over as upstream
 * does. Throws FieldSetError for what is no step.
 */
export function parseStep(text: string): Step | undefined {
  if (text.length < 2) throw new FieldSetError('key must be 2 characters long:');
  if (text[1] !== ':') throw new FieldSetError(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case 'f':
      return text;
    case 'v':
      return plainValue.test(rest) ? text : valueStep(readJson(rest));
    case 'k': {
      if (plainKey.test(rest)) return text;
      const keys = readJson(rest);
      if (!isJsonObject(keys)) throw new FieldSetError(`the keys of an item must be an object: ${text}`);
      return keyStep(keys);
    }
    case 'i':
      if (!/^[-+]?\d{1,15}$/.test(rest)) throw new FieldSetError(`not an index: ${text}`);
      return `i:${Number(rest)}`;
    default:
      return undefined;
  }
}

function readJson(text: string): Json {
  try {
    return new JsonReader(text).read();
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new FieldSetError(error.message);
    throw error;
  }
}

const sorts = 'fkvi';

/** A step with what it is ordered by: its value is read once, not for each comparison. */
interface Ordered {
  step: Step;
  sort: number;
  value: Json;
}

function ordered(step: Step): Ordered {
  const rest = step.slice(2);
  const value = step[0] === 'f' ? rest : step[0] === 'i' ? Number(rest) : readJson(rest);
  return { step, sort: sorts.indexOf(step[0]!), value };
}

/** Steps in canonical order: fields, keys, values, indexes; names by their bytes, values by their type and size. */
export function sortedSteps(steps: readonly Step[]): Step[] {
  if (steps.every(step => inTextOrder.test(step))) return [...steps].sort();
  return steps
    .map(ordered)
    .sort((a, b) => a.sort - b.sort || compareValues(a.value, b.value))
    .map(({ step }) => step);
}

/** Steps whose order is that of their texts: there is no surrogate, and no character that comes before the quote at the end. */
const inTextOrder = /^(?:f:[^\ud800-\udfff]*|(?:v:|k:\{"\w+":)"[^\s!"\\\ud800-\udfff]*"\}?)$/;

/** Numbers, then strings, booleans, lists, objects, null. */
function typeRank(value: Json): number {
  if (value === null) return 5;
  if (Array.isArray(value)) return 3;
  return { number: 0, bigint: 0, string: 1, boolean: 2, object: 4 }[typeof value as 'number'];
}

function compareValues(a: Json, b: Json): number {
  const ranks = typeRank(a) - typeRank(b);
  if (ranks !== 0 || a === b) return ranks;
  if (typeof a === 'string') return compareText(a, b as string);
  if (Array.isArray(a)) return compareInTurn(a, b as Json[], compareValues);
  if (isJsonObject(a)) {
    return compareInTurn(fieldsInOrder(a), fieldsInOrder(b as JsonObject), (one, other) => {
      return compareText(one[0], other[0]) || compareValues(one[1], other[1]);
    });
  }
  // A number and a bigint compare exactly; of two booleans, false comes first.
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function fieldsInOrder(object: JsonObject): [string, Json][] {
  return Object.entries(object).sort(([a], [b]) => compareText(a, b));
}

function compareInTurn<T>(a: T[], b: T[], compare: (one: T, other: T) => number): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compare(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** A path as messages print it: `.spec.x`, `[name="a",port=80]` for an item by keys, `[="a"]` for one of a set. */
export function printPath(path: Path): string {
  return path.map(printStep).join('');
}

function printStep(step: Step): string {
  const rest = step.slice(2);
  switch (step[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = Object.entries(readJson(rest) as JsonObject);
      return `[${keys.map(([name, value]) => `${name}=${printValue(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${printValue(readJson(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

function printValue(value: Json): string {
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[${value.map(printValue).join(',')}]`;
  if (!isJsonObject(value)) return String(value);
  return Object.entries(value)
    .map(([name, field]) => `${name}=${printValue(field)}`)
    .join('');
}
