import { array, boolean, integer, intOrString, map, object, oneOf, string } from '../../schema/build.ts';
import { bpfLogFiltersRule, interfaceFilterRule } from '../../schema/checks/interface.ts';
import { cidrRule } from '../../schema/checks/net.ts';
import { dscpRule, markRule, portOrZeroRule } from '../../schema/checks/number.ts';
import { canonicalPort, portRule } from '../../schema/checks/port.ts';
import { regexpRule } from '../../schema/checks/regexp.ts';
import { anyCase, duration } from './felix-value.ts';

function timeout(description: string) {
  return string(description, { pattern: String.raw`^(([0-9]*(\.[0-9]*)?(ms|s|h|m|us)+)+|Auto)$` });
}

const conntrackTimeouts = object(
  {
    creationGracePeriod: timeout('Shortest life of a new entry. Default: 10s.'),
    genericTimeout: timeout('For protocols other than TCP, UDP and ICMP. Default: 10m.'),
    icmpTimeout: timeout('For ICMP. Default: 5s.'),
    tcpEstablished: timeout('For TCP connections that are open. Default: 1h.'),
    tcpFinsSeen: timeout('For TCP connections that both sides have closed. Default: Auto.'),
    tcpResetSeen: timeout('For TCP connections that were reset. Default: 40s.'),
    tcpSynSent: timeout('For TCP connections that are being opened. Default: 20s.'),
    udpTimeout: timeout('For UDP. Default: 60s.'),
  },
  'How long BPF remembers a connection without packets, by protocol and state, e.g. udpTimeout: 90s. ' +
    'Auto takes the value that Linux uses for its own connection tracking.',
  { definition: { name: 'BPFConntrackTimeouts' } },
);

/** Fields of FelixConfiguration: how the eBPF dataplane works. */
export const felixBpf = {
  bpfAttachType: oneOf(
    ['TC', 'TCX', 'Netkit'],
    'How BPF programs are attached to interfaces: Netkit (netkit devices by their own means, others as ' +
      'with TCX), TCX (falls back to TC) or TC (queueing disciplines). Default: Netkit.',
  ),
  bpfCTLBLogFilter: string(
    'Set it to all to log connect-time load balancing too, where bpfLogFilters is set and bpfLogLevel ' +
      'is Debug. Default: empty.',
  ),
  bpfConnectTimeLoadBalancing: oneOf(
    ['TCP', 'Enabled', 'Disabled'],
    'Which connections to Services get their pod when the socket connects, not packet by packet: all ' +
      '(Enabled), those over TCP, or none (Disabled). Default: TCP.',
  ),
  bpfConnectTimeLoadBalancingEnabled: boolean(
    'Deprecated: use bpfConnectTimeLoadBalancing. Where set, it wins: true is Enabled, false is Disabled.',
  ),
  bpfConntrackLogLevel: oneOf(
    ['Off', 'Debug'],
    'Whether the BPF program that removes old connections logs what it does. Default: Off.',
  ),
  bpfConntrackMode: oneOf(
    ['Auto', 'Userspace', 'BPFProgram'],
    'What removes old connections: a BPF program, Felix itself (Userspace), or the first if the kernel ' +
      'can (Auto). Default: Auto.',
  ),
  bpfConntrackTimeouts: conntrackTimeouts,
  bpfDSROptoutCIDRs: array(
    string('A range, e.g. 192.0.2.0/24, or a single address.', { rules: [cidrRule] }),
    'Clients that are answered by way of the node they first reached, although bpfExternalServiceMode ' +
      'is DSR. Default: none.',
  ),
  bpfDataIfacePattern: string(
    'Regular expression for the interfaces of the host that carry pod traffic or traffic from outside ' +
      'to Services; BPF programs are attached to them. Must not match those of workloads or Calico ' +
      'tunnels. Default: ^((en|wl|ww|sl|ib)[Popsx].*|(eth|wlan|wwan|bond).*).',
    { rules: [regexpRule] },
  ),
  bpfDisableGROForIfaces: string(
    'Regular expression for interfaces whose generic receive offload (GRO) is turned off. Default: ' +
      'empty, which is none.',
    { rules: [regexpRule] },
  ),
  bpfDisableUnprivileged: boolean(
    'Whether ordinary users of the host are kept from using BPF, and so from reading or changing what ' +
      'Calico does (kernel.unprivileged_bpf_disabled). Default: true.',
  ),
  bpfEnabled: boolean(
    'Whether Felix uses eBPF for policy and Services, in place of iptables or nftables and kube-proxy. ' +
      'Default: false.',
  ),
  bpfEnforceRPF: anyCase(
    ['Disabled', 'Strict', 'Loose'],
    'Reverse path check on the host interfaces that BPF handles: Strict (the way back must be the same ' +
      'interface), Loose (any way back) or Disabled. Default: Loose.',
  ),
  bpfExcludeCIDRsFromNAT: array(
    string('A range, e.g. 169.254.20.10/32, or a single address.', { rules: [cidrRule] }),
    'Service addresses that BPF leaves to the host, e.g. that of a DNS cache on the node. Default: none.',
  ),
  bpfExportBufferSizeMB: integer(
    'Size in MB of the buffer through which BPF programs send events to Felix. Default: 1.',
  ),
  bpfExtToServiceConnmark: integer(
    'Mark (0 to 4294967295) for connections from outside to Services, so that your own routing rules ' +
      'can tell them. Default: 0.',
    { rules: [markRule] },
  ),
  bpfExternalServiceMode: anyCase(
    ['Tunnel', 'DSR'],
    'How connections from outside reach a pod on another node than the one they came to: Tunnel sends ' +
      'both directions by way of that node; with DSR the answers go straight back, which the network must ' +
      'allow. Default: Tunnel.',
  ),
  bpfForceTrackPacketsFromIfaces: array(
    string('Name of an interface; + at the end is a wildcard.', { rules: [interfaceFilterRule] }),
    'Interfaces outside the Calico network whose traffic Linux tracks as usual, e.g. that of Docker. ' +
      'Default: docker+.',
  ),
  bpfHostConntrackBypass: boolean(
    'Whether traffic of workloads and Services skips the connection tracking of Linux. Default: false.',
  ),
  bpfHostNetworkedNATWithoutCTLB: oneOf(
    ['Enabled', 'Disabled'],
    'Whether connections of the host itself to Services are translated packet by packet where ' +
      'bpfConnectTimeLoadBalancing does not handle them. Default: Enabled.',
  ),
  bpfIPFragTimeout: duration(
    'How long BPF waits for the missing fragments of an IP packet. Default: what the kernel uses ' +
      '(net.ipv4.ipfrag_time), mostly 30s.',
  ),
  bpfIPFragmentReassemblyEnabled: boolean(
    'Whether BPF puts fragments from outside together; needs a kernel after 5.10, without which Felix ' +
      'is not ready until this is false. False drops such packets. Default: true.',
  ),
  bpfJITHardening: oneOf(
    ['Auto', 'Strict'],
    'Auto lowers net.core.bpf_jit_harden from 2 to 1, since 2 makes BPF slow. Strict leaves it as it ' +
      'is. Default: Auto.',
  ),
  bpfKubeProxyHealthzPort: integer(
    'Port on which Felix, in place of kube-proxy, tells load balancers whether the node takes traffic; ' +
      '0 is none. Default: 10256.',
    { rules: [portOrZeroRule] },
  ),
  bpfKubeProxyIptablesCleanupEnabled: boolean(
    'Whether Felix removes the iptables rules that kube-proxy has left. Only where kube-proxy does not ' +
      'run. Default: true.',
  ),
  bpfKubeProxyMinSyncPeriod: duration(
    'Shortest time between two updates of Services: longer saves CPU, shorter lets changes take effect ' +
      'sooner. Default: 1s.',
  ),
  bpfL3IfacePattern: string(
    'Regular expression for tunnel devices not made by Calico, e.g. of your own WireGuard, that carry ' +
      'pod traffic; taken beside bpfDataIfacePattern. Default: empty.',
    { rules: [regexpRule] },
  ),
  bpfLogFilters: map(
    string('A pcap filter, e.g. tcp port 80.'),
    'Which packets BPF programs log at bpfLogLevel Debug: the key is an interface, all, weps ' +
      '(workloads) or heps (host endpoints), the value a pcap filter, e.g. weps: "host 10.48.0.7". ' +
      'Default: all packets.',
    { rules: [bpfLogFiltersRule] },
  ),
  bpfLogLevel: anyCase(
    ['Off', 'Info', 'Debug'],
    'What BPF programs log for each packet: Off, Info or Debug. Read it with bpftool prog tracelog on ' +
      'the node. Default: Off.',
  ),
  bpfOverlayHostSourceIP: oneOf(
    ['TunnelAddress', 'HostAddress'],
    'Source address of the node itself when it sends through an IP-in-IP or VXLAN tunnel: an address of ' +
      'the tunnel device (TunnelAddress) or of the node (HostAddress). Default: TunnelAddress.',
  ),
  bpfPSNATPorts: intOrString(
    'Ports, both ends included, from which BPF picks another source port if one is taken already, e.g. ' +
      '"20000:29999". Default: 20000:29999.',
    { pattern: '^.*', rules: [portRule], canonical: canonicalPort },
  ),
  bpfPolicyDebugEnabled: boolean(
    'Whether Felix keeps what calico-node -bpf policy dump shows: policy as BPF programs have it. ' +
      'Default: true.',
  ),
  bpfProfiling: oneOf(
    ['Enabled', 'Disabled'],
    'Whether the running time of BPF programs is measured. Default: Disabled.',
  ),
  bpfRedirectToPeer: oneOf(
    ['Enabled', 'Disabled'],
    'Whether packets go straight to the device inside the pod. This is faster, but tools such as ' +
      'tcpdump on the host side no longer see them. Default: Enabled.',
  ),
  cgroupV2Path: string(
    'Where the cgroup v2 file system of the host is, if not in its usual place. Default: empty.',
  ),
  istioDSCPMark: intOrString(
    'DSCP value that marks connections for the ztunnel of Istio; only for the Istio that comes with ' +
      'Calico. Default: 23.',
    { pattern: '^.*', rules: [dscpRule] },
  ),
};
