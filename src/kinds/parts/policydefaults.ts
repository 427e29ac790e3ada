import { labelValueErrors } from '../../machinery/names.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { fill, objectIn } from './fill.ts';

/** Tier of a policy that names none. */
export const defaultTier = 'default';

/** Label of a policy that holds its tier; the server keeps it so. */
export const tierLabel = 'projectcalico.org/tier';

/**
 * What Calico fills in for the four tiered kinds: the tier, the label that repeats it, the types by the rules that are
 * there, the staged action (an empty one counts as none). A staged deletion has no types. Without spec nothing is
 * filled in: the schema refuses that. (selectors.md 7; kinds.md 0.2 and 3.)
 */
export function policyDefaults(object: ApiObject): void {
  const spec = objectIn(object, 'spec');
  if (!spec) return;
  fill(spec, 'tier', defaultTier);
  setTierLabel(object, spec.tier);
  if (spec.stagedAction === '') spec.stagedAction = 'Set';
  if (spec.stagedAction === 'Delete') delete spec.types;
  else fill(spec, 'types', typesOf(spec));
}

/** Not for what is no name of a tier, which is told where the user wrote it. */
function setTierLabel(object: ApiObject, tier: unknown): void {
  if (typeof tier !== 'string' || labelValueErrors(tier).length > 0) return;
  const { metadata } = object;
  if (metadata.labels?.[tierLabel] === tier) return;
  metadata.labels = { ...metadata.labels, [tierLabel]: tier };
}

/** The directions that a policy has rules for; Ingress when it has none. */
function typesOf(spec: { ingress?: unknown; egress?: unknown }): string[] {
  const has = (rules: unknown) => Array.isArray(rules) && rules.length > 0;
  if (!has(spec.egress)) return ['Ingress'];
  return has(spec.ingress) ? ['Ingress', 'Egress'] : ['Egress'];
}
