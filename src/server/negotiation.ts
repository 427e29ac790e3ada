import { StatusError } from '../machinery/status.ts';
import { applyType } from '../registry/apply.ts';
import { type PatchType, patchTypes } from '../registry/patch.ts';
import { type AcceptClause, clauseMatches, mediaTypeOf, parseAccept } from './media-type.ts';

/** The media types that objects are served and read in. Protobuf and CBOR are not spoken. */
export const objectMediaTypes = ['application/json', 'application/yaml'] as const;
export type ObjectMediaType = (typeof objectMediaTypes)[number];

/** What a PATCH may send, in the order in which a 415 lists it. CBOR is not spoken. */
const patchMediaTypes = [...patchTypes, applyType] as const;

/** Another form of the answer that the client asked for with `as=`, of meta.k8s.io/v1 or v1beta1. */
export interface Transform {
  kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  version: 'v1' | 'v1beta1';
}

/** What an answer is written as. */
export interface Negotiated {
  mediaType: ObjectMediaType;
  pretty: boolean;
  transform?: Transform;
}

/** The parts of a request that negotiation looks at. */
export interface NegotiationInput {
  accept: string | undefined;
  userAgent: string | undefined;
  query: URLSearchParams;
}

/** What is answered: one object, a list, a watch, or a result that no transform applies to. */
export type AnswerShape = 'object' | 'list' | 'watch' | 'plain';

/**
 * Chooses how to answer: the best Accept clause that can be served, with its parameters (kube-apiserver's
 * NegotiateMediaTypeOptions). No Accept header means JSON. Throws a 406 StatusError when no clause can be served,
 * or when `as=` asks for the form of a list for one object or the other way round.
 */
export function negotiate(input: NegotiationInput, shape: AnswerShape, kind = ''): Negotiated {
  const pretty = wantsPretty(input);
  if (!input.accept?.trim()) return { mediaType: 'application/json', pretty };
  for (const clause of parseAccept(input.accept)) {
    const mediaType = mediaTypeFor(clause, shape);
    const transform = transformOf(clause);
    if (!mediaType || transform === 'unknown' || clause.parameters.has('sv')) continue;
    if ((clause.parameters.get('stream') ?? 'watch') !== 'watch') continue;
    if (transform && shape !== 'plain') checkTransform(transform, shape, kind);
    return {
      mediaType,
      pretty: pretty || clause.parameters.get('pretty') === '1',
      ...(transform && shape !== 'plain' && { transform }),
    };
  }
  const served = shape === 'watch' ? ['application/json;stream=watch'] : objectMediaTypes;
  throw notAcceptable(`only the following media types are accepted: ${served.join(', ')}`);
}

/** How to write an error: as the client asked, and JSON where that cannot be told. */
export function negotiateError(input: NegotiationInput): Negotiated {
  try {
    return negotiate(input, 'plain');
  } catch {
    return { mediaType: 'application/json', pretty: wantsPretty(input) };
  }
}

/** Whether plain JSON is acceptable; for documents that exist in JSON only (OpenAPI). */
export function acceptsJson(accept: string | undefined): boolean {
  if (!accept?.trim()) return true;
  return parseAccept(accept).some(clause => clauseMatches(clause, 'application/json'));
}

/** The media type of a request body; absent means JSON. Throws the 415 StatusError for one that is not read. */
export function bodyMediaType(contentType: string | undefined): ObjectMediaType {
  const mediaType = mediaTypeOf(contentType) || 'application/json';
  const known = objectMediaTypes.find(type => type === mediaType);
  if (!known) throw unsupportedMediaType(objectMediaTypes);
  return known;
}

/** The patch type of a PATCH body. Throws the 415 StatusError that lists the types that are read. */
export function patchTypeOf(contentType: string | undefined): PatchType | typeof applyType {
  const mediaType = mediaTypeOf(contentType);
  const known = patchMediaTypes.find(type => type === mediaType);
  if (!known) throw unsupportedMediaType(patchMediaTypes);
  return known;
}

/** YAML has no framing for a stream of events. */
function mediaTypeFor(clause: AcceptClause, shape: AnswerShape): ObjectMediaType | undefined {
  return objectMediaTypes.find(
    type => clauseMatches(clause, type) && (type === 'application/json' || shape !== 'watch'),
  );
}

/** The transform that a clause asks for, if any; 'unknown' for one that does not exist. */
function transformOf(clause: AcceptClause): Transform | 'unknown' | undefined {
  const kind = clause.parameters.get('as');
  if (kind === undefined) return undefined;
  const version = clause.parameters.get('v');
  if (clause.parameters.get('g') !== 'meta.k8s.io') return 'unknown';
  if (version !== 'v1' && version !== 'v1beta1') return 'unknown';
  if (kind !== 'Table' && kind !== 'PartialObjectMetadata' && kind !== 'PartialObjectMetadataList') {
    return 'unknown';
  }
  return { kind, version };
}

function checkTransform(transform: Transform, shape: AnswerShape, kind: string): void {
  if (transform.kind === 'PartialObjectMetadata' && shape === 'list') {
    throw notAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (${kind}List)`,
    );
  }
  if (transform.kind === 'PartialObjectMetadataList' && shape !== 'list') {
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (${kind})`,
    );
  }
}

/** The query parameter decides; without it, tools that a person looks at get two-space indentation. */
function wantsPretty({ query, userAgent }: NegotiationInput): boolean {
  const asked = query.get('pretty');
  if (asked) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent ?? '');
}

function notAcceptable(message: string): StatusError {
  return new StatusError('NotAcceptable', message);
}

function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}
