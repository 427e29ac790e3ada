import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { copy, equal } from '../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import { isJsonObject } from '../../../src/machinery/own-field.ts';

/** What is done to a field. */
export type Corruption =
  | 'dropped'
  /** A string becomes 7. */
  | 'number'
  /** A string becomes "". */
  | 'empty'
  /** A string becomes "not/valid!!". */
  | 'junk'
  /** A word is written in another case. */
  | 'case'
  /** A number becomes "seven". */
  | 'word'
  /** A number becomes -1. */
  | 'negative'
  /** A number becomes 0. */
  | 'zero'
  /** A number becomes 3e9, beyond 31 bits and within 32. */
  | 'large'
  /** A number becomes 1e12. */
  | 'huge'
  /** A boolean becomes "yes". */
  | 'yes'
  /** A boolean becomes the other one. */
  | 'flipped'
  /** An object becomes []. */
  | 'list'
  /** A list becomes {}. */
  | 'object'
  /** A list has no items any more. */
  | 'emptied'
  /** A list has its first item once more at its end. */
  | 'twice';

/** The richest example of a kind with one field wrong. */
export interface Mutation {
  kind: Kind;
  /** `NetworkPolicy spec.ingress[0].action dropped`. */
  title: string;
  /** `spec.ingress[0].action`. */
  field: string;
  corruption: Corruption;
  object: JsonObject;
}

/** Fields whose keys are no fields but chosen by the user, and so stand in brackets. */
const maps = new Set([
  'alternateOwnerAttrs',
  'annotations',
  'block',
  'bpfLogFilters',
  'environmentVars',
  'labels',
  'labelsToApply',
  'matchLabels',
  'secondary',
  'sequenceNumberForAllocation',
]);

type Path = (string | number)[];

/** Every field of the richest example of every kind, dropped once and corrupted in each way that its value knows. */
export function allMutations(): Mutation[] {
  return kinds.flatMap(mutationsOf);
}

function mutationsOf(kind: Kind): Mutation[] {
  const example = kind.examples.valid[0] as unknown as JsonObject;
  const mutations: Mutation[] = [];
  for (const { path, value } of fieldsOf(example, [])) {
    const field = fieldText(path);
    const add = (
      corruption: Corruption,
      what: string,
      change: (parent: Json, last: string | number) => void,
    ) => {
      const object = copy(example) as JsonObject;
      change(at(object, path.slice(0, -1)), path.at(-1)!);
      mutations.push({ kind, title: `${kind.kind} ${field} ${what}`, field, corruption, object });
    };
    add('dropped', 'dropped', drop);
    for (const [corruption, wrong, what] of corruptionsOf(value)) {
      add(corruption, what ?? `as ${JSON.stringify(wrong)}`, (parent, last) => {
        (parent as Record<string | number, Json>)[last] = wrong;
      });
    }
  }
  return mutations;
}

/** All fields and items below a value, outermost first. */
function* fieldsOf(value: Json, path: Path): Generator<{ path: Path; value: Json }> {
  const inner: [string | number, Json][] = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  for (const [key, child] of inner) {
    yield { path: [...path, key], value: child };
    yield* fieldsOf(child, [...path, key]);
  }
}

/** What may be put in the place of a value, with its title where the value itself would say little. */
function corruptionsOf(value: Json): [Corruption, Json, string?][] {
  const all = everyCorruptionOf(value);
  return all.filter(([, wrong]) => !equal(wrong, value));
}

function everyCorruptionOf(value: Json): [Corruption, Json, string?][] {
  if (typeof value === 'string') {
    const isWord = /^[A-Za-z][A-Za-z0-9]+$/.test(value);
    return [
      ['number', 7],
      ['empty', ''],
      ['junk', 'not/valid!!'],
      ['case', isWord ? otherCase(value) : value],
    ];
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    return [
      ['word', 'seven'],
      ['negative', -1],
      ['zero', 0],
      ['large', 3e9, 'as 3e9'],
      ['huge', 1e12, 'as 1e12'],
    ];
  }
  if (typeof value === 'boolean') {
    return [
      ['yes', 'yes'],
      ['flipped', !value],
    ];
  }
  if (Array.isArray(value)) {
    const twice = [...value, ...copy(value.slice(0, 1))];
    return [
      ['object', {}],
      ['emptied', []],
      ['twice', twice, 'with its first item twice'],
    ];
  }
  return value === null ? [] : [['list', []]];
}

function otherCase(word: string): string {
  const lower = word.toLowerCase();
  return lower === word ? word.toUpperCase() : lower;
}

function drop(parent: Json, last: string | number): void {
  if (Array.isArray(parent)) parent.splice(last as number, 1);
  else delete (parent as JsonObject)[last];
}

function at(value: Json, path: Path): Json {
  return path.reduce<Json>((found, step) => (found as Record<string | number, Json>)[step]!, value);
}

function fieldText(path: Path): string {
  let text = '';
  for (const [index, step] of path.entries()) {
    if (typeof step === 'number' || maps.has(String(path[index - 1]))) text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
