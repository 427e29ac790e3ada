import type { ApiObject } from '../machinery/object.ts';
import { array, type Infer, integer, map, object, string, type Typed } from '../schema/build.ts';
import { labelsRule } from '../schema/checks/label.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { listAt } from './parts/column.ts';
import { type Rule, rule, withoutLimits } from './parts/rule.ts';
import { profileAction, profileIcmp } from './parts/rulechecks.ts';
import { ruleWarnings } from './parts/rulewarnings.ts';

/** Calico checks the rules of a profile in code alone, and actions not at all. */
type ProfileRule = Omit<Rule, 'action'> & { action: string };

function icmp(description: string) {
  return object(
    {
      code: integer('ICMP code, 0 to 255.', { rules: [profileIcmp.code] }),
      type: integer('ICMP type, 0 to 254, e.g. 8 for an echo request (ping) over IPv4.', {
        rules: [profileIcmp.type],
      }),
    },
    description,
  );
}

const bareRule: Typed<ProfileRule> = withoutLimits(rule);

const profileRule: Typed<ProfileRule> = {
  ...bareRule,
  properties: {
    ...bareRule.properties,
    action: { ...bareRule.properties!.action, rules: [profileAction] },
    icmp: icmp('Match ICMP messages of this type and code.'),
    notICMP: icmp('Match ICMP messages of any but this type and code.'),
  },
};

const spec = object(
  {
    egress: array(profileRule, 'Rules for traffic that leaves the endpoints, tried in order.'),
    ingress: array(profileRule, 'Rules for traffic that comes to the endpoints, tried in order.'),
    labelsToApply: map(
      string('Value of the label.'),
      'Labels that every endpoint with the profile gets, for selectors to match. Labels of its own win.',
      { rules: [labelsRule] },
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
  warnings: object =>
    ['ingress', 'egress'].flatMap(field => ruleWarnings(listAt(object, `spec.${field}`), `spec.${field}`)),
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
        why: 'an action, an ICMP type and a protocol that do not exist, and a port without a protocol',
        object: profileObject('broken', {
          ingress: [
            { action: 'accept', protocol: 'icmp', icmp: { type: 255 } },
            { action: 'Allow', source: { ports: [80] } },
          ],
        }),
        errors: [
          'spec.ingress[0].action: Invalid value: "accept": must be Allow, Deny, Log or Pass',
          'spec.ingress[0].icmp.type: Invalid value: 255: must be from 0 to 254',
          'spec.ingress[0].protocol: Invalid value: "icmp": ' +
            'must be TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255; did you mean "ICMP"?',
          'spec.ingress[1].source.ports[0]: Invalid value: 80: must be the name of a port, ' +
            'since the rule has no protocol: numbers and ranges need protocol TCP, UDP or SCTP',
        ],
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
