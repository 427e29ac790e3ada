import { array, boolean, type Infer, integer, object, oneOf, string } from '../schema/build.ts';
import { communityRule } from '../schema/checks/community.ts';
import { durationRule } from '../schema/checks/duration.ts';
import { ignoredInterfaceRule } from '../schema/checks/interface.ts';
import { nameRule } from '../schema/checks/name.ts';
import { ip4Rule, ip6Rule, netRule } from '../schema/checks/net.ts';
import { orEmpty } from '../schema/checks/text.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { addressBlock, asNumber, routePriority } from './parts/bgp.ts';
import {
  advertisementCompleteRule,
  clusterWideRule,
  communitiesDefinedRule,
  communityCompleteRule,
} from './parts/bgp-rules.ts';
import { fieldColumn } from './parts/column.ts';
import { password } from './parts/secret.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const kind = 'BGPConfiguration';
const description =
  'BGP settings of the cluster (the object named default) or of one node (node.<name>). A setting in ' +
  'the object of the node wins; some settings exist on default only.';

const communities = array(
  object(
    {
      name: string('Name to refer to the value by.', { maxLength: 253, rules: [orEmpty(nameRule)] }),
      value: string(
        'The community: aa:nn with 16-bit numbers, e.g. 64512:120, or aa:nn:mm with 32-bit numbers, ' +
          'e.g. 64512:300:100.',
        {
          maxLength: 40,
          pattern: String.raw`^(\d+):(\d+)$|^(\d+):(\d+):(\d+)$`,
          rules: [orEmpty(communityRule)],
        },
      ),
    },
    'A BGP community and its name. Both are needed.',
    { definition: { name: 'Community' }, 'x-kubernetes-map-type': 'atomic', rules: [communityCompleteRule] },
  ),
  'Names for BGP communities, for use in prefixAdvertisements; refused where there are no ' +
    'prefixAdvertisements.',
  { maxItems: 500, 'x-kubernetes-list-type': 'atomic' },
);

const prefixAdvertisements = array(
  object(
    {
      cidr: string('Routes within this range are meant. No host bits, e.g. 10.48.0.0/16.', {
        format: 'cidr',
        rules: [netRule],
      }),
      communities: array(
        string('A name from communities, or a community as such, e.g. 64512:120.'),
        'Communities to add to these routes. May be an empty list, but must be there.',
        { maxItems: 50, 'x-kubernetes-list-type': 'atomic' },
      ),
    },
    'A range and what to add to the routes within it.',
    {
      definition: { name: 'PrefixAdvertisement' },
      'x-kubernetes-map-type': 'atomic',
      rules: [advertisementCompleteRule],
    },
  ),
  'Communities to add to the routes that nodes advertise, by range.',
  { maxItems: 500, 'x-kubernetes-list-type': 'atomic' },
);

const spec = object(
  {
    asNumber: asNumber('AS number of nodes that have none of their own. On default only. Default: 64512.'),
    bindMode: oneOf(
      ['None', 'NodeIP'],
      'Where BIRD listens: None on all addresses, NodeIP only on the BGP address of the node. Default: None.',
    ),
    communities,
    ignoredInterfaces: array(
      string('Name of an interface, with * as a wildcard, e.g. docker* (1 to 15 characters).', {
        rules: [ignoredInterfaceRule],
      }),
      'Interfaces whose routes BIRD does not pick up.',
      { 'x-kubernetes-list-type': 'set' },
    ),
    ipv4NormalRoutePriority: routePriority(
      'Priority (metric) of ordinary IPv4 routes to workloads, 1 to 2147483646. Must equal ' +
        'ipv4NormalRoutePriority of the FelixConfiguration. Default: 1024.',
    ),
    ipv6NormalRoutePriority: routePriority(
      'Priority (metric) of ordinary IPv6 routes to workloads, 1 to 2147483646. Must equal ' +
        'ipv6NormalRoutePriority of the FelixConfiguration. Default: 1024.',
    ),
    listenPort: integer('TCP port that BIRD listens on. Default: 179.', { minimum: 1, maximum: 65535 }),
    localWorkloadPeeringIPV4: string(
      'IPv4 address under which a node peers with its own workloads (see localWorkloadSelector of ' +
        'BGPPeer); best a link-local one, e.g. 169.254.1.1.',
      { rules: [orEmpty(ip4Rule)] },
    ),
    localWorkloadPeeringIPV6: string(
      'IPv6 address under which a node peers with its own workloads; best a link-local one, e.g. fe80::1.',
      { rules: [orEmpty(ip6Rule)] },
    ),
    logSeverityScreen: string(
      'Least severe messages that are logged: Trace, Debug, Info, Warning, Error or Fatal. Default: Info.',
      {
        default: 'Info',
        pattern: '^(?i)(Trace|Debug|Info|Warning|Error|Fatal)?$',
      },
    ),
    nodeMeshMaxRestartTime: string(
      'How long routes of the mesh are kept while BIRD restarts (graceful restart), e.g. 120s. On ' +
        'default only, with the mesh on. Default: 120s.',
      { rules: [durationRule] },
    ),
    nodeMeshPassword: password(
      'Password (TCP MD5) of the sessions of the node-to-node mesh. On default only, with the mesh on.',
    ),
    nodeToNodeMeshEnabled: boolean(
      'Whether every node peers with every other. Turn it off where BGPPeers, e.g. to route reflectors, ' +
        'replace the mesh. On default only. Default: true.',
    ),
    prefixAdvertisements,
    programClusterRoutes: oneOf(
      ['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'],
      'For which pools without VXLAN BIRD sets the routes to pods on other nodes: those without ' +
        'encapsulation (EnabledNoEncapOnly), with IPIP (EnabledIPIPOnly), both or none. Felix must set ' +
        'the rest: see programClusterRoutes of FelixConfiguration. Default: EnabledNoEncapOnly.',
    ),
    serviceClusterIPs: array(
      addressBlock('ServiceClusterIPBlock', 'A range of cluster IPs.'),
      'Ranges of cluster IPs to advertise; cluster IPs of Services with local traffic policy are also ' +
        'advertised one by one. On default only.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
    serviceExternalIPs: array(
      addressBlock('ServiceExternalIPBlock', 'A range of external IPs.'),
      'External IPs of Services are advertised if they lie within one of these ranges. On default only.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
    serviceLoadBalancerAggregation: oneOf(
      ['Enabled', 'Disabled'],
      'Enabled: the ranges in serviceLoadBalancerIPs are advertised whole. Disabled: a /32 or /128 ' +
        'route for each Service, withdrawn when it has no endpoints, e.g. for anycast. Default: Enabled.',
      { default: 'Enabled' },
    ),
    serviceLoadBalancerIPs: array(
      addressBlock('ServiceLoadBalancerIPBlock', 'A range of load-balancer IPs.'),
      'Load-balancer IPs of Services are advertised if they lie within one of these ranges. On default only.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
  },
  'The BGP settings. What is not set keeps its default.',
  {
    rules: [communitiesDefinedRule],
    'x-kubernetes-validations': [
      {
        rule:
          '!has(self.nodeMeshPassword) || !has(self.nodeToNodeMeshEnabled) || ' +
          'self.nodeToNodeMeshEnabled == true',
        message: 'nodeMeshPassword needs the mesh: nodeToNodeMeshEnabled cannot be false',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '!has(self.nodeMeshMaxRestartTime) || !has(self.nodeToNodeMeshEnabled) || ' +
          'self.nodeToNodeMeshEnabled == true',
        message: 'nodeMeshMaxRestartTime needs the mesh: nodeToNodeMeshEnabled cannot be false',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '!has(self.communities) || size(self.communities) == 0 || (has(self.prefixAdvertisements) && ' +
          'size(self.prefixAdvertisements) > 0)',
        message: 'communities are defined, but no prefixAdvertisements use them',
        reason: 'FieldValueInvalid',
      },
    ],
  },
);

export type BGPConfigurationSpec = Infer<typeof spec>;

export const bgpConfiguration: Kind = {
  kind,
  plural: 'bgpconfigurations',
  singular: 'bgpconfiguration',
  shortNames: ['bgpconfig', 'bgpconfigs'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description,
  schema: object({ spec }, description, { required: ['spec'], rules: [clusterWideRule] }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'AS',
      type: 'integer',
      path: 'spec.asNumber',
      description: 'AS number of nodes that have none of their own.',
    }),
    fieldColumn({
      name: 'Mesh',
      type: 'boolean',
      path: 'spec.nodeToNodeMeshEnabled',
      description: 'Whether every node peers with every other.',
    }),
    fieldColumn({
      name: 'Port',
      type: 'integer',
      path: 'spec.listenPort',
      description: 'TCP port that BIRD listens on.',
    }),
    fieldColumn({
      name: 'Log-Severity',
      type: 'string',
      path: 'spec.logSeverityScreen',
      priority: 1,
      description: 'Least severe messages that are logged.',
    }),
    fieldColumn({
      name: 'Cluster-Routes',
      type: 'string',
      path: 'spec.programClusterRoutes',
      priority: 1,
      description: 'For which pools BIRD sets the routes between nodes.',
    }),
    ageColumn,
  ],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: {
          asNumber: 64512,
          bindMode: 'NodeIP',
          communities: [
            { name: 'blackhole', value: '65535:666' },
            { name: 'west', value: '64512:300:100' },
          ],
          ignoredInterfaces: ['docker*', 'virbr0'],
          ipv4NormalRoutePriority: 1024,
          ipv6NormalRoutePriority: 1024,
          listenPort: 1790,
          localWorkloadPeeringIPV4: '169.254.1.1',
          localWorkloadPeeringIPV6: 'fe80::1',
          logSeverityScreen: 'Warning',
          nodeMeshMaxRestartTime: '2m30s',
          nodeMeshPassword: { secretKeyRef: { name: 'bgp-passwords', key: 'mesh', optional: false } },
          nodeToNodeMeshEnabled: true,
          prefixAdvertisements: [
            { cidr: '10.48.0.0/16', communities: ['west', '64512:120'] },
            { cidr: 'fd00:10:48::/64', communities: [] },
          ],
          programClusterRoutes: 'EnabledNoEncapOnly',
          serviceClusterIPs: [{ cidr: '10.96.0.0/12' }, { cidr: 'fd00:10:96::/112' }],
          serviceExternalIPs: [{ cidr: '198.51.100.0/24' }, { cidr: '203.0.113.17/32' }],
          serviceLoadBalancerAggregation: 'Disabled',
          serviceLoadBalancerIPs: [{ cidr: '192.0.2.0/24' }],
        } satisfies BGPConfigurationSpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'node.rack1-host1' },
        spec: { logSeverityScreen: 'debug', listenPort: 179, bindMode: 'None' },
      },
    ],
    invalid: [
      {
        why: 'an AS number that is none',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { asNumber: 'AS64512' } },
        errors: [
          'spec.asNumber: Invalid value: "string": spec.asNumber in body must be of type integer: "string"',
          rulesNotChecked,
        ],
      },
      {
        why: 'a severity that does not exist',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { logSeverityScreen: 'Verbose' } },
        errors: [
          'spec.logSeverityScreen: Invalid value: "Verbose": spec.logSeverityScreen in body should ' +
            "match '^(?i)(Trace|Debug|Info|Warning|Error|Fatal)?$'",
        ],
      },
      {
        why: 'port 0 and a binding that does not exist',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { listenPort: 0, bindMode: 'All' } },
        errors: [
          'spec.listenPort: Invalid value: 0: spec.listenPort in body should be greater than or equal to 1',
          'spec.bindMode: Unsupported value: "All": supported values: "None", "NodeIP"',
          rulesNotChecked,
        ],
      },
      {
        why: 'settings of the mesh without the mesh',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            nodeToNodeMeshEnabled: false,
            nodeMeshPassword: { secretKeyRef: { name: 'bgp-passwords', key: 'mesh' } },
            nodeMeshMaxRestartTime: '2m',
          },
        },
        errors: [
          'spec: Forbidden: nodeMeshPassword needs the mesh: nodeToNodeMeshEnabled cannot be false',
          'spec: Forbidden: nodeMeshMaxRestartTime needs the mesh: nodeToNodeMeshEnabled cannot be false',
        ],
      },
      {
        why: 'communities that nothing uses',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { communities: [{ name: 'blackhole', value: '65535:666' }] },
        },
        errors: ['spec: Invalid value: communities are defined, but no prefixAdvertisements use them'],
      },
      {
        why: 'a community that is not defined, and halves of definitions',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            communities: [{ name: 'west', value: '65536:120' }, { name: 'East' }],
            prefixAdvertisements: [{ cidr: '10.48.0.1/16', communities: ['wset'] }, { cidr: '10.49.0.0/16' }],
          },
        },
        errors: [
          'spec.communities[0].value: Invalid value: "65536:120": must be a BGP community: two numbers from ' +
            '0 to 65535, such as 64512:120, or three from 0 to 4294967295, such as 64512:300:1',
          'spec.communities[1].name: Invalid value: "East": must be a name of lower case letters, digits, ' +
            "'-' and '.', with a letter or digit at both ends and around each '.', such as " +
            'node-1.example.com; did you mean "east"?',
          'spec.communities[1].value: Required value: is needed',
          'spec.prefixAdvertisements[0].cidr: Invalid value: "10.48.0.1/16": must be a CIDR with its host ' +
            'bits zero: 10.48.0.0/16',
          'spec.prefixAdvertisements[1].communities: Required value: is needed',
          'spec.prefixAdvertisements[0].communities[0]: Invalid value: "wset": must be a BGP community, such ' +
            'as 64512:120, or a name from communities; did you mean "west"?',
        ],
      },
      {
        why: 'settings of the cluster on the object of a node',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node.rack1-host1' },
          spec: {
            asNumber: 64513,
            nodeToNodeMeshEnabled: false,
            serviceExternalIPs: [{ cidr: '203.0.113.0/24' }],
          },
        },
        errors: [
          'spec.nodeToNodeMeshEnabled: Forbidden: can be set on the object named "default" only',
          'spec.asNumber: Forbidden: can be set on the object named "default" only',
          'spec.serviceExternalIPs: Forbidden: can be set on the object named "default" only',
        ],
      },
      {
        why: 'a peering address of the other IP version, and an interface for all',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            localWorkloadPeeringIPV4: 'fe80::1',
            ignoredInterfaces: ['*'],
            nodeMeshMaxRestartTime: '2',
          },
        },
        errors: [
          'spec.localWorkloadPeeringIPV4: Invalid value: "fe80::1": must be an IPv4 address, such as 192.0.2.1',
          'spec.ignoredInterfaces[0]: Invalid value: "*": must be the name of an interface (1 to 15 letters, ' +
            "digits, '_', '.' and '-'), with \"*\" for any characters but not alone",
          'spec.nodeMeshMaxRestartTime: Invalid value: "2": must have a unit: "2s" if seconds are meant',
        ],
      },
      {
        why: 'a password without its key',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { nodeMeshPassword: { secretKeyRef: { name: 'bgp-passwords' } } },
        },
        errors: ['spec.nodeMeshPassword.secretKeyRef.key: Required value', rulesNotChecked],
      },
      {
        why: 'an interface given twice, and an address in place of a range',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { ignoredInterfaces: ['docker*', 'docker*'], serviceExternalIPs: [{ cidr: '203.0.113.17' }] },
        },
        errors: [
          'spec.serviceExternalIPs[0].cidr: Invalid value: "203.0.113.17": ' +
            'spec.serviceExternalIPs[0].cidr in body must be of type cidr: "203.0.113.17"',
          'spec.ignoredInterfaces[1]: Duplicate value: "docker*"',
          rulesNotChecked,
        ],
      },
    ],
  },
};
