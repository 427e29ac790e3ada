import { stringify } from 'yaml';
import type { Cluster } from '../cluster.ts';
import type { Kubectl } from '../kubectl.ts';

/** The service accounts under which Calico's components run. Typha, Felix and confd run as calico-node. */
export const agentNames = ['calico-node', 'calico-cni-plugin', 'calico-kube-controllers'] as const;
export type AgentName = (typeof agentNames)[number];

const namespace = 'kube-system';
const read = ['get', 'list', 'watch'];
const ipam = ['blockaffinities', 'ipamblocks', 'ipamhandles'];

interface Rule {
  resources: string[];
  verbs: string[];
}

/**
 * What the ClusterRoles of Calico's own manifests allow in the group projectcalico.org. `caliconodestatuses/status` is ours:
 * Calico's role names the resource only, and its status reporter writes the subresource.
 */
export const rulesOf: Record<AgentName, Rule[]> = {
  'calico-node': [
    {
      resources: [
        'felixconfigurations',
        'bgppeers',
        'bgpfilters',
        'bgpconfigurations',
        'ippools',
        'ipreservations',
        'ipamblocks',
        'globalnetworkpolicies',
        'stagedglobalnetworkpolicies',
        'networkpolicies',
        'stagednetworkpolicies',
        'stagedkubernetesnetworkpolicies',
        'globalnetworksets',
        'networksets',
        'clusterinformations',
        'hostendpoints',
        'blockaffinities',
        'caliconodestatuses',
        'tiers',
      ],
      verbs: read,
    },
    { resources: ['tiers'], verbs: ['create'] },
    {
      resources: ['ippools', 'felixconfigurations', 'bgpconfigurations', 'clusterinformations', 'bgppeers'],
      verbs: ['create', 'update'],
    },
    { resources: ['caliconodestatuses', 'caliconodestatuses/status'], verbs: ['update'] },
    { resources: ipam, verbs: ['get', 'list', 'create', 'update', 'delete'] },
    { resources: ['ipamconfigurations'], verbs: ['get', 'create'] },
  ],
  'calico-cni-plugin': [
    {
      resources: [...ipam, 'clusterinformations', 'ippools', 'ipreservations', 'ipamconfigurations'],
      verbs: ['get', 'list', 'create', 'update', 'delete'],
    },
  ],
  'calico-kube-controllers': [
    {
      resources: ['*'],
      verbs: [...read, 'create', 'update', 'patch', 'delete'],
    },
  ],
};

/** Creates the accounts with their rights, and returns a kubeconfig for each. */
export async function createAgents(cluster: Cluster, admin: Kubectl): Promise<Record<AgentName, string>> {
  const objects = agentNames.flatMap(name => [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: rulesOf[name].map(rule => ({ apiGroups: ['projectcalico.org'], ...rule })),
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ]);
  await admin.ok(['apply', '-f', '-'], { input: objects.map(object => stringify(object)).join('---\n') });
  const kubeconfigs = {} as Record<AgentName, string>;
  for (const name of agentNames) {
    const token = await admin.ok(['-n', namespace, 'create', 'token', name, '--duration=3h']);
    kubeconfigs[name] = await cluster.kubeconfigForToken(name, token.trim());
  }
  return kubeconfigs;
}
