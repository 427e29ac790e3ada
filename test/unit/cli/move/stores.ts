import { join } from 'node:path';
import type { Datastore } from '../../../../src/cli/datastore.ts';
import { Journal } from '../../../../src/cli/move/journal.ts';
import type { Result } from '../../../../src/cli/move/migration.ts';
import { readKind } from '../../../../src/cli/move/read.ts';
import { runMigration } from '../../../../src/cli/move/run-migration.ts';
import { kinds } from '../../../../src/kinds/index.ts';
import { encode } from '../../../../src/machinery/encode.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import type { OnExisting } from '../../../../src/registry/restore.ts';
import { hasInt64 } from '../../../../src/schema/int64.ts';
import type { Codec } from '../../../../src/storage/backend.ts';
import { createMemoryBackend } from '../../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../../src/storage/v3-codec.ts';

export const log = { debug() {}, info() {}, warn() {}, error() {} };

/** A store in memory that is laid out as the embedded one. */
export function memoryStore(): Datastore {
  return { backend: createMemoryBackend(), codecOf: v3Codec };
}

/** How a store lays out the kind of an object. */
function codecFor({ codecOf }: Datastore, kind: string): Codec {
  const found = kinds.find(each => each.kind === kind)!;
  return codecOf({ ...found, hasInt64: hasInt64(found.schema) });
}

/** Writes an object as it is, over what is there, past every check; removes it where there is none. */
export async function put(store: Datastore, object: ApiObject): Promise<void> {
  const codec = codecFor(store, object.kind);
  const key = codec.keyFor(object);
  const value = codec.encode(object);
  const there = await store.backend.get(key);
  await store.backend.write(
    there ? { type: 'update', key, value, expect: there.revision } : { type: 'create', key, value },
  );
}

export async function remove(store: Datastore, { kind, metadata }: ApiObject): Promise<void> {
  const codec = codecFor(store, kind);
  const key = codec.candidateKeys(metadata.namespace, metadata.name!)[0]!;
  const there = await store.backend.get(key);
  if (there) await store.backend.write({ type: 'delete', key, expect: there.revision });
}

/** Everything that a store holds, by kind and name, as JSON without versions. */
export async function contentOf(store: Datastore): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  const at = await store.backend.revision();
  for (const kind of kinds) {
    for (const object of (await readKind(store, kind, at)).objects) {
      const { resourceVersion: _, ...metadata } = object.metadata;
      content.set(
        `${object.kind} ${metadata.namespace ?? ''}/${metadata.name}`,
        encode({ ...object, metadata }),
      );
    }
  }
  return content;
}

/** Runs a migration with the journal in a folder, as the command does. */
export async function migrateStores(
  folder: string,
  source: Datastore,
  target: Datastore,
  how: {
    onConflict?: OnExisting;
    prune?: boolean;
    signal?: AbortSignal;
    follow?: { until: Promise<unknown>; caughtUp(result: Result): void };
  } = {},
): Promise<Result> {
  const { onConflict = 'fail', prune = false, signal = new AbortController().signal, follow } = how;
  const journal = new Journal(join(folder, 'journal'), { from: 'source', to: 'target' });
  try {
    const options = { journal, onConflict, prune, log, signal, tell() {} };
    return await runMigration(source, target, { ...options, ...(follow && { follow }) });
  } finally {
    journal.close();
  }
}
