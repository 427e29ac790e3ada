import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../../src/storage/backend.ts';
import {
  openSqliteBackend,
  type SqliteBackend,
  type SqliteOptions,
} from '../../src/storage/sqlite/backend.ts';

const folders = new WeakMap<Backend, string>();
const made: string[] = [];

process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A directory that is removed when the process ends. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tortie-'));
  made.push(directory);
  return directory;
}

/** Opens a store in a directory of its own, or in the one named. */
export async function openStore(options: Partial<SqliteOptions> = {}): Promise<SqliteBackend> {
  const directory = options.directory ?? newDirectory();
  const store = await openSqliteBackend({ ...options, directory });
  folders.set(store, directory);
  return store;
}

/** Where a store opened here keeps its files. */
export function directoryOf(store: Backend): string {
  return folders.get(store)!;
}

/** Closes a store and opens what it left behind. */
export async function reopenStore(store: Backend): Promise<SqliteBackend> {
  await store.close();
  return openStore({ directory: directoryOf(store) });
}
