import { array, boolean, int64, integer, intOrString, oneOf, string } from '../../schema/build.ts';
import { durationRule } from '../../schema/checks/duration.ts';
import { interfaceFilterRule } from '../../schema/checks/interface.ts';
import { canonicalPort, numberedPortRule } from '../../schema/checks/port.ts';
import { regexpRule } from '../../schema/checks/regexp.ts';
import { orEmpty } from '../../schema/checks/text.ts';
import { anyCase, duration } from './felix-value.ts';

const markMask =
  'which bits of packet marks Felix may use, as a decimal number; at least 8 bits, none of them used by ' +
  'other software. Default: 4294901760 (0xffff0000).';
const filterAllow =
  'what happens to packets that ordinary policy allows: Accept them at once, or Return them to the ' +
  'rules of the system. Default: Accept.';
const mangleAllow =
  'what happens to packets that pre-DNAT policy allows: Accept them at once, or Return them to the ' +
  'rules of the system. Default: Accept.';
const deny =
  'what happens to packets that policy denies: Drop them silently, or Reject them with an answer to the ' +
  'sender. Default: Drop.';

/** Fields of FelixConfiguration: the iptables and nftables dataplanes, IP sets, and XDP for iptables. */
export const felixTables = {
  chainInsertMode: anyCase(
    ['Insert', 'Append'],
    'Whether Felix puts its rules before (Insert) or behind (Append) those already in the top-level ' +
      'chains. With Append, earlier rules that accept a packet bypass policy. Default: Insert.',
  ),
  genericXDPEnabled: boolean(
    'Whether XDP is used on network cards without support for it too, though that is no faster than ' +
      'iptables; for tests. Default: false.',
  ),
  ipsetsRefreshInterval: duration(
    'Time between two checks that nobody has changed the IP sets of Felix; 0s turns them off. Default: 90s.',
  ),
  iptablesBackend: oneOf(
    ['Legacy', 'NFT', 'Auto'],
    'Which iptables Felix uses: Legacy, NFT (iptables-nft) or what it finds in use (Auto). After a ' +
      'change, remove the rules left in the other one. Default: Auto.',
    {
      pattern: '^(?i)(Auto|Legacy|NFT)?$',
    },
  ),
  iptablesFilterAllowAction: anyCase(['Accept', 'Return'], `For the iptables dataplane, ${filterAllow}`),
  iptablesFilterDenyAction: anyCase(['Drop', 'Reject'], `For the iptables dataplane, ${deny}`),
  iptablesLockProbeInterval: duration(
    'Time between attempts to get the lock that iptables commands share; shorter is faster and takes ' +
      'more CPU. Default: 50ms.',
  ),
  iptablesMangleAllowAction: anyCase(['Accept', 'Return'], `For the iptables dataplane, ${mangleAllow}`),
  iptablesMarkMask: int64(`For the iptables dataplane, ${markMask}`, { minimum: 0, maximum: 4294967295 }),
  iptablesNATOutgoingInterfaceFilter: string(
    'Interface by which traffic must leave to be masqueraded; + at the end is a wildcard, e.g. eth+ (1 ' +
      'to 15 characters). Default: all interfaces.',
    { rules: [orEmpty(interfaceFilterRule)] },
  ),
  iptablesPostWriteCheckInterval: duration(
    'How long after a change Felix reads the iptables rules again, in case another program has ' +
      'overwritten them at the same time. Default: 5s.',
  ),
  iptablesRefreshInterval: duration(
    'Time between two checks that nobody has changed the iptables rules of Felix; 0s turns them off. ' +
      'Default: 3m.',
  ),
  kubeNodePortRanges: array(
    intOrString('A port or a range of ports, e.g. 30000 or "30000:32767".', {
      pattern: '^.*',
      rules: [numberedPortRule],
      canonical: canonicalPort,
    }),
    'Node ports of Services, at most 7 ranges; read where kube-proxy runs in IPVS mode, to tell traffic ' +
      'for pods from traffic for the host. Default: 30000:32767.',
    { maxItems: 7 },
  ),
  maxIpsetSize: integer('Most addresses in one IP set (iptables only). Default: 1048576.'),
  nftablesFilterAllowAction: anyCase(['Accept', 'Return'], `For the nftables dataplane, ${filterAllow}`),
  nftablesFilterDenyAction: anyCase(['Drop', 'Reject'], `For the nftables dataplane, ${deny}`),
  nftablesFlowTableDataIfacePattern: string(
    'Regular expression for host interfaces whose traffic to and from local workloads takes the fast ' +
      'path of nftablesFlowTableOffload. Default: empty, which is workload to workload only.',
    { rules: [regexpRule] },
  ),
  nftablesFlowTableOffload: oneOf(
    ['All', 'Disabled'],
    'All: established connections that policy accepts take the fast path of the kernel (flowtable). ' +
      'Only with nftables. Default: Disabled.',
    { default: 'Disabled' },
  ),
  nftablesMangleAllowAction: anyCase(['Accept', 'Return'], `For the nftables dataplane, ${mangleAllow}`),
  nftablesMarkMask: int64(`For the nftables dataplane, ${markMask}`, { minimum: 0, maximum: 4294967295 }),
  nftablesMode: oneOf(
    ['Disabled', 'Enabled', 'Auto'],
    'Whether Felix programs nftables instead of iptables. Auto does so if kube-proxy does. Default: Auto.',
    { default: 'Auto' },
  ),
  nftablesRefreshInterval: string(
    'Time between two checks that nobody has changed the nftables rules of Felix, e.g. 3m. Default: 3m.',
    { rules: [durationRule] },
  ),
  xdpEnabled: boolean(
    'Whether untracked policy (doNotTrack) that denies incoming packets acts in XDP, before the network ' +
      'stack, where the card can. iptables only. Default: true.',
  ),
  xdpRefreshInterval: duration(
    'Time between two checks that nobody has changed the XDP programs and maps of Felix; 0s turns them ' +
      'off. Default: 90s.',
  ),
};
