import { createHash } from 'node:crypto';
import { bitLength, type Cidr, cidrText, masked, parseCidr } from '../../../schema/cidr.ts';

/** How Calico's IPAM names things after blocks of addresses (datastore.md §1.1, §3.4, §3.5). */

/** A block in its canonical form, or undefined for a text that is none. */
export function blockOf(text: unknown): Cidr | undefined {
  const cidr = typeof text === 'string' ? parseCidr(text) : undefined;
  return cidr && masked(cidr);
}

/** The end of a key: `ipv4/block/10.0.0.0-26`. */
export function blockPath(cidr: Cidr): string {
  return `ipv${cidr.address.family}/block/${cidrText(cidr).replace('/', '-')}`;
}

/** The block that such an end names; undefined where it is none, or not in its canonical form. */
export function blockAt(path: string): Cidr | undefined {
  const [, text] = /^ipv[46]\/block\/([^/]+)$/.exec(path) ?? [];
  const cidr = text === undefined ? undefined : blockOf(text.replace(/-(\d+)$/, '/$1'));
  return cidr && blockPath(cidr) === path ? cidr : undefined;
}

/** How many addresses there are in a block. */
export function sizeOf(cidr: Cidr): number {
  return 2 ** (bitLength(cidr.address) - cidr.prefixLength);
}

/** The name of a block as an object: its text with dots (at most three), colons (seven) and the slash as dashes. */
export function blockName(cidr: Cidr): string {
  return cidrText(cidr).replaceAll(/[.:/]/g, '-');
}

/** The blocks that may have the name: of IPv6, several may. */
export function blocksNamed(name: string): Cidr[] {
  const ipv4 = /^(\d+)-(\d+)-(\d+)-(\d+)-(\d+)$/.exec(name);
  const texts = ipv4 ? [`${ipv4.slice(1, 5).join('.')}/${ipv4[5]}`] : [];
  texts.push(name.replace(/-(\d+)$/, '/$1').replaceAll('-', ':'));
  return texts.map(blockOf).filter(cidr => cidr !== undefined && blockName(cidr) === name) as Cidr[];
}

const longestName = 252;
const hashLength = 11;

/** The name of an affinity: node and block, cut and with a hash where that is longer than a name may be. */
export function affinityName(node: string, cidr: Cidr): string {
  const block = blockName(cidr);
  const name = `${node}-${block}`;
  if (name.length <= longestName) return name;
  const hash = createHash('sha256').update(`${node}+${block}`).digest('hex').slice(0, hashLength);
  return `${node.slice(0, longestName - block.length - hashLength - 2)}-${block}-${hash}`;
}
