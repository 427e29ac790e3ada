import {
  array,
  type Infer,
  integer,
  intOrString,
  map,
  object,
  oneOf,
  string,
  type Typed,
} from '../../schema/build.ts';
import { annotationsRule } from '../../schema/checks/label.ts';
import { nameRule } from '../../schema/checks/name.ts';
import { netRule } from '../../schema/checks/net.ts';
import { canonicalPort, portRule } from '../../schema/checks/port.ts';
import { canonicalProtocol, protocolRule } from '../../schema/checks/protocol.ts';
import { namespaceSelectorRule, selectorRule } from '../../schema/checks/selector.ts';
import { orEmpty } from '../../schema/checks/text.ts';
import type { Rule as Check } from '../../schema/rule.ts';
import type { Schema, ValidationRule } from '../../schema/schema.ts';
import { methodsOnce, notEverything, pathForm, policyRuleChecks, ruleChecks } from './rulechecks.ts';

/** What a rule can do with traffic that it matches. */
export const actions = ['Allow', 'Deny', 'Log', 'Pass'] as const;

const protocolNames = 'TCP, UDP, ICMP, ICMPv6, SCTP or UDPLite';

const set = { 'x-kubernetes-list-type': 'set' } as const;
const atomic = { 'x-kubernetes-list-type': 'atomic' } as const;

/** A selector in Calico's own language, as a policy or a rule holds it. */
export function selector(description: string, more: { rules?: readonly Check[] } = {}): Typed<string> {
  return string(description, { maxLength: 1024, rules: [selectorRule, ...(more.rules ?? [])] });
}

/** The CEL rule that keeps global() out of the selector in this field. */
export function refuseGlobal(field: string): ValidationRule {
  return {
    rule: `!has(self.${field}) || !self.${field}.contains('global(')`,
    reason: 'FieldValueInvalid',
    message: `${field} may not use global(), which is only for the namespaceSelector of a rule`,
  };
}

/** A protocol by name or number. The pattern rejects nothing; which protocols there are is a rule of its own. */
export function protocol(description: string, rules = [protocolRule]): Typed<number | string> {
  return intOrString(description, { pattern: '^.*', canonical: canonicalProtocol, rules });
}

const port = intOrString('A port: a number, a range such as "8000:8080", or the name of a container port.', {
  pattern: '^.*',
  canonical: canonicalPort,
  rules: [portRule],
});

function ports(description: string): Typed<(number | string)[]> {
  return array(port, description, { maxItems: 50, ...atomic });
}

function nets(description: string, rules = [netRule]): Typed<string[]> {
  return array(
    string('A network in CIDR notation without host bits, e.g. 10.0.0.0/8.', { rules }),
    description,
    {
      maxItems: 256,
      ...set,
    },
  );
}

const serviceAccounts = object(
  {
    names: array(string('Name of a service account.'), 'Match pods that run as one of these.', set),
    selector: string(
      'Match pods whose service account this selects by its labels, e.g. role == "batch". ' +
        'When names are given too, both must match.',
      { rules: [selectorRule] },
    ),
  },
  'Match pods by their service account, in the namespace of the policy or those of namespaceSelector.',
  { definition: { name: 'ServiceAccountMatch' } },
);

const services = object(
  {
    name: string('Name of the Kubernetes service. Required.', { maxLength: 253, rules: [orEmpty(nameRule)] }),
    namespace: string(
      "Namespace of the service. Required in global policies; else the policy's own by default.",
      { maxLength: 253, rules: [orEmpty(nameRule)] },
    ),
  },
  'Match the endpoints behind a Kubernetes service, addresses and ports. Only for the source of ingress ' +
    'rules and the destination of egress rules, and not with any other way to choose endpoints.',
  { definition: { name: 'ServiceMatch' } },
);

function notWithServices(rule: string, others: string): ValidationRule {
  return {
    rule: `!has(self.services) || ${rule}`,
    reason: 'FieldValueForbidden',
    message: `services cannot be combined with ${others} in one source or destination`,
  };
}

function emptyOrAbsent(field: string): string {
  return `(!has(self.${field}) || size(self.${field}) == 0)`;
}

const entityRuleValidations: ValidationRule[] = [
  refuseGlobal('selector'),
  notWithServices('!has(self.namespaceSelector) || size(self.namespaceSelector) == 0', 'namespaceSelector'),
  notWithServices('!has(self.serviceAccounts)', 'serviceAccounts'),
  {
    rule: '!has(self.services) || size(self.services.name) > 0',
    reason: 'FieldValueRequired',
    message: 'services needs the name of a service',
  },
  notWithServices(
    `${emptyOrAbsent('selector')} && ${emptyOrAbsent('notSelector')}`,
    'selector or notSelector',
  ),
  notWithServices(`${emptyOrAbsent('nets')} && ${emptyOrAbsent('notNets')}`, 'nets or notNets'),
];

function entityRule(description: string) {
  return object(
    {
      namespaceSelector: selector(
        'Match endpoints in the namespaces that this selects, e.g. kubernetes.io/metadata.name == "shop". ' +
          'global() alone means what is in no namespace: host endpoints and global network sets.',
        { rules: [namespaceSelectorRule] },
      ),
      nets: nets('Match these networks, e.g. 10.0.0.0/8. All networks of a rule must be of one IP version.'),
      notNets: nets('Match everything but these networks. 0.0.0.0/0 and ::/0 are refused.', [
        netRule,
        notEverything,
      ]),
      notPorts: ports(
        'Match every port but these. Numbers and ranges need protocol TCP, UDP or SCTP in the rule.',
      ),
      notSelector: selector('Match endpoints that this does not select, in addition to selector.'),
      ports: ports(
        'Match these ports, e.g. 443, "8000:8080" or the name of a container port. Numbers and ranges need ' +
          'protocol TCP, UDP or SCTP in the rule.',
      ),
      selector: selector(
        'Match workloads, host endpoints and network sets by label, e.g. app == "web" && has(zone). A ' +
          'namespaced policy looks in its own namespace only, unless namespaceSelector says otherwise.',
      ),
      serviceAccounts,
      services,
    },
    description,
    {
      definition: {
        name: 'EntityRule',
        description: 'One end of the traffic. Every part that is given must match.',
      },
      'x-kubernetes-validations': entityRuleValidations,
    },
  );
}

function icmp(description: string) {
  return object(
    {
      code: integer('ICMP code, 0 to 255. Needs type.', { minimum: 0, maximum: 255 }),
      type: integer('ICMP type, 0 to 254, e.g. 8 for an echo request (ping) over IPv4.', {
        minimum: 0,
        maximum: 254,
      }),
    },
    description,
    {
      definition: { name: 'ICMPFields', description: 'ICMP messages by type and code.' },
      'x-kubernetes-validations': [
        {
          rule: '!has(self.code) || has(self.type)',
          reason: 'FieldValueInvalid',
          message: 'an ICMP code needs an ICMP type',
        },
      ],
    },
  );
}

const httpPath = object(
  {
    exact: string('The whole path, e.g. /healthz.', { maxLength: 1024 }),
    prefix: string('How the path begins, e.g. /api/.', { maxLength: 1024 }),
  },
  'A path to match: either exact or prefix. It starts with a slash and holds no query, fragment or blank.',
  { definition: { name: 'HTTPPath' }, rules: [pathForm] },
);

const http = object(
  {
    methods: array(string('An HTTP method, e.g. GET.'), 'Match these methods; any method when absent.', {
      maxItems: 20,
      ...atomic,
      rules: [methodsOnce],
    }),
    paths: array(httpPath, 'Match these paths; any path when absent.', { maxItems: 20, ...atomic }),
  },
  'Match HTTP requests. Only in ingress rules with action Allow and protocol TCP or none, and only where ' +
    'application layer policy is switched on.',
  { definition: { name: 'HTTPMatch' } },
);

/** CEL: one protocol field naming this protocol goes with one IP version only. */
function protocolVersion(field: string, name: string, number: number, ipVersion: number): ValidationRule {
  const other = `self.${field} != '${name}' && self.${field} != ${number}`;
  return {
    rule: `(!has(self.${field}) || (${other})) || !has(self.ipVersion) || self.ipVersion == ${ipVersion}`,
    reason: 'FieldValueInvalid',
    message: `${field} ${name} goes with ipVersion ${ipVersion} only`,
  };
}

const ruleValidations: ValidationRule[] = [
  {
    rule: "!has(self.http) || !has(self.protocol) || self.protocol == 'TCP' || self.protocol == 6",
    reason: 'FieldValueInvalid',
    message: 'a rule with http needs protocol TCP or none',
  },
  {
    rule: "self.action == 'Allow' || !has(self.http)",
    reason: 'FieldValueForbidden',
    message: 'http is only for rules with action Allow',
  },
  {
    rule:
      '!has(self.destination) || !has(self.destination.services) || ' +
      '(!has(self.destination.ports) || size(self.destination.ports) == 0) && ' +
      '(!has(self.destination.notPorts) || size(self.destination.notPorts) == 0)',
    reason: 'FieldValueForbidden',
    message: 'a destination with services brings its own ports: ports and notPorts must be absent',
  },
  {
    rule:
      "!has(self.icmp) || (has(self.protocol) && (self.protocol == 'ICMP' || self.protocol == 'ICMPv6' || " +
      'self.protocol == 1 || self.protocol == 58))',
    reason: 'FieldValueInvalid',
    message: 'a rule with icmp needs protocol ICMP or ICMPv6',
  },
  protocolVersion('protocol', 'ICMP', 1, 4),
  protocolVersion('protocol', 'ICMPv6', 58, 6),
  protocolVersion('notProtocol', 'ICMP', 1, 4),
  protocolVersion('notProtocol', 'ICMPv6', 58, 6),
];

/** A rule of the tiered policies. Every part that is given must match. */
export const rule = object(
  {
    action: oneOf(
      actions,
      'What to do with matching traffic: Allow or Deny ends the evaluation, Log writes a log line and goes ' +
        'on, Pass jumps to the next tier, or to the profiles after the last one.',
    ),
    destination: entityRule('Where the traffic goes to.'),
    http,
    icmp: icmp('Match ICMP messages of this type and code. Needs protocol ICMP or ICMPv6.'),
    ipVersion: integer('Match one IP version: 4 or 6. Both when absent.', { enum: [4, 6] }),
    metadata: object(
      {
        annotations: map(
          string('Value of the annotation.'),
          'Free key and value pairs, e.g. a ticket number.',
          { rules: [annotationsRule] },
        ),
      },
      'Notes on the rule. They change nothing in what it matches.',
      { definition: { name: 'RuleMetadata' } },
    ),
    notICMP: icmp('Match ICMP messages of any but this type and code.'),
    notProtocol: protocol(`Match every protocol but this: ${protocolNames}, or a number from 1 to 255.`),
    protocol: protocol(
      `Match this protocol: ${protocolNames}, or a number from 1 to 255. Every protocol when absent.`,
    ),
    source: entityRule('Where the traffic comes from.'),
  },
  'One rule of a policy. Rules are tried in order and the first that decides wins.',
  {
    definition: { name: 'Rule' },
    required: ['action'],
    'x-kubernetes-validations': ruleValidations,
    rules: ruleChecks,
  },
);

export type Rule = Infer<typeof rule>;

/** A list of rules as the tiered policies hold it. */
export function rules(
  description: string,
  of: { direction: 'ingress' | 'egress'; namespaced: boolean },
): Typed<Rule[]> {
  const item: Typed<Rule> = { ...rule, rules: [...ruleChecks, ...policyRuleChecks(of)] };
  return array(item, description, { maxItems: 1024, ...atomic });
}

/**
 * The same shape with types, required fields and the rules of Calico's code only: no enum, bound, pattern, list type or
 * CEL rule. For Profile, which has no CustomResourceDefinition.
 */
export function withoutLimits<T>(schema: Typed<T>): Typed<T> {
  const { type, description, required, properties, items, additionalProperties, anyOf } = schema;
  const { rules, canonical } = schema;
  const inner =
    properties &&
    Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, withoutLimits(each)]));
  const bare: Schema = {
    ...(type && { type }),
    ...(description && { description }),
    ...(inner && { properties: inner }),
    ...(required && { required }),
    ...(items && { items: withoutLimits(items) }),
    ...(additionalProperties && { additionalProperties: withoutLimits(additionalProperties) }),
    ...(anyOf && { anyOf }),
    ...(schema['x-kubernetes-int-or-string'] && { 'x-kubernetes-int-or-string': true as const }),
    ...(rules && { rules }),
    ...(canonical && { canonical }),
  };
  return bare;
}
