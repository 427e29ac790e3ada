/**
 * IP addresses and CIDR blocks, read exactly as Go reads them: what an agent would refuse is refused here.
 * No library does this (a common one takes 010.0.0.1 for 8.0.0.1); anchors are net/netip and net.ParseCIDR.
 */

/** An address; an IPv4-mapped IPv6 address (::ffff:1.2.3.4) is of family 6. */
export interface IpAddress {
  family: 4 | 6;
  value: bigint;
}

/** A block. The address may have host bits set; see `masked`. */
export interface Cidr {
  address: IpAddress;
  prefixLength: number;
}

/**
 * Where digits may begin with a needless zero. `none` is netip.ParsePrefix (CEL's cidr()), `prefix` is net.ParseCIDR
 * (Calico's agents: 10.0.0.0/08), `anywhere` is what kube-apiserver's formats still take (010.0.0.0/8 as 10.0.0.0/8).
 */
export type LeadingZeros = 'none' | 'prefix' | 'anywhere';

/** Why a text is no address or block, in the words of Go's net/netip. */
export class IpSyntaxError extends Error {
  /** The end of the message, without the text and the function of Go that read it. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.name = 'IpSyntaxError';
    this.reason = reason;
  }
}

const mappedPrefix = 0xffffn;

/** Whether the address is IPv4 in IPv6 clothes (::ffff:0:0/96), which CEL refuses. */
export function isMapped(address: IpAddress): boolean {
  return address.family === 6 && address.value >> 32n === mappedPrefix;
}

/** How many bits addresses of the family have: 32 or 128. */
export function bitLength(address: IpAddress): number {
  return address.family === 4 ? 32 : 128;
}

/** The address of a text, or undefined: no zone, no leading zeros (net.ParseIP). */
export function parseIp(text: string, leadingZeros: LeadingZeros = 'none'): IpAddress | undefined {
  return attempt(() => readIp(text, leadingZeros));
}

/** The block of a text, or undefined (net.ParseCIDR unless told otherwise). */
export function parseCidr(text: string, leadingZeros: LeadingZeros = 'prefix'): Cidr | undefined {
  return attempt(() => readCidr(text, leadingZeros));
}

function attempt<T>(read: () => T): T | undefined {
  const { stackTraceLimit } = Error;
  // A stack is most of what an error costs, and nothing reads this one.
  Error.stackTraceLimit = 0;
  try {
    return read();
  } catch (error) {
    if (error instanceof IpSyntaxError) return undefined;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The address of a text; throws IpSyntaxError with Go's reason. */
export function readIp(text: string, leadingZeros: LeadingZeros = 'none'): IpAddress {
  const fail = (reason: string): never => {
    throw new IpSyntaxError(`ParseAddr(${JSON.stringify(text)}): ${reason}`, reason);
  };
  const mark = /[.:%]/.exec(text)?.[0];
  const lenient = leadingZeros === 'anywhere';
  if (mark === '.') return { family: 4, value: BigInt(readIpv4(text, lenient, fail)) };
  if (mark === ':') return { family: 6, value: readIpv6(text, lenient, fail) };
  return fail(mark === '%' ? 'missing IPv6 address' : 'unable to parse IP');
}

/** The block of a text; throws IpSyntaxError with Go's reason. */
export function readCidr(text: string, leadingZeros: LeadingZeros = 'prefix'): Cidr {
  const fail = (message: string, reason = message): never => {
    throw new IpSyntaxError(`netip.ParsePrefix(${JSON.stringify(text)}): ${message}`, reason);
  };
  const slash = text.lastIndexOf('/');
  if (slash < 0) fail("no '/'");
  const [addressText, lengthText] = [text.slice(0, slash), text.slice(slash + 1)];
  let address: IpAddress;
  try {
    address = readIp(addressText, leadingZeros);
  } catch (error) {
    const { message, reason } = error as IpSyntaxError;
    return fail(message, reason);
  }
  const wellFormed = leadingZeros === 'none' ? /^(0|[1-9][0-9]*)$/ : /^[0-9]+$/;
  if (!wellFormed.test(lengthText)) fail(`bad bits after slash: ${JSON.stringify(lengthText)}`);
  const prefixLength = Number(lengthText);
  if (prefixLength > bitLength(address)) fail('prefix length out of range');
  return { address, prefixLength };
}

type Fail = (reason: string) => never;

/** Reads each character once: most addresses are checked several times on their way. */
function readIpv4(text: string, lenient: boolean, fail: Fail): number {
  let value = 0;
  let fields = 0;
  let octet = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const digit = at < text.length ? text.charCodeAt(at) - 48 : -2;
    if (digit >= 0 && digit <= 9) {
      octet = octet * 10 + digit;
      continue;
    }
    // A point is 46, two below the zero; so is the end.
    if (digit !== -2) return fail('unexpected character');
    if (at === start) fail('IPv4 field must have at least one digit');
    if (!lenient && at - start > 1 && text.charCodeAt(start) === 48) {
      fail('IPv4 field has octet with leading zero');
    }
    if (octet > 255) fail('IPv4 field has value >255');
    value = (value % 0x1000000) * 256 + octet;
    fields++;
    octet = 0;
    start = at + 1;
  }
  if (fields < 4) fail('IPv4 address too short');
  if (fields > 4) fail('IPv4 address too long');
  return value;
}

function readIpv6(text: string, lenient: boolean, fail: Fail): bigint {
  if (text.includes('%')) fail('zones are not allowed');
  const halves = text.split('::');
  if (halves.length > 2) fail('multiple :: in address');
  const head = readGroups(halves[0]!, halves.length === 1, lenient, fail);
  if (halves.length === 1) {
    if (head.length < 8) fail('address string too short');
    if (head.length > 8) fail('trailing garbage after address');
    return joinGroups(head);
  }
  const tail = readGroups(halves[1]!, true, lenient, fail);
  const missing = 8 - head.length - tail.length;
  // A :: stands for at least one group of zeros.
  if (missing < 1) fail('the :: must expand to at least one field of zeros');
  return joinGroups([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** The 16-bit groups of one side of an address; the last may be an IPv4 address, which makes two. */
function readGroups(text: string, atEnd: boolean, lenient: boolean, fail: Fail): number[] {
  if (text === '') return [];
  const fields = text.split(':');
  return fields.flatMap((field, index) => {
    if (field === '') return fail('each colon-separated field must have at least one digit');
    if (field.includes('.')) {
      if (!atEnd || index < fields.length - 1) fail('embedded IPv4 address must replace the final 2 fields');
      const value = readIpv4(field, lenient, fail);
      return [Math.floor(value / 0x10000), value % 0x10000];
    }
    if (!/^[0-9a-fA-F]+$/.test(field)) return fail('unexpected character');
    if (!lenient && field.length > 4) fail('each group must have 4 or fewer digits');
    const group = Number.parseInt(field, 16);
    if (group > 0xffff) fail('IPv6 field has value >=2^16');
    return [group];
  });
}

function joinGroups(groups: number[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** The canonical text of an address (netip.Addr.String; RFC 5952). */
export function ipText(address: IpAddress): string {
  if (address.family === 4) return ipv4Text(address.value);
  if (isMapped(address)) return `::ffff:${ipv4Text(address.value & 0xffffffffn)}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((address.value >> BigInt(16 * (7 - index))) & 0xffffn),
  );
  const [start, length] = longestZeros(groups);
  const text = (part: number[]) => part.map(group => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 0xffn)).join('.');
}

/** Start and length of the first longest run of zero groups. */
function longestZeros(groups: number[]): [number, number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}

/** The text of a block; its host bits stay. */
export function cidrText(cidr: Cidr): string {
  return `${ipText(cidr.address)}/${cidr.prefixLength}`;
}

/** The block with its host bits cleared. */
export function masked(cidr: Cidr): Cidr {
  const hostBits = BigInt(bitLength(cidr.address) - cidr.prefixLength);
  const value = (cidr.address.value >> hostBits) << hostBits;
  return { address: { family: cidr.address.family, value }, prefixLength: cidr.prefixLength };
}

/** Whether the address of the block is not the first in it. */
export function hasHostBits(cidr: Cidr): boolean {
  return !sameIp(cidr.address, masked(cidr).address);
}

/** Whether the address lies in the block; never across families (netip.Prefix.Contains). */
export function containsIp(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.address.family !== address.family) return false;
  const hostBits = BigInt(bitLength(address) - cidr.prefixLength);
  return cidr.address.value >> hostBits === address.value >> hostBits;
}

/** Whether every address of `inner` lies in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return outer.prefixLength <= inner.prefixLength && containsIp(outer, inner.address);
}

/** Whether some address lies in both blocks. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return containsCidr(a, b) || containsCidr(b, a);
}

/** Whether two addresses are the same; ::ffff:1.2.3.4 is not 1.2.3.4. */
export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Whether two blocks are the same, host bits included. */
export function sameCidr(a: Cidr, b: Cidr): boolean {
  return a.prefixLength === b.prefixLength && sameIp(a.address, b.address);
}
