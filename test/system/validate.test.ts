import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { limits } from '../../src/limits.ts';
import { root, temporaryFolder } from './server.ts';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `tortie validate` as a process of its own, in a folder. */
async function validate(
  folder: string,
  args: string[],
  options: { stdin?: string; environment?: Record<string, string> } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'validate', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', chunk => {
      ended[name] += chunk;
    });
  }
  // A command that does not read its input closes it.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  ended.code = await new Promise(done => child.once('close', done));
  return ended;
}

const tier = (name: string, more = '') =>
  `apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata:\n  name: ${name}\nspec:\n  order: 1\n${more}`;
const pod = 'apiVersion: v1\nkind: Pod\n';

const files: Record<string, string> = {
  'good/tiers.yaml': `${tier('a')}---\n${pod}---\n${tier('b')}`,
  'good/more.json': JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'c' }, spec: {} }],
  }),
  'bad/tiers.yml': `${tier('a', '  ordr: 2\n').replace('order: 1', 'order: x')}---\n${tier('b')}`.replaceAll(
    '\n',
    '\r\n',
  ),
  'bad/broken.yaml': `a: [\n---\n${tier('c', '  x: 1\n')}`,
  'bad/stored.yaml': tier('d').replace('projectcalico', 'crd.projectcalico').replace('v3', 'v1'),
  'bad/kind.json': '{"apiVersion": "projectcalico.org/v3",\n "kind": "Teir"}',
  'twice.yaml': `${tier('t')}---\n${tier('t')}`,
};

function folderOfFiles(t: Parameters<typeof temporaryFolder>[0]): string {
  const folder = temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const problems = [
  'bad/broken.yaml:2:1: error: Flow sequence in block collection must be sufficiently indented and end with a ]',
  'bad/broken.yaml:9:3: error: spec.x: unknown field',
  'bad/kind.json:2:2: error: kind: unknown kind "Teir" in projectcalico.org/v3; did you mean Tier?',
  'bad/stored.yaml:1:1: error: apiVersion: crd.projectcalico.org/v1 is the form in which Calico stores its objects, ' +
    'not one to write: use apiVersion: projectcalico.org/v3 with kind: Tier',
  'bad/tiers.yml:6:3: error: spec.order: Invalid value: "string": spec.order in body must be of type number: "string"',
  'bad/tiers.yml:7:3: error: spec.ordr: unknown field; did you mean "order"?',
  'bad/tiers.yml:1:1: error: some validation rules were not checked because the object was invalid; correct the existing ' +
    'errors to complete validation',
  '',
].join('\n');

suite('tortie validate', () => {
  const cases: {
    name: string;
    args: string[];
    code: number;
    stdout: string | RegExp;
    stderr: RegExp;
    stdin?: string;
  }[] = [
    {
      name: 'valid files',
      args: ['good'],
      code: 0,
      stdout: '',
      stderr: /^3 objects in 2 files: no problems; 1 object of other API groups passed over\n$/,
    },
    { name: 'a wrong folder', args: ['bad'], code: 1, stdout: problems, stderr: /: 7 errors\n$/ },
    {
      name: 'warnings',
      args: ['twice.yaml'],
      code: 0,
      stdout: /^twice\.yaml:11:3: warning: /,
      stderr: /1 warning\n$/,
    },
    { name: 'strict', args: ['--strict', 'twice.yaml'], code: 1, stdout: /warning/, stderr: /1 warning\n$/ },
    {
      name: 'standard input',
      args: ['-'],
      stdin: '\n {"apiVersion": "projectcalico.org/v3", "kind": "Teir"}',
      code: 1,
      stdout: /^<stdin>:2:41: /,
      stderr: /1 error\n$/,
    },
    {
      name: 'a missing file',
      args: ['none', 'good'],
      code: 2,
      stdout: '',
      stderr: /^none: there is no such file or folder\n3 objects/,
    },
    { name: 'no file', args: [], code: 2, stdout: '', stderr: /^tortie: validate needs a file/ },
    {
      name: 'an unknown flag',
      args: ['--frob', 'good'],
      code: 2,
      stdout: '',
      stderr: /^tortie: Unknown option '--frob'/,
    },
    {
      name: 'an unknown form',
      args: ['-o', 'xml', 'good'],
      code: 2,
      stdout: '',
      stderr: /^tortie: --output must be /,
    },
    { name: 'help', args: ['--help'], code: 0, stdout: /^Usage: tortie validate/, stderr: /^$/ },
  ];
  for (const { name, args, code, stdout, stderr, stdin } of cases) {
    test(name, async t => {
      const ended = await validate(folderOfFiles(t), args, { ...(stdin !== undefined && { stdin }) });
      assert.equal(ended.code, code, ended.stderr);
      if (typeof stdout === 'string') assert.equal(ended.stdout, stdout);
      else assert.match(ended.stdout, stdout);
      assert.match(ended.stderr, stderr);
    });
  }

  test('the other forms say the same', async t => {
    const folder = folderOfFiles(t);
    const [json, junit, sarif] = await Promise.all(
      ['json', 'junit', 'sarif'].map(form => validate(folder, ['bad', `--output=${form}`])),
    );
    for (const ended of [json, junit, sarif]) assert.equal(ended?.code, 1);
    const lines = problems.split('\n').slice(0, -1);
    const places = lines.map(line => line.split(': ')[0]);
    const report = JSON.parse(json!.stdout);
    assert.deepEqual(
      report.problems.map(
        (each: { file: string; line: number; column: number }) => `${each.file}:${each.line}:${each.column}`,
      ),
      places,
    );
    assert.equal(report.summary.errors, lines.length);
    const [run] = JSON.parse(sarif!.stdout).runs;
    assert.deepEqual(
      run.results.map(
        ({ locations: [{ physicalLocation }] }: { locations: [{ physicalLocation: Physical }] }) => {
          const { artifactLocation, region } = physicalLocation;
          return `${artifactLocation.uri}:${region.startLine}:${region.startColumn}`;
        },
      ),
      places,
    );
    const failures = junit!.stdout.match(/<failure /g);
    assert.equal(failures?.length, 5, 'objects and documents with errors');
  });

  test('a file above the bound is told, and the others are checked', async t => {
    const folder = folderOfFiles(t);
    writeFileSync(join(folder, 'huge.yaml'), '');
    truncateSync(join(folder, 'huge.yaml'), limits.maxManifestFileBytes + 1);
    const ended = await validate(folder, ['huge.yaml', 'good']);
    assert.equal(ended.code, 2);
    assert.match(
      ended.stderr,
      /^huge\.yaml: larger than 32 MiB, the most that is read; split it\n3 objects in 2 files/,
    );
  });

  test('a reader that goes away early is no failure', async t => {
    const folder = temporaryFolder(t);
    const wrong = Array.from({ length: 2_000 }, (_, index) => tier(`t${index}`, '  x: 1\n')).join('---\n');
    writeFileSync(join(folder, 'many.yaml'), wrong);
    const script = 'set -o pipefail; "$0" "$@" | head -n 1';
    const args = ['-c', script, process.execPath, join(root, 'src/main.ts'), 'validate', 'many.yaml'];
    const child = spawn('bash', args, {
      cwd: folder,
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', chunk => {
      stderr += chunk;
    });
    child.stdout.resume();
    assert.equal(await new Promise(done => child.once('close', done)), 1, stderr);
    assert.equal(stderr, '2000 objects in 1 file: 2000 errors\n');
  });

  test('the examples pass', async () => {
    const ended = await validate(root, ['examples']);
    assert.equal(ended.code, 0, ended.stdout);
  });
});

interface Physical {
  artifactLocation: { uri: string };
  region: { startLine: number; startColumn: number };
}
