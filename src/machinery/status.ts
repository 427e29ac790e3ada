import { limits } from '../limits.ts';
import { cut, cutJson } from './cut.ts';
import { ExpectedError } from './expected-error.ts';
import { goQuote } from './go-text.ts';
import type { JsonObject } from './json.ts';

/**
 * The catalogue of errors that the server answers with, as Kubernetes Status objects (meta/v1 Status).
 * `docs/reference/errors.md` is generated from it. Clients switch on `reason` first and on the code second.
 */
export const errorCatalogue = {
  BadRequest: { code: 400, when: 'The request or its body cannot be understood.' },
  Unauthorized: { code: 401, when: 'A credential was presented and is not valid.' },
  Forbidden: { code: 403, when: 'The user is known but may not do this.' },
  NotFound: { code: 404, when: 'There is no such object, resource or path.' },
  MethodNotAllowed: { code: 405, when: 'The resource exists but not this verb on it.' },
  NotAcceptable: { code: 406, when: 'None of the accepted media types can be served.' },
  AlreadyExists: { code: 409, when: 'An object of this name exists.' },
  Conflict: {
    code: 409,
    when: 'The object was changed since it was read, a precondition does not hold, or other objects depend on it.',
  },
  Gone: { code: 410, when: 'The thing asked for is no longer there.' },
  Expired: { code: 410, when: 'A resourceVersion or continue token is older than the history kept.' },
  RequestEntityTooLarge: { code: 413, when: 'The body, or what it asks for, is larger than a limit.' },
  UnsupportedMediaType: { code: 415, when: 'The Content-Type of the body is not one the server reads.' },
  Invalid: {
    code: 422,
    when: 'The object was understood but breaks rules; details.causes lists all of them.',
  },
  TooManyRequests: { code: 429, when: 'Too much is in flight; try again after Retry-After seconds.' },
  InternalError: { code: 500, when: 'The server failed; its log says why.' },
  ServerTimeout: {
    code: 500,
    when: 'The operation could not be completed at this time; it can be tried again.',
  },
  ServiceUnavailable: { code: 503, when: 'The server or its datastore cannot serve just now; try again.' },
  Timeout: { code: 504, when: 'The request did not complete in its time.' },
} as const;

export type StatusReason = keyof typeof errorCatalogue;

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: StatusReason;
  details?: StatusDetails;
  code: number;
}

/** A resource within its group; printed as `<resource>.<group>`. */
export interface GroupResource {
  group: string;
  resource: string;
}

/** The details of a Status, however long the names and texts are that they hold. */
function boundedDetails(details: StatusDetails): StatusDetails {
  const { name, causes, ...rest } = details;
  let room = limits.maxStatusCharacters;
  const told = causes?.map(boundedCause).filter(({ message = '', field = '' }) => {
    room -= message.length + field.length;
    return room >= 0;
  });
  return { ...(name !== undefined && { name: cut(name) }), ...rest, ...(told && { causes: told }) };
}

function boundedCause(cause: StatusCause): StatusCause {
  const { message, field } = cause;
  return {
    ...cause,
    ...(message !== undefined && { message: cut(message, limits.maxStatusCharacters / 4) }),
    ...(field !== undefined && { field: cut(field) }),
  };
}

/**
 * An error that has an answer: thrown anywhere below the server, written by it as the Status it holds. Whatever a client sent that
 * stands in it, the Status is of a bounded size.
 */
export class StatusError extends ExpectedError {
  readonly status: Status;

  constructor(
    reason: StatusReason,
    whole: string,
    details?: StatusDetails,
    listMeta: { continue?: string } = {},
  ) {
    const message = cut(whole, limits.maxStatusCharacters);
    super(message);
    this.name = 'StatusError';
    const code = errorCatalogue[reason].code;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: listMeta,
      status: 'Failure',
      message,
      reason,
      ...(details && { details: boundedDetails(details) }),
      code,
    };
  }
}

/** The types of field errors that Kubernetes knows, with the text printed and the cause reason sent. */
export const fieldErrorTypes = {
  Required: { text: 'Required value', cause: 'FieldValueRequired' },
  Invalid: { text: 'Invalid value', cause: 'FieldValueInvalid' },
  TypeInvalid: { text: 'Invalid value', cause: 'FieldValueTypeInvalid' },
  NotSupported: { text: 'Unsupported value', cause: 'FieldValueNotSupported' },
  Duplicate: { text: 'Duplicate value', cause: 'FieldValueDuplicate' },
  Forbidden: { text: 'Forbidden', cause: 'FieldValueForbidden' },
  NotFound: { text: 'Not found', cause: 'FieldValueNotFound' },
  TooLong: { text: 'Too long', cause: 'FieldValueTooLong' },
  TooShort: { text: 'Too short', cause: 'FieldValueTooShort' },
  TooMany: { text: 'Too many', cause: 'FieldValueTooMany' },
  TooFew: { text: 'Too few', cause: 'FieldValueTooFew' },
  Internal: { text: 'Internal error', cause: 'InternalError' },
} as const;

/** One broken rule: `field` is the path as the user wrote it, e.g. `spec.ingress[0].action`. */
export interface FieldError {
  type: keyof typeof fieldErrorTypes;
  field: string;
  /** The offending value; printed, if given, except for Required, Forbidden, TooLong, TooShort and Internal. */
  value?: unknown;
  detail?: string;
  /** What may have been meant: `did you mean "Allow"?`. Told in details.causes only: the message stays upstream's. */
  hint?: string;
}

const valueOmitted = new Set<FieldError['type']>([
  'Required',
  'Forbidden',
  'TooLong',
  'TooShort',
  'Internal',
]);

/** A value as field errors print it: strings quoted, numbers and booleans bare, the rest compact JSON. */
function printValue(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return goQuote(value);
  return cutJson(value);
}

/** The text of a field error without the field: `Invalid value: "x": must be …` (apimachinery field.Error). */
export function fieldErrorBody(error: FieldError): string {
  const parts: string[] = [fieldErrorTypes[error.type].text];
  if (!valueOmitted.has(error.type) && 'value' in error) parts.push(printValue(error.value));
  if (error.detail) parts.push(cut(error.detail, 2 * limits.maxQuotedCharacters));
  return parts.join(': ');
}

/** Field errors as the causes of a Status, hints included. The same one is told once. */
export function causesOf(errors: FieldError[]): StatusCause[] {
  const causes = new Map<string, StatusCause>();
  for (const error of errors) {
    const { cause: reason } = fieldErrorTypes[error.type];
    const body = fieldErrorBody(error);
    const cause = { reason, message: error.hint ? `${body}; ${error.hint}` : body, field: cut(error.field) };
    const key = JSON.stringify(cause);
    if (!causes.has(key)) causes.set(key, cause);
  }
  return [...causes.values()];
}

/** 400 with a message of its own: the request or its body cannot be understood. */
export function badRequest(message: string, details?: StatusDetails): StatusError {
  return new StatusError('BadRequest', message, details);
}

/** 401: a credential was presented and is not valid. */
export function unauthorized(): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized');
}

/** 403 for a resource (`gr` given) or a path. `message` is the sentence after "is forbidden: ". */
export function forbidden(gr: GroupResource | undefined, name: string, message: string): StatusError {
  if (!gr) return new StatusError('Forbidden', `forbidden: ${message}`, {});
  const subject = name ? `${gr.resource}.${gr.group} ${goQuote(name)}` : `${gr.resource}.${gr.group}`;
  return new StatusError('Forbidden', `${subject} is forbidden: ${message}`, objectDetails(gr, name));
}

/** 404 for one object of a resource. */
export function notFound(gr: GroupResource, name: string): StatusError {
  const resource = gr.group ? `${gr.resource}.${gr.group}` : gr.resource;
  return new StatusError('NotFound', `${resource} ${goQuote(name)} not found`, objectDetails(gr, name));
}

/** 404 for a path under the served group that names no resource. */
export function resourceNotFound(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}

/** 405 by the router, for a method that no handler takes. */
export function methodNotAllowed(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** 405 for a verb that a resource never takes (apimachinery NewMethodNotSupported). */
export function methodNotSupported(gr: GroupResource, verb: string): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(`${gr.resource}.${gr.group}`)}`,
    objectDetails(gr, ''),
  );
}

/** 409 for a create of a name that exists. */
export function alreadyExists(gr: GroupResource, name: string): StatusError {
  const message = `${gr.resource}.${gr.group} ${goQuote(name)} already exists`;
  return new StatusError('AlreadyExists', message, objectDetails(gr, name));
}

/** 409 for a write that does not fit the object as it is stored; `why` ends the sentence. */
export function conflict(gr: GroupResource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${gr.resource}.${gr.group} ${goQuote(name)}: ${why}`;
  return new StatusError('Conflict', message, objectDetails(gr, name));
}

/** The reason that a stale metadata.resourceVersion is answered with, to the letter. */
export const staleWrite =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 410 for a resourceVersion or continue token older than the history; the token given goes on inconsistently. */
export function expired(message: string, continueToken?: string): StatusError {
  return new StatusError('Expired', message, undefined, continueToken ? { continue: continueToken } : {});
}

/** 413 for a body, or for what it asks for. */
export function requestEntityTooLarge(detail: string): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: ${detail}`);
}

/** 422: every broken rule of an object (`kind` is its Kind) or of request options (`kind` is e.g. ListOptions). */
export function invalid(group: string, kind: string, name: string, errors: FieldError[]): StatusError {
  const texts = errors.map(error => `${cut(error.field)}: ${fieldErrorBody(error)}`);
  const distinct = [...new Set(texts)];
  const listed = distinct.length === 1 ? distinct[0] : `[${distinct.join(', ')}]`;
  const causes = causesOf(errors);
  const subject = group ? `${kind}.${group}` : kind;
  return new StatusError('Invalid', `${subject} ${goQuote(name)} is invalid: ${listed}`, {
    ...(name && { name }),
    ...(group && { group }),
    ...(kind && { kind }),
    causes,
  });
}

/** 429; clients wait retryAfterSeconds. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError('TooManyRequests', message, { retryAfterSeconds });
}

/** 500 for a failure of the server, with the cause in the message and the details. */
export function internalError(cause: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${cause}`, {
    causes: [{ message: cause }],
  });
}

/** 503 while the server or its datastore cannot serve. */
export function serviceUnavailable(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(
    'ServiceUnavailable',
    message,
    retryAfterSeconds ? { retryAfterSeconds } : undefined,
  );
}

/** 504 for a request that did not complete in its time. */
export function timeout(detail: string, retryAfterSeconds = 0): StatusError {
  return new StatusError('Timeout', `Timeout: ${detail}`, retryAfterSeconds ? { retryAfterSeconds } : {});
}

/** 504 for a resourceVersion ahead of the store; client-go knows it by the cause and lists anew. */
export function tooLargeResourceVersion(wanted: number | string, current: number): StatusError {
  return new StatusError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** The answer to a delete that removed the object. */
export function deleted(gr: GroupResource, name: string, uid: string): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, group: gr.group, kind: gr.resource, uid },
  };
}

function objectDetails(gr: GroupResource, name: string): StatusDetails {
  return { ...(name && { name }), ...(gr.group && { group: gr.group }), kind: gr.resource };
}
