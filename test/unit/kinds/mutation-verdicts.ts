import type { Corruption, Mutation } from './mutations.ts';

/**
 * What must become of a mutation where the schemas of Calico's definitions (types, required fields, enums, bounds,
 * patterns, formats, list types) do not say it. Written from kinds.md and selectors.md, whose sections and rows are
 * named as the source, and never from what the server answers. Where the server differs on purpose, the source is a
 * row of docs/reference/differences.md.
 */
export interface Ruling {
  verdict:
    | 'refused'
    /** Refused, too, by a kube-apiserver with the definitions: CEL, metadata, the envelope. */
    | 'refused by the definition'
    /** Though a kube-apiserver with the definitions refuses it. */
    | 'accepted';
  /** All kinds when absent. */
  kinds?: string[];
  /** `[*]` is any index or key, `*` any part of a name; alternatives stand in brackets: `spec.(a|b)[*].c`. */
  field: string;
  as: Corruption[];
  source: string;
}

const tiered = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy'];
const global = ['GlobalNetworkPolicy', 'StagedGlobalNetworkPolicy'];
const staged = ['StagedNetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedKubernetesNetworkPolicy'];
const withRules = [...tiered, 'Profile'];
const namespaced = ['NetworkPolicy', 'NetworkSet', 'StagedKubernetesNetworkPolicy', 'StagedNetworkPolicy'];

const rule = 'spec.(ingress|egress)[*]';
const entity = `${rule}.(source|destination)`;

const envelope: Ruling[] = [
  {
    verdict: 'accepted',
    field: '(apiVersion|kind)',
    as: ['dropped'],
    source:
      'machinery.md 3.1, step 2: what is missing is filled in from the URL; a server of CRDs asks for both',
  },
  {
    verdict: 'refused by the definition',
    field: '(apiVersion|kind)',
    as: ['empty', 'junk', 'case'],
    source: 'machinery.md 3.1, step 2: wrong kind, GV mismatch',
  },
  {
    verdict: 'refused by the definition',
    field: 'metadata.name',
    as: ['dropped', 'number', 'empty', 'junk', 'case'],
    source: 'kinds.md 0.2, name syntax (lower case); 0, decoding; machinery.md 3.1, no name',
  },
  {
    verdict: 'refused by the definition',
    kinds: namespaced,
    field: 'metadata.namespace',
    as: ['number', 'junk', 'case'],
    source: 'machinery.md 3.1, step 3: another namespace than that of the request',
  },
  {
    verdict: 'refused by the definition',
    field: 'metadata.labels[*]',
    as: ['number', 'junk'],
    source: 'kinds.md 0.2, label key / value; 0, decoding',
  },
  {
    verdict: 'refused by the definition',
    field: 'metadata.labels',
    as: ['list'],
    source: 'kinds.md 0, decoding',
  },
];

const rules: Ruling[] = [
  {
    verdict: 'refused',
    kinds: withRules,
    field: `${rule}.(notProtocol|protocol)`,
    as: ['junk', 'empty', 'case', 'word', 'zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 0.4, Protocol: 1 to 255, or exactly one of six names',
  },
  {
    verdict: 'refused by the definition',
    kinds: tiered,
    field: 'spec.ingress[0].protocol',
    as: ['number', 'empty', 'junk', 'case'],
    source: 'kinds.md 2, http: protocol unset, TCP or 6 (S)',
  },
  {
    verdict: 'refused',
    kinds: withRules,
    field: '(spec.ingress[0]|spec.egress[1]).protocol',
    as: ['dropped'],
    source: 'kinds.md 2, ports: without protocol only named ports (G)',
  },
  {
    verdict: 'refused by the definition',
    kinds: tiered,
    field: 'spec.ingress[2].protocol',
    as: ['dropped', 'number', 'empty', 'junk', 'case'],
    source: 'kinds.md 2, icmp needs protocol ICMP, ICMPv6, 1 or 58 (S)',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: 'spec.ingress[0].protocol',
    as: ['number'],
    source: 'kinds.md 2, ports: with a protocol that has no ports the lists must be empty (G); 7 has none',
  },
  {
    verdict: 'refused',
    kinds: tiered,
    field: 'spec.ingress[1].protocol',
    as: ['number'],
    source: 'kinds.md 2, ports: with a protocol that has no ports named ports must be absent, too (G)',
  },
  {
    verdict: 'refused by the definition',
    kinds: tiered,
    field: `${rule}.icmp.type`,
    as: ['dropped'],
    source: 'kinds.md 2, code needs type (S)',
  },
  {
    verdict: 'refused',
    kinds: withRules,
    field: `${entity}.(ports|notPorts)[*]`,
    as: ['empty', 'junk', 'case', 'zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 0.4, Port: 1 to 65535, a range, or a port name in lower case; 0.3 portName',
  },
  {
    verdict: 'refused',
    kinds: withRules,
    field: `${entity}.(nets|notNets)[*]`,
    as: ['empty', 'junk'],
    source: 'kinds.md 0.3, net; 2, a second check that needs a prefix length (G)',
  },
  {
    verdict: 'refused',
    kinds: withRules,
    field: `${entity}.(selector|notSelector|namespaceSelector|serviceAccounts.selector)`,
    as: ['junk'],
    source: 'selectors.md 1, any rule; 4, missing operator after a label',
  },
  {
    verdict: 'refused',
    kinds: tiered,
    field: 'spec.(selector|serviceAccountSelector|namespaceSelector)',
    as: ['junk'],
    source: 'selectors.md 1, policies; 4, missing operator after a label',
  },
  {
    verdict: 'refused by the definition',
    kinds: tiered,
    field: `${entity}.services.name`,
    as: ['dropped', 'empty'],
    source: 'kinds.md 2, services: name required, an absent name also makes the CEL fail',
  },
  {
    verdict: 'refused',
    kinds: tiered,
    field: `${entity}.services.(name|namespace)`,
    as: ['junk', 'case'],
    source: 'kinds.md 2, services: name and namespace are `name`s; 0.3 name, lower case',
  },
  {
    verdict: 'refused',
    kinds: global,
    field: `${entity}.services.namespace`,
    as: ['dropped', 'empty'],
    source: 'kinds.md 2, services: global policies (staged too) need the namespace (G)',
  },
  {
    verdict: 'refused',
    kinds: withRules,
    field: `${rule}.http.methods`,
    as: ['twice'],
    source: 'kinds.md 2, http.methods: no duplicates (G)',
  },
  {
    verdict: 'refused',
    kinds: tiered,
    field: `${rule}.http.paths[*].(exact|prefix)`,
    as: ['dropped', 'empty', 'junk'],
    source: 'kinds.md 2, http.paths: exactly one of exact and prefix, which starts with / (G)',
  },
  {
    verdict: 'refused',
    kinds: tiered,
    field: 'spec.tier',
    as: ['junk', 'case'],
    source: 'kinds.md 3, NetworkPolicy: tier is a `name`; 0.3 name, lower case',
  },
  {
    verdict: 'refused by the definition',
    kinds: global,
    field: 'spec.preDNAT',
    as: ['flipped'],
    source: 'kinds.md 3, GlobalNetworkPolicy: preDNAT with any egress rule, or with type Egress (CEL)',
  },
  {
    verdict: 'accepted',
    kinds: tiered,
    field: 'spec.types',
    as: ['emptied'],
    source: 'selectors.md 7, types has length 0; differences.md, `types: []`',
  },
  {
    verdict: 'accepted',
    kinds: staged,
    field: 'spec.stagedAction',
    as: ['empty'],
    source: 'differences.md, `stagedAction: ""`',
  },
];

/** What the schema would say if there were a definition; the types are those of kinds.md 2 and 0.4. */
const profiles: Ruling[] = [
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: '(apiVersion|kind|spec.labelsToApply[*]|spec.ingress[*].metadata.annotations[*])',
    as: ['number'],
    source: 'kinds.md 0, JSON decoding: types',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: `(${rule}.action|${entity}.(nets[*]|notNets[*]|selector|notSelector|namespaceSelector))`,
    as: ['number'],
    source: 'kinds.md 0, JSON decoding: types',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: `${rule}.(ipVersion|icmp.type)`,
    as: ['word'],
    source: 'kinds.md 0, JSON decoding: types',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: '**',
    as: ['list', 'object'],
    source: 'kinds.md 0, JSON decoding: types',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: 'metadata',
    as: ['dropped'],
    source: 'machinery.md 3.1, no name',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: 'spec',
    as: ['dropped'],
    source: 'differences.md, a Profile without `spec`',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: 'spec.ingress[0].ipVersion',
    as: ['zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 2, nets must match ipVersion if set (G)',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: `${rule}.icmp.type`,
    as: ['negative', 'large', 'huge'],
    source: 'kinds.md 2, icmp: type 0 to 254 (S + G)',
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: `${rule}.action`,
    as: ['dropped', 'empty', 'junk', 'case'],
    source: "differences.md, an action of a Profile's rule that is not Allow, Deny, Log or Pass",
  },
  {
    verdict: 'refused',
    kinds: ['Profile'],
    field: 'spec.labelsToApply[*]',
    as: ['junk'],
    source: 'kinds.md 0.3, labels',
  },
];

const conversion = 'kinds.md 3, StagedKubernetesNetworkPolicy: conversion failure is an error';

const otherPolicies: Ruling[] = [
  {
    verdict: 'refused',
    kinds: ['StagedKubernetesNetworkPolicy'],
    field: `${rule}.ports[*].port`,
    as: ['empty', 'junk', 'large', 'huge'],
    source: `${conversion}; kinds.md 0.4, Port: up to 65535, a name of letters, digits, _, . and -`,
  },
  {
    verdict: 'refused',
    kinds: ['StagedKubernetesNetworkPolicy'],
    field: `${rule}.ports[*].port`,
    as: ['negative'],
    source: 'differences.md, a negative port',
  },
  {
    verdict: 'refused',
    kinds: ['StagedKubernetesNetworkPolicy'],
    field: 'spec.egress[1].ports[*].port',
    as: ['word'],
    source: `${conversion}; with endPort it is a range, which has no names (kinds.md 0.4, Port)`,
  },
  {
    verdict: 'refused',
    kinds: ['StagedKubernetesNetworkPolicy'],
    field: `${rule}.ports[*].endPort`,
    as: ['zero', 'negative', 'large', 'huge'],
    source: `${conversion}; kinds.md 0.4, Port: min up to max`,
  },
  {
    verdict: 'refused',
    kinds: ['StagedKubernetesNetworkPolicy'],
    field: `${rule}.(from|to)[*].ipBlock.(cidr|except[*])`,
    as: ['empty', 'junk'],
    source: 'differences.md, a network of a peer that is no CIDR',
  },
  {
    verdict: 'refused',
    kinds: ['NetworkSet', 'GlobalNetworkSet'],
    field: 'spec.nets[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 3, GlobalNetworkSet: nets are CIDRs or addresses',
  },
  {
    verdict: 'refused by the definition',
    kinds: ['HostEndpoint'],
    field: 'spec.node',
    as: ['dropped', 'empty'],
    source: 'kinds.md 3, HostEndpoint: node required (CEL)',
  },
  {
    verdict: 'refused',
    kinds: ['HostEndpoint'],
    field: '(spec.node|spec.interfaceName)',
    as: ['junk'],
    source: 'kinds.md 3, HostEndpoint: node is a `name`; 0.3 name, interface',
  },
  {
    verdict: 'refused',
    kinds: ['HostEndpoint'],
    field: 'spec.(expectedIPs|profiles)[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 3, HostEndpoint: expectedIPs are bare addresses, profiles `name`s',
  },
  {
    verdict: 'refused',
    kinds: ['HostEndpoint'],
    field: 'spec.ports[*].name',
    as: ['empty', 'junk', 'case'],
    source: 'kinds.md 3, HostEndpoint: the name of a port is a portName; 0.3 portName, 1 to 15 in lower case',
  },
  {
    verdict: 'refused',
    kinds: ['HostEndpoint'],
    field: 'spec.ports[*].protocol',
    as: ['number', 'empty', 'junk', 'case', 'word', 'zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 3, HostEndpoint: the protocol of a port is TCP, UDP or SCTP, by name or number',
  },
];

const bgp: Ruling[] = [
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration', 'BGPPeer', 'BGPFilter'],
    field: '(spec.(asNumber|localASNumber)|spec.exportV4[0].*(asPathPrefix|prefix)[*])',
    as: ['negative'],
    source: 'kinds.md 0.4, ASNumber: 0 to 4294967295',
  },
  {
    verdict: 'accepted',
    kinds: ['BGPConfiguration', 'BGPPeer', 'BGPFilter'],
    field: '(spec.(asNumber|localASNumber)|spec.exportV4[0].*(asPathPrefix|prefix)[*])',
    as: ['large'],
    source: 'kinds.md 0.4, AS note; differences.md, AS number above 2147483647',
  },
  {
    verdict: 'refused by the definition',
    kinds: ['BGPConfiguration'],
    field: 'spec.nodeToNodeMeshEnabled',
    as: ['flipped'],
    source: 'kinds.md 3, BGPConfiguration: nodeMeshPassword when nodeToNodeMeshEnabled is false (CEL)',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: '(spec.communities|spec.communities[1])',
    as: ['dropped', 'emptied'],
    source:
      'kinds.md 3, BGPConfiguration: a community of prefixAdvertisements is a name defined in communities',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: 'spec.communities[*].name',
    as: ['dropped', 'empty', 'junk', 'case'],
    source: 'kinds.md 3, BGPConfiguration, communities: name required, a `name`; 0.3 name, lower case',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: 'spec.communities[*].value',
    as: ['dropped'],
    source: 'kinds.md 3, BGPConfiguration, communities: value required',
  },
  {
    verdict: 'refused by the definition',
    kinds: ['BGPConfiguration'],
    field: 'spec.prefixAdvertisements',
    as: ['dropped', 'emptied'],
    source: 'kinds.md 3, BGPConfiguration: communities without any prefixAdvertisements (CEL)',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: 'spec.prefixAdvertisements[*].(cidr|communities)',
    as: ['dropped'],
    source: 'kinds.md 3, BGPConfiguration, prefixAdvertisements: cidr required, communities required',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: 'spec.prefixAdvertisements[*].communities[*]',
    as: ['empty', 'junk', 'case'],
    source:
      'kinds.md 3, BGPConfiguration, prefixAdvertisements: a literal value or a name defined in communities',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: 'spec.ignoredInterfaces[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 0.3, ignoredInterface',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration'],
    field: 'spec.localWorkloadPeeringIPV(4|6)',
    as: ['junk'],
    source: 'kinds.md 3, BGPConfiguration: bare address of that family',
  },
  {
    verdict: 'refused',
    kinds: ['BGPConfiguration', 'BGPPeer'],
    field: 'spec.(nodeMeshMaxRestartTime|keepaliveTime|maxRestartTime)',
    as: ['empty', 'junk'],
    source: 'kinds.md 0, JSON decoding of durations; differences.md, durations',
  },
  {
    verdict: 'refused',
    kinds: ['BGPPeer'],
    field: 'spec.filters[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 3, BGPPeer: filters are `name`s',
  },
  {
    verdict: 'refused',
    kinds: ['BGPPeer'],
    field: 'spec.(nodeSelector|peerIP|reachableBy)',
    as: ['junk'],
    source: 'selectors.md 1, BGPPeer; kinds.md 3, BGPPeer: peerIP grammar; 0.3 IP:port, reachableBy',
  },
  {
    verdict: 'refused by the definition',
    kinds: ['BGPPeer'],
    field: 'spec.peerIP',
    as: ['dropped', 'empty'],
    source: 'kinds.md 3, BGPPeer: reachableBy needs peerIP (CEL)',
  },
  {
    verdict: 'refused',
    kinds: ['BGPPeer'],
    field: 'spec.ttlSecurity',
    as: ['negative', 'large', 'huge'],
    source: 'kinds.md 3, BGPPeer: ttlSecurity 0 to 255 (decode)',
  },
  {
    verdict: 'refused',
    kinds: ['BGPFilter'],
    field: 'spec.exportV4[1].interface',
    as: ['junk'],
    source: 'kinds.md 0.3, bgpFilterInterface',
  },
  {
    verdict: 'refused by the definition',
    kinds: ['BGPFilter'],
    field: 'spec.(export|import)V(4|6)[*].(cidr|matchOperator)',
    as: ['dropped'],
    source: 'kinds.md 3, BGPFilter: cidr and matchOperator both or neither (CEL)',
  },
];

const pools: Ruling[] = [
  {
    verdict: 'refused',
    kinds: ['IPPool'],
    field: 'spec.(nodeSelector|namespaceSelector)',
    as: ['junk'],
    source: 'selectors.md 1, IPPool; 4, missing operator after a label',
  },
  {
    verdict: 'refused',
    kinds: ['IPPool'],
    field: '(spec.allowedUses|spec.allowedUses[0])',
    as: ['dropped', 'emptied'],
    source:
      'kinds.md 3, IPPool: a namespaceSelector with no allowedUses is refused, since Tunnel is a default',
  },
  {
    verdict: 'accepted',
    kinds: ['IPPool'],
    field: 'spec.(ipipMode|vxlanMode)',
    as: ['empty'],
    source: 'differences.md, IPPool `ipipMode: ""`: empty counts as absent',
  },
];

const otherKinds: Ruling[] = [
  {
    verdict: 'refused',
    kinds: ['BlockAffinity'],
    field: 'spec.deleted',
    as: ['flipped'],
    source: 'kinds.md 3, BlockAffinity: deleted must not be true (Go)',
  },
  {
    verdict: 'accepted',
    kinds: ['KubeControllersConfiguration'],
    field: 'spec.controllers.loadBalancer.assignIPs',
    as: ['empty'],
    source: 'kinds.md 3: AllServices (clientv3), 0 (c): zero values vanish; differences.md, `assignIPs: ""`',
  },
  {
    verdict: 'refused',
    kinds: ['CalicoNodeStatus'],
    field: 'spec.node',
    as: ['dropped', 'empty', 'junk'],
    source: 'kinds.md 3, CalicoNodeStatus: node required, a `name`',
  },
  {
    verdict: 'refused',
    kinds: ['CalicoNodeStatus'],
    field: 'spec.(classes|updatePeriodSeconds)',
    as: ['dropped', 'negative'],
    source: 'kinds.md 3, CalicoNodeStatus: classes required; updatePeriodSeconds required, 0 to 86400',
  },
  {
    verdict: 'refused',
    kinds: ['KubeControllersConfiguration'],
    field: '(spec.*|status.runningConfig.*)(etcdV3CompactionPeriod|reconcilerPeriod|leakGracePeriod)',
    as: ['empty', 'junk'],
    source: 'kinds.md 0, JSON decoding of durations; differences.md, durations',
  },
  {
    verdict: 'refused',
    kinds: ['KubeControllersConfiguration'],
    field: 'spec.controllers.node.hostEndpoint.createDefaultHostEndpoint',
    as: ['junk', 'case'],
    source: 'kinds.md 0.3, createDefaultHostEndpoint: exactly Enabled or Disabled',
  },
  {
    verdict: 'refused',
    kinds: ['KubeControllersConfiguration'],
    field: 'spec.controllers.node.hostEndpoint.templates',
    as: ['twice'],
    source: 'kinds.md 3, KubeControllersConfiguration, templates: generateName unique',
  },
  {
    verdict: 'refused',
    kinds: ['KubeControllersConfiguration'],
    field: 'spec.controllers.node.hostEndpoint.templates[*].generateName',
    as: ['dropped', 'empty', 'junk', 'case'],
    source: 'kinds.md 3, KubeControllersConfiguration, templates: generateName required, a `name`',
  },
  {
    verdict: 'refused',
    kinds: ['KubeControllersConfiguration'],
    field: 'spec.controllers.node.hostEndpoint.templates[*].interfaceCIDRs[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 3, KubeControllersConfiguration, templates: CIDRs loose; 0.3 cidrs',
  },
  {
    verdict: 'refused',
    kinds: ['KubeControllersConfiguration'],
    field: 'spec.controllers.node.hostEndpoint.templates[*].(labels[*]|nodeSelector)',
    as: ['junk'],
    source: 'kinds.md 3, KubeControllersConfiguration, templates: labels, nodeSelector checked',
  },
];

const felixDurations = [
  'bpfIPFragTimeout',
  'bpfKubeProxyMinSyncPeriod',
  'dataplaneWatchdogTimeout',
  'debugSimulate*',
  'endpointReportingDelay',
  'flowLogsFlushInterval',
  'healthTimeoutOverrides[*].timeout',
  '*RefreshInterval',
  'iptablesLockProbeInterval',
  'iptablesPostWriteCheckInterval',
  'liveMigrationRouteConvergenceTime',
  'netlinkTimeout',
  'reportingInterval',
  'reportingTTL',
  'usageReportingInitialDelay',
  'usageReportingInterval',
  'wireguardKeepAlive',
];

const felix: Ruling[] = [
  {
    verdict: 'refused',
    field: `spec.(${felixDurations.join('|')})`,
    as: ['empty', 'junk'],
    source: 'kinds.md 0, JSON decoding of durations; differences.md, durations',
  },
  {
    verdict: 'refused',
    field: 'spec.(bpfDSROptoutCIDRs|bpfExcludeCIDRsFromNAT|externalNodesList)[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 0.3, cidr; 3, FelixConfiguration, externalNodesList',
  },
  {
    verdict: 'refused',
    field: 'spec.bpfForceTrackPacketsFromIfaces[*]',
    as: ['empty', 'junk'],
    source: 'kinds.md 0.3, ifaceFilterSlice',
  },
  {
    verdict: 'refused',
    field: 'spec.(iptablesNATOutgoingInterfaceFilter|wireguardInterfaceName|wireguardInterfaceNameV6)',
    as: ['junk'],
    source: 'kinds.md 0.3, ifaceFilter, interface',
  },
  {
    verdict: 'refused',
    field: 'spec.prometheusMetricsHost',
    as: ['junk'],
    source: 'kinds.md 0.3, prometheusHost',
  },
  {
    verdict: 'refused',
    field: 'spec.(bpfKubeProxyHealthzPort|debugPort)',
    as: ['negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, numeric ranges: 0 to 65535',
  },
  {
    verdict: 'refused',
    field: 'spec.bpfExtToServiceConnmark',
    as: ['negative', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, numeric ranges: 0 to 4294967295',
  },
  {
    verdict: 'refused',
    field: 'spec.(wireguardListeningPort|wireguardListeningPortV6|wireguardRoutingRulePriority)',
    as: ['zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, numeric ranges: 1 to 65535, 1 to 32765',
  },
  {
    verdict: 'refused',
    field: 'spec.(ipv4|ipv6)(Elevated|Normal)RoutePriority',
    as: ['zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, numeric ranges: 1 to 2147483646',
  },
  {
    verdict: 'refused',
    field: 'spec.bpfMaglevMax(EndpointsPerService|Services)',
    as: ['zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, numeric ranges: 1 to 3000',
  },
  {
    verdict: 'refused',
    field: 'spec.(bpfPSNATPorts|natPortRange)',
    as: ['empty', 'junk'],
    source: 'kinds.md 3, FelixConfiguration: one valid Port; 0.4 Port',
  },
  {
    verdict: 'refused',
    field: 'spec.kubeNodePortRanges[*]',
    as: ['empty', 'junk', 'word', 'zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, kubeNodePortRanges: valid ports, no named ports',
  },
  {
    verdict: 'refused',
    field: 'spec.failsafe(Inbound|Outbound)HostPorts[*].port',
    as: ['negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, failsafe ports: port by its 16-bit decode',
  },
  {
    verdict: 'refused',
    field: 'spec.istioDSCPMark',
    as: ['negative', 'large', 'huge'],
    source: 'kinds.md 0.4, DSCP: integer 0 to 255 or string',
  },
  {
    verdict: 'refused',
    field: 'spec.openstackRegion',
    as: ['junk', 'case'],
    source: 'kinds.md 3, FelixConfiguration, openstackRegion: a DNS label',
  },
  {
    verdict: 'refused by the definition',
    field: 'spec.(natOutgoingAddress|deviceRouteSourceAddress|deviceRouteSourceAddressIPv6)',
    as: ['junk'],
    source: 'kinds.md 3, FelixConfiguration: valid address (Go), right family (CEL)',
  },
  {
    verdict: 'refused by the definition',
    field: 'spec.routeTableRanges[*].min',
    as: ['zero', 'negative', 'large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, routeTableRanges: min at least 1, min up to max',
  },
  {
    verdict: 'refused by the definition',
    field: 'spec.routeTableRanges[*].max',
    as: ['zero', 'negative'],
    source: 'kinds.md 3, FelixConfiguration, routeTableRanges: min up to max',
  },
  {
    verdict: 'refused',
    field: 'spec.routeTableRanges[*].max',
    as: ['large', 'huge'],
    source: 'kinds.md 3, FelixConfiguration, routeTableRanges: max up to 4294967295, 65535 tables in all',
  },
  {
    verdict: 'refused',
    field: 'spec.healthTimeoutOverrides[*].name',
    as: ['empty', 'junk'],
    source:
      'kinds.md 3, FelixConfiguration, healthTimeoutOverrides: letters, digits, _, blank and -, at least one',
  },
  {
    verdict: 'refused',
    field: 'spec.(serviceLoopPrevention|workloadSourceSpoofing)',
    as: ['case'],
    source: 'kinds.md 3, FelixConfiguration: exact case needed because of a second check',
  },
];

export const rulings: Ruling[] = [
  ...envelope,
  ...rules,
  ...profiles,
  ...otherPolicies,
  ...bgp,
  ...pools,
  ...otherKinds,
  ...felix.map(ruling => ({ ...ruling, kinds: ['FelixConfiguration'] })),
];

const patterns = new Map(rulings.map(ruling => [ruling, patternOf(ruling.field)]));

/** The rulings on a mutation: those that say how it is, in the order of the table. */
export function rulingsOn({ kind, field, corruption }: Mutation): Ruling[] {
  return rulings.filter(
    ruling =>
      ruling.as.includes(corruption) &&
      (ruling.kinds?.includes(kind.kind) ?? true) &&
      patterns.get(ruling)!.test(field),
  );
}

function patternOf(field: string): RegExp {
  const text = field
    .replaceAll('[*]', '\u0001')
    .replaceAll('.', '\\.')
    .replaceAll('[', '\\[')
    .replaceAll(']', '\\]')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('\u0001', '\\[[^\\]]+\\]');
  return new RegExp(`^(${text})$`);
}
