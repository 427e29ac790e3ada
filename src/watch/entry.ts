import { parseStored } from '../machinery/decode.ts';
import { encode } from '../machinery/encode.ts';
import type { ApiObject } from '../machinery/object.ts';
import { topLevelField } from '../machinery/top-level-field.ts';
import { ownBytes, ownConcat } from '../memory/own-bytes.ts';
import type { Codec, Entry, Revision } from '../storage/backend.ts';

/** One object as the cache holds it: what selectors and lists need, and its JSON, encoded once. */
export interface CacheEntry {
  /** The backend's key. */
  readonly key: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  /** Revision of the object; of the deletion, where the entry tells of one. */
  readonly revision: Revision;
  readonly labels: Readonly<Record<string, string>>;
  /** Values of the field selectors that the kind knows, metadata.name and metadata.namespace among them. */
  readonly fields: Readonly<Record<string, string>>;
  /** The v3 object as compact JSON, resourceVersion included. */
  readonly json: Buffer;
  /** What the entry holds of memory, about. */
  readonly bytes: number;
  /** The object, decoded anew: the caller may change it. */
  object(): ApiObject;
}

/** The entry with another revision, in its JSON too: the rest of the bytes is copied, not read. */
export function withRevision(entry: CacheEntry, revision: Revision): CacheEntry {
  const { json } = entry;
  const object = () => {
    const copy = entry.object();
    copy.metadata.resourceVersion = String(revision);
    return copy;
  };
  const changed = jsonWithRevision(json, revision) ?? ownBytes(encode(object()));
  return { ...entry, revision, json: changed, bytes: entry.bytes + changed.length - json.length, object };
}

/** The JSON with another resourceVersion; undefined where it has none. */
function jsonWithRevision(json: Buffer, revision: Revision): Buffer | undefined {
  const present = topLevelField(topLevelField(json, 'metadata') ?? json, 'resourceVersion');
  if (!present) return undefined;
  const start = present.byteOffset - json.byteOffset;
  const rest = json.subarray(start + present.length);
  return ownConcat([json.subarray(0, start), Buffer.from(`"${revision}"`), rest]);
}

/** What an entry costs beside its JSON: objects on the heap, and what malloc and V8 keep of a buffer (measured). */
const fixedBytes = 750;
/** The same for a label or a field, beside its text. */
const pairBytes = 100;

/** What an entry of such JSON, labels and fields holds of memory, about. */
function heldBytes(json: Buffer, ...pairs: Record<string, string>[]): number {
  let bytes = json.length + fixedBytes;
  for (const record of pairs) {
    for (const name in record) bytes += pairBytes + name.length + record[name]!.length;
  }
  return bytes;
}

/** How stored entries of one kind become cache entries. */
export interface EntryReader {
  codec: Codec;
  /** Whether objects may hold 64-bit integers, which take a slower parser. */
  hasInt64: boolean;
  /** Values of the kind's own field selectors. */
  fieldsOf(object: ApiObject): Record<string, string>;
}

/** Reads a stored entry. Throws when its bytes are no object of the kind. */
export function readEntry(reader: EntryReader, stored: Entry): CacheEntry {
  const object = reader.codec.decode(stored);
  const { name = '', namespace = '', labels = {} } = object.metadata;
  const json = ownBytes(encode(object));
  const fields = reader.fieldsOf(object);
  return {
    key: stored.key,
    namespace,
    name,
    revision: stored.revision,
    labels,
    fields: {
      'metadata.name': name,
      ...(namespace && { 'metadata.namespace': namespace }),
      ...fields,
    },
    json,
    bytes: heldBytes(json, labels, fields),
    // From the JSON, not from what was stored: that may be a slice of a large buffer, which it would keep alive.
    object: () => parseStored(json, reader.hasInt64) as unknown as ApiObject,
  };
}
