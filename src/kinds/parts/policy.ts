import { array, boolean, number, oneOf, string, type Typed } from '../../schema/build.ts';
import { nameRule } from '../../schema/checks/name.ts';
import { orEmpty } from '../../schema/checks/text.ts';
import type { ValidationRule } from '../../schema/schema.ts';
import type { Column } from '../kind.ts';
import { ageColumn } from './age.ts';
import { fieldColumn, listAt, listCell, valueAt } from './column.ts';
import { tierReference } from './policychecks.ts';
import { refuseGlobal, rules, selector } from './rule.ts';

const set = { 'x-kubernetes-list-type': 'set' } as const;

/** Rules of both directions, which every tiered policy has in `spec`. */
function directions(of: { namespaced: boolean }) {
  return {
    egress: rules(
      'Rules for traffic that leaves the selected endpoints, tried in order. Used when types has Egress.',
      { direction: 'egress', ...of },
    ),
    ingress: rules(
      'Rules for traffic that comes to the selected endpoints, tried in order. Used when types has Ingress.',
      { direction: 'ingress', ...of },
    ),
  };
}

const common = {
  order: number('Place in the tier, e.g. 100: lower is applied first, absent comes last, equals go by name.'),
  performanceHints: array(
    oneOf(
      ['AssumeNeededOnEveryNode'],
      'AssumeNeededOnEveryNode: work the policy out everywhere, even where no endpoint uses it yet.',
    ),
    'Hints on how to put the policy in place. AssumeNeededOnEveryNode makes it ready on every node before ' +
      'an endpoint needs it.',
    set,
  ),
  serviceAccountSelector: selector(
    'Narrows the policy to pods whose service account this selects by its labels, e.g. role == "frontend".',
  ),
  tier: string(
    'Tier that the policy belongs to; it must exist. Tiers are applied one after the other, by their order. ' +
      'Rights are not checked by tier yet.',
    { default: 'default', rules: [orEmpty(nameRule), tierReference] },
  ),
  types: array(
    oneOf(['Ingress', 'Egress'], 'Ingress or Egress.'),
    'Directions that the policy applies to: Ingress, Egress or both. When absent: Egress if there are ' +
      'only egress rules, both if there are rules of both kinds, else Ingress.',
    { minItems: 1, maxItems: 2, ...set },
  ),
};

/** Fields of `spec` of the namespaced tiered policies; the cluster-wide ones have more. */
export const policyProperties = { ...directions({ namespaced: true }), ...common };

/** Fields of `spec` of the cluster-wide tiered policies. */
export const globalPolicyProperties = {
  ...directions({ namespaced: false }),
  ...common,
  applyOnForward: boolean(
    'Apply the policy also to what a host endpoint forwards, not only to what ends there. Default: false.',
  ),
  doNotTrack: boolean(
    'Apply the rules before connection tracking, so that replies need rules of their own. Host endpoints ' +
      'only; needs applyOnForward.',
  ),
  namespaceSelector: selector(
    'Narrows the policy to workloads in namespaces that this selects, e.g. environment == "production".',
  ),
  preDNAT: boolean(
    'Apply the rules before destination NAT, so that they see node ports and service addresses. Host ' +
      'endpoints and ingress only; needs applyOnForward.',
  ),
};

/** `spec.selector`, whose reach differs between the kinds. */
export function policySelector(reach: string): Typed<string> {
  return selector(
    `Which ${reach} the policy applies to, by label, e.g. app == "web". All of them when absent or empty.`,
  );
}

/** `spec.stagedAction` of the staged kinds. */
export const stagedAction = oneOf(
  ['Set', 'Delete', 'Learn', 'Ignore'],
  'What enforcing this would do to the policy of the same name: Set creates or replaces it, Delete removes ' +
    'it. Learn and Ignore are markers for tools.',
  { default: 'Set' },
);

const hostRules: ValidationRule[] = [
  {
    rule: '!((has(self.doNotTrack) && self.doNotTrack) && (has(self.preDNAT) && self.preDNAT))',
    reason: 'FieldValueForbidden',
    message: 'doNotTrack and preDNAT exclude each other',
  },
  {
    rule: '(!has(self.preDNAT) || !self.preDNAT) || !has(self.egress) || size(self.egress) == 0',
    reason: 'FieldValueForbidden',
    message: 'a preDNAT policy has no egress rules',
  },
  {
    rule: "(!has(self.preDNAT) || !self.preDNAT) || !has(self.types) || !self.types.exists(t, t == 'Egress')",
    reason: 'FieldValueForbidden',
    message: 'a preDNAT policy cannot have type Egress',
  },
  {
    rule:
      '(has(self.applyOnForward) && self.applyOnForward) || ' +
      '((!has(self.doNotTrack) || !self.doNotTrack) && (!has(self.preDNAT) || !self.preDNAT))',
    reason: 'FieldValueInvalid',
    message: 'doNotTrack and preDNAT need applyOnForward: true',
  },
];

/** CEL rules on `spec` of the namespaced policies. */
export const policyValidations: ValidationRule[] = [
  refuseGlobal('selector'),
  refuseGlobal('serviceAccountSelector'),
];

/** CEL rules on `spec` of the cluster-wide policies. */
export const globalPolicyValidations: ValidationRule[] = [
  ...hostRules,
  ...policyValidations,
  refuseGlobal('namespaceSelector'),
];

/** Columns of the four tiered kinds; the staged ones show their action as well. */
export function policyColumns(options: { staged: boolean }): Column[] {
  const action = fieldColumn({
    name: 'Action',
    type: 'string',
    description: 'What enforcing the staged policy would do.',
    path: 'spec.stagedAction',
    fallback: 'Set',
  });
  return [
    fieldColumn({
      name: 'Tier',
      type: 'string',
      description: 'Tier of the policy.',
      path: 'spec.tier',
      fallback: 'default',
    }),
    fieldColumn({
      name: 'Order',
      type: 'number',
      description: 'Place in the tier; empty is last.',
      path: 'spec.order',
    }),
    {
      name: 'Types',
      type: 'string',
      description: 'Directions that the policy applies to.',
      value: object => listCell(listAt(object, 'spec.types')),
    },
    ...(options.staged ? [action] : []),
    {
      name: 'Selector',
      type: 'string',
      description: 'Endpoints that the policy applies to.',
      priority: 1,
      value: object => valueAt(object, 'spec.selector') || 'all()',
    },
    ageColumn,
  ];
}
