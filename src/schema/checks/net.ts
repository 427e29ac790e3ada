import {
  cidrText,
  hasHostBits,
  type IpAddress,
  IpSyntaxError,
  ipText,
  isMapped,
  masked,
  parseCidr,
  parseIp,
  readCidr,
  readIp,
} from '../cidr.ts';
import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

const namedChecks = 'kinds.md 0.3, Named field checks';

type Family = 4 | 6;

const examples = { 4: '10.0.0.0/8', 6: '2001:db8::/32' };
const addressExamples = { 4: '192.0.2.1', 6: '2001:db8::1' };

/** The family that Calico takes an address for: ::ffff:192.0.2.1 is an IPv4 address to Go. */
export function familyOf(address: IpAddress): Family {
  return isMapped(address) ? 4 : address.family;
}

/** Why a text cannot be read, in Go's words, or nothing where these would say no more than the sentence before. */
function reason(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (!(error instanceof IpSyntaxError)) throw error;
    if (error.reason !== "no '/'" && error.reason !== 'unable to parse IP') return `: ${error.reason}`;
  }
  return '';
}

/** `CIDR`, `IPv4 CIDR`, `IPv6 CIDR`. */
function named(noun: string, family: Family | undefined): string {
  return family ? `IPv${family} ${noun}` : noun;
}

/** Whether a text is plainly an IPv4 block without host bits, as nearly all are: in numbers, without an object made. */
export function isPlainNet(text: string): boolean {
  let address = 0;
  let octet = 0;
  let digits = 0;
  let fields = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      // A leading zero needs a closer look.
      if (++digits > 3 || (digits === 2 && octet === 0)) return false;
      octet = octet * 10 + code - 48;
      continue;
    }
    if (digits === 0 || octet > 255 || fields > 3 || code !== (fields === 3 ? 47 : 46)) return false;
    address = address * 256 + octet;
    fields++;
    octet = 0;
    digits = 0;
  }
  return fields === 4 && digits > 0 && octet <= 32 && address % 2 ** (32 - octet) === 0;
}

/** What keeps a text from being a block of the family with its host bits zero and its prefix length given. */
function netProblem(text: string, family?: Family): string | undefined {
  if (family !== 6 && isPlainNet(text)) return undefined;
  const cidr = parseCidr(text);
  const rightFamily = (address: IpAddress) => !family || familyOf(address) === family;
  const wanted = `must be ${family ? 'an' : 'a'} ${named('CIDR', family)} with its host bits zero`;
  if (cidr) {
    if (!rightFamily(cidr.address)) return `${wanted}, such as ${examples[family!]}`;
    return hasHostBits(cidr) ? `${wanted}: ${cidrText(masked(cidr))}` : undefined;
  }
  const address = parseIp(text);
  if (address && rightFamily(address)) {
    return `must be a CIDR with a prefix length: ${ipText(address)}/${address.family === 4 ? 32 : 128}`;
  }
  const why = address ? '' : reason(() => readCidr(text));
  return `${wanted}, such as ${examples[family ?? 4]}${why}`;
}

/** What keeps a text from being a block, host bits or not, or an address, of the family. */
function cidrProblem(text: string, family?: Family): string | undefined {
  if (family !== 6 && isPlainNet(text)) return undefined;
  const address = text.includes('/') ? parseCidr(text)?.address : parseIp(text);
  if (address && (!family || familyOf(address) === family)) return undefined;
  const why = address ? '' : reason(() => (text.includes('/') ? readCidr(text) : readIp(text)));
  const example = `${examples[family ?? 4]} or ${addressExamples[family ?? 4]}`;
  return `must be a CIDR or an address${family ? ` of IPv${family}` : ''}, such as ${example}${why}`;
}

/** What keeps a text from being a single address of the family. */
function ipProblem(text: string, family?: Family): string | undefined {
  const address = parseIp(text);
  if (address && (!family || familyOf(address) === family)) return undefined;
  const cidr = parseCidr(text);
  const wanted = `must be an ${named('IP', family).replace('IPv4 IP', 'IPv4').replace('IPv6 IP', 'IPv6')} address`;
  if (cidr && (!family || familyOf(cidr.address) === family)) {
    return `${wanted} without a prefix length: ${ipText(cidr.address)}`;
  }
  const why = address || cidr ? '' : reason(() => readIp(text));
  return `${wanted}, such as ${addressExamples[family ?? 4]}${why}`;
}

/** A CIDR with a prefix length and no host bits, of either family: nets of rules, pools, Service ranges. */
export const netRule: Rule = textRule({
  id: 'net',
  says: 'Must be a CIDR with a prefix length and with its host bits zero, such as 10.0.0.0/8.',
  source: `${namedChecks} (net); kinds.md 2, nets and notNets; kinds.md 3, IPPool`,
  problem: text => netProblem(text),
  valid: ['10.0.0.0/8', '0.0.0.0/0', '::/0', '192.0.2.1/32', '2001:DB8::/32', '10.0.0.0/08'],
  invalid: [
    ['10.1.2.3/8', 'must be a CIDR with its host bits zero: 10.0.0.0/8'],
    ['2001:db8::1/32', 'must be a CIDR with its host bits zero: 2001:db8::/32'],
    ['192.0.2.1', 'must be a CIDR with a prefix length: 192.0.2.1/32'],
    ['2001:db8::1', 'must be a CIDR with a prefix length: 2001:db8::1/128'],
    ['web', 'must be a CIDR with its host bits zero, such as 10.0.0.0/8'],
    ['', 'must be a CIDR with its host bits zero, such as 10.0.0.0/8'],
    ['10.0.0.0/33', 'must be a CIDR with its host bits zero, such as 10.0.0.0/8: prefix length out of range'],
    [
      '010.0.0.0/8',
      'must be a CIDR with its host bits zero, such as 10.0.0.0/8: IPv4 field has octet with leading zero',
    ],
  ],
});

/** The same of IPv4 only. */
export const net4Rule: Rule = textRule({
  id: 'net-v4',
  says: 'Must be an IPv4 CIDR with a prefix length and with its host bits zero, such as 10.0.0.0/8.',
  source: `${namedChecks} (netv4)`,
  problem: text => netProblem(text, 4),
  valid: ['10.0.0.0/8', '0.0.0.0/0', '192.0.2.1/32'],
  invalid: [
    ['2001:db8::/32', 'must be an IPv4 CIDR with its host bits zero, such as 10.0.0.0/8'],
    ['10.1.2.3/8', 'must be an IPv4 CIDR with its host bits zero: 10.0.0.0/8'],
    ['192.0.2.1', 'must be a CIDR with a prefix length: 192.0.2.1/32'],
  ],
});

/** The same of IPv6 only. */
export const net6Rule: Rule = textRule({
  id: 'net-v6',
  says: 'Must be an IPv6 CIDR with a prefix length and with its host bits zero, such as 2001:db8::/32.',
  source: `${namedChecks} (netv6)`,
  problem: text => netProblem(text, 6),
  valid: ['2001:db8::/32', '::/0', 'fe80::1/128'],
  invalid: [
    ['10.0.0.0/8', 'must be an IPv6 CIDR with its host bits zero, such as 2001:db8::/32'],
    ['2001:db8::1/32', 'must be an IPv6 CIDR with its host bits zero: 2001:db8::/32'],
    ['::ffff:10.0.0.0/104', 'must be an IPv6 CIDR with its host bits zero, such as 2001:db8::/32'],
  ],
});

/** A CIDR, host bits or not, or a bare address, of either family: network sets and the like. */
export const cidrRule: Rule = textRule({
  id: 'cidr',
  says: 'Must be a CIDR, where host bits are allowed, or a single address.',
  source: `${namedChecks} (cidr, cidrs)`,
  problem: text => cidrProblem(text),
  valid: ['10.1.2.3/8', '10.0.0.0/8', '192.0.2.1', '2001:db8::1/32', '2001:db8::1', '::ffff:10.0.0.1'],
  invalid: [
    ['', 'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1'],
    ['example.com', 'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: unexpected character'],
    [
      '10.0.0.0/33',
      'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: prefix length out of range',
    ],
    ['fe80::1%eth0', 'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: zones are not allowed'],
  ],
});

/** The same of IPv4 only: Felix externalNodesList. */
export const cidr4Rule: Rule = textRule({
  id: 'cidr-v4',
  says: 'Must be an IPv4 CIDR, where host bits are allowed, or a single IPv4 address.',
  source: `${namedChecks} (cidrv4); kinds.md 3, FelixConfiguration, externalNodesList`,
  problem: text => cidrProblem(text, 4),
  valid: ['10.1.2.3/8', '192.0.2.1'],
  invalid: [
    ['2001:db8::1', 'must be a CIDR or an address of IPv4, such as 10.0.0.0/8 or 192.0.2.1'],
    [
      '10.0.0/8',
      'must be a CIDR or an address of IPv4, such as 10.0.0.0/8 or 192.0.2.1: IPv4 address too short',
    ],
  ],
});

/** A bare address of either family: HostEndpoint expectedIPs, addresses of FelixConfiguration. */
export const ipRule: Rule = textRule({
  id: 'ip',
  says: 'Must be a single IPv4 or IPv6 address.',
  source: `${namedChecks} (ip)`,
  problem: text => ipProblem(text),
  valid: ['192.0.2.1', '2001:db8::1', '2001:DB8:0:0::1', '::ffff:192.0.2.1'],
  invalid: [
    ['192.0.2.1/32', 'must be an IP address without a prefix length: 192.0.2.1'],
    ['192.0.2', 'must be an IP address, such as 192.0.2.1: IPv4 address too short'],
    ['192.0.2.01', 'must be an IP address, such as 192.0.2.1: IPv4 field has octet with leading zero'],
    ['node-1', 'must be an IP address, such as 192.0.2.1'],
    ['', 'must be an IP address, such as 192.0.2.1'],
  ],
});

/** A bare IPv4 address. */
export const ip4Rule: Rule = textRule({
  id: 'ip-v4',
  says: 'Must be a single IPv4 address.',
  source: `${namedChecks} (ipv4)`,
  problem: text => ipProblem(text, 4),
  valid: ['192.0.2.1', '::ffff:192.0.2.1'],
  invalid: [
    ['2001:db8::1', 'must be an IPv4 address, such as 192.0.2.1'],
    ['192.0.2.1/24', 'must be an IPv4 address without a prefix length: 192.0.2.1'],
    ['192.0.2.256', 'must be an IPv4 address, such as 192.0.2.1: IPv4 field has value >255'],
  ],
});

/** A bare IPv6 address. */
export const ip6Rule: Rule = textRule({
  id: 'ip-v6',
  says: 'Must be a single IPv6 address.',
  source: `${namedChecks} (ipv6)`,
  problem: text => ipProblem(text, 6),
  valid: ['2001:db8::1', '::'],
  invalid: [
    ['192.0.2.1', 'must be an IPv6 address, such as 2001:db8::1'],
    ['::ffff:192.0.2.1', 'must be an IPv6 address, such as 2001:db8::1'],
    ['2001:db8::1/64', 'must be an IPv6 address without a prefix length: 2001:db8::1'],
    [
      '2001:db8:::1',
      'must be an IPv6 address, such as 2001:db8::1: each colon-separated field must have at least one digit',
    ],
  ],
});
