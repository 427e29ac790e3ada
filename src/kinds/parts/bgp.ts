import { integer, object, string } from '../../schema/build.ts';
import { asNumberRule, canonicalAsNumber } from '../../schema/checks/as-number.ts';
import { communityRule } from '../../schema/checks/community.ts';
import { netRule } from '../../schema/checks/net.ts';

const uint16 = '([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const uint32 =
  '([0-9]|[1-9][0-9]{1,8}|[1-3][0-9]{9}|4[0-1][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|' +
  '42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[0-1][0-9]{2}|42949672[0-8][0-9]|429496729[0-5])';

/** A standard (two 16-bit parts) or large (three 32-bit parts) BGP community. */
export function community(description: string) {
  return string(description, {
    maxLength: 32,
    pattern: `^(${uint16}:${uint16}|${uint32}:${uint32}:${uint32})$`,
    rules: [communityRule],
  });
}

/**
 * An AS number. Calico's CRDs type it as a signed 32-bit integer, into which the upper half of the 32-bit numbers does
 * not fit, though Calico's own types take them; so do we.
 */
export function asNumber(description: string) {
  return integer(description, { rules: [asNumberRule], canonical: canonicalAsNumber });
}

/** A route priority (metric): the kernel keeps the numbers beyond this range for itself. */
export function routePriority(description: string) {
  return integer(description, { minimum: 1, maximum: 2147483646 });
}

/** One range of Service addresses in a list of them. */
export function addressBlock(name: string, description: string) {
  return object(
    {
      cidr: string('The range, without host bits, e.g. 10.96.0.0/12.', { format: 'cidr', rules: [netRule] }),
    },
    description,
    { definition: { name }, 'x-kubernetes-map-type': 'atomic' },
  );
}
