import { equal } from '../equal.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Steps } from '../steps.ts';
import { compareText } from '../text-order.ts';
import { parseTime } from '../time.ts';
import type { FieldSet } from './field-set.ts';
import { parseFieldsV1, serializeFieldsV1 } from './fields-v1.ts';
import { FieldSetError } from './step.ts';

/** Who owns which fields, in one way: an entry of managedFields with its set read. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; undefined where nothing has been changed under this name. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Managers by their identity. */
export type Managers = ReadonlyMap<string, Manager>;

export const noManagers: Managers = new Map();

/**
 * What tells managers apart: name, operation, subresource and, for updates, the version. In upstream's own form, since managers
 * are ordered by it in places.
 */
export function managerId(manager: Omit<Manager, 'time' | 'fields'>): string {
  const { name, operation, apiVersion, subresource } = manager;
  return JSON.stringify({
    ...(name && { manager: name }),
    operation,
    ...(operation === 'Update' && { apiVersion }),
    ...(subresource && { subresource }),
  });
}

/**
 * Reads metadata.managedFields. Throws FieldSetError for entries that are none; of two with one identity the later counts, as
 * upstream has it.
 */
export function* parseManagers(entries: readonly JsonObject[]): Steps<Managers> {
  const managers = new Map<string, Manager>();
  for (const [index, entry] of entries.entries()) {
    const manager = yield* parseManager(entry, index);
    managers.set(managerId(manager), manager);
  }
  return managers;
}

function* parseManager(entry: JsonObject, index: number): Steps<Manager> {
  const { operation, time } = entry;
  const text = (name: string): string => (typeof entry[name] === 'string' ? entry[name] : '');
  if (operation !== 'Apply' && operation !== 'Update') {
    throw new FieldSetError('operation must be `Apply` or `Update`');
  }
  const [apiVersion, fieldsType] = [text('apiVersion'), text('fieldsType')];
  if (apiVersion === '') throw new FieldSetError('apiVersion must not be empty');
  if (fieldsType !== 'FieldsV1') {
    const what =
      fieldsType === '' ? 'missing fieldsType' : `invalid fieldsType ${JSON.stringify(fieldsType)}`;
    throw new FieldSetError(`${what} in managed fields entry ${index}`);
  }
  return {
    name: text('manager'),
    operation,
    apiVersion,
    subresource: text('subresource'),
    time: typeof time === 'string' ? time : undefined,
    fields: yield* parseFieldsV1(entry.fieldsV1),
  };
}

/** Writes managers as metadata.managedFields, in upstream's order; undefined where there are none. */
export function* serializeManagers(managers: Managers): Steps<JsonObject[] | undefined> {
  if (managers.size === 0) return undefined;
  const entries: JsonObject[] = [];
  for (const manager of [...managers.values()].sort(compareManagers)) {
    entries.push(yield* serializeManager(manager));
  }
  return entries;
}

function* serializeManager({
  name,
  operation,
  apiVersion,
  time,
  subresource,
  fields,
}: Manager): Steps<JsonObject> {
  return {
    ...(name && { manager: name }),
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: yield* serializeFieldsV1(fields),
    ...(subresource && { subresource }),
  };
}

/** Appliers first, then by time, name, version and subresource. */
function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** The time as seconds; 0 where there is none. */
export function secondsOf({ time }: Manager): number {
  return time === undefined ? 0 : Math.floor((parseTime(time) ?? 0) / 1000);
}

/** Whether two lists of managedFields are the same, entry by entry, but for their times. */
export function sameButTimes(a: JsonObject[] = [], b: JsonObject[] = []): boolean {
  if (a.length !== b.length) return false;
  return a.every((entry, index) => {
    const { time: _, ...rest } = entry;
    const { time: __, ...other } = b[index]!;
    return equal(rest, other);
  });
}

/** Whether what a client sent asks for tracking to begin anew: no entries, or a single one with nothing in it. */
export function asksForReset(entries: Json | undefined): boolean {
  if (!Array.isArray(entries)) return false;
  const [only] = entries;
  return entries.length === 0 || (entries.length === 1 && Object.keys(only as object).length === 0);
}
