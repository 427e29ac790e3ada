import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import {
  globalPolicyProperties,
  globalPolicyValidations,
  policyColumns,
  policyProperties,
  policySelector,
  stagedAction,
} from './parts/policy.ts';
import { policyExamples } from './parts/policyexamples.ts';

const spec = object(
  {
    ...policyProperties,
    ...globalPolicyProperties,
    selector: policySelector('workloads of all namespaces and host endpoints'),
    stagedAction,
  },
  'What the policy would apply to and what it would do.',
  { 'x-kubernetes-validations': globalPolicyValidations },
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
  schema: object({ spec }, 'A GlobalNetworkPolicy on trial.', { required: ['spec'] }),
  selectableFields: ['spec.tier'],
  columns: policyColumns({ staged: true }),
  examples: policyExamples({ kind: 'StagedGlobalNetworkPolicy', namespaced: false, staged: true }),
};
