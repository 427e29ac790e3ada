import type { ApiObject } from '../machinery/object.ts';
import { array, type Infer, map, object, string, type Typed } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { listAt } from './parts/column.ts';
import { type Rule, rule, withoutLimits } from './parts/rule.ts';

/** Calico checks the rules of a profile in code alone, so that any text is an action here. */
type ProfileRule = Omit<Rule, 'action'> & { action: string };

const profileRule: Typed<ProfileRule> = withoutLimits(rule);

const spec = object(
  {
    egress: array(profileRule, 'Rules for traffic that leaves the endpoints, tried in order.'),
    ingress: array(profileRule, 'Rules for traffic that comes to the endpoints, tried in order.'),
    labelsToApply: map(
      string('Value of the label.'),
      'Labels that every endpoint with the profile gets, for selectors to match. Labels of its own win.',
    ),
  },
  'What the profile gives to its endpoints.',
);

export type ProfileSpec = Infer<typeof spec>;

function profileObject(name: string, content: ProfileSpec): ApiObject {
  return { apiVersion, kind: 'Profile', metadata: { name }, spec: content };
}

function countColumn(name: string, path: string, description: string): Kind['columns'][number] {
  return { name, type: 'integer', description, value: object => listAt(object, path).length };
}

export const profile: Kind = {
  kind: 'Profile',
  plural: 'profiles',
  singular: 'profile',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'profile',
  description:
    'Rules and labels that endpoints inherit. Its rules decide what no policy applies to. Each namespace ' +
    '(kns.<name>) and service account (ksa.<namespace>.<name>) has one, which passes its labels on to ' +
    'its pods.',
  schema: object({ spec }, 'Rules and labels that endpoints inherit.', { required: ['spec'] }),
  selectableFields: [],
  columns: [
    countColumn('Ingress', 'spec.ingress', 'Number of ingress rules.'),
    countColumn('Egress', 'spec.egress', 'Number of egress rules.'),
    ageColumn,
  ],
  examples: {
    valid: [
      profileObject('shop-backend', {
        labelsToApply: { 'pcns.example.com/zone': 'backend', tenant: 'shop' },
        ingress: [
          {
            action: 'Allow',
            metadata: { annotations: { ticket: 'NET-7' } },
            protocol: 'TCP',
            ipVersion: 4,
            source: { nets: ['10.0.0.0/8'], notNets: ['10.66.0.0/16'], notSelector: 'has(quarantined)' },
            destination: { ports: [5432, '9000:9010', 'metrics'] },
          },
          { action: 'Log', protocol: 'ICMP', icmp: { type: 8 } },
          { action: 'Deny', source: { selector: 'tenant != "shop"', namespaceSelector: 'all()' } },
        ],
        egress: [{ action: 'Allow' }],
      }),
      profileObject('kns.shop', {
        ingress: [{ action: 'Allow' }],
        egress: [{ action: 'Allow' }],
        labelsToApply: { 'pcns.projectcalico.org/name': 'shop' },
      }),
      profileObject('nothing', {}),
    ],
    invalid: [
      {
        why: 'a rule without an action',
        object: { ...profileObject('broken', {}), spec: { ingress: [{ protocol: 'TCP' }] } },
        errors: ['spec.ingress[0].action: Required value'],
      },
      {
        why: 'labels as a list',
        object: { ...profileObject('broken', {}), spec: { labelsToApply: ['tenant=shop'] } },
        errors: [
          'spec.labelsToApply: Invalid value: "array": ' +
            'spec.labelsToApply in body must be of type object: "array"',
        ],
      },
      {
        why: 'an ICMP type in quotes',
        object: {
          ...profileObject('broken', {}),
          spec: { egress: [{ action: 'Allow', icmp: { type: '8' } }] },
        },
        errors: [
          'spec.egress[0].icmp.type: Invalid value: "string": ' +
            'spec.egress[0].icmp.type in body must be of type integer: "string"',
        ],
      },
      {
        why: 'no spec',
        object: { apiVersion, kind: 'Profile', metadata: { name: 'broken' } },
        errors: ['spec: Required value'],
      },
    ],
  },
};
