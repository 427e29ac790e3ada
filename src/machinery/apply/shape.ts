import type { Json, JsonObject } from '../json.ts';
import { isJsonObject, ownField } from '../own-field.ts';
import { keyStep, type Step, valueStep } from './step.ts';

/**
 * What apply has to know of a type (structured-merge-diff's Atom): whether its values are merged field by field, item by item,
 * or taken as one. A type without a declaration may have several of the three.
 */
export interface MergeShape {
  readonly scalar?: 'numeric' | 'string' | 'boolean' | 'any';
  readonly list?: ListShape;
  readonly map?: MapShape;
}

export interface ListShape {
  readonly type: 'atomic' | 'set' | 'map';
  /** Of a list of type map: the fields that tell its items apart, and what stands for one that is missing. */
  readonly keys: readonly string[];
  readonly keyDefaults: Readonly<JsonObject>;
  items(): MergeShape;
}

export interface MapShape {
  readonly atomic: boolean;
  /** The fields with names of their own. */
  field(name: string): MergeShape | undefined;
  /** Of all others; undefined where there may be none. */
  rest(): MergeShape | undefined;
}

/** A shape made ready for a value: the one of its branches that the value takes. */
export type Branch =
  | { kind: 'map'; map: MapShape }
  | { kind: 'list'; list: ListShape }
  | { kind: 'scalar'; scalar: NonNullable<MergeShape['scalar']> };

/**
 * The branch that a value takes. null, what is absent, and a value that the type does not have take the first that there is: map,
 * scalar, list.
 */
export function branchOf(shape: MergeShape, value: Json | undefined): Branch {
  const { map, scalar, list } = shape;
  if (value !== undefined && value !== null) {
    if (typeof value !== 'object') {
      if (scalar) return { kind: 'scalar', scalar };
    } else if (Array.isArray(value)) {
      if (list) return { kind: 'list', list };
    } else if (map) return { kind: 'map', map };
  }
  if (map) return { kind: 'map', map };
  if (scalar) return { kind: 'scalar', scalar };
  if (list) return { kind: 'list', list };
  throw new Error('a merge shape has no branch');
}

/** Whether a value of the branch is taken as one: it is merged and owned as a whole. */
export function isWhole(branch: Branch): boolean {
  if (branch.kind === 'scalar') return true;
  return branch.kind === 'map' ? branch.map.atomic : branch.list.type === 'atomic';
}

/** The shape of a field of an object; undefined for one that the type does not have. */
export function fieldShape(map: MapShape, name: string): MergeShape | undefined {
  return map.field(name) ?? map.rest();
}

/** An item that cannot be told apart from others in its list. The message is upstream's. */
export class ItemError extends Error {}

/** What tells an item from the others of its list of type set or map: a scalar, which costs less than a step to it. */
export type ItemKey = string | number | bigint | boolean;

/** The key of an item: of a set the item itself, else the step to it. Throws ItemError. */
export function itemKey(list: ListShape, item: Json): ItemKey {
  return list.type === 'map' ? keyedItemStep(list, item) : scalarItem(item);
}

/** The step to the item of a key. */
export function stepOf(list: ListShape, key: ItemKey): Step {
  return list.type === 'map' ? (key as Step) : valueStep(key);
}

/** The step to an item of a list of type set or map. Throws ItemError. */
export function itemStep(list: ListShape, item: Json): Step {
  return stepOf(list, itemKey(list, item));
}

function keyedItemStep({ keys, keyDefaults }: ListShape, item: Json): Step {
  if (item === null) throw new ItemError('associative list with keys may not have a null element');
  if (!isJsonObject(item)) throw new ItemError('associative list with keys may not have non-map elements');
  const found: JsonObject = {};
  for (const name of keys) {
    const value = ownField(item, name) ?? ownField(keyDefaults, name);
    if (value !== undefined) found[name] = value;
  }
  if (Object.keys(found).length === 0) {
    const names = keys.map(name => JSON.stringify(name)).join(' ');
    throw new ItemError(
      `associative list with keys has an element that omits all key fields [${names}] ` +
        "(and doesn't have default values for any key fields)",
    );
  }
  return keyStep(found);
}

function scalarItem(item: Json): ItemKey {
  if (item === null) {
    throw new ItemError("associative list without keys has an element that's an explicit null");
  }
  if (Array.isArray(item)) {
    throw new ItemError('not supported: associative list with lists as elements');
  }
  if (typeof item === 'object') {
    throw new ItemError("associative list without keys has an element that's a map type");
  }
  return item;
}

/** Whether a list or an object has nothing in it, or is not there. */
export function isVoid(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
