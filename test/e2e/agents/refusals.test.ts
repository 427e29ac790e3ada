import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import type { Cluster } from '../cluster.ts';
import type { Kubectl } from '../kubectl.ts';
import { type RunningProcess, startProcess } from '../process.ts';
import { endToEnd, root, type Suite } from '../suite.ts';

/** One of the kinds that Calico's agents read where a cluster has them. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ippools.crd.projectcalico.org' },
  spec: {
    group: 'crd.projectcalico.org',
    scope: 'Cluster',
    names: { kind: 'IPPool', listKind: 'IPPoolList', plural: 'ippools', singular: 'ippool' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const ready = /^Tortie is ready at/;

/** Starts the server with the rights of an administrator of the cluster, on a fresh data directory. */
async function start(suite: Suite, cluster: Cluster, args: string[] = []): Promise<RunningProcess> {
  const dataDirectory = await mkdtemp(join(suite.folder, 'data-'));
  const running = await startProcess({
    name: 'tortie',
    command: process.execPath,
    args: [
      join(root, 'src/main.ts'),
      'serve',
      `--data-dir=${dataDirectory}`,
      '--bind-address=127.0.0.1',
      '--secure-port=0',
      `--kubeconfig=${cluster.adminKubeconfig}`,
      ...args,
    ],
    folder: suite.folder,
    env: { PATH: process.env.PATH },
  });
  suite.processes.push(running);
  return running;
}

endToEnd('a store that nobody would read', {}, suite => {
  let cluster: Cluster;
  let admin: Kubectl;
  before(async () => {
    cluster = await suite.startCluster();
    admin = await suite.kubectl(cluster.adminKubeconfig);
  });

  test('a cluster without the CRDs of Calico: the server starts', async () => {
    const running = await start(suite, cluster);
    await running.waitForLine(ready);
    assert.equal(await running.stop(), 0);
  });

  describe('a cluster with crd.projectcalico.org', () => {
    before(async () => {
      await admin.ok(['apply', '-f', '-'], { input: stringify(definition) });
      await admin.ok([
        'wait',
        '--for=condition=Established',
        '--timeout=60s',
        `crd/${definition.metadata.name}`,
      ]);
    });

    for (const datastore of ['embedded', 'memory', 'etcd']) {
      test(`${datastore}: the server does not start, and says why and what to do`, async () => {
        const endpoints = datastore === 'etcd' ? [`--etcd-endpoints=${cluster.etcdUrl}`] : [];
        const running = await start(suite, cluster, [`--datastore=${datastore}`, ...endpoints]);
        assert.equal(await running.exited, 1);
        const said = running.tail();
        assert.match(said, /the cluster serves crd\.projectcalico\.org\/v1, which Calico's agents read/);
        assert.match(said, new RegExp(`${datastore} datastore of this server would never be enforced`));
        assert.match(said, /--allow-separate-datastore/);
        assert.doesNotMatch(said, ready);
      });
    }

    test('--allow-separate-datastore: it starts', async () => {
      const running = await start(suite, cluster, ['--allow-separate-datastore']);
      await running.waitForLine(ready);
      assert.equal(await running.stop(), 0);
    });
  });
});
