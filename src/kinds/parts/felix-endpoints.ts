import { array, boolean, integer, object, oneOf, string } from '../../schema/build.ts';
import { portOrZeroRule } from '../../schema/checks/number.ts';
import { openstackRegionRule, sourceSpoofingRule } from './felix-rules.ts';
import { anyCase, duration } from './felix-value.ts';

const failsafePort = object(
  {
    net: string('Only for peers within this range, e.g. 192.0.2.0/24. Default: all.'),
    port: integer('Port number, e.g. 22.', { rules: [portOrZeroRule] }),
    protocol: string('tcp, udp or sctp. Default: tcp.'),
  },
  'A port that policy cannot close.',
  { definition: { name: 'ProtoPort' }, required: ['port'] },
);

/** Fields of FelixConfiguration: interfaces of workloads and hosts, host protection, OpenStack, Windows. */
export const felixEndpoints = {
  allowIPIPPacketsFromWorkloads: boolean(
    'Whether workloads may send IP-in-IP packets of their own; otherwise these are dropped. Default: false.',
  ),
  allowVXLANPacketsFromWorkloads: boolean(
    'Whether workloads may send VXLAN packets of their own; otherwise these are dropped. Default: false.',
  ),
  defaultEndpointToHostAction: anyCase(
    ['Drop', 'Accept', 'Return'],
    'What happens to packets from a workload to its own host once egress policy has let them pass: ' +
      'Drop, Accept, or Return to leave them to the other rules of the INPUT chain. Default: Drop.',
  ),
  disableConntrackInvalidCheck: boolean(
    'Whether packets that connection tracking finds invalid are let through to policy, not dropped; can ' +
      'help on hosts with several interfaces. Default: false.',
  ),
  endpointReportingDelay: duration(
    'OpenStack only: how long Felix waits before it reports a change of an endpoint, e.g. 1s. Default: 1s.',
  ),
  endpointReportingEnabled: boolean(
    'OpenStack only: whether Felix writes the status of endpoints to the datastore. Default: false.',
  ),
  failsafeInboundHostPorts: array(
    failsafePort,
    'Ports of the host that stay open whatever policy for host endpoints says, so that nobody locks ' +
      'themselves out. [] opens none. Default: SSH, DHCP, BGP, etcd, Typha and the Kubernetes API (tcp ' +
      '22, 179, 2379, 2380, 5473, 6443, 6666, 6667; udp 68).',
  ),
  failsafeOutboundHostPorts: array(
    failsafePort,
    'Ports that the host can reach elsewhere whatever policy for host endpoints says. [] opens none. ' +
      'Default: DNS, DHCP, BGP, etcd, Typha and the Kubernetes API (udp 53, 67; tcp 179, 2379, 2380, ' +
      '5473, 6443, 6666, 6667).',
  ),
  interfaceExclude: string(
    'Comma-separated names of interfaces, or regular expressions between slashes, that host endpoints ' +
      'never include, e.g. /^kube/,veth1. Default: kube-ipvs0.',
  ),
  interfacePrefix: string(
    'Comma-separated starts of the names of workload interfaces; all others belong to the host. Set by ' +
      'the orchestrator: cali for Kubernetes, tap for OpenStack. Default: cali.',
  ),
  interfaceRefreshInterval: duration(
    'Time between two complete scans of the interfaces; 0s turns them off. Default: 90s.',
  ),
  metadataAddr: string(
    'OpenStack only: address or name of the server that answers metadata requests of virtual machines; ' +
      'none sets no NAT rule for them. Default: 127.0.0.1.',
  ),
  metadataPort: integer(
    'OpenStack only: port of that server, where requests to 169.254.169.254:80 go. Default: 8775.',
  ),
  openstackRegion: string(
    'OpenStack only: region of this Felix, as openstack_region in neutron.conf on the node (at most 46 ' +
      'characters). Default: empty.',
    { rules: [openstackRegionRule] },
  ),
  reportingInterval: duration(
    'Time between two reports of Felix on itself to the datastore; OpenStack needs them. 0s turns them ' +
      'off. Default: 30s.',
  ),
  reportingTTL: duration(
    'How long such a report stays valid without a new one; keep it above reportingInterval. Default: 90s.',
  ),
  sidecarAccelerationEnabled: boolean(
    'Experimental: shortens the way between a workload and the sidecar in its pod. Default: false.',
  ),
  windowsManageFirewallRules: oneOf(
    ['Enabled', 'Disabled'],
    'Windows only: whether Felix opens its metrics ports in the Windows firewall. Default: Disabled.',
  ),
  workloadSourceSpoofing: anyCase(
    ['Disabled', 'Any'],
    'Whether pods may send from other addresses than their own: Any lets them ask for any range with ' +
      'the annotation cni.projectcalico.org/allowedSourcePrefixes. Exact case. Default: Disabled.',
    { rules: [sourceSpoofingRule] },
  ),
};
