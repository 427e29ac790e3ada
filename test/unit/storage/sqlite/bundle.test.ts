import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { newDirectory } from '../../../conformance/sqlite-store.ts';
import { create } from '../../../conformance/storage/recorder.ts';

test('works from a bundle that names its worker', async () => {
  const folder = newDirectory();
  const source = (name: string) =>
    fileURLToPath(new URL(`../../../../src/storage/sqlite/${name}`, import.meta.url));
  await build({
    entryPoints: { store: source('backend.ts'), 'storage-worker': source('worker.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'error',
  });
  const bundle: typeof import('../../../../src/storage/sqlite/backend.ts') = await import(
    pathToFileURL(join(folder, 'store.mjs')).href
  );
  const workerUrl = pathToFileURL(join(folder, 'storage-worker.mjs'));
  const store = await bundle.openSqliteBackend({ directory: join(folder, 'data'), workerUrl });
  try {
    const { revision } = await create(store, '/a');
    assert.equal((await store.get('/a'))!.revision, revision);
  } finally {
    await store.close();
  }
});
