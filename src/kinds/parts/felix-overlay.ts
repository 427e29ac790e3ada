import { array, boolean, integer, oneOf, string } from '../../schema/build.ts';
import { interfaceRule } from '../../schema/checks/interface.ts';
import { cidr4Rule } from '../../schema/checks/net.ts';
import { listenPortRule, routingRulePriorityRule } from '../../schema/checks/number.ts';
import { orEmpty } from '../../schema/checks/text.ts';
import { duration } from './felix-value.ts';

const mtu = '0 derives it from the MTU of the host. Default: 0.';

/** Fields of FelixConfiguration: VXLAN, IP-in-IP, WireGuard and what may enter the tunnels. */
export const felixOverlay = {
  externalNodesList: array(
    string('A range, e.g. 192.0.2.0/24, or a single address; IPv4.', { rules: [cidr4Rule] }),
    'Hosts outside the cluster whose VXLAN and IP-in-IP packets are let in. Default: none.',
  ),
  ipipEnabled: boolean('Forces the IP-in-IP device on or off. Default: on if an IPPool uses IP-in-IP.'),
  ipipMTU: integer(`MTU of the IP-in-IP device. ${mtu}`),
  istioAmbientMode: oneOf(
    ['Enabled', 'Disabled'],
    'Whether Felix works together with the Istio that Tigera distributes, in ambient mode. Default: ' +
      'Disabled.',
  ),
  vxlanEnabled: boolean('Forces the VXLAN device for IPv4 on or off. Default: on if an IPPool uses VXLAN.'),
  vxlanMTU: integer(`MTU of the VXLAN device for IPv4. ${mtu}`),
  vxlanMTUV6: integer(`MTU of the VXLAN device for IPv6. ${mtu}`),
  vxlanPort: integer('UDP port of VXLAN traffic between nodes. Default: 4789.'),
  vxlanVNI: integer(
    'VXLAN network identifier; change it if something else on the hosts uses the same. Default: 4096.',
  ),
  wireguardEnabled: boolean(
    'Whether IPv4 traffic between pods of different nodes is encrypted with WireGuard. Default: false.',
  ),
  wireguardEnabledV6: boolean(
    'Whether IPv6 traffic between pods of different nodes is encrypted with WireGuard. Default: false.',
  ),
  wireguardHostEncryptionEnabled: boolean(
    'Whether WireGuard also encrypts traffic between the nodes themselves and of pods in the host ' +
      'network. Default: false.',
  ),
  wireguardInterfaceName: string(
    'Name of the WireGuard device for IPv4 (1 to 15 characters). Default: wireguard.cali.',
    { rules: [orEmpty(interfaceRule)] },
  ),
  wireguardInterfaceNameV6: string(
    'Name of the WireGuard device for IPv6 (1 to 15 characters). Default: wg-v6.cali.',
    { rules: [orEmpty(interfaceRule)] },
  ),
  wireguardKeepAlive: duration(
    'Time between packets that keep a WireGuard session open through NAT, e.g. 25s; 0s sends none. ' +
      'Default: 0s.',
  ),
  wireguardListeningPort: integer('UDP port of WireGuard for IPv4, 1 to 65535. Default: 51820.', {
    rules: [listenPortRule],
  }),
  wireguardListeningPortV6: integer('UDP port of WireGuard for IPv6, 1 to 65535. Default: 51821.', {
    rules: [listenPortRule],
  }),
  wireguardMTU: integer(`MTU of the WireGuard device for IPv4. ${mtu}`),
  wireguardMTUV6: integer(`MTU of the WireGuard device for IPv6. ${mtu}`),
  wireguardRoutingRulePriority: integer(
    'Priority of the routing rule (ip rule) that sends traffic into WireGuard, 1 to 32765. Default: 99.',
    { rules: [routingRulePriorityRule] },
  ),
  wireguardThreadingEnabled: boolean(
    'Whether WireGuard is spread over several CPUs (threaded NAPI), for hosts that drop packets because ' +
      'one CPU is full. Some older kernels hang with it when a peer is removed. Default: false.',
  ),
};
