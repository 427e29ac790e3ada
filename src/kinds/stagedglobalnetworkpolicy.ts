import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import {
  globalPolicyProperties,
  globalPolicyValidations,
  policyColumns,
  policySelector,
  stagedAction,
} from './parts/policy.ts';
import { globalPolicyName, stagedDelete } from './parts/policychecks.ts';
import { policyDefaults } from './parts/policydefaults.ts';
import { policyExamples } from './parts/policyexamples.ts';
import { globalPolicyWarnings } from './parts/policywarnings.ts';
import { tierExists, tierExistsSays } from './parts/tier-exists.ts';

const spec = object(
  {
    ...globalPolicyProperties,
    selector: policySelector('workloads of all namespaces and host endpoints'),
    stagedAction,
  },
  'What the policy would apply to and what it would do.',
  { 'x-kubernetes-validations': globalPolicyValidations, rules: [stagedDelete] },
);

export type StagedGlobalNetworkPolicySpec = Infer<typeof spec>;

export const stagedGlobalNetworkPolicy: Kind = {
  kind: 'StagedGlobalNetworkPolicy',
  plural: 'stagedglobalnetworkpolicies',
  singular: 'stagedglobalnetworkpolicy',
  shortNames: ['sgnp'],
  namespaced: false,
  tiered: true,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A GlobalNetworkPolicy on trial: flow logs show what it would do, and no traffic is changed. To put ' +
    'it in force, create a GlobalNetworkPolicy with the same content.',
  schema: object({ spec }, 'A GlobalNetworkPolicy on trial.', {
    required: ['spec'],
    rules: [globalPolicyName],
  }),
  selectableFields: ['spec.tier'],
  columns: policyColumns({ staged: true }),
  defaults: policyDefaults,
  warnings: globalPolicyWarnings,
  admit: tierExists,
  acrossObjects: [tierExistsSays],
  examples: policyExamples({ kind: 'StagedGlobalNetworkPolicy', namespaced: false, staged: true }),
};
