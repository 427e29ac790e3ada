import { test } from 'node:test';
import type { Certificate } from '../../e2e/certificates.ts';
import { clientOf } from '../../e2e/client.ts';
import { endToEnd } from '../../e2e/suite.ts';
import { deployBase } from '../../e2e/tortie.ts';
import type { Credential } from '../attack.ts';
import { limitMemory } from '../cgroup.ts';
import { attackAll } from '../suite.ts';

const memoryBytes = 2 ** 30;
const rights = [
  {
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'people' },
    rules: [{ apiGroups: ['projectcalico.org'], resources: ['*'], verbs: ['*'] }],
  },
  {
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'people' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'people' },
    subjects: [{ kind: 'Group', name: 'people', apiGroup: 'rbac.authorization.k8s.io' }],
  },
  ...['good', 'attack', 'large', 'many', 'finalizers'].map(name => ({
    path: '/api/v1/namespaces',
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  })),
];

/** Attacks of one user of a kube-apiserver, which brings the good one over the same few connections. */
endToEnd('attacks through kube-apiserver', { minutes: 15 }, suite => {
  test('a user with rights, beside another', async t => {
    const cluster = await suite.startCluster();
    const deployed = await deployBase(suite, cluster);
    const memory = limitMemory(t, memoryBytes);
    memory.adopt(deployed.process.pid);
    const admin = await clientOf(cluster.adminKubeconfig);
    for (const { path, ...object } of rights) {
      const { status, text } = await admin.request('POST', path, { body: JSON.stringify(object) });
      if (status !== 201) throw new Error(text);
    }
    admin.close();
    const as = async (name: string, group: string): Promise<Credential> =>
      pair(await cluster.issueClient({ name, groups: [group] }));
    const user = await as('mallory', 'people');
    await attackAll(t, {
      groups: ['windows', 'crowd', 'bodies'],
      only: /at window 0$|without pause$|owner references$|bad nets$|stop before|deletes of/,
      seconds: 4,
      memoryBytes,
      start: async () => ({
        url: cluster.url,
        ca: cluster.authority,
        pid: deployed.process.pid,
        process: deployed.process,
        memory,
        good: await as('good', 'people'),
        credentials: { admin: await as('admin', 'system:masters'), user, frontProxy: user },
      }),
    });
  });
});

function pair({ certificate, key }: Certificate): Credential {
  return { cert: certificate, key };
}
