import { goJsonType, goQuote } from './go-text.ts';
import type { Json, JsonObject } from './json.ts';
import { dryRunErrors, notSupported } from './option-errors.ts';
import { isJsonObject, ownField } from './own-field.ts';
import { queryBoolean, queryInteger } from './query.ts';
import { badRequest, type FieldError, invalid, type StatusError } from './status.ts';

export type PropagationPolicy = 'Foreground' | 'Background' | 'Orphan';

export interface DeleteOptions {
  dryRun: boolean;
  gracePeriodSeconds?: number;
  /** Also what the old orphanDependents stands for: true is Orphan, false is Background. */
  propagationPolicy?: PropagationPolicy;
  /** As the client gave it; false makes the answer 202 where finalizers hold the object. */
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** The options before they are checked. */
interface RawDeleteOptions {
  dryRun: string[];
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: string | undefined;
  orphanDependents?: boolean | undefined;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

const policies: string[] = ['Foreground', 'Background', 'Orphan'];

/**
 * Options of delete and deletecollection (machinery.md §2.5). A body, where there is one, is all that counts;
 * otherwise the query is read, where upstream takes preconditions too (`uid`, `resourceVersion`). Throws
 * StatusError 400 for a body that is no DeleteOptions, 422 for values that are not allowed.
 */
export function parseDeleteOptions(query: URLSearchParams, body?: Json): DeleteOptions {
  const raw = body === undefined ? optionsOfQuery(query) : optionsOfBody(body);
  const errors = deleteOptionErrors(raw);
  if (errors.length > 0) throw invalid('meta.k8s.io', 'DeleteOptions', '', errors);
  const { gracePeriodSeconds, orphanDependents, uid, resourceVersion } = raw;
  let policy = raw.propagationPolicy as PropagationPolicy | undefined;
  if (orphanDependents !== undefined) policy = orphanDependents ? 'Orphan' : 'Background';
  return {
    dryRun: raw.dryRun.length > 0,
    ...(gracePeriodSeconds !== undefined && {
      gracePeriodSeconds: gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds,
    }),
    ...(policy !== undefined && { propagationPolicy: policy }),
    ...(orphanDependents !== undefined && { orphanDependents }),
    ...((uid !== undefined || resourceVersion !== undefined) && {
      preconditions: {
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
    }),
  };
}

function optionsOfQuery(query: URLSearchParams): RawDeleteOptions {
  return {
    dryRun: query.getAll('dryRun'),
    gracePeriodSeconds: queryInteger(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: queryBoolean(query, 'orphanDependents'),
    uid: query.get('uid') || undefined,
    resourceVersion: query.get('resourceVersion') || undefined,
  };
}

function wrongType(value: Json, field: string, type: string): StatusError {
  const found = typeof value === 'number' ? `number ${value}` : goJsonType(value);
  return badRequest(
    `json: cannot unmarshal ${found} into Go struct field DeleteOptions.${field} of type ${type}`,
  );
}

/** A field of one type; null counts as absent. */
function typedField<T extends Json>(
  object: JsonObject,
  name: string,
  expected: { goType: string; path?: string; is: (value: Json) => value is T },
): T | undefined {
  const value = ownField(object, name);
  if (value === undefined || value === null) return undefined;
  if (!expected.is(value)) throw wrongType(value, expected.path ?? name, expected.goType);
  return value;
}

const isText = (value: Json) => typeof value === 'string';
const isFlag = (value: Json) => typeof value === 'boolean';
const isInteger = (value: Json): value is number => Number.isSafeInteger(value);
const isTextList = (value: Json): value is string[] => Array.isArray(value) && value.every(isText);

function optionsOfBody(body: Json): RawDeleteOptions {
  if (!isJsonObject(body)) {
    throw badRequest(`json: cannot unmarshal ${goJsonType(body)} into Go value of type v1.DeleteOptions`);
  }
  const kind = typedField(body, 'kind', { goType: 'string', is: isText }) ?? 'DeleteOptions';
  if (kind !== 'DeleteOptions') {
    const version = typedField(body, 'apiVersion', { goType: 'string', is: isText }) ?? '';
    throw badRequest(
      `no kind ${goQuote(kind)} is registered for version ${goQuote(version)} as options of a delete`,
    );
  }
  const preconditions =
    typedField(body, 'preconditions', { goType: 'v1.Preconditions', is: isJsonObject }) ?? {};
  const precondition = (name: string, goType: string) =>
    typedField(preconditions, name, { goType, path: `preconditions.${name}`, is: isText });
  return {
    dryRun: typedField(body, 'dryRun', { goType: '[]string', is: isTextList }) ?? [],
    gracePeriodSeconds: typedField(body, 'gracePeriodSeconds', { goType: 'int64', is: isInteger }),
    propagationPolicy: typedField(body, 'propagationPolicy', {
      goType: 'v1.DeletionPropagation',
      is: isText,
    }),
    orphanDependents: typedField(body, 'orphanDependents', { goType: 'bool', is: isFlag }),
    uid: precondition('uid', 'types.UID'),
    resourceVersion: precondition('resourceVersion', 'string'),
  };
}

function deleteOptionErrors(raw: RawDeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  const { propagationPolicy: value } = raw;
  const field = 'propagationPolicy';
  if (value !== undefined && raw.orphanDependents !== undefined) {
    const detail = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push({ type: 'Invalid', field, value, detail });
  }
  if (value !== undefined && !policies.includes(value)) {
    errors.push(notSupported(field, value, [...policies, 'nil']));
  }
  return [...errors, ...dryRunErrors(raw.dryRun)];
}
