import type { CalicoObject, ClientKind } from './go-client.ts';
import { labelsOf } from './ipam.ts';
import type { AgentName } from './roles.ts';

/** One who asks: under which account, and with which of its Go clients. */
export interface Who {
  account: AgentName | 'admin';
  client: ClientKind;
}

const who = (account: Who['account'], client: ClientKind = 'datastore'): Who => ({ account, client });
/** calico/node, Typha, Felix and confd. */
const node = who('calico-node');
const cni = who('calico-cni-plugin');
const controllers = who('calico-kube-controllers');
const informers = who('calico-kube-controllers', 'informer');
/** calicoctl, in the hands of an administrator. */
const calicoctl = who('admin');

/**
 * What Calico's components ask of one resource when they have `projectcalico.org/v3` for their datastore. Each verb that they were
 * seen to use, or that their source uses, with the one who uses it; a verb that is missing is not used.
 */
export interface Row {
  plural: string;
  /** As the component prints it: Go writes empty values that are not pointers. */
  object: CalicoObject;
  /** Whether the object is there from the start, so that a create is refused with 409. */
  present?: true;
  list: Who[];
  /** Selectors of lists, without the ones for names that every list has. */
  selectors?: string[];
  get?: Who;
  watch?: Who;
  /** List and watch in one request, as informers begin. */
  watchList?: Who;
  create: Who;
  update?: Who;
  /** What the update changes. */
  change?: (object: CalicoObject) => void;
  status?: { by: Who; value: Record<string, unknown> };
  /** Patches and updates of finalizers. */
  finalizer?: { by: Who; name: string; how: 'patch' | 'update' };
  /** The delete of an object that was marked with spec.deleted, or of any. */
  remove?: { by: Who; marked: boolean };
}

function object(
  kind: string,
  name: string,
  spec: Record<string, unknown>,
  more: { namespace?: string; labels?: Record<string, string>; status?: Record<string, unknown> } = {},
): CalicoObject {
  const { status, ...metadata } = more;
  return {
    kind,
    apiVersion: 'projectcalico.org/v3',
    // Older releases of the Go library print a time that is not set.
    metadata: { name, creationTimestamp: null, ...metadata } as CalicoObject['metadata'],
    spec,
    ...(status && { status }),
  };
}

const relabel = (object: CalicoObject) => {
  object.metadata.labels = { ...object.metadata.labels, changed: 'yes' };
};

const spec = (change: (spec: Record<string, unknown>) => void) => (object: CalicoObject) =>
  change(object.spec!);

/** Kinds that calico/node only reads, and that people or the operator write. */
function readByNodes(sample: CalicoObject, plural: string, more: Partial<Row> = {}): Row {
  return {
    plural,
    object: sample,
    list: [node],
    watch: node,
    create: calicoctl,
    update: calicoctl,
    change: relabel,
    remove: { by: calicoctl, marked: false },
    ...more,
  };
}

const policy = { order: 10, selector: "app == 'web'", types: ['Ingress'], ingress: [{ action: 'Allow' }] };
const shop = { namespace: 'default' };
const condition = (type: string, reason: string) => ({
  conditions: [
    { type, status: 'True', reason, message: 'as it should be', lastTransitionTime: '2026-08-22T06:33:20Z' },
  ],
});
const sequence = 1795446873056977889n;

export const rows: Row[] = [
  {
    plural: 'clusterinformations',
    object: object('ClusterInformation', 'default', { clusterGUID: 'ab'.repeat(16), datastoreReady: true }),
    present: true,
    list: [node, cni, controllers],
    get: cni,
    watch: node,
    create: node,
    update: node,
    change: spec(each => {
      Object.assign(each, {
        clusterGUID: 'cd'.repeat(16),
        calicoVersion: 'v3.33.0',
        clusterType: 'typha,kdd',
        datastoreReady: true,
      });
    }),
  },
  {
    plural: 'tiers',
    object: object('Tier', 'default', { order: 1000000, defaultAction: 'Deny' }, { status: {} }),
    present: true,
    list: [node, controllers],
    get: node,
    watch: node,
    watchList: informers,
    create: node,
    finalizer: { by: informers, name: 'projectcalico.org/tier-controller', how: 'patch' },
    status: { by: informers, value: condition('Ready', 'Active') },
  },
  {
    plural: 'felixconfigurations',
    object: object('FelixConfiguration', 'node.node-a', {
      bpfLogLevel: '',
      defaultEndpointToHostAction: 'Return',
    }),
    list: [node],
    get: node,
    watch: node,
    create: node,
    update: node,
    change: spec(each => {
      each.wireguardEnabled = true;
    }),
  },
  readByNodes(object('GlobalNetworkPolicy', 'gnp', policy), 'globalnetworkpolicies', {
    watchList: informers,
  }),
  readByNodes(object('NetworkPolicy', 'np', policy, shop), 'networkpolicies', { watchList: informers }),
  readByNodes(object('StagedGlobalNetworkPolicy', 'sgnp', policy), 'stagedglobalnetworkpolicies', {
    watchList: informers,
  }),
  readByNodes(object('StagedNetworkPolicy', 'snp', policy, shop), 'stagednetworkpolicies', {
    watchList: informers,
  }),
  readByNodes(
    object('StagedKubernetesNetworkPolicy', 'sknp', { podSelector: {}, policyTypes: ['Ingress'] }, shop),
    'stagedkubernetesnetworkpolicies',
  ),
  readByNodes(object('GlobalNetworkSet', 'gns', { nets: ['192.0.2.0/24'] }), 'globalnetworksets'),
  readByNodes(object('NetworkSet', 'ns', { nets: ['192.0.2.0/24'] }, shop), 'networksets'),
  readByNodes(
    object('HostEndpoint', 'node-a-auto-hep', {
      node: 'node-a',
      interfaceName: '*',
      expectedIPs: ['192.0.2.7'],
    }),
    'hostendpoints',
    { create: controllers, update: controllers, remove: { by: controllers, marked: false } },
  ),
  readByNodes(object('BGPConfiguration', 'default', { asNumber: 64513 }), 'bgpconfigurations', {
    create: node,
    update: node,
  }),
  readByNodes(object('BGPPeer', 'peer', { peerIP: '192.0.2.254', asNumber: 64999 }), 'bgppeers', {
    create: node,
    update: node,
  }),
  readByNodes(
    object('BGPFilter', 'f1', { importV4: [{ cidr: '10.0.0.0/8', matchOperator: 'In', action: 'Accept' }] }),
    'bgpfilters',
  ),
  readByNodes(
    object(
      'CalicoNodeStatus',
      'node-a',
      { node: 'node-a', classes: ['Agent', 'BGP'], updatePeriodSeconds: 10 },
      { status: { lastUpdated: null, agent: { birdV4: {}, birdV6: {} }, bgp: noSessions(), routes: {} } },
    ),
    'caliconodestatuses',
    {
      status: {
        by: node,
        value: {
          lastUpdated: '2026-08-22T06:33:20Z',
          agent: { birdV4: { state: 'Ready', version: 'v0.3.3', routerID: '192.0.2.1' }, birdV6: {} },
          bgp: { ...noSessions(), numberEstablishedV4: 2 },
          routes: {},
        },
      },
    },
  ),
  {
    plural: 'ippools',
    object: object('IPPool', 'default-ipv4-ippool', {
      cidr: '10.65.0.0/16',
      ipipMode: 'Always',
      vxlanMode: 'Never',
      natOutgoing: true,
      blockSize: 26,
    }),
    list: [node, cni, controllers],
    get: cni,
    watch: node,
    watchList: informers,
    create: node,
    update: node,
    change: relabel,
    status: { by: informers, value: condition('Allocatable', 'OK') },
    finalizer: { by: informers, name: 'projectcalico.org/ippool-finalizer', how: 'update' },
    remove: { by: calicoctl, marked: false },
  },
  {
    plural: 'ipreservations',
    object: object('IPReservation', 'gateways', { reservedCIDRs: ['10.65.0.1/32'] }),
    list: [cni, node, controllers],
    watch: controllers,
    create: calicoctl,
  },
  {
    plural: 'ipamblocks',
    object: object('IPAMBlock', '10-65-174-128-30', {
      cidr: '10.65.174.128/30',
      affinity: 'host:node-a',
      affinityClaimTime: '2026-08-22T06:33:20Z',
      allocations: [null, null, null, null],
      unallocated: [0, 1, 2, 3],
      attributes: [],
      sequenceNumber: sequence,
      sequenceNumberForAllocation: {},
      deleted: false,
      strictAffinity: false,
    }),
    list: [node, cni, controllers],
    get: cni,
    watch: node,
    watchList: informers,
    create: cni,
    update: cni,
    change: spec(each => {
      each.allocations = [0, null, null, null];
      each.unallocated = [1, 2, 3];
      each.attributes = [{ handle_id: 'ipip-tunnel-addr-node-a', secondary: { node: 'node-a' } }];
      each.sequenceNumberForAllocation = { '0': sequence };
      each.sequenceNumber = sequence + 1n;
    }),
    remove: { by: cni, marked: true },
  },
  {
    plural: 'blockaffinities',
    object: object(
      'BlockAffinity',
      'node-a-10-65-174-128-30',
      { state: 'pending', node: 'node-a', type: 'host', cidr: '10.65.174.128/30', deleted: false },
      {
        labels: labelsOf('node-a'),
      },
    ),
    list: [cni, node],
    selectors: [
      'projectcalico.org/affinity-type=host,projectcalico.org/ip-version=4',
      'projectcalico.org/affinity-type notin (virtual),projectcalico.org/hostname-hash',
    ],
    get: cni,
    watch: node,
    create: cni,
    update: cni,
    change: spec(each => {
      each.state = 'confirmed';
    }),
    remove: { by: cni, marked: true },
  },
  {
    plural: 'ipamhandles',
    object: object('IPAMHandle', 'k8s-pod-network.4e1c9d0f7ab2', {
      handleID: 'k8s-pod-network.4E1c9d0F7ab2',
      block: { '10.65.174.128/30': 1 },
      deleted: false,
    }),
    list: [cni, node],
    get: cni,
    create: cni,
    update: cni,
    change: spec(each => {
      each.block = { '10.65.174.128/30': 2 };
    }),
    remove: { by: cni, marked: true },
  },
  {
    plural: 'ipamconfigurations',
    object: object('IPAMConfiguration', 'default', { strictAffinity: false, autoAllocateBlocks: true }),
    list: [cni],
    get: cni,
    create: cni,
    update: cni,
    change: spec(each => {
      each.maxBlocksPerHost = 20;
    }),
  },
  {
    plural: 'kubecontrollersconfigurations',
    object: object(
      'KubeControllersConfiguration',
      'default',
      {
        logSeverityScreen: 'Info',
        healthChecks: 'Enabled',
        etcdV3CompactionPeriod: '10m0s',
        controllers: { node: { reconcilerPeriod: '5m0s', syncLabels: 'Enabled', leakGracePeriod: '15m0s' } },
      },
      { status: {} },
    ),
    list: [controllers],
    get: controllers,
    watch: controllers,
    create: controllers,
    update: controllers,
    change: spec(each => {
      each.logSeverityScreen = 'Debug';
    }),
    status: {
      by: controllers,
      value: {
        runningConfig: {
          logSeverityScreen: 'Info',
          healthChecks: 'Enabled',
          etcdV3CompactionPeriod: '10m0s',
          controllers: { node: { syncLabels: 'Enabled', leakGracePeriod: '15m0s' } },
        },
        environmentVars: { LOG_LEVEL: 'info' },
      },
    },
  },
];

function noSessions(): Record<string, number> {
  return {
    numberEstablishedV4: 0,
    numberNotEstablishedV4: 0,
    numberEstablishedV6: 0,
    numberNotEstablishedV6: 0,
  };
}
