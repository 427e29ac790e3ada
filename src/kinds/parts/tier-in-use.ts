import type { ApiObject } from '../../machinery/object.ts';
import { conflict, type FieldError, forbidden } from '../../machinery/status.ts';
import { type Change, group, type View } from '../kind.ts';
import { listed, nameOf } from './listed.ts';

const tiers = { group, resource: 'tiers' };

/** Tiers that Calico creates and relies on. */
const builtIn = ['default', 'kube-admin', 'kube-baseline'];

/** The kinds whose objects are in a tier. */
const tieredPlurals = [
  'networkpolicies',
  'globalnetworkpolicies',
  'stagednetworkpolicies',
  'stagedglobalnetworkpolicies',
];

export const tierInUseSays = [
  {
    at: '',
    says: 'A tier that policies are in, staged ones included, cannot be deleted (409).',
    source: 'kinds.md 3, Tier, delete',
  },
  {
    at: '',
    says: 'The tiers default, kube-admin and kube-baseline cannot be deleted (403).',
    source: 'kinds.md 3, Tier, delete',
  },
];

/**
 * For `admit` of Tier: a built-in tier cannot be deleted (403), nor one that policies are in (409), whatever is to become of
 * them (clientv3, delete of a tier; kinds.md 3, Tier).
 */
export async function tierInUse({ operation, object }: Change, view: View): Promise<FieldError[]> {
  if (operation !== 'delete') return [];
  const name = nameOf(object);
  if (builtIn.includes(name)) {
    throw forbidden(tiers, name, 'this tier is built in and cannot be deleted');
  }
  const where = { 'spec.tier': name };
  const policies = await Promise.all(tieredPlurals.map(plural => view.list(plural, { where })));
  const found = policies.flat();
  if (found.length === 0) return [];
  const count = found.length === 1 ? '1 policy is' : `${found.length} policies are`;
  throw conflict(
    tiers,
    name,
    `${count} in this tier: ${listed(found.map(named), 5)}; delete them or move them to another tier first`,
  );
}

function named(policy: ApiObject): string {
  const { namespace } = policy.metadata;
  return `${policy.kind} ${namespace ? `${namespace}/` : ''}${nameOf(policy)}`;
}
