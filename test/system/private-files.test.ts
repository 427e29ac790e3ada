import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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
