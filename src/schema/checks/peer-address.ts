import { parseIp } from '../cidr.ts';
import type { Rule } from '../rule.ts';
import { familyOf } from './net.ts';
import { textRule } from './text.ts';

/** An address of a BGP peer; the port is undefined where the text has none. */
export interface PeerAddress {
  family: 4 | 6;
  port: number | undefined;
}

/** The address of a peer in any of its forms: `192.0.2.1`, `2001:db8::1`, `192.0.2.1:179`, `[2001:db8::1]:179`. */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const bare = parseIp(text);
  if (bare) return { family: familyOf(bare), port: undefined };
  const parts = /^(?:\[([^[\]]*:[^[\]]*)\]|([^:[\]]*)):([0-9]+)$/.exec(text);
  const address = parts && parseIp(parts[1] ?? parts[2]!);
  const port = Number(parts?.[3]);
  if (!address || port < 1 || port > 65535) return undefined;
  return { family: familyOf(address), port };
}

const wanted =
  'must be an IP address, with a port from 1 to 65535 if it is not the usual one, such as 192.0.2.1, ' +
  '192.0.2.1:1790, 2001:db8::1 or [2001:db8::1]:1790';

/** The address of a BGP peer with or without a port. */
export const peerAddressRule: Rule = textRule({
  id: 'peer-address',
  says: 'Must be an IP address, or one with a port: 192.0.2.1:1790 or [2001:db8::1]:1790.',
  source: 'kinds.md 0.3, Named field checks (IP:port)',
  problem: text => (parsePeerAddress(text) ? undefined : wanted),
  valid: ['192.0.2.1', '2001:db8::1', '192.0.2.1:1', '192.0.2.1:65535', '[2001:db8::1]:179'],
  invalid: [
    ['192.0.2.1:0', wanted],
    ['192.0.2.1:65536', wanted],
    ['192.0.2.1:bgp', wanted],
    ['[2001:db8::1]', wanted],
    ['[192.0.2.1]:179', wanted],
    ['router.example.com:179', wanted],
    ['192.0.2.0/24', wanted],
    ['', wanted],
  ],
});
