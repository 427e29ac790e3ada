import { kinds } from '../../kinds/index.ts';
import { hasInt64 } from '../../schema/int64.ts';
import { createMemoryBackend } from '../../storage/memory/backend.ts';
import type { Datastore } from '../datastore.ts';

/** A copy in memory of what a store holds, in the store's own layout, to try on what would become of it. Throws StorageError. */
export async function copyInMemory({ backend, ...rest }: Datastore): Promise<Datastore> {
  const memory = createMemoryBackend();
  for (const kind of kinds) {
    const codec = rest.codecOf({ ...kind, hasInt64: hasInt64(kind.schema) });
    for (const { key, value } of (await backend.list(codec.prefix())).entries) {
      await memory.write({ type: 'create', key, value });
    }
  }
  return { ...rest, backend: memory };
}
