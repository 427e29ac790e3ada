import type { Kind } from '../../kinds/kind.ts';
import { limits } from '../../limits.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { hasInt64 } from '../../schema/int64.ts';
import type { Backend, Codec, Entry, Revision } from '../../storage/backend.ts';
import { StorageError } from '../../storage/errors.ts';
import type { Datastore } from '../datastore.ts';

/** What a store holds of one kind. */
export interface StoredKind {
  kind: Kind;
  /** In key order, with resourceVersion. */
  objects: ApiObject[];
  /** The revision at which all of this was so. */
  revision: Revision;
  /** Keys whose values are no objects of the kind, or have the name of one before them. */
  unreadable: Map<string, string>;
}

/**
 * All objects of a kind as of the revision, or as of now where the store cannot tell of that one any more, as one without
 * history never can. Throws StorageError.
 */
export async function readKind(
  { backend, codecOf }: Datastore,
  kind: Kind,
  at: Revision,
): Promise<StoredKind> {
  const codec = codecOf({ ...kind, hasInt64: hasInt64(kind.schema) });
  const { entries, revision } = await readEntries(backend, codec.prefix(), at);
  return { kind, revision, ...decodeAll(codec, entries) };
}

async function readEntries(
  backend: Backend,
  prefix: string,
  at: Revision,
): Promise<{ entries: Entry[]; revision: Revision }> {
  const entries: Entry[] = [];
  try {
    for (;;) {
      const after = entries.at(-1)?.key;
      const page = await backend.list(prefix, {
        at,
        limit: limits.movePageEntries,
        ...(after !== undefined && { after }),
      });
      entries.push(...page.entries);
      if (!page.more) return { entries, revision: at };
    }
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'Compacted') throw error;
    return backend.list(prefix);
  }
}

function decodeAll(codec: Codec, entries: Entry[]): Pick<StoredKind, 'objects' | 'unreadable'> {
  const objects: ApiObject[] = [];
  const unreadable = new Map<string, string>();
  const keyOfName = new Map<string, string>();
  for (const entry of entries) {
    if (codec.skips?.(entry.key)) continue;
    try {
      const object = codec.decode(entry);
      const { namespace = '', name = '' } = object.metadata;
      const first = keyOfName.get(`${namespace}/${name}`);
      if (first !== undefined) throw new Error(`${first} has an object of this name`);
      keyOfName.set(`${namespace}/${name}`, entry.key);
      objects.push(object);
    } catch (error) {
      unreadable.set(entry.key, error instanceof Error ? error.message : String(error));
    }
  }
  return { objects, unreadable };
}
