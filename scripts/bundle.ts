/**
 * Bundles the server into dist/ (or the folder given): tortie.mjs and its workers, with a package.json to publish.
 * Run as `npm run build`.
 * Native or lazily loaded packages need no exception: everything we use at run time is JavaScript.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const outdir = process.argv[2] ?? 'dist';
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: {
    tortie: 'src/main.ts',
    worker: 'src/storage/sqlite/worker.ts',
    'integrity-worker': 'src/storage/sqlite/integrity-worker.ts',
    'yaml-worker': 'src/server/yaml-worker.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: false,
  sourcemap: 'linked',
  sourcesContent: false,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  target: 'node22',
  logLevel: 'warning',
  // CommonJS packages call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  define: { 'process.env.TORTIE_BUNDLED': '"true"' },
});
writeFileSync(
  join(outdir, 'package.json'),
  `${JSON.stringify(
    {
      name: manifest.name,
      version: manifest.version,
      description: manifest.description,
      license: manifest.license,
      type: 'module',
      bin: { tortie: 'tortie.mjs' },
      engines: manifest.engines,
    },
    null,
    2,
  )}\n`,
);
