/** The kinds that sequences use, with an object of each that both servers take as it is and fill nothing into. */
export interface Used {
  kind: string;
  plural: string;
  namespaced: boolean;
  spec: Record<string, unknown>;
  /** Labels that this server sets by itself. */
  labels?: Record<string, string>;
}

const policy = {
  tier: 'default',
  types: ['Ingress'],
  order: 10,
  selector: 'all()',
  ingress: [{ action: 'Allow' }],
};
const tierLabel = { 'projectcalico.org/tier': 'default' };

export const used: Used[] = [
  { kind: 'NetworkSet', plural: 'networksets', namespaced: true, spec: { nets: ['192.0.2.0/24'] } },
  {
    kind: 'GlobalNetworkSet',
    plural: 'globalnetworksets',
    namespaced: false,
    spec: { nets: ['192.0.2.0/24'] },
  },
  { kind: 'NetworkPolicy', plural: 'networkpolicies', namespaced: true, spec: policy, labels: tierLabel },
  {
    kind: 'GlobalNetworkPolicy',
    plural: 'globalnetworkpolicies',
    namespaced: false,
    spec: policy,
    labels: tierLabel,
  },
  {
    kind: 'HostEndpoint',
    plural: 'hostendpoints',
    namespaced: false,
    spec: { node: 'n1', interfaceName: 'eth0', expectedIPs: ['192.0.2.1'], profiles: ['a'] },
  },
  {
    kind: 'CalicoNodeStatus',
    plural: 'caliconodestatuses',
    namespaced: false,
    spec: { node: 'n1', classes: ['Agent'], updatePeriodSeconds: 10 },
  },
  { kind: 'Tier', plural: 'tiers', namespaced: false, spec: { order: 100, defaultAction: 'Deny' } },
  {
    kind: 'IPAMBlock',
    plural: 'ipamblocks',
    namespaced: false,
    spec: {
      cidr: '10.0.0.0/30',
      allocations: [null, null, null, null],
      attributes: [],
      deleted: false,
      sequenceNumber: 1,
      strictAffinity: false,
      unallocated: [0, 1, 2, 3],
    },
  },
];

/** The facts of a kind, by the plural. Throws for one that is not in the table. */
export function usedKind(plural: string): Used {
  const found = used.find(each => each.plural === plural);
  if (!found) throw new Error(`${plural} is not among the kinds of test/differential/specs.ts`);
  return found;
}

/** An object of a kind: its metadata as given, with the labels that this server would add, and a spec over the usual one. */
export function objectOf(
  plural: string,
  metadata: Record<string, unknown> & { labels?: Record<string, string> },
  spec: Record<string, unknown> = {},
): Record<string, unknown> {
  const { kind, spec: usual, labels } = usedKind(plural);
  return {
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: labels ? { ...metadata, labels: { ...labels, ...metadata.labels } } : metadata,
    spec: { ...usual, ...spec },
  };
}
