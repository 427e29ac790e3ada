import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { textRule } from '../../schema/checks/text.ts';
import { defineRule, type Problem, type Rule } from '../../schema/rule.ts';
import { apiVersion } from '../kind.ts';

const metadataRules = 'kinds.md 0.2, Metadata rules';

/** An object of nothing but a name, as the value of a rule on a whole object. */
function named(
  kind: string,
  name: string,
  labels?: Record<string, string>,
): { value: Json; object: ApiObject } {
  const object: ApiObject = { apiVersion, kind, metadata: { name, ...(labels && { labels }) }, spec: {} };
  return { value: object as unknown as Json, object };
}

/** The same as an update of what was stored before there was the rule: what cannot be changed is not held against it. */
function kept({ value, object }: ReturnType<typeof named>) {
  return { value, object, old: object, why: 'it is there already' };
}

function nameProblem(name: string, detail: string): Problem {
  return { at: '.metadata.name', value: name, detail };
}

const at = '.metadata.name';

const namespacedName =
  'must have at most one dot, such as web or shop.web; names that begin with knp.default. or ossg.default. may have more';

/** For the root of the namespaced tiered kinds. What is no DNS subdomain is an error of the metadata already. */
export const namespacedPolicyName: Rule = defineRule<Json>({
  id: 'policy-name',
  says:
    'The name of a namespaced policy has at most one dot, or begins with knp.default. or ossg.default. (copies of ' +
    'Kubernetes and OpenStack policies).',
  source: `${metadataRules} (NetworkPolicy, StagedNetworkPolicy)`,
  ofMetadata: true,
  check: (_value, { object: { metadata }, old }) => {
    if (old) return undefined;
    const { name = '' } = metadata;
    if (/^(knp|ossg)\.default\../.test(name) || name.split('.').length <= 2) return undefined;
    return nameProblem(name, namespacedName);
  },
  cases: {
    valid: ['web', 'shop.web', 'knp.default.web.v1.0', 'ossg.default.a'].map(name =>
      named('NetworkPolicy', name),
    ),
    invalid: ['a.b.c', 'knp.other.web', 'knp.default.'].map(name => ({
      ...named('NetworkPolicy', name),
      at,
      detail: namespacedName,
    })),
  },
});

const globalName = 'must have at most one dot, such as web or security.web';

/** For the root of the cluster-wide tiered kinds. */
export const globalPolicyName: Rule = defineRule<Json>({
  id: 'global-policy-name',
  says: 'The name of a policy for the whole cluster has at most one dot.',
  source: `${metadataRules} (GlobalNetworkPolicy, StagedGlobalNetworkPolicy)`,
  ofMetadata: true,
  check: (_value, { object: { metadata }, old }) => {
    if (old) return undefined;
    const { name = '' } = metadata;
    return name.split('.').length <= 2 ? undefined : nameProblem(name, globalName);
  },
  cases: {
    valid: [
      ...['web', 'security.web'].map(name => named('GlobalNetworkPolicy', name)),
      kept(named('GlobalNetworkPolicy', 'a.b.c')),
    ],
    invalid: ['a.b.c', 'knp.default.web'].map(name => ({
      ...named('GlobalNetworkPolicy', name),
      at,
      detail: globalName,
    })),
  },
});

const maxTierName = 63;
const tierNameDots = 'must not contain dots';
const tierNameLength = `must be no more than ${maxTierName} characters`;

/** For the root of Tier: its name becomes the value of a label. */
export const tierName: Rule = defineRule<Json>({
  id: 'tier-name',
  says: `The name of a tier has no dots and at most ${maxTierName} characters.`,
  source: `${metadataRules} (Tier)`,
  ofMetadata: true,
  check: (_value, { object: { metadata }, old }) => {
    if (old) return undefined;
    const { name = '' } = metadata;
    return [
      ...(name.includes('.') ? [nameProblem(name, tierNameDots)] : []),
      ...(name.length > maxTierName ? [nameProblem(name, tierNameLength)] : []),
    ];
  },
  cases: {
    valid: [...['security', 'a'.repeat(63)].map(name => named('Tier', name)), kept(named('Tier', 'a.b'))],
    invalid: [
      { ...named('Tier', 'a.b'), at, detail: tierNameDots },
      { ...named('Tier', 'a'.repeat(64)), at, detail: tierNameLength },
    ],
  },
});

/** On `spec.tier`, beside the rule of names. */
export const tierReference: Rule = textRule({
  id: 'tier-reference',
  says: `A tier is named with at most ${maxTierName} characters: the name is a label of the policy, too.`,
  source: `${metadataRules} (Tier; label projectcalico.org/tier)`,
  problem: text => (text.length > maxTierName ? tierNameLength : undefined),
  valid: ['security', 'a'.repeat(63), ''],
  invalid: [['a'.repeat(64), tierNameLength]],
});

const namespaceLabel = 'projectcalico.org/namespace';
const reserved = `must be absent: Calico sets ${namespaceLabel} itself, to the namespace of what is selected`;

/** For the root of both kinds of network set. */
export const reservedSetLabel: Rule = defineRule<Json>({
  id: 'set-without-namespace-label',
  says: `A network set does not carry the label ${namespaceLabel}.`,
  source: `${metadataRules} (label projectcalico.org/namespace)`,
  ofMetadata: true,
  check: (_value, { object: { metadata }, old }) => {
    const value = metadata.labels?.[namespaceLabel];
    if (value === undefined || value === old?.metadata.labels?.[namespaceLabel]) return undefined;
    return { at: `.metadata.labels[${namespaceLabel}]`, type: 'Forbidden', value, detail: reserved };
  },
  cases: {
    valid: [
      named('NetworkSet', 'a', { role: 'db', namespace: 'x' }),
      named('NetworkSet', 'a'),
      kept(named('NetworkSet', 'a', { [namespaceLabel]: 'shop' })),
    ],
    invalid: [
      {
        ...named('NetworkSet', 'a', { [namespaceLabel]: 'shop' }),
        old: named('NetworkSet', 'a', { [namespaceLabel]: 'other' }).object,
        at: `.metadata.labels[${namespaceLabel}]`,
        detail: reserved,
      },
      {
        ...named('NetworkSet', 'a', { [namespaceLabel]: 'shop' }),
        at: `.metadata.labels[${namespaceLabel}]`,
        detail: reserved,
      },
    ],
  },
});

function isEmpty(value: Json | undefined): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === false;
}

/** A rule on `spec` of a staged kind: what is to be deleted is only named. */
function onlyNamed(
  id: string,
  kinds: string,
  kept: string[],
  examples: { bare: JsonObject; full: JsonObject },
) {
  const stays = kept.length > 0 ? `nothing but ${kept.join(' and ')}` : 'nothing';
  const detail = `must be absent, since stagedAction Delete goes with ${stays}`;
  return defineRule<JsonObject>({
    id,
    says: `With stagedAction Delete, ${stays} is given beside it.`,
    source: `kinds.md 3, ${kinds}`,
    check: spec => {
      if (spec.stagedAction !== 'Delete') return [];
      return Object.entries(spec)
        .filter(([name, value]) => name !== 'stagedAction' && !kept.includes(name) && !isEmpty(value))
        .map(([name, value]) => ({ at: `.${name}`, type: 'Forbidden' as const, value, detail }));
    },
    cases: {
      valid: [
        { value: { ...examples.bare, stagedAction: 'Delete' } },
        { value: { ...examples.full, stagedAction: 'Set' } },
        { value: examples.full },
      ],
      invalid: Object.entries(examples.full).map(([name, value]) => ({
        value: { ...examples.bare, stagedAction: 'Delete', [name]: value },
        at: `.${name}`,
        detail,
      })),
    },
  });
}

export const stagedDelete: Rule = onlyNamed(
  'staged-delete-only-names',
  'StagedNetworkPolicy, StagedGlobalNetworkPolicy',
  ['tier'],
  {
    bare: { tier: 'default', selector: '', ingress: [], preDNAT: false },
    full: { selector: 'all()', ingress: [{ action: 'Deny' }], order: 0, types: ['Ingress'], preDNAT: true },
  },
);

export const stagedKubernetesDelete: Rule = onlyNamed(
  'staged-kubernetes-delete-only-names',
  'StagedKubernetesNetworkPolicy',
  [],
  {
    bare: { podSelector: {}, egress: [] },
    full: { podSelector: { matchLabels: { app: 'web' } }, egress: [{}], policyTypes: ['Ingress'] },
  },
);
