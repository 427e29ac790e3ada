import { parseGoDuration } from './duration.ts';
import { fieldManagerErrors, fieldManagerOfUserAgent } from './field-manager.ts';
import { goQuote } from './go-text.ts';
import { dryRunErrors, notSupported } from './option-errors.ts';
import { queryBoolean, queryInteger, queryText } from './query.ts';
import { badRequest, type FieldError, invalid, type StatusError } from './status.ts';

export { type DeleteOptions, type PropagationPolicy, parseDeleteOptions } from './delete-options.ts';

/** Options of list, watch and deletecollection. Texts are empty where the client did not give them. */
export interface ListOptions {
  labelSelector: string;
  fieldSelector: string;
  /** 0: no limit. */
  limit: number;
  continue: string;
  resourceVersion: string;
  resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  watch: boolean;
  allowWatchBookmarks: boolean;
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export interface WriteOptions {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

export interface PatchOptions extends WriteOptions {
  /** Only for apply: take over fields that other managers own. */
  force?: boolean;
}

function invalidOptions(kind: string, errors: FieldError[]): StatusError {
  return invalid('meta.k8s.io', kind, '', errors);
}

/**
 * Options of list, watch and deletecollection (machinery.md §2.5 to §2.7). The selectors stay text: the kind says
 * which fields it can be selected by. Throws StatusError 400 for numbers that are none, 422 for combinations that are
 * forbidden.
 */
export function parseListOptions(query: URLSearchParams): ListOptions {
  const sendInitialEvents = queryBoolean(query, 'sendInitialEvents');
  const timeoutSeconds = queryInteger(query, 'timeoutSeconds');
  const options: ListOptions = {
    labelSelector: queryText(query, 'labelSelector'),
    fieldSelector: queryText(query, 'fieldSelector'),
    limit: Math.max(0, queryInteger(query, 'limit') ?? 0),
    continue: queryText(query, 'continue'),
    resourceVersion: queryText(query, 'resourceVersion'),
    resourceVersionMatch: queryText(query, 'resourceVersionMatch') as ListOptions['resourceVersionMatch'],
    watch: queryBoolean(query, 'watch') ?? false,
    allowWatchBookmarks: queryBoolean(query, 'allowWatchBookmarks') ?? false,
    ...(sendInitialEvents !== undefined && { sendInitialEvents }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  };
  const errors = options.watch ? watchOptionErrors(options) : listOptionErrors(options);
  if (errors.length > 0) throw invalidOptions('ListOptions', errors);
  return options;
}

function forbiddenOption(field: string, detail: string): FieldError {
  return { type: 'Forbidden', field, detail };
}

function listOptionErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  const forbid = (detail: string) => errors.push(forbiddenOption('resourceVersionMatch', detail));
  if (match !== '') {
    if (options.resourceVersion === '') {
      forbid('resourceVersionMatch is forbidden unless resourceVersion is provided');
    }
    if (options.continue !== '') forbid('resourceVersionMatch is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && options.resourceVersion === '0') {
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbiddenOption('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function watchOptionErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  const forbid = (detail: string) => errors.push(forbiddenOption('resourceVersionMatch', detail));
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    forbid('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (match !== '') {
    if (options.sendInitialEvents === undefined) {
      forbid('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    }
    if (match !== 'NotOlderThan') {
      errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    }
  }
  // A watch from no version is taken for one that begins with what there is, and so has a match.
  const startsWithAll = options.resourceVersion === '' || options.resourceVersion === '0';
  const hasMatch = match !== '' || (startsWithAll && options.sendInitialEvents === undefined);
  if (hasMatch && options.continue !== '') {
    forbid('resourceVersionMatch is forbidden when continue is provided');
  }
  return errors;
}

/** Options of a get: the resourceVersion that the answer must not be older than; empty for the newest. */
export function parseGetOptions(query: URLSearchParams): { resourceVersion: string } {
  return { resourceVersion: queryText(query, 'resourceVersion') };
}

/** Options of a create (machinery.md §2.5). Throws StatusError 422. */
export function parseCreateOptions(query: URLSearchParams, userAgent: string): WriteOptions {
  return parseWriteOptions('CreateOptions', query, userAgent, []);
}

/** Options of an update (machinery.md §2.5). Throws StatusError 422. */
export function parseUpdateOptions(query: URLSearchParams, userAgent: string): WriteOptions {
  return parseWriteOptions('UpdateOptions', query, userAgent, []);
}

/**
 * Options of a patch (machinery.md §2.5). Server-side apply needs a fieldManager, and only it may be forced.
 * Throws StatusError 422.
 */
export function parsePatchOptions(query: URLSearchParams, userAgent: string, isApply = false): PatchOptions {
  const force = queryBoolean(query, 'force');
  const errors: FieldError[] = [];
  if (isApply && queryText(query, 'fieldManager') === '') {
    errors.push({ type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' });
  }
  if (!isApply && force !== undefined) {
    errors.push(forbiddenOption('force', 'may not be specified for non-apply patch'));
  }
  const options = parseWriteOptions('PatchOptions', query, userAgent, errors);
  return { ...options, ...(force !== undefined && { force }) };
}

function parseWriteOptions(
  kind: string,
  query: URLSearchParams,
  userAgent: string,
  errors: FieldError[],
): WriteOptions {
  const fieldManager = queryText(query, 'fieldManager');
  const fieldValidation = queryText(query, 'fieldValidation');
  const dryRun = query.getAll('dryRun');
  const all = [
    ...errors,
    ...fieldManagerErrors(fieldManager, 'fieldManager'),
    ...dryRunErrors(dryRun),
    ...(['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)
      ? []
      : [notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn'])]),
  ];
  if (all.length > 0) throw invalidOptions(kind, all);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: fieldManager || fieldManagerOfUserAgent(userAgent),
    fieldValidation: (fieldValidation || 'Warn') as WriteOptions['fieldValidation'],
  };
}

/** What a Table carries of each object (`includeObject`). Throws the StatusError 400 for an unknown value. */
export function parseIncludeObject(query: URLSearchParams): 'Metadata' | 'Object' | 'None' {
  const value = queryText(query, 'includeObject') || 'Metadata';
  if (value === 'Metadata' || value === 'Object' || value === 'None') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(value)}: ` +
      "must be 'Metadata', 'Object', 'None', or empty",
  );
}

/** The deadline that the client asks for (`timeout`, a Go duration), in milliseconds. Throws the StatusError 400. */
export function parseTimeoutMs(query: URLSearchParams): number | undefined {
  const text = queryText(query, 'timeout');
  if (text === '') return undefined;
  try {
    const timeoutMs = parseGoDuration(text);
    return timeoutMs > 0 ? timeoutMs : undefined;
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${(error as Error).message}`);
  }
}
