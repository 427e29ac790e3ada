import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { errorsPage } from './gen/errors-page.ts';
import type { GeneratedFile } from './gen/generated-file.ts';
import { indexFile } from './gen/index-file.ts';
import { readKinds } from './gen/kind-files.ts';
import { kindPageFolder, kindPages } from './gen/kind-pages.ts';
import { kubeApiserverPage } from './gen/kube-apiserver-page.ts';
import { limitsPage } from './gen/limits-page.ts';
import { openApiFiles } from './gen/openapi-files.ts';
import { optionsPage } from './gen/options-page.ts';

/**
 * `npm run gen` writes every generated file; `npm run gen -- --check` writes nothing and exits 1 where one is stale.
 * `--kinds FOLDER` makes only the index of another folder of kinds. A further generator is a function in gen/ and a
 * line in `generate`.
 */
const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, kinds: { type: 'string' } },
});
const kindsFolder = resolve(values.kinds ?? join(root, 'src/kinds'));

/** Folders in which there are generated files only: what is not generated any more is removed. */
const ownedFolders = values.kinds === undefined ? [kindPageFolder] : [];

async function generate(): Promise<GeneratedFile[]> {
  const files = await readKinds(kindsFolder);
  const index = indexFile(files);
  const indexPath = relative(root, join(kindsFolder, index.path)).replaceAll('\\', '/');
  if (values.kinds !== undefined) return [{ ...index, path: indexPath }];
  const kinds = files.map(({ kind }) => kind);
  return [
    { ...index, path: indexPath },
    ...openApiFiles(kinds),
    ...kindPages(kinds),
    limitsPage(),
    errorsPage(),
    optionsPage(),
    kubeApiserverPage(),
  ];
}

/** Paths of files that are in a folder of generated files and not generated. */
function leftOver(generated: GeneratedFile[]): string[] {
  const wanted = new Set(generated.map(({ path }) => path));
  return ownedFolders
    .filter(folder => existsSync(join(root, folder)))
    .flatMap(folder => readdirSync(join(root, folder)).map(name => `${folder}/${name}`))
    .filter(path => !wanted.has(path));
}

function isFresh({ path, content }: GeneratedFile): boolean {
  const file = join(root, path);
  return existsSync(file) && readFileSync(file, 'utf8') === content;
}

const generated = await generate();
const stale = generated.filter(file => !isFresh(file));
const left = leftOver(generated);
if (values.check) {
  for (const path of [...stale.map(file => file.path), ...left]) console.error(`stale: ${path}`);
  if (stale.length + left.length > 0) {
    console.error('Run `npm run gen` and commit what it writes.');
    process.exitCode = 1;
  }
} else {
  for (const { path, content } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
  for (const path of left) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
}
