/**
 * The kinds that the server must serve, and the short names under which users know them from Calico's
 * servers.
 */
export interface ServedKind {
  kind: string;
  plural: string;
  namespaced: boolean;
  shortNames: string[];
}

function row(kind: string, plural: string, shortNames: string[] = [], namespaced = false): ServedKind {
  return { kind, plural, namespaced, shortNames };
}

export const servedKinds: ServedKind[] = [
  row('BGPConfiguration', 'bgpconfigurations', ['bgpconfig', 'bgpconfigs']),
  row('BGPFilter', 'bgpfilters'),
  row('BGPPeer', 'bgppeers'),
  row('BlockAffinity', 'blockaffinities', ['affinity', 'affinities', 'blockaffinity']),
  row('CalicoNodeStatus', 'caliconodestatuses', ['caliconodestatus']),
  row('ClusterInformation', 'clusterinformations', ['clusterinfo', 'clusterinfos']),
  row('FelixConfiguration', 'felixconfigurations', ['felixconfig', 'felixconfigs']),
  row('GlobalNetworkPolicy', 'globalnetworkpolicies', ['gnp', 'cgnp', 'calicoglobalnetworkpolicies']),
  row('GlobalNetworkSet', 'globalnetworksets', ['gns']),
  row('HostEndpoint', 'hostendpoints', ['hep', 'heps']),
  row('IPAMBlock', 'ipamblocks'),
  row('IPAMConfiguration', 'ipamconfigurations', ['ipamconfig', 'ipamconfigs']),
  row('IPAMHandle', 'ipamhandles'),
  row('IPPool', 'ippools'),
  row('IPReservation', 'ipreservations'),
  row('KubeControllersConfiguration', 'kubecontrollersconfigurations', ['kcc', 'kccs', 'kcconfig']),
  row('NetworkPolicy', 'networkpolicies', ['cnp', 'caliconetworkpolicy', 'caliconetworkpolicies'], true),
  row('NetworkSet', 'networksets', ['netsets'], true),
  row('Profile', 'profiles'),
  row('StagedGlobalNetworkPolicy', 'stagedglobalnetworkpolicies', ['sgnp']),
  row('StagedKubernetesNetworkPolicy', 'stagedkubernetesnetworkpolicies', ['sknp'], true),
  row('StagedNetworkPolicy', 'stagednetworkpolicies', ['scnp', 'snp'], true),
  row('Tier', 'tiers'),
];
