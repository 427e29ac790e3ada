import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import {
  globalPolicyProperties,
  globalPolicyValidations,
  policyColumns,
  policySelector,
} from './parts/policy.ts';
import { globalPolicyName } from './parts/policychecks.ts';
import { policyDefaults } from './parts/policydefaults.ts';
import { policyExamples } from './parts/policyexamples.ts';
import { globalPolicyWarnings } from './parts/policywarnings.ts';
import { tierExists, tierExistsSays } from './parts/tier-exists.ts';

const spec = object(
  {
    ...globalPolicyProperties,
    selector: policySelector('workloads of all namespaces and host endpoints'),
  },
  'What the policy applies to and what it does.',
  { 'x-kubernetes-validations': globalPolicyValidations },
);

export type GlobalNetworkPolicySpec = Infer<typeof spec>;

export const globalNetworkPolicy: Kind = {
  kind: 'GlobalNetworkPolicy',
  plural: 'globalnetworkpolicies',
  singular: 'globalnetworkpolicy',
  shortNames: ['gnp', 'cgnp', 'calicoglobalnetworkpolicies'],
  namespaced: false,
  tiered: true,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A firewall policy for the whole cluster: it applies to workloads of all namespaces and to host ' +
    'endpoints, chosen by label. It belongs to a tier.',
  schema: object({ spec }, 'A firewall policy for the whole cluster.', {
    required: ['spec'],
    rules: [globalPolicyName],
  }),
  selectableFields: ['spec.tier'],
  columns: policyColumns({ staged: false }),
  defaults: policyDefaults,
  warnings: globalPolicyWarnings,
  admit: tierExists,
  acrossObjects: [tierExistsSays],
  examples: policyExamples({ kind: 'GlobalNetworkPolicy', namespaced: false, staged: false }),
};
