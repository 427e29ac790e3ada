import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startProcess } from '../e2e/process.ts';
import { networkSet, networkSets, root, startServer, temporaryFolder } from './server.ts';

const cli = (args: string[], folder: string, env: Record<string, string> = {}) =>
  startProcess({
    name: 'cli',
    command: process.execPath,
    args: [join(root, 'src/main.ts'), ...args],
    folder,
    env: { PATH: process.env.PATH, ...env },
  });

suite('npm start', () => {
  test('makes its own certificates and kubeconfig, says what to type next, and finds all again', async t => {
    const folder = temporaryFolder(t);
    const data = join(folder, 'deep/er');
    const first = await startServer(t, { data, folder });
    const [next] = await first.process.waitForLine(/kubectl .*apply -f examples\//);
    assert.match(next, new RegExp(`--kubeconfig ${data}/kubeconfig`));
    assert.equal(statSync(data).mode & 0o777, 0o700);
    assert.equal(statSync(first.kubeconfig).mode & 0o777, 0o600);
    const created = await first.client.request('POST', networkSets, { body: networkSet('kept') });
    assert.equal(created.status, 201);
    const uid = created.json<{ metadata: { uid: string } }>().metadata.uid;
    first.process.signal('SIGINT');
    assert.equal(await first.process.exited, 0);

    const authority = readFileSync(join(data, 'ca.crt'), 'utf8');
    const second = await startServer(t, { data, folder });
    assert.equal(readFileSync(join(data, 'ca.crt'), 'utf8'), authority);
    const kept = await second.client.request('GET', `${networkSets}/kept`);
    assert.equal(kept.json<{ metadata: { uid: string } }>().metadata.uid, uid);
    assert.equal(await second.process.stop(), 0);
  });

  test('has the default tiers and the ClusterInformation', async t => {
    const folder = temporaryFolder(t);
    const { client, process: server } = await startServer(t, { data: join(folder, 'data'), folder });
    const tiers = (await client.request('GET', '/apis/projectcalico.org/v3/tiers')).json<{
      items: { metadata: { name: string }; spec: object }[];
    }>();
    assert.deepEqual(
      tiers.items.map(item => [item.metadata.name, item.spec]),
      [
        ['default', { order: 1_000_000, defaultAction: 'Deny' }],
        ['kube-admin', { order: 1_000, defaultAction: 'Pass' }],
        ['kube-baseline', { order: 10_000_000, defaultAction: 'Pass' }],
      ],
    );
    const path = '/apis/projectcalico.org/v3/clusterinformations/default';
    const information = (await client.request('GET', path)).json<{ spec: { datastoreReady: boolean } }>();
    assert.equal(information.spec.datastoreReady, true);

    // Every Felix ends when it goes.
    for (const gone of [path, '/apis/projectcalico.org/v3/clusterinformations', `${path}?dryRun=All`]) {
      const refused = await client.request('DELETE', gone);
      assert.equal(refused.status, 405, gone);
      assert.match(refused.text, /Delete is not supported on resources of kind/);
    }
    assert.equal((await client.request('GET', path)).status, 200);
    await server.stop();
  });

  test('refuses a data directory that another process has, and names the owner', async t => {
    const folder = temporaryFolder(t);
    const data = join(folder, 'data');
    const first = await startServer(t, { data, folder });
    const second = await cli(['serve', `--data-dir=${data}`, '--secure-port=0'], folder);
    assert.equal(await second.exited, 1);
    assert.match(second.tail(), new RegExp(`\\b${first.process.pid}\\b`));
    // The first is not disturbed, and after a kill -9 the directory is free.
    assert.equal((await first.client.request('GET', networkSets)).status, 200);
    first.process.signal('SIGKILL');
    await first.process.exited;
    const third = await startServer(t, { data, folder });
    assert.equal(await third.process.stop(), 0);
  });

  test('takes options from the environment; a flag wins', async t => {
    const folder = temporaryFolder(t);
    const data = join(folder, 'data');
    const started = await startServer(t, {
      data,
      folder,
      env: { TORTIE_DATA_DIR: '/nonexistent/never', TORTIE_DATASTORE: 'memory' },
    });
    await started.client.request('POST', networkSets, { body: networkSet('lost') });
    await started.process.stop();
    const again = await startServer(t, { data, folder, env: { TORTIE_DATASTORE: 'memory' } });
    assert.equal((await again.client.request('GET', `${networkSets}/lost`)).status, 404);
    await again.process.stop();
  });

  test('only the admin certificate gets in', async t => {
    const folder = temporaryFolder(t);
    const {
      client,
      process: server,
      kubeconfig,
    } = await startServer(t, { data: join(folder, 'data'), folder });
    const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
    config.users[0].user = {};
    const anonymousFile = join(folder, 'anonymous');
    writeFileSync(anonymousFile, JSON.stringify(config));
    const { clientOf } = await import('../e2e/client.ts');
    const anonymous = await clientOf(anonymousFile);
    const expected: [string, number][] = [
      ['/healthz', 200],
      ['/livez', 200],
      ['/readyz', 200],
      ['/version', 200],
      ['/readyz/ping', 403],
      ['/metrics', 403],
      ['/apis', 403],
      ['/openapi/v2', 403],
      [networkSets, 403],
    ];
    for (const [path, status] of expected) {
      assert.equal((await anonymous.request('GET', path)).status, status, path);
    }
    const forbidden = (await anonymous.request('GET', networkSets)).json<{ message: string }>();
    assert.match(
      forbidden.message,
      /^networksets\.projectcalico\.org is forbidden: User "system:anonymous" cannot list resource "networksets" in API group "projectcalico\.org" in the namespace "default"/,
    );
    assert.equal((await client.request('GET', '/metrics')).status, 200);
    anonymous.close();
    await server.stop();
  });
});

suite('the command line', () => {
  const cases: [string[], number, RegExp][] = [
    [['version'], 0, /tortie v\d/],
    [['--help'], 0, /tortie serve/],
    [['serve', '--help'], 0, /TORTIE_SECURE_PORT/],
    [['serve', '--secure-prt=1'], 2, /unknown flag --secure-prt/],
    [['serve', '--secure-port=x'], 2, /--secure-port must be a whole number, not "x"/],
    [['serve', '--secure-port'], 2, /--secure-port needs a value/],
    [['serve', 'extra'], 2, /unexpected argument "extra"/],
    [['serve', '--tls-cert-file=a'], 2, /--tls-private-key-file/],
    [['serve', '--datastore=redis'], 2, /--datastore must be/],
    [['sreve'], 2, /unknown command "sreve"/],
  ];
  for (const [args, code, output] of cases) {
    test(`tortie ${args.join(' ')}`, async t => {
      const run = await cli(args, temporaryFolder(t));
      assert.equal(await run.exited, code);
      assert.match(run.tail(), output);
    });
  }
});
