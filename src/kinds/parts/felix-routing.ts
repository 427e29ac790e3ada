import { array, boolean, integer, intOrString, object, oneOf, string } from '../../schema/build.ts';
import { durationRule } from '../../schema/checks/duration.ts';
import { routePriorityRule } from '../../schema/checks/number.ts';
import { canonicalPort, portRule } from '../../schema/checks/port.ts';
import { regexpRule } from '../../schema/checks/regexp.ts';
import { routeTableRangesRule, serviceLoopRule } from './felix-rules.ts';
import { anyCase, duration } from './felix-value.ts';

const elevated =
  'priority (metric) of routes to a virtual machine that has just moved here, 1 to 2147483646. Lower ' +
  'numbers win: keep it below that of ordinary routes. Default: 512.';
const normal =
  'priority (metric) of ordinary routes to workloads, 1 to 2147483646. Lower numbers win. Default: 1024.';

/** Fields of FelixConfiguration: routes, source NAT, MTU and addresses on the local network. */
export const felixRouting = {
  awsSrcDstCheck: oneOf(
    ['DoNothing', 'Enable', 'Disable'],
    'What Felix does to the source/destination check of its EC2 instance. Disable lets pod traffic ' +
      'within a subnet go without encapsulation. Default: DoNothing.',
  ),
  deviceRouteProtocol: integer(
    'Number, 0 to 255, that marks routes as set by Felix (see /etc/iproute2/rt_protos). Default: 3 (boot).',
  ),
  deviceRouteSourceAddress: string(
    'IPv4 source address of connections from the host to its own workloads. Default: what the kernel picks.',
    { maxLength: 45 },
  ),
  deviceRouteSourceAddressIPv6: string(
    'IPv6 source address of connections from the host to its own workloads. Default: what the kernel picks.',
    { maxLength: 45 },
  ),
  floatingIPs: oneOf(
    ['Enabled', 'Disabled'],
    'Whether pods may get further addresses by annotation (cni.projectcalico.org/floatingIPs), mapped ' +
      'by NAT. Those of OpenStack always work. Default: Disabled.',
  ),
  ipForwarding: oneOf(
    ['Enabled', 'Disabled'],
    'Whether Felix turns on IP forwarding on the host. Disable it only where Calico protects the host ' +
      'and has no workloads. Default: Enabled.',
  ),
  ipv4ElevatedRoutePriority: integer(`For IPv4, ${elevated}`, { rules: [routePriorityRule] }),
  ipv4NormalRoutePriority: integer(`For IPv4, ${normal}`, { rules: [routePriorityRule] }),
  ipv6ElevatedRoutePriority: integer(`For IPv6, ${elevated}`, { rules: [routePriorityRule] }),
  ipv6NormalRoutePriority: integer(`For IPv6, ${normal}`, { rules: [routePriorityRule] }),
  ipv6Support: boolean('Whether Felix handles IPv6, where the host can. Default: true.'),
  liveMigrationRouteConvergenceTime: string(
    'How long routes to a virtual machine that has moved keep their elevated priority, so that all ' +
      'nodes can learn them, e.g. 30s. Default: 30s.',
    {
      pattern: String.raw`^([0-9]+(\.[0-9]+)?(ms|s|m|h))*$`,
      rules: [durationRule],
    },
  ),
  localSubnetL2Reachability: oneOf(
    ['Disabled', 'PodsAndLoadBalancers'],
    'PodsAndLoadBalancers: the host answers ARP and NDP for its pods and load-balancer addresses that ' +
      'lie in its own subnet, so that neighbours reach them without BGP. Default: Disabled.',
  ),
  localSubnetL2ReachabilityRefreshInterval: string(
    'Time between two announcements of the addresses answered for under localSubnetL2Reachability, ' +
      'which keep the caches of neighbours and switches fresh; 0s announces each once. Default: 2m.',
    { rules: [durationRule] },
  ),
  mtuIfacePattern: string(
    'Regular expression for the interfaces that Felix takes the MTU of the host from; must not match ' +
      'those of workloads. Default: ^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*).',
    { rules: [regexpRule] },
  ),
  natOutgoingAddress: string(
    'IPv4 address that traffic masqueraded by natOutgoing of an IPPool leaves with. Default: that of ' +
      'the interface it leaves by.',
    { maxLength: 45 },
  ),
  natOutgoingExclusions: oneOf(
    ['IPPoolsOnly', 'IPPoolsAndHostIPs'],
    'Destinations that traffic reaches without masquerade although its IPPool has natOutgoing: those in ' +
      'pools (IPPoolsOnly), or the hosts of the cluster as well (IPPoolsAndHostIPs). Default: IPPoolsOnly.',
  ),
  natPortRange: intOrString(
    'Source ports that masqueraded traffic leaves with, e.g. "32768:65535". Default: what the kernel picks.',
    { pattern: '^.*', rules: [portRule], canonical: canonicalPort },
  ),
  netlinkTimeout: duration(
    'How long Felix waits for the kernel to answer when it reads or sets routes, rules and interfaces. ' +
      'Default: 10s.',
  ),
  programClusterRoutes: oneOf(
    ['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'],
    'For which pools without VXLAN Felix sets the routes to pods on other nodes: those with IPIP ' +
      '(EnabledIPIPOnly), without encapsulation (EnabledNoEncapOnly), both or none. BIRD must set the ' +
      'rest: see programClusterRoutes of BGPConfiguration. Default: EnabledIPIPOnly.',
  ),
  removeExternalRoutes: boolean(
    'Whether Felix removes routes to workload interfaces that others have set. To keep your own, set ' +
      'this to false and give them another protocol than deviceRouteProtocol. Default: true.',
  ),
  requireMTUFile: boolean(
    'Whether Felix stops at its start when it cannot write the MTU for pods to /var/lib/calico/mtu; ' +
      'otherwise it only logs an error. Default: false.',
  ),
  routeRefreshInterval: duration(
    'Time between two checks that nobody has changed the routes of Felix; 0s turns them off. Default: 90s.',
  ),
  routeSource: anyCase(
    ['WorkloadIPs', 'CalicoIPAM'],
    'Where Felix learns which node has which address: from blocks (CalicoIPAM) or from each workload ' +
      '(WorkloadIPs), for clusters with another IPAM. Default: CalicoIPAM.',
  ),
  routeSyncDisabled: boolean(
    'Whether Felix leaves the routing table alone, for hosts where Calico does policy only and ' +
      'something else the network. Default: false.',
  ),
  routeTableRange: object(
    { max: integer('Last table, up to 250.'), min: integer('First table, from 1.') },
    'Deprecated: use routeTableRanges. Numbers of the routing tables that Felix may use. Cannot be set ' +
      'together with routeTableRanges.',
    {
      definition: { name: 'RouteTableRange' },
      required: ['max', 'min'],
      'x-kubernetes-validations': [
        {
          rule: 'self.min >= 1 && self.max >= self.min && self.max <= 250',
          message: 'min and max must be within 1 to 250, min first',
          reason: 'FieldValueInvalid',
        },
      ],
    },
  ),
  routeTableRanges: array(
    object(
      {
        max: integer('Last table of the range, up to 4294967295.'),
        min: integer('First table of the range, from 1.'),
      },
      'A range of routing tables.',
      {
        definition: { name: 'RouteTableIDRange' },
        required: ['max', 'min'],
        'x-kubernetes-validations': [
          { rule: 'self.min >= 1', message: 'min must be at least 1', reason: 'FieldValueInvalid' },
          { rule: 'self.min <= self.max', message: 'min cannot be above max', reason: 'FieldValueInvalid' },
        ],
      },
    ),
    'Numbers of the routing tables that Felix may use, e.g. for WireGuard; 65535 tables in all at most. ' +
      'Default: 1 to 250.',
    { rules: [routeTableRangesRule] },
  ),
  serviceLoopPrevention: anyCase(
    ['Drop', 'Reject', 'Disabled'],
    'What happens to packets for advertised Service addresses that no Service uses, which could circle ' +
      'between host and router: Drop, Reject or Disabled. Exact case. Default: Drop.',
    { rules: [serviceLoopRule] },
  ),
};
