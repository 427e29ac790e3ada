import { parseStored } from '../machinery/decode.ts';
import { encode } from '../machinery/encode.ts';
import type { ApiObject } from '../machinery/object.ts';
import { topLevelField } from '../machinery/top-level-field.ts';
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
  const present = topLevelField(topLevelField(json, 'metadata') ?? json, 'resourceVersion');
  if (!present) return { ...entry, revision, json: Buffer.from(encode(object())), object };
  const start = present.byteOffset - json.byteOffset;
  const parts = [
    json.subarray(0, start),
    Buffer.from(`"${revision}"`),
    json.subarray(start + present.length),
  ];
  return { ...entry, revision, json: Buffer.concat(parts), object };
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
  const json = Buffer.from(encode(object));
  return {
    key: stored.key,
    namespace,
    name,
    revision: stored.revision,
    labels,
    fields: {
      'metadata.name': name,
      ...(namespace && { 'metadata.namespace': namespace }),
      ...reader.fieldsOf(object),
    },
    json,
    // From the JSON, not from what was stored: that may be a slice of a large buffer, which it would keep alive.
    object: () => parseStored(json, reader.hasInt64) as unknown as ApiObject,
  };
}
