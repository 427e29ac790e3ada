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
import { CountingClients, countsAt, Follower } from './counting.ts';

const names = ['one', 'two', 'three', 'four'];
const seconds = Number(process.env.FAULT_SECONDS ?? 4);

endToEnd('two servers on one cluster, and what befalls it', {}, suite => {
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

  /** Sixteen clients count on both servers while the work is done, and then everything must add up. */
  async function underLoad(
    label: string,
    work: (load: CountingClients) => Promise<void>,
    { exact = false } = {},
  ): Promise<void> {
    const counters = await Promise.all(
      Array.from({ length: 16 }, (_, index) => clientOf(servers[index % 2]!.kubeconfig)),
    );
    const load = new CountingClients(
      counters,
      names.map(name => `${label}-${name}`),
    );
    await load.start();
    const followers = clients.map(client => new Follower(client));
    await work(load);
    await load.stop();
    const final = await eventually('both lists', () => Promise.all(clients.map(countsAt)), isSame);
    for (const [name, { acknowledged, unknown }] of load.tallies) {
      const count = final[0]![name]!;
      assert.ok(count >= acknowledged, `${name}: ${acknowledged} acknowledged, ${count} there`);
      assert.ok(count <= acknowledged + unknown, `${name}: ${count} there, ${unknown} unknown`);
      if (exact) assert.equal(unknown, 0);
    }
    for (const follower of followers) {
      for (const name of load.tallies.keys()) {
        const count = final[0]![name]!;
        await eventually(
          name,
          async () => follower.state.get(name),
          seen => seen === count,
        );
        const seen = follower.seen.get(name)!;
        // A list says again what is known; between two lists every change is told, once and in order.
        const steps = seen.slice(1).map((value, index) => value - seen[index]!);
        assert.ok(
          steps.every(step => step >= 0),
          `${name} went back: ${seen}`,
        );
        const jumps = steps.filter(step => step !== 1).length;
        assert.ok(jumps < follower.relists, `${name}: ${jumps} jumps with ${follower.relists} lists`);
      }
      await follower.close();
    }
    for (const counter of counters) counter.close();
  }

  const isSame = ([one, other]: Record<string, number>[]) => JSON.stringify(one) === JSON.stringify(other);
  const readyz = async (index = 0) => (await clients[index]!.request('GET', '/readyz?verbose')).text;
  const isReady = (text: string) => /^readyz check passed/m.test(text);

  /** Discovery and OpenAPI are no matter of the store. */
  async function answersWithoutStore(): Promise<void> {
    for (const path of ['/apis/projectcalico.org/v3', '/openapi/v3', '/livez']) {
      assert.equal((await clients[0]!.request('GET', path)).status, 200, path);
    }
  }

  test('sixteen clients lose no update, and the lists are the same', async () => {
    await underLoad(
      'calm',
      async load => {
        await sleep(seconds * 1_000);
        assert.ok(load.acknowledged > 16);
      },
      { exact: true },
    );
  });

  test('a continue token of one server is honoured by the other', async () => {
    const path = '/apis/projectcalico.org/v3/globalnetworksets';
    const first = await clients[0]!.request('GET', `${path}?limit=2`);
    const { items, metadata } = first.json<{ items: unknown[]; metadata: { continue: string } }>();
    const rest = await clients[1]!.request('GET', `${path}?limit=500&continue=${metadata.continue}`);
    assert.equal(rest.status, 200, rest.text);
    const all = await clients[1]!.request('GET', path);
    const whole = all.json<{ items: unknown[] }>().items;
    assert.deepEqual([...items, ...rest.json<{ items: unknown[] }>().items], whole);
  });

  test('kube-apiserver killed and started again', async () => {
    await underLoad('killed', async load => {
      await sleep(1_000);
      cluster.apiServer().signal('SIGKILL');
      await cluster.apiServer().exited;
      const unready = await eventually('/readyz', readyz, text => !isReady(text));
      assert.match(unready, /\[-\]datastore failed/);
      await answersWithoutStore();
      await sleep(seconds * 500);
      await cluster.restartApiServer();
      await eventually('/readyz', readyz, isReady);
      const before = load.acknowledged;
      await eventually(
        'writes',
        async () => load.acknowledged,
        count => count > before + 16,
      );
    });
  });

  test('kube-apiserver frozen for a while', async () => {
    await underLoad('frozen', async load => {
      await sleep(1_000);
      cluster.apiServer().signal('SIGSTOP');
      await answersWithoutStore();
      await sleep(seconds * 1_000);
      cluster.apiServer().signal('SIGCONT');
      await eventually('/readyz', readyz, isReady);
      const before = load.acknowledged;
      await eventually(
        'writes',
        async () => load.acknowledged,
        count => count > before + 16,
      );
    });
  });

  test('history that is gone when a server looks again', async () => {
    await underLoad('expired', async load => {
      await sleep(500);
      servers[0]!.process.signal('SIGSTOP');
      const before = load.acknowledged;
      await eventually(
        'writes at the other server',
        async () => load.acknowledged,
        count => count > before + 50,
      );
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
    });
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
      assert.ok(!('broken' in (await countsAt(client))));
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
