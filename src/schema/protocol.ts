import type { Json } from '../machinery/json.ts';

/** The protocols that Calico knows by name, with their numbers. */
const numbers: Record<string, number> = { TCP: 6, UDP: 17, ICMP: 1, ICMPv6: 58, SCTP: 132, UDPLite: 136 };

export const protocolNames: readonly string[] = Object.keys(numbers);

/** Protocols whose packets have ports, as far as Calico matches them. */
const withPorts = new Set([numbers.TCP, numbers.UDP, numbers.SCTP]);

/**
 * The number of a protocol given as a name, a number or a number in a string; undefined for what is none of these: 0,
 * 256, a name in another case (kinds.md 0.4; Calico's numorstring.Protocol and its validator).
 */
export function parseProtocol(value: Json): number | undefined {
  if (typeof value === 'string') {
    if (Object.hasOwn(numbers, value)) return numbers[value];
    return /^[0-9]+$/.test(value) ? inRange(Number(value)) : undefined;
  }
  return typeof value === 'number' ? inRange(value) : undefined;
}

function inRange(number: number): number | undefined {
  return Number.isInteger(number) && number >= 1 && number <= 255 ? number : undefined;
}

/** Whether packets of the protocol have ports that rules can match: TCP, UDP, SCTP. */
export function protocolHasPorts(value: Json): boolean {
  const number = parseProtocol(value);
  return number !== undefined && withPorts.has(number);
}

/** Brings a protocol into its stored form: `"6"` becomes 6, a name stays a name, as does what is no protocol. */
export function canonicalProtocol(value: Json): Json {
  if (typeof value !== 'string' || Object.hasOwn(numbers, value)) return value;
  return parseProtocol(value) ?? value;
}
