import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { negotiatedProtocol } from './client.ts';
import type { Kubectl } from './kubectl.ts';
import { kubectlScript } from './kubectl-script.ts';
import { endToEnd } from './suite.ts';
import { type Deployed, deployBase } from './tortie.ts';

endToEnd('kubectl through kube-apiserver', {}, suite => {
  let deployed: Deployed;
  let kubectl: Kubectl;
  before(async () => {
    const cluster = await suite.startCluster();
    deployed = await deployBase(suite, cluster);
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
  });

  describe('which speaks HTTP/2 with the server', () => {
    test('the protocol is the one meant', async () => {
      assert.equal(await negotiatedProtocol(`https://127.0.0.1:${deployed.port}`), 'h2');
    });
    kubectlScript({ kubectl: () => kubectl, served: 'tortie' });
  });

  describe('which speaks HTTP/1.1 with the server', () => {
    before(() => deployed.restart(['--disable-http2-serving']));
    test('the protocol is the one meant', async () => {
      assert.equal(await negotiatedProtocol(`https://127.0.0.1:${deployed.port}`), 'http/1.1');
    });
    kubectlScript({ kubectl: () => kubectl, served: 'tortie' });
  });
});
