import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Client, clientOf, eventually } from '../e2e/client.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { endToEnd, root } from '../e2e/suite.ts';
import { type Standalone, startStandalone } from '../e2e/tortie.ts';
import { clockJumps, settableClock } from '../faults/clock.ts';
import { Load } from '../faults/load.ts';
import { networkSet, twoServers } from '../faults/two-servers.ts';

const sets = '/apis/projectcalico.org/v3/globalnetworksets';
const someLoad = { writers: 16, followers: 4 };
const seconds = Number(process.env.FAULT_SECONDS ?? 4);

endToEnd('two servers on one cluster, and what befalls it', { minutes: 30 }, suite => {
  let cluster: Cluster;
  let kubeApiServer: Client;
  const servers: Standalone[] = [];
  const clients: Client[] = [];

  before(async () => {
    cluster = await suite.startCluster();
    kubeApiServer = await clientOf(cluster.adminKubeconfig);
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'src/main.ts'), 'crds'], {
      maxBuffer: 2 ** 26,
    });
    const kubectl = await suite.kubectl(cluster.adminKubeconfig);
    await kubectl.ok(['apply', '--server-side', '-f', '-'], { input: stdout });
    await kubectl.ok(['wait', '--for=condition=Established', 'crd', '--all']);
    for (const name of ['a', 'b']) {
      const args = ['--datastore=kubernetes', `--datastore-kubeconfig=${cluster.adminKubeconfig}`];
      servers.push(await startStandalone(suite, { folder: join(suite.folder, name), args }));
      clients.push(await clientOf(servers.at(-1)!.kubeconfig));
    }
  });

  const readyz = async (index = 0) => (await clients[index]!.request('GET', '/readyz?verbose')).text;
  const isReady = (text: string) => /^readyz check passed/m.test(text);

  /** So many writes at one server alone. */
  async function writesAt(client: Client, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const body = JSON.stringify(networkSet(`alone-${index}`));
      assert.equal((await client.request('POST', sets, { body })).status, 201);
    }
  }

  /** Discovery and OpenAPI are no matter of the store. */
  async function answersWithoutStore(): Promise<void> {
    for (const path of ['/apis/projectcalico.org/v3', '/openapi/v3', '/livez']) {
      assert.equal((await clients[0]!.request('GET', path)).status, 200, path);
    }
  }

  test('16 clients lose nothing, and both servers say the same', t =>
    twoServers(t, [clients[0]!, clients[1]!], { writes: 50 * seconds, increments: seconds }));

  test('kube-apiserver killed and started again', async t => {
    const load = new Load(t, clients, { prefix: 'killed', ...someLoad });
    await load.more(25 * seconds);
    cluster.apiServer().signal('SIGKILL');
    await cluster.apiServer().exited;
    const unready = await eventually('/readyz', readyz, text => !isReady(text));
    assert.match(unready, /\[-\]datastore failed/);
    await answersWithoutStore();
    await sleep(seconds * 500);
    await cluster.restartApiServer();
    await eventually('/readyz', readyz, isReady);
    await load.more(25 * seconds);
    await load.finish();
    assert.ok(load.refused > 0, 'nothing was cut off: this was no fault');
  });

  test('kube-apiserver frozen for a while', async t => {
    const load = new Load(t, clients, { prefix: 'frozen', ...someLoad });
    await load.more(25 * seconds);
    cluster.apiServer().signal('SIGSTOP');
    await answersWithoutStore();
    await sleep(seconds * 1_000);
    cluster.apiServer().signal('SIGCONT');
    await eventually('/readyz', readyz, isReady);
    await load.more(25 * seconds);
    await load.finish();
  });

  test('history that is gone when a server looks again', async t => {
    const load = new Load(t, clients, { prefix: 'expired', ...someLoad });
    await load.more(12 * seconds);
    servers[0]!.process.signal('SIGSTOP');
    await writesAt(clients[1]!, 50);
    const list = await kubeApiServer.request('GET', '/apis/crd.projectcalico.org/v1/tiers');
    const revision = list.json<{ metadata: { resourceVersion: string } }>().metadata.resourceVersion;
    const compaction = await fetch(`${cluster.etcdUrl}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision, physical: true }),
    });
    assert.equal(compaction.status, 200);
    cluster.apiServer().signal('SIGKILL');
    await cluster.apiServer().exited;
    await cluster.restartApiServer();
    servers[0]!.process.signal('SIGCONT');
    await eventually('/readyz', readyz, isReady);
    await load.more(12 * seconds);
    await load.finish();
  });

  test('a wall clock that jumps a day ahead, and back', async t => {
    const args = ['--datastore=kubernetes', `--datastore-kubeconfig=${cluster.adminKubeconfig}`];
    const server = await startStandalone(suite, {
      folder: join(suite.folder, 'clock'),
      args,
      env: settableClock,
    });
    const client = await clientOf(server.kubeconfig);
    await clockJumps(t, { client, process: server.process }, { rounds: 1, writes: 15 * seconds });
    client.close();
  });

  test('an object that cannot be read is passed over, and told of', async () => {
    const custom = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'GlobalNetworkSet',
      metadata: { name: 'broken', annotations: { 'projectcalico.org/metadata': '{"labels":' } },
      spec: { nets: [] },
    };
    const path = '/apis/crd.projectcalico.org/v1/globalnetworksets';
    const made = await kubeApiServer.request('POST', path, { body: JSON.stringify(custom) });
    assert.equal(made.status, 201);
    const unreadable = /tortie_unreadable_values\{resource="globalnetworksets"\} 1/;
    for (const client of clients) {
      await eventually(
        'the metric',
        async () => (await client.request('GET', '/metrics')).text,
        text => unreadable.test(text),
      );
      const list = await client.request('GET', sets);
      assert.equal(list.status, 200);
      assert.ok(!list.text.includes('"broken"'));
      const answer = await client.request('GET', '/apis/projectcalico.org/v3/globalnetworksets/broken');
      assert.equal(answer.status, 404);
      assert.match(
        (await client.request('GET', '/readyz?verbose')).text,
        /unreadable and passed over: .*globalnetworksets/,
      );
    }
    const patch = { metadata: { annotations: { 'projectcalico.org/metadata': '{}' } } };
    const options = { body: JSON.stringify(patch), contentType: 'application/merge-patch+json' };
    assert.equal((await kubeApiServer.request('PATCH', `${path}/broken`, options)).status, 200);
    for (const client of clients) {
      await eventually(
        'the object',
        () => client.request('GET', '/apis/projectcalico.org/v3/globalnetworksets/broken'),
        ({ status }) => status === 200,
      );
    }
  });
});
