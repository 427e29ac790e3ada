import type { ApiObject } from '../../machinery/object.ts';
import type { FieldError } from '../../machinery/status.ts';
import { nearest } from '../../schema/nearest.ts';
import type { Change, View } from '../kind.ts';
import { objectIn } from './fill.ts';
import { listed, nameOf } from './listed.ts';
import { defaultTier } from './policydefaults.ts';

export const tierExistsSays = {
  at: 'spec.tier',
  says: 'The tier is there when a policy is created in it or moved to it, and is not being deleted.',
  source: 'kinds.md 3, NetworkPolicy, create fails when the tier is missing',
};

/**
 * For `admit` of the four tiered kinds: the tier that a policy is created in, or moved to, is there and is not being deleted
 * (clientv3, create of a policy; kinds.md 3, NetworkPolicy, which does not look when a policy is moved).
 */
export async function tierExists(change: Change, view: View): Promise<FieldError[]> {
  const { operation, object, old } = change;
  const name = tierOf(object);
  if (operation === 'delete' || (old && tierOf(old) === name)) return [];
  const tier = await view.get('tiers', name);
  if (tier && !tier.metadata.deletionTimestamp) return [];
  const tiers = (await view.list('tiers')).filter(each => !each.metadata.deletionTimestamp);
  const names = tiers.map(nameOf).sort();
  const meant = nearest(name, names);
  const why = tier ? 'this tier is being deleted' : 'there is no such tier';
  return [
    {
      type: 'NotFound',
      field: 'spec.tier',
      value: name,
      detail: `${why}; there are: ${listed(names)}`,
      ...(meant && { hint: `did you mean ${JSON.stringify(meant)}?` }),
    },
  ];
}

function tierOf(policy: ApiObject): string {
  const tier = objectIn(policy, 'spec')?.tier;
  return typeof tier === 'string' && tier !== '' ? tier : defaultTier;
}
