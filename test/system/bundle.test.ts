import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { clientOf } from '../e2e/client.ts';
import { freePorts, startProcess } from '../e2e/process.ts';
import { networkSet, networkSets, root, temporaryFolder } from './server.ts';

test('the bundle runs by itself, from a folder that cannot be written', async t => {
  let writableAgain = () => {};
  t.after(() => writableAgain());
  const folder = temporaryFolder(t);
  const bundle = join(folder, 'app');
  execFileSync(process.execPath, ['scripts/bundle.ts', bundle], { cwd: root, stdio: 'pipe' });
  const manifest = JSON.parse(readFileSync(join(bundle, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(manifest.bin, { tortie: 'tortie.mjs' });
  chmodSync(bundle, 0o555);
  writableAgain = () => chmodSync(bundle, 0o755);

  const main = join(bundle, 'tortie.mjs');
  const version = execFileSync(process.execPath, [main, 'version'], { encoding: 'utf8', cwd: folder });
  assert.match(version, new RegExp(`^tortie v${manifest.version} `));

  const examples = join(root, 'examples');
  execFileSync(process.execPath, [main, 'validate', examples], { cwd: folder, stdio: 'pipe' });

  const data = join(folder, 'data');
  const server = await startProcess({
    name: 'bundle',
    command: process.execPath,
    args: [main, 'serve', `--data-dir=${data}`, '--secure-port=0'],
    folder,
    env: { PATH: process.env.PATH },
  });
  t.after(() => server.stop());
  await server.waitForLine(/kubectl /);
  const client = await clientOf(join(data, 'kubeconfig'));
  t.after(() => client.close());
  const created = await client.request('POST', networkSets, { body: networkSet('bundled') });
  assert.equal(created.status, 201, created.text);
  assert.equal((await client.request('GET', `${networkSets}/bundled`)).status, 200);
  const nets = Array.from({ length: 3_000 }, (_unused, n) => `10.${n >> 8}.${n & 255}.0/24`);
  const object = { ...JSON.parse(networkSet('large')), spec: { nets } };
  const yaml = await client.request('POST', networkSets, {
    body: stringify(object),
    contentType: 'application/yaml',
    accept: 'application/yaml',
  });
  assert.equal(yaml.status, 201, yaml.text);
  assert.deepEqual(parse(yaml.text).spec.nets, nets);
  assert.equal((await client.request('GET', '/readyz')).status, 200);
  await server.waitForLine(/the embedded store was checked and is sound/);
  assert.equal(await server.stop(), 0);
});

test('the bundle reaches for etcd when it is told to', { timeout: 60_000 }, async t => {
  const folder = temporaryFolder(t);
  const bundle = join(folder, 'app');
  execFileSync(process.execPath, ['scripts/bundle.ts', bundle], { cwd: root, stdio: 'pipe' });
  const [port] = await freePorts(1);
  const server = await startProcess({
    name: 'bundle',
    command: process.execPath,
    args: [
      join(bundle, 'tortie.mjs'),
      'serve',
      `--data-dir=${join(folder, 'data')}`,
      '--secure-port=0',
      '--datastore=etcd',
      `--etcd-endpoints=http://127.0.0.1:${port}`,
    ],
    folder,
    env: { PATH: process.env.PATH },
  });
  t.after(() => server.stop());
  // Nothing listens there: what matters is that its client is in the bundle and says so.
  await server.waitForLine(/ECONNREFUSED.*the store is not followed/);
});
