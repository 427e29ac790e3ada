import { apiVersion, type Kind } from '../kinds/kind.ts';
import { encode } from '../machinery/encode.ts';
import type { JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { parseIncludeObject } from '../machinery/options.ts';
import { partialObjectMetadata, tableColumns, tableOf, tableRow } from '../machinery/table.ts';
import { topLevelField } from '../machinery/top-level-field.ts';
import type { CacheEntry } from '../watch/entry.ts';
import { type EventEncoder, eventLine, objectEncoder } from '../watch/stream.ts';
import type { ListDocument } from './list-body.ts';
import type { Transform } from './negotiation.ts';

/** An object with its JSON at hand. */
export type EncodedObject = Pick<CacheEntry, 'json' | 'object'>;

/** metadata of a list. */
export interface ListMetadata {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

type IncludeObject = 'Metadata' | 'Object' | 'None';

/**
 * How one object is answered: as it is, as a Table of one row or as its metadata (machinery.md §2.3).
 * Throws a 400 StatusError for an `includeObject` that does not exist, before anything has been done.
 */
export function objectRenderer(
  kind: Kind,
  transform: Transform | undefined,
  query: URLSearchParams,
): (object: ApiObject) => string {
  if (!transform) return object => encode(object);
  const { version } = transform;
  if (transform.kind !== 'Table') return object => encode(partialObjectMetadata(object, version));
  const includeObject = parseIncludeObject(query);
  return object => {
    const { resourceVersion } = object.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    return encode(tableOf([object], { columns: kind.columns, metadata, includeObject, version }));
  };
}

/** How a list is answered; the items are made from their bytes as the answer is written, which takes them out of `entries`. Throws as objectRenderer does. */
export function listRenderer(
  kind: Kind,
  transform: Transform | undefined,
  query: URLSearchParams,
): (entries: EncodedObject[], metadata: ListMetadata) => ListDocument {
  if (!transform) {
    return (entries, metadata) => ({
      head: { kind: `${kind.kind}List`, apiVersion, metadata: { ...metadata } },
      itemsField: 'items',
      ...sizes(entries),
      isMade: false,
      items: mapped(entries, entry => entry.json),
    });
  }
  const metaVersion = `meta.k8s.io/${transform.version}`;
  if (transform.kind !== 'Table') {
    return (entries, metadata) => ({
      head: { kind: 'PartialObjectMetadataList', apiVersion: metaVersion, metadata: { ...metadata } },
      itemsField: 'items',
      ...sizes(entries),
      isMade: true,
      items: mapped(entries, entry => metadataOnly(entry, transform.version)),
    });
  }
  const includeObject = parseIncludeObject(query);
  const columnDefinitions = tableColumns(kind.columns);
  return (entries, metadata) => ({
    head: { kind: 'Table', apiVersion: metaVersion, metadata: { ...metadata }, columnDefinitions },
    itemsField: 'rows',
    ...sizes(entries),
    isMade: true,
    items: mapped(entries, entry => rowOf(kind, entry, includeObject, transform.version)),
  });
}

/** How the events of a watch are written. Throws as objectRenderer does. */
export function eventEncoder(
  kind: Kind,
  transform: Transform | undefined,
  query: URLSearchParams,
): EventEncoder {
  if (!transform) return objectEncoder(kind.kind, apiVersion);
  const { version } = transform;
  if (transform.kind === 'Table') return tableEncoder(kind, parseIncludeObject(query), version);
  return {
    key: `metadata/${version}`,
    encode: (type, entry) => eventLine(type, metadataOnly(entry, version)),
    bookmark: (resourceVersion, initialEventsEnd) =>
      bookmarkLine({
        kind: 'PartialObjectMetadata',
        apiVersion: `meta.k8s.io/${version}`,
        metadata: bookmarkMetadata(resourceVersion, initialEventsEnd),
      }),
  };
}

/** Each event is a Table of one row; only the first of a stream has the column definitions. */
function tableEncoder(kind: Kind, includeObject: IncludeObject, version: Transform['version']): EventEncoder {
  const columns = tableColumns(kind.columns);
  const table = (resourceVersion: string, first: boolean, row: Buffer) => {
    const head = encode({
      kind: 'Table',
      apiVersion: `meta.k8s.io/${version}`,
      metadata: { resourceVersion },
      columnDefinitions: first ? columns : null,
    });
    return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"rows":[`), row, Buffer.from(']}')]);
  };
  return {
    key: `table/${version}/${includeObject}`,
    encode: (type, entry, first) => {
      const row = rowOf(kind, entry, includeObject, version);
      return eventLine(type, table(String(entry.revision), first, row));
    },
    bookmark: (resourceVersion, initialEventsEnd, first) => {
      const metadata = bookmarkMetadata(resourceVersion, initialEventsEnd);
      const object =
        includeObject === 'Object'
          ? { kind: kind.kind, apiVersion, metadata }
          : { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
      // The end of the initial events is told by an annotation, whatever the rows leave out.
      const shown = includeObject === 'None' && !initialEventsEnd ? null : object;
      const cells = columns.map((_column, at) => (at === 0 ? '' : null));
      const row = Buffer.from(encode({ cells, object: shown }));
      return bookmarkLine(table(resourceVersion, first, row));
    },
  };
}

/** A row of a Table. Throws nothing on account of the object: columns take whatever was stored. */
function rowOf(
  kind: Kind,
  entry: EncodedObject,
  includeObject: IncludeObject,
  version: Transform['version'],
): Buffer {
  const { cells } = tableRow(kind.columns, entry.object(), { rowObject: null });
  const start = Buffer.from(`{"cells":${encode(cells)},"object":`);
  return Buffer.concat([start, rowObject(entry, includeObject, version), closingBrace]);
}

function rowObject(entry: EncodedObject, include: IncludeObject, version: Transform['version']): Buffer {
  if (include === 'None') return nullJson;
  return include === 'Object' ? entry.json : metadataOnly(entry, version);
}

/** PartialObjectMetadata, made of the bytes that the object's metadata has. */
function metadataOnly(entry: EncodedObject, version: Transform['version']): Buffer {
  const start = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`;
  const metadata = topLevelField(entry.json, 'metadata') ?? Buffer.from(encode(entry.object().metadata));
  return Buffer.concat([Buffer.from(start), metadata, closingBrace]);
}

function bookmarkMetadata(resourceVersion: string, initialEventsEnd: boolean): JsonObject {
  return {
    resourceVersion,
    ...(initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
  };
}

function bookmarkLine(object: JsonObject | Buffer): Buffer {
  const json = Buffer.isBuffer(object) ? object : Buffer.from(encode(object));
  return Buffer.concat([Buffer.from('{"type":"BOOKMARK","object":'), json, Buffer.from('}\n')]);
}

function sizes(entries: EncodedObject[]): Pick<ListDocument, 'count' | 'largest'> {
  return {
    count: entries.length,
    largest: entries.reduce((most, { json }) => Math.max(most, json.length), 0),
  };
}

/** Takes the entries out of the array as it goes, so that a long list lets go of what it has told. */
function* mapped<T>(entries: T[], map: (entry: T) => Buffer): Generator<Buffer> {
  entries.reverse();
  for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) yield map(entry);
}

const closingBrace = Buffer.from('}');
const nullJson = Buffer.from('null');
