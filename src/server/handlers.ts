import { group, type Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import { type DecodableMediaType, type Decoded, DecodeError, decodeInSteps } from '../machinery/decode.ts';
import { parseDeleteOptions } from '../machinery/delete-options.ts';
import { encode } from '../machinery/encode.ts';
import { envelopeProblem, envelopeUnread } from '../machinery/envelope.ts';
import {
  parseCreateOptions,
  parseGetOptions,
  parseListOptions,
  parsePatchOptions,
  parseUpdateOptions,
} from '../machinery/options.ts';
import { Slice } from '../machinery/slice.ts';
import { badRequest, deleted, requestEntityTooLarge } from '../machinery/status.ts';
import { inSlices } from '../machinery/steps.ts';
import { applyType } from '../registry/apply.ts';
import type { RequestContext } from '../registry/context.ts';
import type { Clock } from './clock.ts';
import { type Exchange, negotiationInput } from './exchange.ts';
import { sendJson } from './json-body.ts';
import { sendList } from './list-body.ts';
import { bodyMediaType, negotiate, patchTypeOf } from './negotiation.ts';
import type { Route } from './routes.ts';
import { eventEncoder, listRenderer, objectRenderer } from './transform.ts';
import { type WatchStreams, watchLifeSeconds } from './watch-stream.ts';

/** What the handlers of resources need beyond the exchange. */
export interface HandlerOptions {
  maxWatchBufferBytes: number;
  minWatchSeconds: number;
  watches: WatchStreams;
  clock: Clock;
  /** Asks whether the user may create what a request names that is no create itself. Throws 403. */
  authorizeCreate(exchange: Exchange): Promise<void>;
  /** Takes a place among the requests in flight until the exchange ends. Throws a 429. */
  takePlace(exchange: Exchange): Promise<void>;
  /** Counts a write of events of the resource. */
  onEvents(plural: string): void;
}

type Handler = (exchange: Exchange, route: Route, options: HandlerOptions) => Promise<void>;

/**
 * Serves one request for a resource. The order of the steps decides which error a client with several sees (machinery.md §3.1):
 * form of the answer, type of the body, its size, options, then the body itself.
 */
export async function handleResource(
  exchange: Exchange,
  route: Route,
  options: HandlerOptions,
): Promise<void> {
  await handlers[route.action](exchange, route, options);
}

const handlers: Record<Route['action'], Handler> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
};

async function get(exchange: Exchange, { resource, namespace, name }: Route): Promise<void> {
  const { kind } = resource;
  const as = negotiate(negotiationInput(exchange), 'object', kind.kind);
  const render = objectRenderer(kind, as.transform, exchange.query);
  const entry = await resource.get(namespace, name, parseGetOptions(exchange.query));
  await sendJson(exchange, 200, as.transform ? render(entry.object()) : entry.json, as);
}

async function list(exchange: Exchange, { resource, namespace }: Route): Promise<void> {
  const as = negotiate(negotiationInput(exchange), 'list', resource.kind.kind);
  const render = listRenderer(resource.kind, as.transform, exchange.query);
  const options = parseListOptions(exchange.query);
  const { entries, ...metadata } = await resource.list(namespace, options, exchange.abort.signal);
  await sendList(exchange, render(entries, metadata), as);
}

async function watch(exchange: Exchange, route: Route, options: HandlerOptions): Promise<void> {
  const { resource, namespace, name } = route;
  const { kind } = resource;
  const as = negotiate(negotiationInput(exchange), 'watch', kind.kind);
  const encoder = eventEncoder(kind, as.transform, exchange.query);
  const listOptions = parseListOptions(watchQuery(exchange.query, name));
  const timeoutSeconds = watchLifeSeconds(listOptions.timeoutSeconds, options.minWatchSeconds, options.clock);
  const start = await resource.watch(namespace, { ...listOptions, timeoutSeconds }, encoder);
  options.watches.start(exchange, start, {
    lifeMs: timeoutSeconds * 1000,
    maxBufferBytes: options.maxWatchBufferBytes,
    clock: options.clock,
    onEvents: () => options.onEvents(kind.plural),
  });
}

/** The query of a watch; the old path /watch/… says in its words what the query otherwise does. */
function watchQuery(query: URLSearchParams, name: string): URLSearchParams {
  const asked = new URLSearchParams(query);
  asked.set('watch', 'true');
  if (!name) return asked;
  const present = query.get('fieldSelector');
  const byName = `metadata.name=${name.replaceAll(/[\\,=]/g, '\\$&')}`;
  asked.set('fieldSelector', present ? `${present},${byName}` : byName);
  return asked;
}

/** What a request with an object in its body asks for. Each step may refuse it, in the order of upstream (machinery.md §3.1). */
async function readWrite(
  exchange: Exchange,
  { resource: { kind } }: Route,
  handlerOptions: HandlerOptions,
  parseOptions: typeof parseCreateOptions,
) {
  const { request, query, userAgent } = exchange;
  const as = negotiate(negotiationInput(exchange), 'object', kind.kind);
  const render = objectRenderer(kind, as.transform, query);
  const mediaType = bodyMediaType(request.headers['content-type']);
  const bytes = await bodyOf(exchange, handlerOptions);
  const options = parseOptions(query, userAgent);
  return { as, render, options, body: await decodeBody(exchange, bytes, mediaType, kind) };
}

/** The whole body of a request, and a place in which to handle it. Throws what receiveBody tells of, and 429. */
async function bodyOf(exchange: Exchange, { takePlace }: HandlerOptions): Promise<Buffer> {
  const bytes = (await exchange.body) ?? Buffer.alloc(0);
  await takePlace(exchange);
  exchange.answers.mustHaveRoom(exchange);
  return bytes;
}

async function create(exchange: Exchange, route: Route, handlerOptions: HandlerOptions): Promise<void> {
  const { resource, namespace } = route;
  const { as, render, options, body } = await readWrite(exchange, route, handlerOptions, parseCreateOptions);
  const object = await resource.create(contextOf(exchange), namespace, body, options);
  await sendJson(exchange, 201, render(object), as);
}

async function update(exchange: Exchange, route: Route, handlerOptions: HandlerOptions): Promise<void> {
  const { resource } = route;
  const { as, render, options, body } = await readWrite(exchange, route, handlerOptions, parseUpdateOptions);
  const object = await resource.update(contextOf(exchange), route, body, options);
  await sendJson(exchange, 200, render(object), as);
}

async function patch(exchange: Exchange, route: Route, handlerOptions: HandlerOptions): Promise<void> {
  const { resource } = route;
  const { request, query, userAgent } = exchange;
  const type = patchTypeOf(request.headers['content-type']);
  const as = negotiate(negotiationInput(exchange), 'object', resource.kind.kind);
  const render = objectRenderer(resource.kind, as.transform, query);
  const bytes = await bodyOf(exchange, handlerOptions);
  const options = parsePatchOptions(query, userAgent, type === applyType);
  const context = contextOf(exchange);
  if (type !== applyType) {
    const body = await decodePatch(exchange, bytes);
    const object = await resource.patch(context, route, { type, body }, options);
    await sendJson(exchange, 200, render(object), as);
    return;
  }
  const configuration = await decodeConfiguration(exchange, bytes);
  const { object, created } = await resource.apply(context, route, configuration, {
    ...options,
    force: options.force === true,
    authorizeCreate: () => handlerOptions.authorizeCreate(exchange),
  });
  await sendJson(exchange, created ? 201 : 200, render(object), as);
}

/** 200 with a Status when the object is gone; with the object while finalizers hold it, 202 if the client chose not to wait for dependents. */
async function remove(exchange: Exchange, route: Route, handlerOptions: HandlerOptions): Promise<void> {
  const { resource, namespace, name } = route;
  const { kind } = resource;
  const as = negotiate(negotiationInput(exchange), 'object', kind.kind);
  const render = objectRenderer(kind, as.transform, exchange.query);
  const options = await deleteOptions(exchange, handlerOptions);
  const { object, removed } = await resource.delete(namespace, name, options);
  if (removed) {
    const status = deleted({ group, resource: kind.plural }, name, object.metadata.uid ?? '');
    await sendJson(exchange, 200, encode(status), as);
    return;
  }
  const code = options.orphanDependents === false ? 202 : 200;
  await sendJson(exchange, code, render(object), as);
}

async function removeCollection(
  exchange: Exchange,
  { resource, namespace }: Route,
  handlerOptions: HandlerOptions,
): Promise<void> {
  const { kind } = resource;
  const as = negotiate(negotiationInput(exchange), 'list', kind.kind);
  const render = listRenderer(kind, as.transform, exchange.query);
  const options = await deleteOptions(exchange, handlerOptions);
  const listOptions = parseListOptions(exchange.query);
  const { entries, ...metadata } = await resource.deleteCollection(
    contextOf(exchange),
    namespace,
    options,
    listOptions,
  );
  await sendList(exchange, render(entries, metadata), as);
}

/** The options of a delete: from the body where there is one, else from the query. */
async function deleteOptions(
  exchange: Exchange,
  handlerOptions: HandlerOptions,
): Promise<ReturnType<typeof parseDeleteOptions>> {
  const { request, query } = exchange;
  const bytes = await bodyOf(exchange, handlerOptions);
  if (bytes.length === 0) return parseDeleteOptions(query);
  const mediaType = bodyMediaType(request.headers['content-type']);
  try {
    // A body of null is one that says nothing.
    const value = (await decodeAs(exchange, bytes, mediaType)).value ?? {};
    const problem = envelopeProblem(value, bytes.toString());
    if (problem !== undefined) throw badRequest(problem);
    return parseDeleteOptions(query, value);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(undecodable(error, mediaType));
    throw error;
  }
}

/** What the registry needs to know of the request. */
export function contextOf(exchange: Exchange): RequestContext {
  return { warn: text => exchange.warnings.add(text), signal: exchange.abort.signal };
}

async function decodeAs(
  { yaml, user, abort }: Exchange,
  bytes: Buffer,
  mediaType: DecodableMediaType,
): Promise<Decoded> {
  if (mediaType === 'application/json') {
    return inSlices(decodeInSteps(bytes, mediaType), new Slice(), abort.signal);
  }
  return yaml.read(bytes, { owner: user.name, signal: abort.signal });
}

async function decodeBody(
  exchange: Exchange,
  bytes: Buffer,
  mediaType: DecodableMediaType,
  kind: Kind,
): Promise<Decoded> {
  const unrecognized = (why: string) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): ${why} (${summary(bytes)})`,
    );
  try {
    const decoded = await decodeAs(exchange, bytes, mediaType);
    const problem = envelopeProblem(decoded.value, bytes.toString());
    if (problem !== undefined) throw unrecognized(problem);
    mustBeStorable(bytes, decoded);
    return decoded;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw unrecognized(undecodable(error, mediaType));
  }
}

/** kube-apiserver looks for version and kind first, and so meets the problems of the whole document there. */
function undecodable(error: DecodeError, mediaType: DecodableMediaType): string {
  return mediaType === 'application/json' ? envelopeUnread + error.message : error.message;
}

async function decodePatch(exchange: Exchange, bytes: Buffer): Promise<Decoded> {
  try {
    return await decodeAs(exchange, bytes, 'application/json');
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`error decoding patch: ${error.message}`);
  }
}

async function decodeConfiguration(exchange: Exchange, bytes: Buffer): Promise<Decoded> {
  try {
    const decoded = await decodeAs(exchange, bytes, 'application/yaml');
    mustBeStorable(bytes, decoded);
    return decoded;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  }
}

/** Refuses an object that is larger than any that is stored, before it is checked: that costs more the larger it is. Throws 413. */
function mustBeStorable(bytes: Buffer, { value }: Decoded): void {
  const { maxObjectBytes } = limits;
  if (bytes.length <= maxObjectBytes || Buffer.byteLength(encode(value)) <= maxObjectBytes) return;
  throw requestEntityTooLarge(`the object has more than ${maxObjectBytes} bytes`);
}

const summaryBytes = 30;

/** The beginning of a body that is no object, as kube-apiserver shows it: text where it looks like JSON, else hex. */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const start = bytes.subarray(0, summaryBytes);
  const text = bytes[0] === 0x7b ? start.toString('utf8') : start.toString('hex');
  return bytes.length > summaryBytes ? `${text} ...` : text;
}
