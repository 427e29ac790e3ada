import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { cidrText, isMapped, masked, parseCidr, sameCidr } from '../../schema/cidr.ts';
import { defineRule, type Rule } from '../../schema/rule.ts';
import { apiVersion } from '../kind.ts';
import { fill, objectIn } from './fill.ts';

const source = 'kinds.md 3, IPPool';

/**
 * The range of a pool as it is stored: the one spelling that Go prints. With host bits, or where it is no range, it
 * stays as it is, and is refused.
 */
export function canonicalRange(value: Json): Json {
  const range = typeof value === 'string' ? parseCidr(value) : undefined;
  if (!range || isMapped(range.address) || !sameCidr(range, masked(range))) return value;
  return cidrText(range);
}

function blockSizeByDefault(cidr: Json | undefined): number | undefined {
  const range = typeof cidr === 'string' ? parseCidr(cidr) : undefined;
  return range && (range.address.family === 4 ? 26 : 122);
}

/** Fills what Calico's client fills before it checks a pool (clientv3, create and update). */
export function poolDefaults(object: ApiObject): void {
  const spec = objectIn(object, 'spec');
  if (!spec) return;
  fill(spec, 'ipipMode', 'Never');
  fill(spec, 'vxlanMode', 'Never');
  fill(spec, 'allowedUses', ['Workload', 'Tunnel']);
  fill(spec, 'nodeSelector', 'all()');
  const blockSize = blockSizeByDefault(spec.cidr);
  if (blockSize !== undefined) fill(spec, 'blockSize', blockSize);
}

function pool(spec: JsonObject): ApiObject {
  return { apiVersion, kind: 'IPPool', metadata: { name: 'pool' }, spec };
}

const moveOn = 'move the workloads to a new pool instead';

/** On spec.cidr. Calico's client lets another spelling of the same range pass, the CRD's CEL rule does not. */
export const rangeStaysRule: Rule = defineRule<string>({
  id: 'pool-cidr-unchanged',
  says: 'Cannot be changed once the pool exists; another spelling of the same range is no change.',
  source: `${source}, cidr immutable`,
  check: (cidr, { old }) => {
    const before = objectIn(old, 'spec')?.cidr;
    if (before === undefined || canonicalRange(before) === canonicalRange(cidr)) return undefined;
    return { detail: `cannot be changed from ${before}; ${moveOn}` };
  },
  cases: {
    valid: [
      { value: '10.48.0.0/16' },
      { value: '10.48.0.0/16', old: pool({ cidr: '10.48.0.0/16' }) },
      { value: 'fd00::/64', old: pool({ cidr: 'FD00:0::/64' }), why: 'the same range in another spelling' },
    ],
    invalid: [
      {
        value: '10.48.0.0/17',
        old: pool({ cidr: '10.48.0.0/16' }),
        detail: `cannot be changed from 10.48.0.0/16; ${moveOn}`,
      },
    ],
  },
});

/** On spec.blockSize. Absent and 0 are the default of the family. */
export const blockSizeStaysRule: Rule = defineRule<number>({
  id: 'pool-block-size-unchanged',
  says: 'Cannot be changed once the pool exists.',
  source: `${source}, blockSize immutable; 0 counts as unset`,
  check: (blockSize, { old }) => {
    const spec = objectIn(old, 'spec');
    const before = spec && (spec.blockSize || blockSizeByDefault(spec.cidr));
    if (!before || before === blockSize) return undefined;
    return { detail: `cannot be changed from ${before}; ${moveOn}` };
  },
  cases: {
    valid: [
      { value: 28 },
      { value: 28, old: pool({ cidr: '10.48.0.0/16', blockSize: 28 }) },
      { value: 26, old: pool({ cidr: '10.48.0.0/16' }), why: 'the default, now written down' },
      { value: 122, old: pool({ cidr: 'fd00::/64', blockSize: 0 }) },
    ],
    invalid: [
      {
        value: 27,
        old: pool({ cidr: '10.48.0.0/16', blockSize: 26 }),
        detail: `cannot be changed from 26; ${moveOn}`,
      },
      { value: 27, old: pool({ cidr: '10.48.0.0/16' }), detail: `cannot be changed from 26; ${moveOn}` },
    ],
  },
});

const staysLoadBalancer = 'a LoadBalancer pool cannot become one for Workload or Tunnel; make another pool';

/** On spec.allowedUses. */
export const loadBalancerStaysRule: Rule = defineRule<string[]>({
  id: 'pool-stays-for-load-balancers',
  says: 'A pool for LoadBalancer cannot be turned into one for Workload or Tunnel.',
  source: `${source}, a LoadBalancer pool cannot be changed`,
  check: (uses, { old }) => {
    const before = objectIn(old, 'spec')?.allowedUses;
    if (!Array.isArray(before) || !before.includes('LoadBalancer')) return undefined;
    const isOther = uses.includes('Workload') || uses.includes('Tunnel');
    return isOther ? { detail: staysLoadBalancer } : undefined;
  },
  cases: {
    valid: [
      { value: ['LoadBalancer'], old: pool({ cidr: '192.0.2.0/24', allowedUses: ['LoadBalancer'] }) },
      { value: ['LoadBalancer'], old: pool({ cidr: '192.0.2.0/24', allowedUses: ['Workload'] }) },
      { value: ['Tunnel'], old: pool({ cidr: '192.0.2.0/24' }) },
    ],
    invalid: [
      {
        value: ['Workload', 'Tunnel'],
        old: pool({ cidr: '192.0.2.0/24', allowedUses: ['LoadBalancer'] }),
        detail: staysLoadBalancer,
      },
    ],
  },
});
