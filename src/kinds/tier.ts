import type { ApiObject } from '../machinery/object.ts';
import { type Infer, number, object, oneOf } from '../schema/build.ts';
import type { ValidationRule } from '../schema/schema.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn } from './parts/column.ts';
import { conditionCell, conditions } from './parts/conditions.ts';
import { fill, objectIn } from './parts/fill.ts';
import { tierName } from './parts/policychecks.ts';
import { tierInUse, tierInUseSays } from './parts/tier-in-use.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const spec = object(
  {
    // Calico's own schema takes an enum of four values and one of two; only these two are in both.
    defaultAction: oneOf(
      ['Pass', 'Deny'],
      'What becomes of traffic that a policy of the tier applies to and none of them decides: Deny drops ' +
        'it, Pass hands it to the next tier.',
      { default: 'Deny' },
    ),
    order: number(
      'Place among the tiers: lower is applied first, equal ones by name. 1000000 when absent, as tier ' +
        'default has.',
    ),
  },
  'Where the tier stands and what ends it.',
);

export type TierSpec = Infer<typeof spec>;

const status = object(
  { conditions: conditions('What was observed of the tier. Ready tells whether it is in force.') },
  'What was last observed of the tier. Written by Calico, not by users.',
);

export type TierStatus = Infer<typeof status>;

function builtInAction(name: string, action: string): ValidationRule {
  return {
    rule:
      `self.metadata.name == '${name}' ? ` +
      `(has(self.spec.defaultAction) && self.spec.defaultAction == '${action}') : true`,
    reason: 'FieldValueInvalid',
    message: `tier ${name} is built in: its defaultAction is ${action}`,
  };
}

function builtInOrder(name: string, order: number): ValidationRule {
  return {
    rule: `self.metadata.name != '${name}' || (has(self.spec.order) && self.spec.order == ${order}.0)`,
    reason: 'FieldValueInvalid',
    message: `tier ${name} is built in: its order is ${order}`,
  };
}

function tierObject(name: string, content: TierSpec): ApiObject {
  return { apiVersion, kind: 'Tier', metadata: { name }, spec: content };
}

export const tier: Kind = {
  kind: 'Tier',
  plural: 'tiers',
  singular: 'tier',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: true,
  storageClass: 'resource',
  description:
    'A group of policies that is applied as one step. Tiers are applied in their order; each decides, or ' +
    'hands the traffic to the next. This server does not check rights by tier yet: a right on policies ' +
    'covers the policies of every tier.',
  schema: object({ spec, status }, 'A group of policies that is applied as one step.', {
    required: ['spec'],
    rules: [tierName],
    'x-kubernetes-validations': [
      builtInAction('kube-admin', 'Pass'),
      builtInAction('kube-baseline', 'Pass'),
      builtInAction('default', 'Deny'),
      builtInOrder('default', 1000000),
      builtInOrder('kube-admin', 1000),
      builtInOrder('kube-baseline', 10000000),
    ],
  }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'Order',
      type: 'number',
      description: 'Place among the tiers.',
      path: 'spec.order',
    }),
    fieldColumn({
      name: 'Default-Action',
      type: 'string',
      description: 'What becomes of traffic that the tier applies to and does not decide.',
      path: 'spec.defaultAction',
      fallback: 'Deny',
    }),
    {
      name: 'Status',
      type: 'string',
      description: 'Reason of the condition Ready.',
      value: object => conditionCell(object, 'Ready', 'reason'),
    },
    ageColumn,
  ],
  defaults: object => {
    const spec = objectIn(object, 'spec');
    if (spec) fill(spec, 'order', 1000000, { keepEmpty: true });
  },
  initial: () => [
    tierObject('default', { order: 1000000, defaultAction: 'Deny' }),
    tierObject('kube-admin', { order: 1000, defaultAction: 'Pass' }),
    tierObject('kube-baseline', { order: 10000000, defaultAction: 'Pass' }),
  ],
  admit: tierInUse,
  acrossObjects: tierInUseSays,
  examples: {
    valid: [
      {
        ...tierObject('security', { order: 200, defaultAction: 'Pass' }),
        status: {
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: 'Ready',
              message: '',
              observedGeneration: 1,
              lastTransitionTime: '2026-01-02T03:04:05Z',
            },
          ],
        },
      },
      tierObject('last-resort', {}),
      tierObject('default', { order: 1000000, defaultAction: 'Deny' }),
      tierObject('default', {}),
    ],
    invalid: [
      {
        why: 'an action that ends no tier',
        object: { ...tierObject('broken', {}), spec: { defaultAction: 'Allow' } },
        errors: [
          'spec.defaultAction: Unsupported value: "Allow": supported values: "Pass", "Deny"',
          rulesNotChecked,
        ],
      },
      {
        why: 'an order in words',
        object: { ...tierObject('broken', {}), spec: { order: 'first' } },
        errors: [
          'spec.order: Invalid value: "string": spec.order in body must be of type number: "string"',
          rulesNotChecked,
        ],
      },
      {
        why: 'another order and action for a built-in tier',
        object: tierObject('kube-admin', { order: 5, defaultAction: 'Deny' }),
        errors: [
          '<nil>: Invalid value: tier kube-admin is built in: its defaultAction is Pass',
          '<nil>: Invalid value: tier kube-admin is built in: its order is 1000',
        ],
      },
      {
        why: 'a tier kube-admin without an order, which becomes that of tier default',
        object: tierObject('kube-admin', { defaultAction: 'Pass' }),
        errors: ['<nil>: Invalid value: tier kube-admin is built in: its order is 1000'],
      },
      {
        why: 'a name that could not be the value of a label',
        object: tierObject(`team.${'a'.repeat(60)}`, {}),
        errors: [
          `metadata.name: Invalid value: "team.${'a'.repeat(60)}": must not contain dots`,
          `metadata.name: Invalid value: "team.${'a'.repeat(60)}": must be no more than 63 characters`,
        ],
      },
      {
        why: 'a condition without a reason, and one in twice',
        object: {
          ...tierObject('broken', {}),
          status: {
            conditions: ['True', 'False'].map(state => ({
              type: 'Ready',
              status: state,
              reason: state === 'True' ? 'Ready' : '',
              message: '',
              lastTransitionTime: '2026-01-02T03:04:05Z',
            })),
          },
        },
        errors: [
          'status.conditions[1].reason: Invalid value: "": ' +
            'status.conditions[1].reason in body should be at least 1 chars long',
          'status.conditions[1]: Duplicate value: {"type":"Ready"}',
        ],
      },
      {
        why: 'no spec',
        object: { apiVersion, kind: 'Tier', metadata: { name: 'broken' } },
        errors: ['spec: Required value', rulesNotChecked],
      },
    ],
  },
};
