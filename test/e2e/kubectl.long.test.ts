import { before } from 'node:test';
import type { Kubectl } from './kubectl.ts';
import { kubectlScript } from './kubectl-script.ts';
import { noSharedData, startOracle } from './oracle.ts';
import { endToEnd } from './suite.ts';

// The script itself is right when what kubectl's authors test against passes it too.
endToEnd('kubectl script against a kube-apiserver with CRDs', { skip: noSharedData }, suite => {
  let kubectl: Kubectl;
  before(async () => {
    const cluster = await startOracle(suite);
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
  });
  kubectlScript({ kubectl: () => kubectl, served: 'definitions' });
});
