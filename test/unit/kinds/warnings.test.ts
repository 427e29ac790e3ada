import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import type { JsonObject } from '../../../src/machinery/json.ts';

/** What is legal but probably wrong in the spec of an object. */
const cases: [kind: string, spec: JsonObject, warnings: string[]][] = [
  ['BGPPeer', { peerIP: '192.0.2.1' }, []],
  [
    'BGPPeer',
    { peerSelector: 'all()', keepOriginalNextHop: true },
    ['spec.keepOriginalNextHop: deprecated; use spec.nextHopMode: Keep'],
  ],
  [
    'BGPPeer',
    { nodeSelector: 'all()', peerIP: '' },
    ['spec: names no peer; set peerIP, peerSelector or localWorkloadSelector'],
  ],
  ['BGPFilter', { exportV4: [{ action: 'Accept', prefixLength: { min: 16, max: 16 } }] }, []],
  [
    'BGPFilter',
    {
      exportV4: [{ action: 'Accept' }, { action: 'Accept', prefixLength: { min: 24, max: 16 } }],
      importV6: [{ action: 'Reject', prefixLength: { min: 65, max: 64 } }],
    },
    [
      'spec.exportV4[1].prefixLength: no route matches, since min 24 is above max 16',
      'spec.importV6[0].prefixLength: no route matches, since min 65 is above max 64',
    ],
  ],
  ['IPAMConfiguration', { strictAffinity: true, autoAllocateBlocks: false, maxBlocksPerHost: 4 }, []],
  ['IPAMConfiguration', { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0 }, []],
  [
    'IPAMConfiguration',
    { strictAffinity: false, autoAllocateBlocks: false, maxBlocksPerHost: 4 },
    [
      'spec: no node gets addresses of its own; set strictAffinity or autoAllocateBlocks',
      'spec.maxBlocksPerHost: takes no effect without strictAffinity, since nodes borrow addresses',
    ],
  ],
  ['FelixConfiguration', { nodeSelector: 'has(edge)', failsafeInboundHostPorts: [{ port: 22 }] }, []],
  [
    'FelixConfiguration',
    {
      bpfConnectTimeLoadBalancingEnabled: false,
      dataplaneWatchdogTimeout: '90s',
      routeTableRange: { min: 1, max: 250 },
    },
    [
      'spec.bpfConnectTimeLoadBalancingEnabled: deprecated; use spec.bpfConnectTimeLoadBalancing',
      'spec.dataplaneWatchdogTimeout: deprecated; use spec.healthTimeoutOverrides',
      'spec.routeTableRange: deprecated; use spec.routeTableRanges',
    ],
  ],
  [
    'FelixConfiguration',
    {
      nodeSelector: 'has(edge',
      failsafeInboundHostPorts: [{ port: 22, protocol: 'TCP', net: '10.0.0.1/8' }],
      failsafeOutboundHostPorts: [{ port: 53 }, { port: 53, protocol: 'icmp', net: 'eth0' }],
    },
    [
      'spec.nodeSelector: selects no node, since it does not parse: at position 9: expected ) to end has(, found the end',
      'spec.failsafeOutboundHostPorts[1].protocol: "icmp" is no protocol with ports; tcp, udp and sctp are',
      'spec.failsafeOutboundHostPorts[1].net: "eth0" is no CIDR, such as 192.0.2.0/24',
    ],
  ],
];

describe('warnings of settings', () => {
  for (const [name, spec, warnings] of cases) {
    test(`${name}: ${warnings.length ? warnings.join('; ') : JSON.stringify(spec)}`, () => {
      const kind = kinds.find(each => each.kind === name);
      const object = { apiVersion, kind: name, metadata: { name: 'default' }, spec };
      assert.deepEqual(kind?.warnings?.(object, undefined), warnings);
    });
  }
});
