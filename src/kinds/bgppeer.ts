import { array, boolean, type Infer, integer, object, oneOf, string } from '../schema/build.ts';
import { durationRule } from '../schema/checks/duration.ts';
import { nameRule } from '../schema/checks/name.ts';
import { ipRule } from '../schema/checks/net.ts';
import { hopsRule } from '../schema/checks/number.ts';
import { peerAddressRule } from '../schema/checks/peer-address.ts';
import { selectorRule } from '../schema/checks/selector.ts';
import { orEmpty } from '../schema/checks/text.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { asNumber } from './parts/bgp.ts';
import { gatewayFamilyRule } from './parts/bgp-rules.ts';
import { peerWarnings } from './parts/bgp-warnings.ts';
import { fieldColumn, listAt, listCell } from './parts/column.ts';
import { peerFilters, peerFiltersSays } from './parts/peer-filters.ts';
import { password } from './parts/secret.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const kind = 'BGPPeer';
const description =
  'BGP sessions between nodes and a router, between groups of nodes, or between a node and workloads ' +
  'that run on it.';

const spec = object(
  {
    asNumber: asNumber(
      'AS number of the peer. Leave it out with peerSelector; needed with localWorkloadSelector.',
    ),
    filters: array(
      string('Name of a BGPFilter.', { rules: [nameRule] }),
      'BGPFilters for the routes of these sessions, tried in order. They must exist.',
      {
        'x-kubernetes-list-type': 'atomic',
      },
    ),
    keepOriginalNextHop: boolean(
      'Deprecated: true is nextHopMode Keep. Cannot be set together with nextHopMode.',
    ),
    keepaliveTime: string('Time between keepalive messages, e.g. 20s. Default: a third of the hold time.', {
      rules: [durationRule],
    }),
    localASNumber: asNumber(
      'AS number that the nodes use towards this peer. Default: their own, or that of the BGPConfiguration.',
    ),
    localWorkloadSelector: string(
      'Each node peers with the workloads on it that match, e.g. app == "router". Needs asNumber; ' +
        'excludes peerIP and peerSelector.',
      { maxLength: 1024, rules: [selectorRule] },
    ),
    maxRestartTime: string(
      'How long routes are kept while the peer restarts (graceful restart), e.g. 90s. Default: 120s.',
      { rules: [durationRule] },
    ),
    nextHopMode: oneOf(
      ['Auto', 'Self', 'Keep'],
      'Next hop of the routes sent to the peer: Self (this node), Keep (as received) or Auto (as BGP ' +
        'has it). Default: Auto.',
    ),
    node: string('The one node that has the session. With neither node nor nodeSelector all nodes have it.', {
      maxLength: 253,
      rules: [orEmpty(nameRule)],
    }),
    nodeSelector: string('The nodes that have the session, e.g. rack == "1". Excludes node.', {
      maxLength: 1024,
      rules: [selectorRule],
    }),
    numAllowedLocalASNumbers: integer(
      'How often the own AS number may occur in the AS path of routes received. Loosens the protection ' +
        'of BGP against loops; use with care. Default: 0.',
      { format: 'int32' },
    ),
    password: password('Password (TCP MD5) of the sessions.'),
    peerIP: string(
      'Address of the peer, with a port if it is not 179: 192.0.2.1, 192.0.2.1:1790, 2001:db8::1 or ' +
        '[2001:db8::1]:1790.',
      { maxLength: 64, rules: [orEmpty(peerAddressRule)] },
    ),
    peerSelector: string(
      'The nodes to peer with, e.g. route-reflector == "true"; addresses and AS numbers come from these ' +
        'nodes. Excludes peerIP and asNumber.',
      { maxLength: 1024, rules: [selectorRule] },
    ),
    reachableBy: string(
      'Address of the gateway on the way to the peer; nodes get a static route to peerIP over it, which ' +
        'prevents route flapping. Needs peerIP, of the same IP version.',
      { maxLength: 64, rules: [orEmpty(ipRule)] },
    ),
    reversePeering: oneOf(
      ['Auto', 'Manual'],
      'With peerSelector, whether the other side gets its session by itself (Auto) or from a BGPPeer of ' +
        'its own (Manual). Default: Auto.',
    ),
    sourceAddress: oneOf(
      ['UseNodeIP', 'None'],
      'Source address of the session: the BGP address of the node (UseNodeIP) or what the kernel picks ' +
        '(None). Default: UseNodeIP.',
    ),
    ttlSecurity: integer(
      'Number of hops to the peer, 0 to 255. When set, packets that come from further away are dropped ' +
        '(GTSM).',
      { rules: [hopsRule] },
    ),
  },
  'Which nodes peer, with whom, and how.',
  {
    rules: [gatewayFamilyRule],
    'x-kubernetes-validations': [
      {
        rule:
          '(!has(self.node) || size(self.node) == 0) || (!has(self.nodeSelector) || ' +
          'size(self.nodeSelector) == 0)',
        message: 'node and nodeSelector cannot both be set',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '(!has(self.peerIP) || size(self.peerIP) == 0) || (!has(self.peerSelector) || ' +
          'size(self.peerSelector) == 0)',
        message: 'peerIP and peerSelector cannot both be set',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '(!has(self.peerSelector) || size(self.peerSelector) == 0) || !has(self.asNumber) || ' +
          'self.asNumber == 0',
        message: 'asNumber cannot be set together with peerSelector',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '(!has(self.localWorkloadSelector) || size(self.localWorkloadSelector) == 0) || ' +
          '(!has(self.peerIP) || size(self.peerIP) == 0)',
        message: 'peerIP cannot be set together with localWorkloadSelector',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '(!has(self.localWorkloadSelector) || size(self.localWorkloadSelector) == 0) || ' +
          '(!has(self.peerSelector) || size(self.peerSelector) == 0)',
        message: 'peerSelector cannot be set together with localWorkloadSelector',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '(!has(self.localWorkloadSelector) || size(self.localWorkloadSelector) == 0) || ' +
          '(has(self.asNumber) && self.asNumber != 0)',
        message: 'localWorkloadSelector needs an asNumber',
        reason: 'FieldValueInvalid',
      },
      {
        rule:
          '!has(self.reachableBy) || size(self.reachableBy) == 0 || (has(self.peerIP) && ' +
          'size(self.peerIP) > 0)',
        message: 'reachableBy needs a peerIP',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!has(self.keepOriginalNextHop) || !self.keepOriginalNextHop || !has(self.nextHopMode)',
        message:
          'keepOriginalNextHop is deprecated and cannot be set together with nextHopMode; set ' +
          'nextHopMode alone',
        reason: 'FieldValueForbidden',
      },
    ],
  },
);

export type BGPPeerSpec = Infer<typeof spec>;

export const bgpPeer: Kind = {
  kind,
  plural: 'bgppeers',
  singular: 'bgppeer',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description,
  schema: object({ spec }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'Node',
      type: 'string',
      path: 'spec.node',
      description: 'The one node that has the session.',
    }),
    fieldColumn({
      name: 'Node-Selector',
      type: 'string',
      path: 'spec.nodeSelector',
      description: 'The nodes that have the session.',
    }),
    fieldColumn({
      name: 'Peer-IP',
      type: 'string',
      path: 'spec.peerIP',
      description: 'Address of the peer.',
    }),
    fieldColumn({
      name: 'Peer-Selector',
      type: 'string',
      path: 'spec.peerSelector',
      description: 'The nodes to peer with.',
    }),
    fieldColumn({
      name: 'AS',
      type: 'integer',
      path: 'spec.asNumber',
      description: 'AS number of the peer.',
    }),
    fieldColumn({
      name: 'Local-AS',
      type: 'integer',
      path: 'spec.localASNumber',
      priority: 1,
      description: 'AS number that the nodes use towards the peer.',
    }),
    fieldColumn({
      name: 'Workload-Selector',
      type: 'string',
      path: 'spec.localWorkloadSelector',
      priority: 1,
      description: 'The local workloads to peer with.',
    }),
    {
      name: 'Filters',
      type: 'string',
      priority: 1,
      description: 'BGPFilters for the routes of the sessions.',
      value: source => listCell(listAt(source, 'spec.filters')),
    },
    ageColumn,
  ],
  warnings: peerWarnings,
  admit: peerFilters,
  acrossObjects: [peerFiltersSays],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'rack1-tor' },
        spec: {
          nodeSelector: 'rack == "1"',
          peerIP: '192.0.2.1:1790',
          asNumber: 64513,
          localASNumber: 64600,
          filters: ['only-pods', 'drop-default'],
          keepaliveTime: '20s',
          maxRestartTime: '1m30s',
          nextHopMode: 'Self',
          numAllowedLocalASNumbers: 1,
          password: { secretKeyRef: { name: 'bgp-passwords', key: 'rack1-tor' } },
          reachableBy: '198.51.100.1',
          sourceAddress: 'UseNodeIP',
          ttlSecurity: 1,
        } satisfies BGPPeerSpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'route-reflectors' },
        spec: {
          nodeSelector: 'all()',
          peerSelector: 'route-reflector == "true"',
          reversePeering: 'Auto',
          keepOriginalNextHop: true,
        },
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'routers-in-pods' },
        spec: { node: 'rack1-host1', localWorkloadSelector: 'app == "router"', asNumber: 64700 },
      },
    ],
    invalid: [
      {
        why: 'one node and a selector of nodes',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node-twice' },
          spec: { node: 'rack1-host1', nodeSelector: 'all()', peerIP: '192.0.2.1', asNumber: 64513 },
        },
        errors: ['spec: Forbidden: node and nodeSelector cannot both be set'],
      },
      {
        why: 'a peer given in three ways',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'three-peers' },
          spec: {
            peerIP: '192.0.2.1',
            peerSelector: 'all()',
            localWorkloadSelector: 'all()',
            asNumber: 64513,
          },
        },
        errors: [
          'spec: Forbidden: peerIP and peerSelector cannot both be set',
          'spec: Forbidden: asNumber cannot be set together with peerSelector',
          'spec: Forbidden: peerIP cannot be set together with localWorkloadSelector',
          'spec: Forbidden: peerSelector cannot be set together with localWorkloadSelector',
        ],
      },
      {
        why: 'what is missing: the AS number of workloads, the address behind a gateway',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'missing' },
          spec: { localWorkloadSelector: 'app == "router"', reachableBy: '198.51.100.1' },
        },
        errors: [
          'spec: Invalid value: localWorkloadSelector needs an asNumber',
          'spec: Forbidden: reachableBy needs a peerIP',
        ],
      },
      {
        why: 'the next hop given twice',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'next-hops' },
          spec: { peerIP: '192.0.2.1', asNumber: 64513, keepOriginalNextHop: true, nextHopMode: 'Self' },
        },
        errors: [
          'spec: Forbidden: keepOriginalNextHop is deprecated and cannot be set together with ' +
            'nextHopMode; set nextHopMode alone',
        ],
      },
      {
        why: 'words that are not among the values',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'words' },
          spec: {
            peerIP: '192.0.2.1',
            asNumber: 64513,
            nextHopMode: 'self',
            sourceAddress: 'Any',
            reversePeering: 'Never',
          },
        },
        errors: [
          'spec.nextHopMode: Unsupported value: "self": supported values: "Auto", "Self", "Keep"',
          'spec.reversePeering: Unsupported value: "Never": supported values: "Auto", "Manual"',
          'spec.sourceAddress: Unsupported value: "Any": supported values: "UseNodeIP", "None"',
          rulesNotChecked,
        ],
      },
      {
        why: 'an AS number that is none, and a password without its key',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'text' },
          spec: {
            peerIP: '192.0.2.1',
            asNumber: 'AS64513',
            password: { secretKeyRef: { name: 'bgp-passwords' } },
          },
        },
        errors: [
          'spec.asNumber: Invalid value: "string": spec.asNumber in body must be of type integer: "string"',
          'spec.password.secretKeyRef.key: Required value',
          rulesNotChecked,
        ],
      },
      {
        why: 'a network in place of a peer, a gateway with a port, a node in upper case, too many hops, half a duration',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'addresses' },
          spec: {
            node: 'Rack1-Host1',
            peerIP: '192.0.2.0/24',
            reachableBy: '198.51.100.1:179',
            ttlSecurity: 256,
            keepaliveTime: '20',
            asNumber: 4294967296,
          },
        },
        errors: [
          'spec.node: Invalid value: "Rack1-Host1": must be a name of lower case letters, digits, \'-\' and ' +
            "'.', with a letter or digit at both ends and around each '.', such as node-1.example.com; did " +
            'you mean "rack1-host1"?',
          'spec.peerIP: Invalid value: "192.0.2.0/24": must be an IP address, with a port from 1 to 65535 ' +
            'if it is not the usual one, such as 192.0.2.1, 192.0.2.1:1790, 2001:db8::1 or [2001:db8::1]:1790',
          'spec.reachableBy: Invalid value: "198.51.100.1:179": must be an IP address, such as 192.0.2.1: ' +
            'unexpected character',
          'spec.ttlSecurity: Invalid value: 256: must be 0 to 255',
          'spec.keepaliveTime: Invalid value: "20": must have a unit: "20s" if seconds are meant',
          'spec.asNumber: Invalid value: 4294967296: must be an AS number from 0 to 4294967295, or two ' +
            'halves from 0 to 65535, such as "1.10"',
        ],
      },
      {
        why: 'a gateway of the other IP version',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'gateway' },
          spec: { peerIP: '192.0.2.1', asNumber: 64513, reachableBy: '2001:db8::1' },
        },
        errors: ['spec.reachableBy: Invalid value: "2001:db8::1": must be an IPv4 address, as peerIP is'],
      },
    ],
  },
};
