import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { eventually, probe } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Kubectl } from './kubectl.ts';
import { kubectlScript } from './kubectl-script.ts';
import { freePorts, startProcess } from './process.ts';
import { endToEnd, root } from './suite.ts';
import { deployBase } from './tortie.ts';

const main = join(root, 'src/main.ts');

endToEnd('the datastore kubernetes, with no rights but those of its manifests', {}, suite => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  const install = async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'crds'], { maxBuffer: 2 ** 26 });
    await kubectl.ok(['apply', '--server-side', '-f', '-'], { input: stdout });
  };
  before(async () => {
    cluster = await suite.startCluster();
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
  });

  test('without the CRDs it is never ready; once they are there it is', async () => {
    const [port] = (await freePorts(1)) as [number];
    const running = await startProcess({
      name: 'tortie',
      command: process.execPath,
      args: [
        main,
        'serve',
        `--data-dir=${join(suite.folder, 'early')}`,
        `--secure-port=${port}`,
        '--datastore=kubernetes',
        `--datastore-kubeconfig=${cluster.adminKubeconfig}`,
      ],
      folder: suite.folder,
      env: { PATH: process.env.PATH },
    });
    suite.processes.push(running);
    await running.waitForLine(/CustomResourceDefinitions installed\?/);
    assert.equal(await probe(`https://127.0.0.1:${port}/livez`), 200);
    assert.equal(await probe(`https://127.0.0.1:${port}/readyz`), 500);
    await install();
    const ready = () => probe(`https://127.0.0.1:${port}/readyz`);
    await eventually('/readyz', ready, status => status === 200);
    await running.stop();
  });

  describe('kubectl through kube-apiserver', () => {
    before(async () => {
      await deployBase(suite, cluster, [], 'kubernetes-datastore');
    });
    kubectlScript({
      kubectl: () => kubectl,
      served: 'tortie',
      readOnly: ['BlockAffinity', 'ClusterInformation', 'IPAMBlock', 'IPAMHandle', 'Profile'],
    });
  });
});
