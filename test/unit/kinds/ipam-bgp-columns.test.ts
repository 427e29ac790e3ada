import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bgpConfiguration } from '../../../src/kinds/bgpconfiguration.ts';
import { bgpFilter } from '../../../src/kinds/bgpfilter.ts';
import { bgpPeer } from '../../../src/kinds/bgppeer.ts';
import { blockAffinity } from '../../../src/kinds/blockaffinity.ts';
import { calicoNodeStatus } from '../../../src/kinds/caliconodestatus.ts';
import { clusterInformation } from '../../../src/kinds/clusterinformation.ts';
import { felixConfiguration } from '../../../src/kinds/felixconfiguration.ts';
import { ipamBlock } from '../../../src/kinds/ipamblock.ts';
import { ipamConfiguration } from '../../../src/kinds/ipamconfiguration.ts';
import { ipamHandle } from '../../../src/kinds/ipamhandle.ts';
import { ipPool } from '../../../src/kinds/ippool.ts';
import { ipReservation } from '../../../src/kinds/ipreservation.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { kubeControllersConfiguration } from '../../../src/kinds/kubecontrollersconfiguration.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';

/** The cells of an object as `kubectl get` shows them, or `-o wide` does; the age left out. */
function row(kind: Kind, object: ApiObject, options: { wide: boolean }): Record<string, unknown> {
  const shown = kind.columns.filter(each => each.name !== 'Age' && (options.wide || !each.priority));
  return Object.fromEntries(shown.map(each => [each.name, each.value(object)]));
}

const wideRows: [Kind, Record<string, unknown>][] = [
  [
    bgpConfiguration,
    {
      AS: 64512,
      Mesh: true,
      Port: 1790,
      'Log-Severity': 'Warning',
      'Cluster-Routes': 'EnabledNoEncapOnly',
    },
  ],
  [bgpFilter, { 'Import-V4': 1, 'Export-V4': 4, 'Import-V6': 1, 'Export-V6': 2 }],
  [
    bgpPeer,
    {
      Node: undefined,
      'Node-Selector': 'rack == "1"',
      'Peer-IP': '192.0.2.1:1790',
      'Peer-Selector': undefined,
      AS: 64513,
      'Local-AS': 64600,
      'Workload-Selector': undefined,
      Filters: 'only-pods,drop-default',
    },
  ],
  [blockAffinity, { CIDR: '192.168.0.112/28', Node: 'node1', Type: 'host', State: 'confirmed' }],
  [
    calicoNodeStatus,
    {
      Node: 'rack1-host1',
      Classes: 'Agent,BGP,Routes',
      'Update Interval': '10s',
      'Last Updated': '2026-08-22T13:22:03Z',
      'Agent State': 'v4(Ready) v6(NotReady)',
      'Established-V4': '1/2',
      'Established-V6': '0/1',
      'Num-V4-Routes': 1,
      'Num-V6-Routes': 0,
    },
  ],
  [
    clusterInformation,
    {
      Version: 'v3.32.0',
      Ready: true,
      Type: 'k8s,bgp,kubeadm,kdd',
      GUID: 'b20a58d5f5c34578ac10934e87a70494',
    },
  ],
  [
    felixConfiguration,
    {
      'Node-Selector': 'has(edge)',
      BPF: true,
      NFTables: 'Disabled',
      WireGuard: true,
      'Log-Severity': 'Info',
    },
  ],
  [ipamBlock, { CIDR: '192.168.0.112/29', Affinity: 'host:node1', 'In-Use': '4/8' }],
  [
    ipamConfiguration,
    {
      'Strict-Affinity': true,
      'Auto-Allocate-Blocks': true,
      'Max-Blocks-Per-Host': 4,
      'Cooldown-Seconds': 30,
      'VM-Persistence': 'Enabled',
    },
  ],
  [ipamHandle, { ID: 'k8s-pod-network.4E1c9d0F7ab2', Addresses: 3 }],
  [
    ipPool,
    {
      CIDR: '10.48.0.0/16',
      IPIP: 'Never',
      VXLAN: 'CrossSubnet',
      NAT: true,
      'Block-Size': 26,
      Selector: 'zone == "west"',
      Disabled: false,
      Allocatable: 'True',
    },
  ],
  [ipReservation, { CIDRs: '10.48.0.0/30,10.48.255.255/32,10.48.7.64/28 + 1 more...' }],
  [
    kubeControllersConfiguration,
    {
      Controllers: 'node,policy,workloadEndpoint,serviceAccount,namespace,loadBalancer,migration',
      'Health-Checks': 'Enabled',
      'Log-Severity': 'Info',
      'Metrics-Port': 9094,
    },
  ],
];

describe('rows of the first example', () => {
  for (const [kind, expected] of wideRows) {
    test(`${kind.kind} -o wide`, () => {
      assert.deepEqual(row(kind, kind.examples.valid[0]!, { wide: true }), expected);
    });
  }
});

describe('rows without what an agent takes for granted', () => {
  test('IPPool', () => {
    const pool = { apiVersion: 'v3', kind: 'IPPool', metadata: {}, spec: { cidr: '10.0.0.0/16' } };
    assert.deepEqual(row(ipPool, pool, { wide: false }), {
      CIDR: '10.0.0.0/16',
      IPIP: 'Never',
      VXLAN: 'Never',
      NAT: false,
      Selector: undefined,
      Disabled: false,
    });
  });

  test('CalicoNodeStatus before the first report', () => {
    const asked = calicoNodeStatus.examples.valid[1]!;
    assert.deepEqual(row(calicoNodeStatus, asked, { wide: true }), {
      Node: 'rack1-host2',
      Classes: 'BGP',
      'Update Interval': '0s',
      'Last Updated': undefined,
      'Agent State': undefined,
      'Established-V4': undefined,
      'Established-V6': undefined,
      'Num-V4-Routes': 0,
      'Num-V6-Routes': 0,
    });
  });
});
