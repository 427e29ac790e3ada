import type { Json } from '../../machinery/json.ts';
import { parseProtocol, protocolHasPorts, protocolNames } from '../protocol.ts';
import { defineRule, type Rule } from '../rule.ts';
import { didYouMean } from './text.ts';

export { canonicalProtocol, protocolHasPorts } from '../protocol.ts';

const wanted = 'must be TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255';
const wantedWithPorts = 'must be a protocol with ports: TCP, UDP, SCTP, 6, 17 or 132';

/** A protocol of a rule, by name or number. Goes with `canonicalProtocol`. */
export const protocolRule: Rule = defineRule<Json>({
  id: 'protocol',
  says: 'Must be TCP, UDP, ICMP, ICMPv6, SCTP or UDPLite, in exact case, or a number from 1 to 255.',
  source: 'kinds.md 0.4, numorstring values (Protocol); kinds.md 0.3b, Struct checks (Protocol)',
  check: value => {
    if (parseProtocol(value) !== undefined) return undefined;
    const hint = typeof value === 'string' ? didYouMean(value, protocolNames) : '';
    return { detail: `${wanted}${hint}` };
  },
  cases: {
    valid: [
      { value: 'TCP' },
      { value: 'UDPLite' },
      { value: 1 },
      { value: 255 },
      { value: '6', why: 'it is stored as the number' },
      { value: '06' },
    ],
    invalid: [
      { value: 0, detail: wanted },
      { value: 256, detail: wanted },
      { value: '256', detail: wanted },
      { value: 'tcp', detail: `${wanted}; did you mean "TCP"?` },
      { value: 'icmpv6', detail: `${wanted}; did you mean "ICMPv6"?` },
      { value: 'GRE', detail: wanted },
      { value: '', detail: wanted },
    ],
  },
});

/** The protocol of a named port of a HostEndpoint. Goes with `canonicalProtocol`. */
export const protocolWithPortsRule: Rule = defineRule<Json>({
  id: 'protocol-with-ports',
  says: 'Must be a protocol with ports: TCP, UDP or SCTP, or its number.',
  source: 'kinds.md 0.3b, Struct checks (EndpointPort, Protocol)',
  check: value => {
    if (protocolHasPorts(value)) return undefined;
    const hint = typeof value === 'string' ? didYouMean(value, ['TCP', 'UDP', 'SCTP']) : '';
    return { detail: `${wantedWithPorts}${hint}` };
  },
  cases: {
    valid: [
      { value: 'TCP' },
      { value: 'UDP' },
      { value: 'SCTP' },
      { value: 6 },
      { value: 17 },
      { value: '132' },
    ],
    invalid: [
      { value: 'ICMP', detail: wantedWithPorts },
      { value: 'UDPLite', detail: wantedWithPorts },
      { value: 'udp', detail: `${wantedWithPorts}; did you mean "UDP"?` },
      { value: 58, detail: wantedWithPorts },
      { value: 0, detail: wantedWithPorts },
    ],
  },
});
