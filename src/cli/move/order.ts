import type { Kind } from '../../kinds/kind.ts';

/**
 * The kinds in an order in which their objects can be created: what others refer to comes first, and ClusterInformation
 * last, since its datastoreReady tells Calico's agents that a store is complete.
 */
const order = [
  'Tier',
  'FelixConfiguration',
  'KubeControllersConfiguration',
  'BGPConfiguration',
  'BGPFilter',
  'BGPPeer',
  'IPAMConfiguration',
  'IPReservation',
  'IPPool',
  'BlockAffinity',
  'IPAMBlock',
  'IPAMHandle',
  'Profile',
  'GlobalNetworkSet',
  'NetworkSet',
  'HostEndpoint',
  'GlobalNetworkPolicy',
  'NetworkPolicy',
  'StagedGlobalNetworkPolicy',
  'StagedNetworkPolicy',
  'StagedKubernetesNetworkPolicy',
  'CalicoNodeStatus',
  '*',
  'ClusterInformation',
];

/** The kinds, sorted for creation. One that the order does not know comes before the last. */
export function inOrderOfCreation(kinds: readonly Kind[]): Kind[] {
  const rank = ({ kind }: Kind) => order.indexOf(order.includes(kind) ? kind : '*');
  return kinds.toSorted((a, b) => rank(a) - rank(b));
}
