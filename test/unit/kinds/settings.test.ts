import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { canonicalize } from '../../../src/schema/semantics.ts';
import { validate } from '../../../src/schema/validate.ts';

/** Verdicts on single settings, from the tables of kinds.md, section 3. The rules' own cases stand beside the rules. */

/** The fields that an object with this spec is refused for; none if it is accepted. */
function refusedFields(object: ApiObject, old?: ApiObject): string[] {
  const kind = kinds.find(each => each.kind === object.kind);
  assert.ok(kind, object.kind);
  for (const each of old ? [object, old] : [object]) {
    canonicalize(kind.schema, each);
    applyDefaults(kind.schema, each);
    kind.defaults?.(each, undefined);
  }
  return [...new Set(atOnce(validate(kind.schema, object, old)).map(each => each.field))];
}

function make(kind: string, spec: JsonObject, name = 'default'): ApiObject {
  return { apiVersion, kind, metadata: { name }, spec: structuredClone(spec) };
}

interface Setting {
  kind: string;
  /** What the object has beside the field. */
  base?: JsonObject;
  field: string;
  accepted: Json[];
  refused: Json[];
}

const cidrs: Json[] = ['192.0.2.0/24', '192.0.2.7/24', '192.0.2.1', '2001:db8::1', '2001:db8::/32'];
const noCidrs: Json[] = ['', 'eth0', '192.0.2.0/33', '192.0.2', '010.0.0.0/8', 'fe80::1%eth0'];
const nets: Json[] = ['10.96.0.0/12', '0.0.0.0/0', '192.0.2.1/32', 'fd00::/64', '::/0'];
const noNets: Json[] = ['10.96.0.1/12', '10.96.0.0', '', 'fd00::1/64', '010.0.0.0/8'];
const durations: Json[] = ['0s', '90s', '1m30s', '100ms'];
const noDurations: Json[] = ['90', '1d', '', 'soon', ' 1s'];
const asNumbers: Json[] = [0, 64512, 2147483648, 4294967295, '64512', '1.10', '65535.65535'];
const noAsNumbers: Json[] = [-1, 4294967296, 1.5, '', 'AS1', '1.65536', '1.2.3'];
const selectors: Json[] = ['', 'all()', 'zone == "west"', '!has(x) && y in {"a", "b"}'];
const noSelectors: Json[] = ['zone = "west"', 'zone == west', 'has(x', 'zone == "west" zone'];
const names: Json[] = ['node-1', 'node-1.example.com'];
const noNames: Json[] = ['Node-1', 'node_1', '-node', 'node..1'];

function inFelix(field: string, accepted: Json[], refused: Json[]): Setting {
  return { kind: 'FelixConfiguration', field, accepted, refused };
}

function listOf(values: Json[]): Json[] {
  return values.map(value => [value]);
}

const felixDurations = [
  ...['bpfIPFragTimeout', 'bpfKubeProxyMinSyncPeriod', 'debugSimulateCalcGraphHangAfter'],
  ...['debugSimulateDataplaneApplyDelay', 'debugSimulateDataplaneHangAfter', 'endpointReportingDelay'],
  ...[
    'flowLogsFlushInterval',
    'interfaceRefreshInterval',
    'ipsetsRefreshInterval',
    'iptablesLockProbeInterval',
  ],
  ...['iptablesPostWriteCheckInterval', 'iptablesRefreshInterval', 'netlinkTimeout', 'reportingInterval'],
  ...['reportingTTL', 'routeRefreshInterval', 'usageReportingInitialDelay', 'usageReportingInterval'],
  ...['wireguardKeepAlive', 'xdpRefreshInterval'],
];
const felixFreeDurations = [
  'dataplaneWatchdogTimeout',
  'nftablesRefreshInterval',
  'localSubnetL2ReachabilityRefreshInterval',
];
const felixPatterns = [
  ...['logDebugFilenameRegex', 'mtuIfacePattern', 'bpfDataIfacePattern', 'bpfL3IfacePattern'],
  ...['bpfDisableGROForIfaces', 'nftablesFlowTableDataIfacePattern'],
];
const felixPriorities = [
  ...['ipv4ElevatedRoutePriority', 'ipv4NormalRoutePriority'],
  ...['ipv6ElevatedRoutePriority', 'ipv6NormalRoutePriority'],
];

const felixSettings: Setting[] = [
  ...felixDurations.map(field => inFelix(field, durations, [...noDurations, '1.5s', '100µs', '-1s'])),
  ...felixFreeDurations.map(field => inFelix(field, [...durations, '1.5s', '100µs', '0'], noDurations)),
  inFelix('liveMigrationRouteConvergenceTime', [...durations, '1.5s'], [...noDurations, '100µs']),
  ...felixPatterns.map(field => inFelix(field, ['', '^eth.*', '(?i)en[0-9]+|wl.*'], ['(', '*a', '(?=a)'])),
  ...felixPriorities.map(field => inFelix(field, [1, 2147483646], [0, 2147483647])),
  ...['wireguardListeningPort', 'wireguardListeningPortV6'].map(field =>
    inFelix(field, [1, 65535], [0, 65536]),
  ),
  ...['debugPort', 'bpfKubeProxyHealthzPort'].map(field => inFelix(field, [0, 65535], [-1, 65536])),
  ...['goGCThreshold', 'goMaxProcs', 'goMemoryLimitMB'].map(field => inFelix(field, [-1, 0, 400], [-2])),
  ...['bpfMaglevMaxEndpointsPerService', 'bpfMaglevMaxServices'].map(field =>
    inFelix(field, [1, 3000], [0, 3001]),
  ),
  ...['iptablesMarkMask', 'nftablesMarkMask', 'bpfExtToServiceConnmark'].map(field =>
    inFelix(field, [0, 4294967295], [-1, 4294967296]),
  ),
  inFelix('wireguardRoutingRulePriority', [1, 32765], [0, 32766]),
  inFelix('bpfMapSizeConntrackCleanupQueue', [1], [0]),
  inFelix('logActionRateLimitBurst', [0, 9999], [-1, 10000]),
  inFelix('logActionRateLimit', ['1/second', '9999/day'], ['0/second', '10000/day', '1/week']),
  inFelix('logPrefix', ['', 'a %t:/_-'], ['a"b', 'ä']),
  ...[
    'healthPort',
    'metadataPort',
    'prometheusMetricsPort',
    'vxlanPort',
    'vxlanVNI',
    'deviceRouteProtocol',
  ].map(field => inFelix(field, [-1, 0, 70000], ['80'])),
  inFelix('istioDSCPMark', [0, 23, 255, '23', 'EF'], [-1, 256]),
  ...['natPortRange', 'bpfPSNATPorts'].map(field =>
    inFelix(field, [1, '80', '20000:29999', 'http'], [0, 65536, '2:1', 'HTTP', '']),
  ),
  inFelix(
    'kubeNodePortRanges',
    [[], [30000], ['30000:32767', 31000]],
    [['http'], [0], ['32767:30000'], [1, 2, 3, 4, 5, 6, 7, 8]],
  ),
  inFelix(
    'externalNodesList',
    listOf(['192.0.2.0/24', '192.0.2.7/24', '192.0.2.1']),
    listOf(['2001:db8::1', ...noCidrs]),
  ),
  ...['bpfDSROptoutCIDRs', 'bpfExcludeCIDRsFromNAT'].map(field =>
    inFelix(field, listOf(cidrs), listOf(noCidrs)),
  ),
  inFelix(
    'bpfForceTrackPacketsFromIfaces',
    [[], ['docker+', 'eth0:1']],
    [[''], ['eth*'], ['a234567890123456']],
  ),
  inFelix('iptablesNATOutgoingInterfaceFilter', ['', 'eth+'], ['eth*', 'a234567890123456']),
  ...['wireguardInterfaceName', 'wireguardInterfaceNameV6'].map(field =>
    inFelix(field, ['', 'wg.cali', '*'], ['wg+', 'wg:0', 'a234567890123456']),
  ),
  inFelix('prometheusMetricsHost', ['', '127.0.0.1', '::1', 'node-1'], ['http://node-1', 'a'.repeat(65)]),
  inFelix('bpfLogFilters', [{}, { all: 'tcp', eth0: '' }], [{ 'eth*': 'tcp' }, { '': 'tcp' }]),
  inFelix('openstackRegion', ['', 'region-1', 'a'.repeat(46)], ['Region', 'a.b', 'a'.repeat(47)]),
  ...['natOutgoingAddress', 'deviceRouteSourceAddress'].map(field =>
    inFelix(field, ['', '192.0.2.1'], ['2001:db8::1', 'eth0', '192.0.2.1/24', '192.0.2.01']),
  ),
  inFelix('deviceRouteSourceAddressIPv6', ['', '2001:db8::1'], ['192.0.2.1', 'eth0']),
  inFelix(
    'routeTableRanges',
    [[], [{ min: 1, max: 65535 }], [{ min: 253, max: 255 }], [{ min: 4294967295, max: 4294967295 }]],
    [
      [{ min: 0, max: 1 }],
      [{ min: 2, max: 1 }],
      [{ min: 1, max: 65536 }],
      [{ min: 4294967295, max: 4294967296 }],
    ],
  ),
  inFelix(
    'routeTableRange',
    [{ min: 1, max: 250 }],
    [
      { min: 0, max: 1 },
      { min: 2, max: 1 },
      { min: 1, max: 251 },
    ],
  ),
  inFelix(
    'healthTimeoutOverrides',
    [[], [{ name: 'Main loop_1-a', timeout: '0s' }]],
    [[{ name: '', timeout: '1s' }], [{ name: 'a.b', timeout: '1s' }], [{ name: 'a', timeout: '-1s' }]],
  ),
  inFelix('featureDetectOverride', ['', 'A=true,B=', 'A=false,'], ['A', 'A=yes', 'A-B=true']),
  inFelix('featureGates', ['', 'A=x,B=y'], ['A', 'A-B=x', '=x']),
  inFelix('serviceLoopPrevention', ['', 'Drop', 'Reject', 'Disabled'], ['drop', 'Deny']),
  inFelix('workloadSourceSpoofing', ['', 'Any', 'Disabled'], ['any', 'All']),
  inFelix('iptablesBackend', ['NFT', 'Legacy', 'Auto'], ['nft', '']),
  inFelix('chainInsertMode', ['', 'insert', 'APPEND'], ['Prepend']),
  inFelix(
    'failsafeInboundHostPorts',
    [[{ port: 0 }], [{ port: 65535, protocol: 'icmp', net: 'x' }]],
    [[{ port: 65536 }], [{ port: -1 }]],
  ),
  inFelix('nodeSelector', [], ['', 'has(edge)']),
];

const bgpSettings: Setting[] = [
  { kind: 'BGPConfiguration', field: 'asNumber', accepted: asNumbers, refused: noAsNumbers },
  { kind: 'BGPPeer', field: 'asNumber', accepted: asNumbers, refused: noAsNumbers },
  { kind: 'BGPPeer', field: 'localASNumber', accepted: asNumbers, refused: noAsNumbers },
  ...['serviceClusterIPs', 'serviceExternalIPs', 'serviceLoadBalancerIPs'].map(field => ({
    kind: 'BGPConfiguration',
    field,
    accepted: nets.map(cidr => [{ cidr }]),
    refused: noNets.map(cidr => [{ cidr }]),
  })),
  { kind: 'BGPConfiguration', field: 'listenPort', accepted: [1, 65535], refused: [0, 65536] },
  {
    kind: 'BGPConfiguration',
    field: 'nodeMeshMaxRestartTime',
    accepted: [...durations, '1.5s'],
    refused: noDurations,
  },
  {
    kind: 'BGPConfiguration',
    field: 'ignoredInterfaces',
    accepted: [[], ['eth*', 'docker0']],
    refused: [['*'], [''], ['eth+'], ['a234567890123456'], ['eth0', 'eth0']],
  },
  {
    kind: 'BGPConfiguration',
    field: 'localWorkloadPeeringIPV4',
    accepted: ['', '169.254.1.1'],
    refused: ['fe80::1', '169.254.1.1/32'],
  },
  {
    kind: 'BGPConfiguration',
    field: 'localWorkloadPeeringIPV6',
    accepted: ['', 'fe80::1'],
    refused: ['169.254.1.1', 'fe80::1%eth0'],
  },
  {
    kind: 'BGPConfiguration',
    base: { prefixAdvertisements: [{ cidr: '10.48.0.0/16', communities: [] }] },
    field: 'communities',
    accepted: [[], [{ name: 'west', value: '65535:0' }], [{ name: 'west', value: '4294967295:0:1' }]],
    refused: [
      [{ name: 'west' }],
      [{ value: '1:2' }],
      [{ name: 'West', value: '1:2' }],
      [{ name: 'west', value: '65536:1' }],
      [{ name: 'west', value: '1:2:4294967296' }],
      [{ name: 'west', value: 'no-export' }],
    ],
  },
  {
    kind: 'BGPConfiguration',
    base: { communities: [{ name: 'west', value: '1:2' }] },
    field: 'prefixAdvertisements',
    accepted: [
      ...nets.map(cidr => [{ cidr, communities: [] }]),
      [{ cidr: '10.48.0.0/16', communities: ['west', '1:2:3'] }],
    ],
    refused: [
      ...noNets.map(cidr => [{ cidr, communities: [] }]),
      [{ cidr: '10.48.0.0/16' }],
      [{ cidr: '10.48.0.0/16', communities: null }],
      [{ communities: [] }],
      [{ cidr: '10.48.0.0/16', communities: ['east'] }],
    ],
  },
  {
    kind: 'BGPPeer',
    base: { peerIP: '192.0.2.1' },
    field: 'node',
    accepted: ['', ...names],
    refused: noNames,
  },
  { kind: 'BGPPeer', field: 'filters', accepted: [[], names], refused: [...noNames, ''].map(name => [name]) },
  ...['nodeSelector', 'peerSelector'].map(field => ({
    kind: 'BGPPeer',
    field,
    accepted: [...selectors, 'global()'],
    refused: noSelectors,
  })),
  {
    kind: 'BGPPeer',
    base: { asNumber: 64512 },
    field: 'localWorkloadSelector',
    accepted: selectors,
    refused: noSelectors,
  },
  {
    kind: 'BGPPeer',
    field: 'peerIP',
    accepted: ['', '192.0.2.1', '2001:db8::1', '192.0.2.1:1', '[2001:db8::1]:65535'],
    refused: ['192.0.2.1:0', '192.0.2.1:65536', '[192.0.2.1]:179', 'router:179', '192.0.2.0/24'],
  },
  {
    kind: 'BGPPeer',
    base: { peerIP: '192.0.2.1:179' },
    field: 'reachableBy',
    accepted: ['', '192.0.2.2'],
    refused: ['2001:db8::1', '192.0.2.2:179', 'gw'],
  },
  {
    kind: 'BGPPeer',
    base: { peerIP: '2001:db8::1' },
    field: 'reachableBy',
    accepted: ['2001:db8::2'],
    refused: ['192.0.2.2'],
  },
  { kind: 'BGPPeer', field: 'ttlSecurity', accepted: [0, 255], refused: [-1, 256] },
  ...['keepaliveTime', 'maxRestartTime'].map(field => ({
    kind: 'BGPPeer',
    field,
    accepted: [...durations, '1.5s'],
    refused: noDurations,
  })),
  ...['exportV4', 'importV4'].map(field => ({
    kind: 'BGPFilter',
    field,
    accepted: ['10.48.0.0/16', '0.0.0.0/0'].map(cidr => [{ action: 'Accept', cidr, matchOperator: 'In' }]),
    refused: ['10.48.0.1/16', '10.48.0.0', 'fd00::/64'].map(cidr => [
      { action: 'Accept', cidr, matchOperator: 'In' },
    ]),
  })),
  ...['exportV6', 'importV6'].map(field => ({
    kind: 'BGPFilter',
    field,
    accepted: ['fd00::/64', '::/0'].map(cidr => [{ action: 'Accept', cidr, matchOperator: 'In' }]),
    refused: ['fd00::1/64', 'fd00::', '10.48.0.0/16'].map(cidr => [
      { action: 'Accept', cidr, matchOperator: 'In' },
    ]),
  })),
  {
    kind: 'BGPFilter',
    field: 'exportV4',
    accepted: [
      [{ action: 'Reject' }],
      [{ action: 'Accept', interface: '*' }],
      [{ action: 'Accept', asPathPrefix: asNumbers }],
      [{ action: 'Accept', communities: { values: ['65535:65535'] } }],
      [{ action: 'Accept', cidr: '10.48.0.0/16', matchOperator: 'In', prefixLength: { min: 32, max: 0 } }],
    ],
    refused: [
      [{ action: 'Accept', interface: 'eth+' }],
      ...noAsNumbers.map(number => [{ action: 'Accept', asPathPrefix: [number] }]),
      [{ action: 'Accept', communities: { values: ['65536:1'] } }],
      [{ action: 'Accept', communities: { values: ['1:1', '2:2'] } }],
      [{ action: 'Accept', prefixLength: { min: 1 } }],
      [{ action: 'Accept', operations: [{ prependASPath: { prefix: ['x'] } }] }],
      [{ action: 'Accept', operations: [{ addCommunity: { value: '1' } }] }],
    ],
  },
];

const pool = { cidr: '10.48.0.0/16', allowedUses: ['Workload'] };

const otherSettings: Setting[] = [
  {
    kind: 'IPPool',
    base: pool,
    field: 'nodeSelector',
    accepted: selectors,
    refused: [...noSelectors, 'global()'],
  },
  {
    kind: 'IPPool',
    base: pool,
    field: 'namespaceSelector',
    accepted: selectors,
    refused: [...noSelectors, 'global()'],
  },
  {
    kind: 'IPPool',
    base: { cidr: '10.48.0.0/16' },
    field: 'namespaceSelector',
    accepted: [''],
    refused: ['all()'],
  },
  {
    kind: 'IPPool',
    field: 'cidr',
    accepted: ['10.48.0.0/16', '10.48.0.0/016', 'FD00::/64'],
    refused: [
      '10.48.0.1/16',
      '10.48.0.0',
      '',
      '010.48.0.0/16',
      '::ffff:10.48.0.0/112',
      'fe80::/64',
      '169.254.0.0/16',
    ],
  },
  {
    kind: 'IPPool',
    base: { cidr: '10.48.0.0/16' },
    field: 'allowedUses',
    accepted: [[], ['Tunnel'], ['Workload', 'Tunnel'], ['LoadBalancer']],
    refused: [['LoadBalancer', 'Workload'], ['Workload', 'Workload'], ['Pods']],
  },
  {
    kind: 'IPReservation',
    field: 'reservedCIDRs',
    accepted: [[], ['10.48.0.1/32', '10.48.0.9/30', 'fd00::/64']],
    refused: [['10.48.0.1'], ['010.48.0.0/16'], [''], ['10.48.0.0/30', '10.48.0.0/30']],
  },
  ...[
    ['node', ['a', 'node-1.example.com'], ['', ...noNames]] as const,
    ['classes', [[], ['Agent', 'BGP', 'Routes']], [null, ['BIRD'], ['BGP', 'BGP']]] as const,
    ['updatePeriodSeconds', [0, 86400], [-1, 86401, null]] as const,
  ].map(([field, accepted, refused]) => ({
    kind: 'CalicoNodeStatus',
    base: { node: 'node-1', classes: ['BGP'], updatePeriodSeconds: 10 },
    field,
    accepted: [...accepted] as Json[],
    refused: [...refused] as Json[],
  })),
  {
    kind: 'BlockAffinity',
    base: { cidr: '10.48.0.0/26', node: 'node-1', state: 'confirmed' },
    field: 'deleted',
    accepted: [false, null],
    refused: [true, 'false'],
  },
  {
    kind: 'KubeControllersConfiguration',
    base: { controllers: {} },
    field: 'etcdV3CompactionPeriod',
    accepted: durations,
    refused: noDurations,
  },
  ...(
    [
      ['reconcilerPeriod', [...durations, '1.5h'], noDurations],
      ['leakGracePeriod', durations, noDurations],
      [
        'hostEndpoint',
        [
          {},
          { createDefaultHostEndpoint: 'Enabled' },
          { createDefaultHostEndpoint: '' },
          ...cidrs.map(cidr => ({ templates: [{ generateName: 'a', interfaceCIDRs: [cidr] }] })),
          ...selectors.map(nodeSelector => ({
            templates: [{ generateName: 'a', interfacePattern: 'e', nodeSelector }],
          })),
        ],
        [
          { createDefaultHostEndpoint: 'enabled' },
          { templates: [{ generateName: 'a' }] },
          { templates: [{ interfacePattern: 'e' }] },
          { templates: [{ generateName: 'A', interfacePattern: 'e' }] },
          { templates: [{ generateName: 'a', interfacePattern: '(' }] },
          { templates: [{ generateName: 'a', interfacePattern: 'e', labels: { 'a b': 'c' } }] },
          { templates: [{ generateName: 'a', interfacePattern: 'e', annotations: { 'a b': 'c' } }] },
          {
            templates: [
              { generateName: 'a', interfacePattern: 'e' },
              { generateName: 'a', interfacePattern: 'f' },
            ],
          },
          ...noCidrs.map(cidr => ({ templates: [{ generateName: 'a', interfaceCIDRs: [cidr] }] })),
          ...noSelectors.map(nodeSelector => ({
            templates: [{ generateName: 'a', interfacePattern: 'e', nodeSelector }],
          })),
        ],
      ],
    ] as [string, Json[], Json[]][]
  ).map(([field, accepted, refused]) => ({
    kind: 'KubeControllersConfiguration',
    field: 'controllers',
    accepted: accepted.map(value => ({ node: { [field]: value } })),
    refused: refused.map(value => ({ node: { [field]: value } })),
  })),
];

for (const { kind, base = {}, field, accepted, refused } of [
  ...felixSettings,
  ...bgpSettings,
  ...otherSettings,
]) {
  describe(`${kind} ${field}`, () => {
    for (const value of accepted) {
      test(`accepts ${JSON.stringify(value)}`, () => {
        assert.deepEqual(refusedFields(make(kind, { ...base, [field]: value })), []);
      });
    }
    for (const value of refused) {
      test(`refuses ${JSON.stringify(value)}`, () => {
        assert.notDeepEqual(refusedFields(make(kind, { ...base, [field]: value })), []);
      });
    }
  });
}

describe('names and what depends on them', () => {
  const spec: Record<string, JsonObject> = {
    ClusterInformation: { datastoreReady: true },
    IPAMConfiguration: {},
    KubeControllersConfiguration: { controllers: {} },
  };
  for (const [kind, content] of Object.entries(spec)) {
    test(`${kind} is named default`, () => {
      assert.deepEqual(refusedFields(make(kind, content)), []);
      assert.deepEqual(refusedFields(make(kind, content, 'other')), ['metadata.name']);
    });
    test(`${kind} of another name is told beside what else is wrong`, () => {
      const fields = refusedFields(
        make(kind, { ...content, strictAffinity: 1, controllers: 1, variant: 1 }, 'other'),
      );
      assert.equal(fields.length > 1 && fields.includes('metadata.name'), true);
    });
    test(`${kind} of another name that is there already`, () => {
      assert.deepEqual(refusedFields(make(kind, content, 'other'), make(kind, content, 'other')), []);
    });
  }

  const clusterWide: JsonObject = {
    nodeToNodeMeshEnabled: true,
    asNumber: 64512,
    serviceLoadBalancerIPs: [{ cidr: '192.0.2.0/24' }],
    serviceExternalIPs: [{ cidr: '198.51.100.0/24' }],
    serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
    nodeMeshPassword: { secretKeyRef: { key: 'password' } },
    nodeMeshMaxRestartTime: '2m',
  };
  for (const [field, value] of Object.entries(clusterWide)) {
    test(`BGPConfiguration ${field} stands on default only`, () => {
      assert.deepEqual(refusedFields(make('BGPConfiguration', { [field]: value })), []);
      const fields = refusedFields(make('BGPConfiguration', { [field]: value }, 'node.a'));
      assert.deepEqual(fields, [`spec.${field}`]);
    });
  }
});

test('a BlockAffinity becomes deleted by an update', () => {
  const content = { cidr: '10.48.0.0/26', node: 'node-1', state: 'pendingDeletion' };
  const old = make('BlockAffinity', { ...content, deleted: false }, 'node-1-10-48-0-0-26');
  assert.deepEqual(refusedFields(make('BlockAffinity', { ...content, deleted: true }, 'x'), old), []);
});

test('what was stored before a rule does not stand in the way of other changes', () => {
  const stored = { bpfDataIfacePattern: '(', reportingInterval: '', openstackRegion: 'Region' };
  const old = make('FelixConfiguration', stored);
  assert.deepEqual(refusedFields(make('FelixConfiguration', { ...stored, bpfEnabled: true }), old), []);
  assert.deepEqual(refusedFields(make('FelixConfiguration', { ...stored, bpfDataIfacePattern: ')' }), old), [
    'spec.bpfDataIfacePattern',
  ]);
});
