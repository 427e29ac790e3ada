import { type Infer, object, string } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn } from './parts/column.ts';
import { felixBpf } from './parts/felix-bpf.ts';
import { felixBpfMaps } from './parts/felix-bpfmaps.ts';
import { felixDefaults } from './parts/felix-defaults.ts';
import { felixEndpoints } from './parts/felix-endpoints.ts';
import { felixFlowLogs } from './parts/felix-flowlogs.ts';
import { felixLogging } from './parts/felix-logging.ts';
import { felixOverlay } from './parts/felix-overlay.ts';
import { felixProcess } from './parts/felix-process.ts';
import { felixRouting } from './parts/felix-routing.ts';
import { selectorPlace, selectorPlaceRule } from './parts/felix-rules.ts';
import { felixTables } from './parts/felix-tables.ts';
import { felixWarnings } from './parts/felix-warnings.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const kind = 'FelixConfiguration';
const description =
  'Settings of Felix, the agent that programs policy and routes on every node: of all nodes (the object ' +
  'named default), of those that nodeSelector matches, or of one (node.<name>). The more specific ' +
  'object wins, field by field.';

const spec = object(
  {
    ...felixBpf,
    ...felixBpfMaps,
    ...felixEndpoints,
    ...felixFlowLogs,
    ...felixLogging,
    ...felixOverlay,
    ...felixProcess,
    ...felixRouting,
    ...felixTables,
    nodeSelector: string(
      'The nodes that these settings are for, e.g. has(gpu). Only on objects that are named neither ' +
        'default nor node.<name>; if several match a node, the oldest counts.',
      { maxLength: 1024 },
    ),
  },
  'The settings. What is not set keeps the default of Felix; times are written 90s, 1m30s or 100ms, in ' +
    'whole numbers.',
  {
    'x-kubernetes-validations': [
      {
        rule: '!has(self.routeTableRange) || !has(self.routeTableRanges)',
        message: 'routeTableRange and routeTableRanges cannot both be set',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '!has(self.natOutgoingAddress) || size(self.natOutgoingAddress) == 0 || ' +
          '(isIP(self.natOutgoingAddress) && ip(self.natOutgoingAddress).family() == 4)',
        message: 'natOutgoingAddress must be an IPv4 address',
        reason: 'FieldValueInvalid',
      },
      {
        rule:
          '!has(self.deviceRouteSourceAddress) || size(self.deviceRouteSourceAddress) == 0 || ' +
          '(isIP(self.deviceRouteSourceAddress) && ip(self.deviceRouteSourceAddress).family() == 4)',
        message: 'deviceRouteSourceAddress must be an IPv4 address',
        reason: 'FieldValueInvalid',
      },
      {
        rule:
          '!has(self.deviceRouteSourceAddressIPv6) || size(self.deviceRouteSourceAddressIPv6) == 0 || ' +
          '(isIP(self.deviceRouteSourceAddressIPv6) && ip(self.deviceRouteSourceAddressIPv6).family() ' +
          '== 6)',
        message: 'deviceRouteSourceAddressIPv6 must be an IPv6 address',
        reason: 'FieldValueInvalid',
      },
    ],
  },
);

export type FelixConfigurationSpec = Infer<typeof spec>;

/** As many fields as can be set together, with values that someone might want. */
const edgeNodes: FelixConfigurationSpec = {
  nodeSelector: 'has(edge)',
  allowIPIPPacketsFromWorkloads: false,
  allowVXLANPacketsFromWorkloads: true,
  awsSrcDstCheck: 'Disable',
  bpfAttachType: 'TCX',
  bpfCTLBLogFilter: 'all',
  bpfConnectTimeLoadBalancing: 'TCP',
  bpfConntrackLogLevel: 'Off',
  bpfConntrackMode: 'Auto',
  bpfConntrackTimeouts: {
    creationGracePeriod: '10s',
    genericTimeout: '10m',
    icmpTimeout: '5s',
    tcpEstablished: '1h30m',
    tcpFinsSeen: 'Auto',
    tcpResetSeen: '40s',
    tcpSynSent: '20s',
    udpTimeout: '1.5m',
  },
  bpfDSROptoutCIDRs: ['192.0.2.0/24', '198.51.100.7'],
  bpfDataIfacePattern: '^(eth|bond).*',
  bpfDisableGROForIfaces: '^eth1$',
  bpfDisableUnprivileged: true,
  bpfEnabled: true,
  bpfEnforceRPF: 'Strict',
  bpfExcludeCIDRsFromNAT: ['169.254.20.10/32'],
  bpfExportBufferSizeMB: 2,
  bpfExtToServiceConnmark: 128,
  bpfExternalServiceMode: 'DSR',
  bpfForceTrackPacketsFromIfaces: ['docker+', 'br-+'],
  bpfHostConntrackBypass: false,
  bpfHostNetworkedNATWithoutCTLB: 'Enabled',
  bpfIPFragTimeout: '30s',
  bpfIPFragmentReassemblyEnabled: true,
  bpfJITHardening: 'Auto',
  bpfKubeProxyHealthzPort: 10256,
  bpfKubeProxyIptablesCleanupEnabled: true,
  bpfKubeProxyMinSyncPeriod: '1s',
  bpfL3IfacePattern: '^wg[0-9]+$',
  bpfLogFilters: { eth0: 'tcp port 80', weps: 'host 10.48.0.7' },
  bpfLogLevel: 'Debug',
  bpfMaglevMaxEndpointsPerService: 200,
  bpfMaglevMaxServices: 100,
  bpfMapSizeConntrack: 512000,
  bpfMapSizeConntrackCleanupQueue: 100000,
  bpfMapSizeConntrackScaling: 'DoubleIfFull',
  bpfMapSizeIPSets: 1048576,
  bpfMapSizeIfState: 1000,
  bpfMapSizeNATAffinity: 65536,
  bpfMapSizeNATBackend: 262144,
  bpfMapSizeNATFrontend: 65536,
  bpfMapSizePerCpuConntrack: 65536,
  bpfMapSizeRoute: 262144,
  bpfOverlayHostSourceIP: 'HostAddress',
  bpfPSNATPorts: '20000:29999',
  bpfPolicyDebugEnabled: true,
  bpfProfiling: 'Disabled',
  bpfRedirectToPeer: 'Enabled',
  cgroupV2Path: '/run/calico/cgroup',
  chainInsertMode: 'Insert',
  dataplaneDriver: 'calico-iptables-plugin',
  dataplaneWatchdogTimeout: '1m30s',
  debugDisableLogDropping: false,
  debugHost: 'localhost',
  debugMemoryProfilePath: '/tmp/felix-memory.pprof',
  debugPort: 6060,
  debugSimulateCalcGraphHangAfter: '0s',
  debugSimulateDataplaneApplyDelay: '0s',
  debugSimulateDataplaneHangAfter: '0s',
  defaultEndpointToHostAction: 'Return',
  deviceRouteProtocol: 80,
  deviceRouteSourceAddress: '192.0.2.10',
  deviceRouteSourceAddressIPv6: '2001:db8::10',
  disableConntrackInvalidCheck: false,
  endpointReportingDelay: '1s',
  endpointReportingEnabled: false,
  endpointStatusPathPrefix: '/var/run/calico',
  externalNodesList: ['203.0.113.0/24', '203.0.113.200'],
  failsafeInboundHostPorts: [
    { protocol: 'tcp', port: 22, net: '192.0.2.0/24' },
    { protocol: 'udp', port: 68 },
    { port: 6443 },
  ],
  failsafeOutboundHostPorts: [{ protocol: 'udp', port: 53 }],
  featureDetectOverride: 'SNATFullyRandom=true,MASQFullyRandom=false,RestoreSupportsLock=',
  featureGates: 'ExampleFeature=enabled',
  floatingIPs: 'Enabled',
  flowLogsCollectorDebugTrace: false,
  flowLogsFlushInterval: '15s',
  flowLogsGoldmaneServer: 'goldmane.calico-system.svc:7443',
  flowLogsLocalReporter: 'Enabled',
  flowLogsPolicyEvaluationMode: 'Continuous',
  genericXDPEnabled: false,
  goGCThreshold: 40,
  goMaxProcs: 2,
  goMemoryLimitMB: -1,
  healthEnabled: true,
  healthHost: 'localhost',
  healthPort: 9099,
  healthTimeoutOverrides: [{ name: 'InternalDataplaneMainLoop', timeout: '5m' }],
  interfaceExclude: '/^kube/,veth1',
  interfacePrefix: 'cali',
  interfaceRefreshInterval: '90s',
  ipForwarding: 'Enabled',
  ipipEnabled: false,
  ipipMTU: 1480,
  ipsetsRefreshInterval: '90s',
  iptablesBackend: 'NFT',
  iptablesFilterAllowAction: 'Accept',
  iptablesFilterDenyAction: 'Reject',
  iptablesLockProbeInterval: '50ms',
  iptablesMangleAllowAction: 'Return',
  iptablesMarkMask: 4294901760,
  iptablesNATOutgoingInterfaceFilter: 'eth+',
  iptablesPostWriteCheckInterval: '5s',
  iptablesRefreshInterval: '3m',
  ipv4ElevatedRoutePriority: 512,
  ipv4NormalRoutePriority: 1024,
  ipv6ElevatedRoutePriority: 512,
  ipv6NormalRoutePriority: 1024,
  ipv6Support: true,
  istioAmbientMode: 'Disabled',
  istioDSCPMark: 23,
  kubeNodePortRanges: ['30000:32000', 32767],
  liveMigrationRouteConvergenceTime: '30.5s',
  localSubnetL2Reachability: 'PodsAndLoadBalancers',
  localSubnetL2ReachabilityRefreshInterval: '2m',
  logActionRateLimit: '10/second',
  logActionRateLimitBurst: 20,
  logDebugFilenameRegex: '^int_dataplane',
  logFilePath: 'none',
  logPrefix: 'calico %t %k %p',
  logSeverityFile: 'Warning',
  logSeverityScreen: 'Info',
  logSeveritySys: 'error',
  maxIpsetSize: 1048576,
  metadataAddr: 'none',
  metadataPort: 8775,
  mtuIfacePattern: '^eth.*',
  natOutgoingAddress: '192.0.2.10',
  natOutgoingExclusions: 'IPPoolsAndHostIPs',
  natPortRange: '32768:65535',
  netlinkTimeout: '10s',
  nftablesFilterAllowAction: 'Accept',
  nftablesFilterDenyAction: 'Drop',
  nftablesFlowTableDataIfacePattern: '^eth.*',
  nftablesFlowTableOffload: 'All',
  nftablesMangleAllowAction: 'Accept',
  nftablesMarkMask: 4294901760,
  nftablesMode: 'Disabled',
  nftablesRefreshInterval: '3m',
  openstackRegion: 'west',
  policySyncPathPrefix: '/var/run/nodeagent',
  programClusterRoutes: 'Enabled',
  prometheusGoMetricsEnabled: false,
  prometheusMetricsCAFile: '/etc/felix/ca.crt',
  prometheusMetricsCertFile: '/etc/felix/tls.crt',
  prometheusMetricsClientAuth: 'RequireAndVerifyClientCert',
  prometheusMetricsEnabled: true,
  prometheusMetricsHost: '192.0.2.10',
  prometheusMetricsKeyFile: '/etc/felix/tls.key',
  prometheusMetricsPort: 9091,
  prometheusProcessMetricsEnabled: true,
  prometheusWireGuardMetricsEnabled: true,
  removeExternalRoutes: false,
  reportingInterval: '30s',
  reportingTTL: '90s',
  requireMTUFile: true,
  routeRefreshInterval: '90s',
  routeSource: 'CalicoIPAM',
  routeSyncDisabled: false,
  routeTableRanges: [
    { min: 1, max: 99 },
    { min: 1000, max: 1099 },
  ],
  serviceLoopPrevention: 'Reject',
  sidecarAccelerationEnabled: false,
  usageReportingEnabled: false,
  usageReportingInitialDelay: '5m',
  usageReportingInterval: '24h',
  useInternalDataplaneDriver: true,
  vxlanEnabled: true,
  vxlanMTU: 1450,
  vxlanMTUV6: 1430,
  vxlanPort: 4789,
  vxlanVNI: 4096,
  windowsManageFirewallRules: 'Disabled',
  wireguardEnabled: true,
  wireguardEnabledV6: false,
  wireguardHostEncryptionEnabled: true,
  wireguardInterfaceName: 'wireguard.cali',
  wireguardInterfaceNameV6: 'wg-v6.cali',
  wireguardKeepAlive: '25s',
  wireguardListeningPort: 51820,
  wireguardListeningPortV6: 51821,
  wireguardMTU: 1440,
  wireguardMTUV6: 1420,
  wireguardRoutingRulePriority: 99,
  wireguardThreadingEnabled: false,
  workloadSourceSpoofing: 'Any',
  xdpEnabled: true,
  xdpRefreshInterval: '90s',
};

export const felixConfiguration: Kind = {
  kind,
  plural: 'felixconfigurations',
  singular: 'felixconfiguration',
  shortNames: ['felixconfig', 'felixconfigs'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description,
  schema: object({ spec }, description, {
    required: ['spec'],
    rules: [selectorPlaceRule],
  }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'Node-Selector',
      type: 'string',
      path: 'spec.nodeSelector',
      description: 'The nodes that the settings are for.',
    }),
    fieldColumn({
      name: 'BPF',
      type: 'boolean',
      path: 'spec.bpfEnabled',
      description: 'Whether Felix uses eBPF.',
    }),
    fieldColumn({
      name: 'NFTables',
      type: 'string',
      path: 'spec.nftablesMode',
      description: 'Whether Felix programs nftables.',
    }),
    fieldColumn({
      name: 'WireGuard',
      type: 'boolean',
      path: 'spec.wireguardEnabled',
      description: 'Whether traffic between pods is encrypted.',
    }),
    fieldColumn({
      name: 'Log-Severity',
      type: 'string',
      path: 'spec.logSeverityScreen',
      priority: 1,
      description: 'Least severe messages that are logged.',
    }),
    ageColumn,
  ],
  defaults: felixDefaults,
  warnings: felixWarnings,
  examples: {
    valid: [
      { apiVersion, kind, metadata: { name: 'edge-nodes' }, spec: edgeNodes },
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: {
          bpfEnabled: false,
          bpfLogLevel: '',
          failsafeInboundHostPorts: [{ port: 22 }],
          failsafeOutboundHostPorts: [],
          logSeverityScreen: 'info',
          reportingInterval: '0s',
          routeTableRange: { min: 1, max: 250 },
        },
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'node.rack1-host1' },
        spec: { logSeverityScreen: 'Debug', bpfConnectTimeLoadBalancingEnabled: true },
      },
    ],
    invalid: [
      {
        why: 'a selector on the object for all nodes',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { nodeSelector: 'has(edge)' } },
        errors: [`spec.nodeSelector: Forbidden: ${selectorPlace}`],
      },
      {
        why: 'a selector on the object of one node',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node.rack1-host1' },
          spec: { nodeSelector: 'has(edge)' },
        },
        errors: [`spec.nodeSelector: Forbidden: ${selectorPlace}`],
      },
      {
        why: 'a time without a unit, and one with a decimal point',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { routeRefreshInterval: '90', reportingInterval: '1.5s' },
        },
        errors: [
          'spec.reportingInterval: Invalid value: "1.5s": spec.reportingInterval in body should match ' +
            "'^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))*$'",
          'spec.reportingInterval: Invalid value: "1.5s": must be in whole numbers of h, m, s and ms: 1500ms',
          'spec.routeRefreshInterval: Invalid value: "90": must have a unit: "90s" if seconds are meant',
          'spec.routeRefreshInterval: Invalid value: "90": spec.routeRefreshInterval in body should ' +
            "match '^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h))*$'",
        ],
      },
      {
        why: 'words that are not among the values',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { iptablesBackend: 'nft', nftablesMode: 'On', bpfLogLevel: 'Trace' },
        },
        errors: [
          'spec.bpfLogLevel: Invalid value: "Trace": spec.bpfLogLevel in body should match ' +
            "'^(?i)(Off|Info|Debug)?$'",
          'spec.iptablesBackend: Unsupported value: "nft": supported values: "Legacy", "NFT", "Auto"',
          'spec.nftablesMode: Unsupported value: "On": supported values: "Disabled", "Enabled", "Auto"',
          rulesNotChecked,
        ],
      },
      {
        why: 'addresses of the wrong family',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            natOutgoingAddress: '2001:db8::10',
            deviceRouteSourceAddress: 'eth0',
            deviceRouteSourceAddressIPv6: '192.0.2.10',
          },
        },
        errors: [
          'spec: Invalid value: natOutgoingAddress must be an IPv4 address',
          'spec: Invalid value: deviceRouteSourceAddress must be an IPv4 address',
          'spec: Invalid value: deviceRouteSourceAddressIPv6 must be an IPv6 address',
        ],
      },
      {
        why: 'routing tables in the old and the new form, and the wrong way round',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            routeTableRange: { min: 1, max: 251 },
            routeTableRanges: [
              { min: 0, max: 9 },
              { min: 9, max: 1 },
            ],
          },
        },
        errors: [
          'spec: Forbidden: routeTableRange and routeTableRanges cannot both be set',
          'spec.routeTableRange: Invalid value: min and max must be within 1 to 250, min first',
          'spec.routeTableRanges[0]: Invalid value: min must be at least 1',
          'spec.routeTableRanges[1]: Invalid value: min cannot be above max',
        ],
      },
      {
        why: 'too many ranges of ports, and a failsafe port without its number',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            kubeNodePortRanges: [1, 2, 3, 4, 5, 6, 7, '8:9'],
            failsafeInboundHostPorts: [{ protocol: 'tcp' }],
          },
        },
        errors: [
          'spec.failsafeInboundHostPorts[0].port: Required value',
          'spec.kubeNodePortRanges: Too many: 8: must have at most 7 items',
          rulesNotChecked,
        ],
      },
      {
        why: 'values that only Felix would find wrong',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            bpfDataIfacePattern: '^eth(',
            debugPort: 65536,
            externalNodesList: ['2001:db8::/32'],
            healthTimeoutOverrides: [{ name: 'main.loop', timeout: '-5m' }],
            kubeNodePortRanges: ['32767:30000'],
            openstackRegion: 'RegionOne',
            routeTableRanges: [{ min: 1, max: 100000 }],
            serviceLoopPrevention: 'drop',
            wireguardInterfaceName: 'wireguard-of-calico',
          },
        },
        errors: [
          'spec.bpfDataIfacePattern: Invalid value: "^eth(": must be a regular expression of Go (RE2): ' +
            'missing ) at 5',
          'spec.debugPort: Invalid value: 65536: must be 0 to 65535',
          'spec.externalNodesList[0]: Invalid value: "2001:db8::/32": must be a CIDR or an address of ' +
            'IPv4, such as 10.0.0.0/8 or 192.0.2.1',
          'spec.healthTimeoutOverrides[0].name: Invalid value: "main.loop": must be the name of a part of ' +
            "Felix: letters, digits, blanks, '_' and '-', at least one",
          'spec.healthTimeoutOverrides[0].timeout: Invalid value: "-5m": must not be negative: 5m0s',
          'spec.kubeNodePortRanges[0]: Invalid value: "32767:30000": must be a range from its lower end to ' +
            'its higher one: "30000:32767"',
          'spec.openstackRegion: Invalid value: "RegionOne": must be a DNS label (lower case letters, ' +
            "digits and '-') of at most 46 characters",
          'spec.routeTableRanges: Invalid value: [{"min":1,"max":100000}]: must be at most 65535 tables in ' +
            'all, and these are 100000',
          'spec.serviceLoopPrevention: Invalid value: "drop": must be "Drop", "Reject" or "Disabled"; did ' +
            'you mean "Drop"?',
          'spec.wireguardInterfaceName: Invalid value: "wireguard-of-calico": must be the name of an ' +
            "interface (1 to 15 letters, digits, '_', '.' and '-'), or \"*\" for all",
        ],
      },
      {
        why: 'numbers beyond their bounds',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            iptablesMarkMask: 4294967296,
            logActionRateLimitBurst: 10000,
            bpfMapSizeConntrackCleanupQueue: 0,
          },
        },
        errors: [
          'spec.bpfMapSizeConntrackCleanupQueue: Invalid value: 0: spec.bpfMapSizeConntrackCleanupQueue ' +
            'in body should be greater than or equal to 1',
          'spec.iptablesMarkMask: Invalid value: 4294967296: spec.iptablesMarkMask in body should be ' +
            'less than or equal to 4294967295',
          'spec.logActionRateLimitBurst: Invalid value: 10000: spec.logActionRateLimitBurst in body ' +
            'should be less than or equal to 9999',
        ],
      },
    ],
  },
};
