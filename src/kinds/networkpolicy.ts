import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import { policyColumns, policyProperties, policySelector, policyValidations } from './parts/policy.ts';
import { namespacedPolicyName } from './parts/policychecks.ts';
import { policyDefaults } from './parts/policydefaults.ts';
import { policyExamples } from './parts/policyexamples.ts';
import { policyWarnings } from './parts/policywarnings.ts';
import { tierExists, tierExistsSays } from './parts/tier-exists.ts';

const spec = object(
  {
    ...policyProperties,
    selector: policySelector('pods and other workloads of the namespace'),
  },
  'What the policy applies to and what it does.',
  { 'x-kubernetes-validations': policyValidations },
);

export type NetworkPolicySpec = Infer<typeof spec>;

export const networkPolicy: Kind = {
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['cnp', 'caliconetworkpolicy', 'caliconetworkpolicies'],
  namespaced: true,
  tiered: true,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A firewall policy for workloads of one namespace, chosen by label: ordered rules that allow, deny, ' +
    'log or pass on their traffic. It belongs to a tier.',
  schema: object({ spec }, 'A firewall policy for workloads of one namespace.', {
    required: ['spec'],
    rules: [namespacedPolicyName],
  }),
  selectableFields: ['spec.tier'],
  columns: policyColumns({ staged: false }),
  defaults: policyDefaults,
  warnings: policyWarnings,
  admit: tierExists,
  acrossObjects: [tierExistsSays],
  examples: policyExamples({ kind: 'NetworkPolicy', namespaced: true, staged: false }),
};
