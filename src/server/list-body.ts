import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { limits } from '../limits.ts';
import { encode } from '../machinery/encode.ts';
import type { JsonObject } from '../machinery/json.ts';
import { Slice } from '../machinery/slice.ts';
import type { Exchange } from './exchange.ts';
import { createIndenter } from './indent.ts';
import type { Negotiated } from './negotiation.ts';
import { acceptsGzip, addVary, beginAnswer, gzipLevel, sendBytes, yamlCaller } from './respond.ts';
import { toYaml } from './yaml.ts';

/** A list as it is answered: a small head, and items that are JSON already. */
export interface ListDocument {
  /** The fields but the items, in order. */
  head: JsonObject;
  itemsField: 'items' | 'rows';
  /** Compact JSON of each item; made one by one as the answer is written. */
  items: Iterable<Buffer>;
  /** How many items there are. */
  count: number;
}

/** As much as is made of a list before its client takes it; items of this size are sent from where they lie. */
const sliceBytes = 64 * 1024;
/** What a list holds while it is sent: its slices on the way, and a place for each item. */
const listBytes = 4 * sliceBytes;
const bytesPerItem = 8;
/** What compressing it holds in addition (zlib: window and hash tables, and its output). */
const gzipBytes = 300 * 1024;

/**
 * Answers 200 with a list of any size: joined from the items' bytes in slices, at the pace at which the client reads,
 * so that neither memory nor the other requests suffer from a large one. Resolves when it is out or the client has gone.
 * Throws a 429 where the user's unsent answers have used up its share.
 */
export async function sendList(exchange: Exchange, document: ListDocument, as: Negotiated): Promise<void> {
  const slices =
    as.mediaType === 'application/yaml' ? yamlSlices(document, exchange) : jsonSlices(document, as.pretty);
  const first: Buffer[] = [];
  for (let size = 0; size <= limits.gzipMinBytes; size += first.at(-1)!.length) {
    const next = await slices.next();
    if (next.done) return await sendBytes(exchange, 200, as.mediaType, ...first);
    first.push(next.value);
  }
  await sendSlices(exchange, as.mediaType, document.count, prepend(first, slices));
}

async function sendSlices(
  exchange: Exchange,
  contentType: string,
  count: number,
  slices: AsyncIterable<Buffer>,
): Promise<void> {
  const compress = acceptsGzip(exchange);
  const answer = exchange.answers.open(exchange);
  answer.charge(listBytes + count * bytesPerItem + (compress ? gzipBytes : 0));
  if (!beginAnswer(exchange, 200, contentType)) return;
  const { request, response, abort } = exchange;
  if (compress) {
    response.setHeader('Content-Encoding', 'gzip');
    addVary(exchange, 'Accept-Encoding');
  }
  const write = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) if (!(await answer.write(chunk))) return;
    response.end();
  };
  try {
    if (request.method === 'HEAD') response.end();
    else if (!compress) await write(slices);
    else {
      const source = Readable.from(slices, { objectMode: false });
      await pipeline(source, createGzip({ level: gzipLevel }), write, { signal: abort.signal });
    }
  } catch (error) {
    if (!isBrokenStream(error)) throw error;
  }
}

/** Whether an answer broke off because the client has gone or its time is up; it is destroyed then. */
function isBrokenStream(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return /^(ERR_STREAM|ERR_HTTP2|ABORT_ERR|ECONNRESET|EPIPE)/.test(code);
}

/** Joins small items into slices; large ones are slices as they are. Always at least one slice. */
async function* jsonSlices(document: ListDocument, pretty: boolean): AsyncGenerator<Buffer, undefined> {
  const render = pretty ? createIndenter() : (slice: Buffer) => slice;
  const head = encode(document.head).slice(0, -1);
  let parts: Buffer[] = [Buffer.from(`${head},"${document.itemsField}":[`)];
  let size = parts[0]!.length;
  let separator = empty;
  const slice = new Slice();
  for (const item of document.items) {
    parts.push(separator);
    separator = comma;
    size += item.length + 1;
    if (slice.isOver) await slice.next();
    const isLarge = item.length >= sliceBytes;
    if (!isLarge) parts.push(item);
    if (size < sliceBytes) continue;
    yield render(Buffer.concat(parts));
    if (isLarge) {
      for (let at = 0; at < item.length; at += sliceBytes) {
        yield render(item.subarray(at, at + sliceBytes));
      }
    }
    parts = [];
    size = 0;
  }
  parts.push(jsonEnd);
  yield Buffer.concat([render(Buffer.concat(parts)), newline]);
  return undefined;
}

/** The same as YAML, with the keys of the list sorted; each item is rendered by itself. */
async function* yamlSlices(document: ListDocument, exchange: Exchange): AsyncGenerator<Buffer, undefined> {
  const keys = Object.keys(document.head).sort();
  const before = keys.filter(key => key < document.itemsField);
  const after = keys.filter(key => key > document.itemsField);
  let text = fieldsAsYaml(document.head, before);
  let empty = true;
  const slice = new Slice();
  for (const item of document.items) {
    if (empty) text += `${document.itemsField}:\n`;
    empty = false;
    text += asListItem((await exchange.yaml.write(item, yamlCaller(exchange))).toString());
    if (slice.isOver) await slice.next();
    if (text.length < sliceBytes) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (empty) text += `${document.itemsField}: []\n`;
  yield Buffer.from(text + fieldsAsYaml(document.head, after));
  return undefined;
}

function fieldsAsYaml(head: JsonObject, keys: string[]): string {
  return keys.map(key => toYaml({ [key]: head[key]! })).join('');
}

/** A mapping as an item of a sequence; a scalar's continuation lines move with it. */
function asListItem(yaml: string): string {
  const lines = yaml.replace(/\n$/, '').split('\n');
  return lines
    .map((line, at) => (line ? `${at === 0 ? '- ' : '  '}${line}` : ''))
    .join('\n')
    .concat('\n');
}

async function* prepend(first: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  yield* rest;
}

const empty = Buffer.alloc(0);
const comma = Buffer.from(',');
const newline = Buffer.from('\n');
const jsonEnd = Buffer.from(']}');
