import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportObjects } from '../../src/cli/export.ts';
import { startProcess } from '../e2e/process.ts';
import { networkSet, networkSets, root, startServer, temporaryFolder } from './server.ts';

/** The mode of everything below a folder, by path. */
function modesBelow(folder: string): Record<string, string> {
  const paths = ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()];
  return Object.fromEntries(
    paths.map(path => [path, (statSync(join(folder, path)).mode & 0o777).toString(8)]),
  );
}

const files = ['ca.crt', 'ca.key', 'serving.crt', 'serving.key', 'admin.crt', 'admin.key', 'kubeconfig'];
const storeFiles = ['lock.db', 'owner.json', 'store.db', 'store.db-shm', 'store.db-wal'];

suite('the files of the data directory are for their owner only', () => {
  const umasks: [string, string][] = [
    ['with an umask that takes nothing away', 'umask 0000'],
    ['with the usual one', 'umask 0022'],
  ];
  for (const [name, before] of umasks) {
    test(name, async t => {
      const folder = temporaryFolder(t);
      const data = join(folder, 'data');
      const server = await startServer(t, { data, folder, before });
      await server.client.request('POST', networkSets, { body: networkSet('one') });
      assertPrivate(data);
      assert.equal(await server.process.stop(), 0);
    });
  }

  test('and where all of them had wider modes before, with something left over of a write', async t => {
    const folder = temporaryFolder(t);
    const data = join(folder, 'data');
    const first = await startServer(t, { data, folder });
    await first.client.request('POST', networkSets, { body: networkSet('one') });
    first.process.signal('SIGKILL');
    await first.process.exited;
    for (const path of readdirSync(data, { recursive: true, encoding: 'utf8' }))
      chmodSync(join(data, path), 0o777);
    chmodSync(data, 0o777);
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'stays');
    symlinkSync(elsewhere, join(data, 'kubeconfig.new'));
    const second = await startServer(t, { data, folder, before: 'umask 0000' });
    assertPrivate(data);
    assert.equal(statSync(elsewhere).size, 'stays'.length, 'a link is not followed');
    assert.equal(await second.process.stop(), 0);
  });
});

function assertPrivate(data: string): void {
  for (const [path, mode] of Object.entries(modesBelow(data))) {
    const isDirectory = path === '' || path === 'store';
    assert.match(mode, isDirectory ? /^700$/ : /^[4-7]00$/, path);
  }
  for (const file of files) assert.ok(existsSync(join(data, file)), file);
  for (const file of storeFiles) assert.ok(existsSync(join(data, 'store', file)), file);
}

test('what tortie export writes is for its owner only, also over files that were not', async t => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'data');
  const server = await startServer(t, { data, folder });
  await server.client.request('POST', networkSets, { body: networkSet('one') });
  const output = join(folder, 'backup.json');
  for (const path of [output, `${output}.part`]) {
    writeFileSync(path, 'older');
    chmodSync(path, 0o666);
  }
  const quiet = { write: () => true, on: () => undefined };
  const code = await exportObjects(['--data-dir', data, '-o', output], {}, {
    stdin: process.stdin,
    stdout: quiet,
    stderr: quiet,
  } as never);
  assert.equal(code, 0);
  assert.equal(statSync(output).mode & 0o777, 0o600);
  assert.ok(!existsSync(`${output}.part`));
  await server.process.stop();
});

test('a data directory that cannot be made is refused, with its path and the option', async t => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const data = join(folder, 'file', 'data');
  const run = await startProcess({
    name: 'refused',
    command: process.execPath,
    args: [join(root, 'src/main.ts'), 'serve', `--data-dir=${data}`],
    folder,
    env: { PATH: process.env.PATH },
  });
  assert.equal(await run.exited, 1);
  assert.match(run.tail(), /the data directory .*file\/data cannot be used \(--data-dir\): ENOTDIR/);
});

/** What a data directory may be that the server cannot use; `undefined` where this process has no right to make one. */
const unusable: [what: string, make: (folder: string) => { data: string; before?: string } | undefined][] = [
  [
    'of another user',
    folder => {
      if (process.getuid?.() !== 0) return undefined;
      chmodSync(folder, 0o755);
      mkdirSync(join(folder, 'other'));
      return { data: join(folder, 'other'), before: asAnother };
    },
  ],
  [
    'with the store of another user in it',
    folder => {
      if (process.getuid?.() !== 0) return undefined;
      chmodSync(folder, 0o755);
      const data = join(folder, 'data');
      mkdirSync(join(data, 'store'), { recursive: true });
      chownSync(data, anotherUid, anotherUid);
      return { data, before: asAnother };
    },
  ],
  [
    'on a read-only file system',
    folder => {
      const data = join(folder, 'readonly');
      mkdirSync(data);
      const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', data]);
      return status === 0 ? { data } : undefined;
    },
  ],
];
const anotherUid = 65_534;
const asAnother = `exec setpriv --reuid=${anotherUid} --regid=${anotherUid} --clear-groups "$@"`;

for (const [what, make] of unusable) {
  test(`a data directory ${what} is refused, with its path and what it has to be; nothing is stored elsewhere`, async t => {
    const folder = temporaryFolder(t);
    const made = make(folder);
    if (!made) return t.skip('needs the rights of root');
    const { data, before = 'exec "$@"' } = made;
    const args = [process.execPath, join(root, 'src/main.ts'), 'serve', `--data-dir=${data}`];
    const work = join(folder, 'work');
    mkdirSync(work);
    const { status, stdout, stderr } = spawnSync('bash', ['-c', before, 'bash', ...args], {
      cwd: work,
      encoding: 'utf8',
      timeout: 60_000,
    });
    // Before the folder goes; where nothing is mounted it does nothing.
    spawnSync('umount', [data]);
    assert.equal(status, 1, stderr);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith('tortie: ') && stderr.includes(data), stderr);
    assert.match(stderr, /It must be a directory that uid \d+ owns, on a file system that takes writes$/m);
    assert.deepEqual(readdirSync(work), []);
  });
}
