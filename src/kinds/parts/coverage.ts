import type { Json } from '../../machinery/json.ts';
import { bitLength, type Cidr, parseCidr } from '../../schema/cidr.ts';
import { type Port, parsePort } from '../../schema/port.ts';

/** Whether lists of what a rule excludes leave nothing of what it matches; in time that grows with both, not with their product. */

/** Whether there are networks, and each lies within one of those that are excluded. What is no network does not count. */
export function netsAreCovered(nets: readonly Json[], excluded: readonly Json[]): boolean {
  if (excluded.length === 0) return false;
  const inner = nets.flatMap(net => cidrOf(net) ?? []);
  if (inner.length === 0) return false;
  // There are only so many lengths of prefixes, so each network is looked up under those that there are.
  const outer = new Set<string>();
  const lengths = { 4: new Set<number>(), 6: new Set<number>() };
  for (const net of excluded) {
    const cidr = cidrOf(net);
    if (!cidr) continue;
    outer.add(prefixOf(cidr, cidr.prefixLength));
    lengths[cidr.address.family].add(cidr.prefixLength);
  }
  return inner.every(cidr =>
    [...lengths[cidr.address.family]].some(
      length => length <= cidr.prefixLength && outer.has(prefixOf(cidr, length)),
    ),
  );
}

function cidrOf(net: Json): Cidr | undefined {
  return typeof net === 'string' ? parseCidr(net) : undefined;
}

/** The first bits of an address, as a text that tells them from all others. */
function prefixOf({ address }: Cidr, length: number): string {
  return `${address.family} ${length} ${address.value >> BigInt(bitLength(address) - length)}`;
}

/** The same for ports: numbers and ranges within one range that is excluded, names among the names. */
export function portsAreCovered(ports: readonly Json[], excluded: readonly Json[]): boolean {
  if (excluded.length === 0) return false;
  const inner = portsOf(ports);
  const outer = portsOf(excluded);
  const names = new Set(outer.flatMap(port => ('name' in port ? [port.name] : [])));
  // For each start of a range, the farthest end of those that start there or before.
  const ranges = outer.filter(port => 'min' in port).sort((a, b) => a.min - b.min);
  let farthest = -1;
  const ends = ranges.map(({ max }) => {
    farthest = Math.max(farthest, max);
    return farthest;
  });
  const isCovered = (port: Port) => {
    if ('name' in port) return names.has(port.name);
    const at = lastFrom(ranges, port.min);
    return at >= 0 && ends[at]! >= port.max;
  };
  return inner.length > 0 && inner.every(isCovered);
}

/** The last of the ranges, which are in order, that starts at the number or before. */
function lastFrom(ranges: readonly { min: number }[], min: number): number {
  let [from, to] = [0, ranges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ranges[middle]!.min <= min) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

function portsOf(items: readonly Json[]): Port[] {
  return items.flatMap(item => {
    const port = parsePort(item);
    return 'problem' in port ? [] : [port];
  });
}
