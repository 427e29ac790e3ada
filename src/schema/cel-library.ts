import { Environment } from '@marcbachmann/cel-js';
import {
  type Cidr,
  cidrText,
  containsCidr,
  containsIp,
  type IpAddress,
  ipText,
  isMapped,
  masked,
  readCidr,
  readIp,
  sameCidr,
  sameIp,
} from './cidr.ts';

/** An address as a CEL value (Kubernetes' net.IP). */
class CelIp {
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    this.address = address;
  }
}

/** A block as a CEL value (Kubernetes' net.CIDR). */
class CelCidr {
  readonly cidr: Cidr;

  constructor(cidr: Cidr) {
    this.cidr = cidr;
  }
}

/** Kubernetes' ip(): no leading zeros, no zone, no IPv4-mapped address. */
function toIp(text: string): CelIp {
  let address: IpAddress;
  try {
    address = readIp(text);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ${reason}`,
    );
  }
  return new CelIp(refuseMapped(address, text));
}

/** Kubernetes' cidr(): as ip(), and host bits may be set. */
function toCidr(text: string): CelCidr {
  // kube-apiserver says it twice.
  const prefix = 'network address parse error during conversion from string: ';
  let cidr: Cidr;
  try {
    cidr = readCidr(text, 'none');
  } catch (error) {
    throw new Error(`${prefix}${prefix}${(error as Error).message}`);
  }
  try {
    refuseMapped(cidr.address, text);
  } catch (error) {
    throw new Error(`${prefix}${(error as Error).message}`);
  }
  return new CelCidr(cidr);
}

function refuseMapped(address: IpAddress, text: string): IpAddress {
  if (isMapped(address)) throw new Error(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return address;
}

function succeeds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/**
 * The environment in which rules are evaluated: CEL with `self` and `oldSelf`, and of Kubernetes' extensions those
 * for IP addresses and CIDR blocks, which are the ones that Calico's rules use (kubernetes.net.ip, kubernetes.net.cidr).
 */
export function celEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
  });
  environment.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');
  environment.registerType('net.IP', CelIp).registerType('net.CIDR', CelCidr);
  environment
    .registerFunction('ip(string): net.IP', toIp)
    .registerFunction('isIP(string): bool', (text: string) => succeeds(() => toIp(text)))
    .registerFunction('string(net.IP): string', (ip: CelIp) => ipText(ip.address))
    .registerFunction('net.IP.family(): int', (ip: CelIp) => BigInt(ip.address.family))
    .registerOperator('net.IP == net.IP', (a: CelIp, b: CelIp) => sameIp(a.address, b.address));
  environment
    .registerFunction('cidr(string): net.CIDR', toCidr)
    .registerFunction('isCIDR(string): bool', (text: string) => succeeds(() => toCidr(text)))
    .registerFunction('string(net.CIDR): string', (block: CelCidr) => cidrText(block.cidr))
    .registerFunction('net.CIDR.ip(): net.IP', (block: CelCidr) => new CelIp(block.cidr.address))
    .registerFunction('net.CIDR.masked(): net.CIDR', (block: CelCidr) => new CelCidr(masked(block.cidr)))
    .registerFunction('net.CIDR.prefixLength(): int', (block: CelCidr) => BigInt(block.cidr.prefixLength))
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (block: CelCidr, ip: CelIp) =>
      containsIp(block.cidr, ip.address),
    )
    .registerFunction('net.CIDR.containsIP(string): bool', (block: CelCidr, text: string) =>
      containsIp(block.cidr, toIp(text).address),
    )
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', (block: CelCidr, other: CelCidr) =>
      containsCidr(block.cidr, other.cidr),
    )
    .registerFunction('net.CIDR.containsCIDR(string): bool', (block: CelCidr, text: string) =>
      containsCidr(block.cidr, toCidr(text).cidr),
    )
    .registerOperator('net.CIDR == net.CIDR', (a: CelCidr, b: CelCidr) => sameCidr(a.cidr, b.cidr));
  return environment;
}
