import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { suite, test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');

/** Paths of the TypeScript files under a folder, relative to the root, with forward slashes. */
function sources(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => posix.join(folder, path.split(sep).join('/')));
}

const files = sources('src');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The modules of ours that a file imports, relative to src/. */
function imports(path: string): string[] {
  const found: string[] = [];
  for (const match of read(path).matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)) {
    found.push(posix.join(posix.dirname(path), match[1]!).replace(/^src\//, ''));
  }
  return found;
}

const contract = ['storage/backend.ts', 'storage/errors.ts'];
const interfaces = ['observability/observability.ts'];

/** What each part may import beyond itself and limits.ts: folders end in a slash. */
const mayImport: Record<string, string[]> = {
  'machinery/': [],
  'observability/': [],
  // Who holds how many bytes: pure, and of use to every part that holds some.
  'memory/': [],
  'config/': ['machinery/', 'memory/'],
  'schema/': ['machinery/'],
  // It implements the interfaces through which access reaches the cluster.
  'kube/': ['machinery/', 'access/', ...interfaces],
  'kinds/': ['schema/', 'machinery/'],
  'storage/': ['machinery/', 'schema/', 'kinds/', ...interfaces],
  'watch/': ['machinery/', 'memory/', ...contract, ...interfaces],
  'registry/': ['watch/', 'kinds/', 'schema/', 'machinery/', 'memory/', ...contract, ...interfaces],
  'access/': [
    'registry/',
    'watch/',
    'kinds/',
    'schema/',
    'machinery/',
    'memory/',
    ...contract,
    ...interfaces,
  ],
  'server/': [
    'access/',
    'registry/',
    'watch/',
    'kinds/',
    'schema/',
    'machinery/',
    'memory/',
    ...contract,
    ...interfaces,
  ],
};

function partOf(module: string): string {
  return module.includes('/') ? `${module.split('/')[0]}/` : module;
}

suite('imports point downwards', () => {
  for (const path of files) {
    const module = path.replace(/^src\//, '');
    const part = partOf(module);
    if (part === 'cli/' || module === 'main.ts') continue;
    test(module, () => {
      const allowed = mayImport[part] ?? [];
      for (const imported of imports(path)) {
        const fine =
          imported === 'limits.ts' ||
          (partOf(imported) === part && mayShare(module, imported)) ||
          allowed.some(entry => imported === entry || (entry.endsWith('/') && imported.startsWith(entry)));
        assert.ok(fine, `${module} may not import ${imported}`);
      }
    });
  }

  test('main imports the command line only', () => {
    for (const imported of imports('src/main.ts')) assert.ok(imported.startsWith('cli/'), imported);
  });
});

/** Two backends know nothing of each other, and the contract stands at machinery's level. */
function mayShare(module: string, imported: string): boolean {
  if (!module.startsWith('storage/')) return true;
  if (contract.includes(module)) return contract.includes(imported);
  const [, backend] = module.split('/');
  const alone = dirname(module) === 'storage' || dirname(imported) === 'storage';
  return alone || imported.startsWith(`storage/${backend}/`);
}

suite('files', () => {
  const everything = [...files, ...sources('test'), ...sources('scripts')];

  test('have names that say what is in them', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|types|misc|shared)(\.test)?(\.ts|\/)/;
    for (const path of everything) assert.doesNotMatch(path, drawers);
  });

  test('are at most 400 lines; a kind, its parts and the table of bounds may be longer', () => {
    for (const path of files) {
      if (path.startsWith('src/kinds/') || path === 'src/limits.ts') continue;
      const lines = read(path).split('\n').length;
      assert.ok(lines <= 401, `${path} has ${lines} lines`);
    }
  });

  test('hold no forgotten markers', () => {
    const marker = new RegExp(
      `\\b(${['TO', 'FIX', 'XX'].map((head, i) => head + ['DO', 'ME', 'X'][i]).join('|')})\\b`,
    );
    for (const path of everything) assert.doesNotMatch(read(path), marker, path);
  });

  test('the storage contract fits a screen and a half', () => {
    assert.ok(read('src/storage/backend.ts').split('\n').length <= 125);
  });

  test('every exported function is explained', () => {
    for (const path of files) {
      const lines = read(path).split('\n');
      lines.forEach((line, index) => {
        const name = /^export (?:async )?function\*? (\w+)/.exec(line)?.[1];
        if (!name || index === 0) return;
        const before = lines[index - 1]!.trim();
        // Overloads and trivially named builders of schemas share the comment above them.
        if (path === 'src/schema/build.ts' || /^export (async )?function/.test(before)) return;
        assert.ok(before.endsWith('*/'), `${path}: ${name} has no docstring`);
      });
    }
  });
});

test('every backend is held to the shared suite', () => {
  for (const entry of readdirSync(join(root, 'src/storage'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = `test/conformance/${entry.name}.test.ts`;
    assert.ok(existsSync(join(root, path)), `${path} is missing`);
    assert.match(read(path), /storageConformance\(/);
  }
});

test('each runtime dependency is in docs/dependencies.md, and none else', () => {
  const declared = Object.keys(JSON.parse(read('package.json')).dependencies).sort();
  const explained = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| .{20,} \|$/gm)].map(
    match => match[1]!,
  );
  assert.deepEqual(explained.sort(), declared);
});

test('a dependency is imported somewhere in src', () => {
  const all = files.map(read).join('\n');
  for (const name of Object.keys(JSON.parse(read('package.json')).dependencies)) {
    assert.ok(all.includes(`'${name}'`) || all.includes(`'${name}/`), `${name} is not used`);
  }
});

test('nothing names a path of a developer machine', () => {
  const home = relative('/', root).split(sep)[0]!;
  const paths = [
    ...files,
    ...sources('test'),
    ...sources('scripts'),
    'README.md',
    'CONTRIBUTING.md',
    'Dockerfile',
  ];
  for (const path of paths) {
    if (!existsSync(join(root, path)) || path.endsWith('house-rules.test.ts')) continue;
    assert.ok(!read(path).includes(`${root}/`), `${path} names ${home}`);
  }
});
