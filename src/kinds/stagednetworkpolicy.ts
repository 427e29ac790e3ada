import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import {
  policyColumns,
  policyProperties,
  policySelector,
  policyValidations,
  stagedAction,
} from './parts/policy.ts';
import { namespacedPolicyName, stagedDelete } from './parts/policychecks.ts';
import { policyDefaults } from './parts/policydefaults.ts';
import { policyExamples } from './parts/policyexamples.ts';
import { policyWarnings } from './parts/policywarnings.ts';
import { tierExists, tierExistsSays } from './parts/tier-exists.ts';

const spec = object(
  {
    ...policyProperties,
    selector: policySelector('pods and other workloads of the namespace'),
    stagedAction,
  },
  'What the policy would apply to and what it would do.',
  { 'x-kubernetes-validations': policyValidations, rules: [stagedDelete] },
);

export type StagedNetworkPolicySpec = Infer<typeof spec>;

export const stagedNetworkPolicy: Kind = {
  kind: 'StagedNetworkPolicy',
  plural: 'stagednetworkpolicies',
  singular: 'stagednetworkpolicy',
  shortNames: ['scnp', 'snp'],
  namespaced: true,
  tiered: true,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A NetworkPolicy on trial: flow logs show what it would do, and no traffic is changed. To put it in ' +
    'force, create a NetworkPolicy with the same content.',
  schema: object({ spec }, 'A NetworkPolicy on trial.', {
    required: ['spec'],
    rules: [namespacedPolicyName],
  }),
  selectableFields: ['spec.tier'],
  columns: policyColumns({ staged: true }),
  defaults: policyDefaults,
  warnings: policyWarnings,
  admit: tierExists,
  acrossObjects: [tierExistsSays],
  examples: policyExamples({ kind: 'StagedNetworkPolicy', namespaced: true, staged: true }),
};
