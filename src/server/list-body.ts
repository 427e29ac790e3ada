import { encode } from '../machinery/encode.ts';
import type { JsonObject } from '../machinery/json.ts';
import { Slice } from '../machinery/slice.ts';
import type { Exchange } from './exchange.ts';
import { createIndenter } from './indent.ts';
import type { Negotiated } from './negotiation.ts';
import { yamlCaller } from './respond.ts';
import { sendSlices, sliceBytes } from './slices.ts';
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
  /** Length of the JSON of the largest object. */
  largest: number;
  /** Whether items are made of the objects, and are not bytes that the cache has. */
  isMade: boolean;
}

const bytesPerItem = 8;
/** What the YAML of an item takes while it is made and sent, as a multiple of its JSON: its text, and its bytes. */
const yamlFactor = 3;

/**
 * Answers 200 with a list of any size: joined from the items' bytes in slices, which are made as the client takes them.
 * Resolves when it is out or the client has gone; throws as `sendSlices` does.
 */
export async function sendList(exchange: Exchange, document: ListDocument, as: Negotiated): Promise<void> {
  const isYaml = as.mediaType === 'application/yaml';
  const copies = isYaml ? yamlFactor : document.isMade ? 1 : 0;
  await sendSlices(exchange, 200, as.mediaType, {
    slices: isYaml ? yamlSlices(document, exchange) : jsonSlices(document, as.pretty),
    bytes: document.count * bytesPerItem + document.largest * copies,
  });
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

const empty = Buffer.alloc(0);
const comma = Buffer.from(',');
const newline = Buffer.from('\n');
const jsonEnd = Buffer.from(']}');
