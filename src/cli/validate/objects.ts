import { kinds } from '../../kinds/index.ts';
import { apiVersion, group, type Kind } from '../../kinds/kind.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject, ownField } from '../../machinery/own-field.ts';
import { nearest } from '../../schema/nearest.ts';
import type { CheckId } from './checks.ts';

/** What one value of a document is taken for. */
export type Found = FoundObject | Refused | PassedOver;

interface Place {
  /** Where the value stands in the document: `items[3]`, or empty. */
  path: string;
}

/** An object of one of our kinds. */
export interface FoundObject extends Place {
  sort: 'object';
  kind: Kind;
  value: JsonObject;
}

/** What was probably meant to be one. */
export interface Refused extends Place {
  sort: 'refused';
  kind: string;
  value: JsonObject;
  check: CheckId;
  field: string;
  message: string;
}

/** What is not ours to check. */
interface PassedOver extends Place {
  sort: 'passed over';
  as: 'otherGroups' | 'noObjects';
}

const kindByName = new Map(kinds.map(kind => [kind.kind, kind]));
const storageGroup = `crd.${group}`;

/**
 * The objects in a decoded document: the document itself, or the items of a List or of a list of one kind (kubectl's flattening of
 * lists), in their order.
 */
export function* findObjects(document: Json): Generator<Found> {
  yield* find(document, '');
}

function* find(value: Json, path: string, typed?: Kind): Generator<Found> {
  if (!isJsonObject(value)) {
    if (typed) yield refused({}, path, 'incomplete-object', '', `an item of the list is no ${typed.kind}`);
    else yield { sort: 'passed over', as: 'noObjects', path };
    return;
  }
  if (typed && value.kind === undefined && value.apiVersion === undefined) {
    yield { sort: 'object', kind: typed, value, path };
    return;
  }
  const listed = listOf(value);
  if (listed) {
    yield* items(value, path, listed === 'any' ? undefined : listed);
    return;
  }
  yield single(value, path);
}

/** Of which kind the value is a list; 'any' for `kind: List`, undefined where it is none of ours. */
function listOf(value: JsonObject): Kind | 'any' | undefined {
  const kind = ownField(value, 'kind');
  if (typeof kind !== 'string') return undefined;
  const version = ownField(value, 'apiVersion');
  if (kind === 'List' && (version === undefined || version === 'v1' || version === apiVersion)) return 'any';
  return version === apiVersion && kind.endsWith('List') ? kindByName.get(kind.slice(0, -4)) : undefined;
}

function* items(list: JsonObject, path: string, typed: Kind | undefined): Generator<Found> {
  const values = ownField(list, 'items') ?? null;
  const field = path === '' ? 'items' : `${path}.items`;
  if (values === null && typed) return;
  if (!Array.isArray(values)) {
    yield refused(list, path, 'incomplete-object', 'items', 'items must be a list of objects');
    return;
  }
  for (const [index, value] of values.entries()) yield* find(value, `${field}[${index}]`, typed);
}

function single(value: JsonObject, path: string): Found {
  const version = ownField(value, 'apiVersion') ?? null;
  const name = ownField(value, 'kind') ?? null;
  const known = typeof name === 'string' ? kindByName.get(name) : undefined;
  if (version === null || typeof version !== 'string') {
    if (!known) return { sort: 'passed over', as: 'noObjects', path };
    const what = version === null ? 'is missing' : 'must be a text';
    return refused(
      value,
      path,
      'incomplete-object',
      'apiVersion',
      `apiVersion ${what}: ${known.kind} has ${apiVersion}`,
    );
  }
  if (version === apiVersion) {
    if (known) return { sort: 'object', kind: known, value, path };
    return unknownKind(value, path, name);
  }
  const [versionGroup = ''] = version.split('/');
  if (versionGroup === storageGroup) {
    const message =
      `${version} is the form in which Calico stores its objects, not one to write: ` +
      `use apiVersion: ${apiVersion}${known ? ` with kind: ${known.kind}` : ''}`;
    return refused(value, path, 'api-version', 'apiVersion', message);
  }
  if (versionGroup === group || /^projectcalico(\.org)?$/i.test(versionGroup.trim())) {
    const message = `unknown apiVersion ${JSON.stringify(version)}; did you mean ${apiVersion}?`;
    return refused(value, path, 'api-version', 'apiVersion', message);
  }
  return { sort: 'passed over', as: 'otherGroups', path };
}

function unknownKind(value: JsonObject, path: string, name: Json): Found {
  if (typeof name !== 'string' || name === '') {
    return refused(
      value,
      path,
      'incomplete-object',
      'kind',
      name === null ? 'kind is missing' : 'kind must be a text',
    );
  }
  const meant = nearest(name, [...kindByName.keys(), ...[...kindByName.keys()].map(kind => `${kind}List`)]);
  const message = `unknown kind ${JSON.stringify(name)} in ${apiVersion}${meant ? `; did you mean ${meant}?` : ''}`;
  return refused(value, path, 'unknown-kind', 'kind', message);
}

function refused(value: JsonObject, path: string, check: CheckId, field: string, message: string): Found {
  const kind = ownField(value, 'kind');
  return { sort: 'refused', kind: typeof kind === 'string' ? kind : '', value, path, check, field, message };
}
