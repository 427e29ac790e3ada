/**
 * Keys of the storage contract and keys in etcd. They are the same but for IPAM's affinities: in etcd those of nodes lie under
 * /calico/ipam/v2/host/, all others under /calico/ipam/v2/virtual/, whereas the contract knows one prefix for a kind. Here they
 * are told under /calico/ipam/v2/affinity/. All raw keys between the two are taken along, so that the prefix is one range.
 */
const ipam = '/calico/ipam/v2/';
export const affinityRoot = `${ipam}affinity/`;
const first = 'host/';
const last = 'virtual0';

export interface KeyRange {
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** The key in etcd. */
export function rawKey(key: string): string {
  const rest = key.startsWith(affinityRoot) ? key.slice(affinityRoot.length) : '';
  return rest >= first && rest < last ? ipam + rest : key;
}

/** The key of the contract for one in etcd. */
export function contractKey(raw: Uint8Array): string {
  const key = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString();
  const rest = key.startsWith(ipam) ? key.slice(ipam.length) : '';
  return rest >= first && rest < last ? affinityRoot + rest : key;
}

/** The range in etcd of the keys with a prefix; of those after a key, where one is given. */
export function rangeOf(prefix: string, after?: string): KeyRange {
  let { key, rangeEnd } = rawRange(prefix);
  if (after !== undefined) {
    const next = Buffer.concat([Buffer.from(rawKey(after)), zero]);
    if (Buffer.compare(next, key) > 0) key = next;
  }
  return { key, rangeEnd };
}

const zero = Buffer.alloc(1);

function rawRange(prefix: string): KeyRange {
  if (!prefix.startsWith(affinityRoot)) return prefixRange(prefix);
  const { key, rangeEnd } = prefixRange(ipam + prefix.slice(affinityRoot.length));
  const lowest = Buffer.from(ipam + first);
  const highest = Buffer.from(ipam + last);
  return {
    key: Buffer.compare(key, lowest) > 0 ? key : lowest,
    rangeEnd: Buffer.compare(rangeEnd, highest) < 0 ? rangeEnd : highest,
  };
}

/** The end is the prefix with its last byte one higher: UTF-8 has no byte 0xff. A zero byte as both is every key. */
function prefixRange(prefix: string): KeyRange {
  if (prefix === '') return { key: zero, rangeEnd: zero };
  const key = Buffer.from(prefix);
  const rangeEnd = Buffer.from(prefix);
  rangeEnd[rangeEnd.length - 1]! += 1;
  return { key, rangeEnd };
}
