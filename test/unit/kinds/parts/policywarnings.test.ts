import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../../src/kinds/index.ts';
import { apiVersion } from '../../../../src/kinds/kind.ts';
import type { JsonObject } from '../../../../src/machinery/json.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import { atOnce } from '../../../../src/machinery/steps.ts';
import { fillDefaults, objectErrors } from '../../../../src/registry/prepare.ts';

/** What is said of an object that nothing is wrong with. */
function warningsOf(kindName: string, spec: JsonObject): string[] {
  const kind = kinds.find(each => each.kind === kindName);
  assert.ok(kind?.warnings);
  const object: ApiObject = {
    apiVersion,
    kind: kindName,
    metadata: { name: 'x', ...(kind.namespaced && { namespace: 'shop' }) },
    spec: structuredClone(spec),
  };
  fillDefaults({ kind }, object, undefined);
  assert.deepEqual(atOnce(objectErrors(kind, object, undefined)), []);
  return kind.warnings(object, undefined);
}

interface Case {
  why: string;
  kind?: string;
  spec: JsonObject;
  warnings: string[];
}

const allow = { action: 'Allow', source: { selector: 'app == "web"' } };

const ofTypes: Case[] = [
  { why: 'types as the rules', spec: { ingress: [allow], egress: [allow] }, warnings: [] },
  { why: 'types with no rules', spec: { types: ['Egress'] }, warnings: [] },
  {
    why: 'types that exclude ingress rules',
    spec: { types: ['Egress'], ingress: [allow] },
    warnings: ['spec.ingress: has no effect, since spec.types does not include Ingress'],
  },
  {
    why: 'types that exclude egress rules',
    spec: { types: ['Ingress'], egress: [allow] },
    warnings: ['spec.egress: has no effect, since spec.types does not include Egress'],
  },
  { why: 'types that exclude an empty list', spec: { types: ['Egress'], ingress: [] }, warnings: [] },
];

const never = 'no value of the label app fits app == "a" and app == "b" at once';
const impossible = 'app == "a" && app == "b"';

/** A warning of one ingress rule. */
function ofRule(why: string, rule: JsonObject, reason: string | undefined): Case {
  const ingress = [{ action: 'Allow', ...rule }];
  const warnings = reason === undefined ? [] : [`spec.ingress[0]: can never match, since ${reason}`];
  return { why, spec: { ingress }, warnings };
}

const ofRules: Case[] = [
  ofRule(
    'networks that are excluded',
    { source: { nets: ['10.1.0.0/16', '10.2.0.0/16'], notNets: ['10.0.0.0/8'] } },
    'source.notNets excludes all of source.nets',
  ),
  ofRule(
    'some networks that are excluded',
    { source: { nets: ['10.0.0.0/8'], notNets: ['10.1.0.0/16'] } },
    undefined,
  ),
  ofRule(
    'networks of the other side',
    { source: { nets: ['10.1.0.0/16'] }, destination: { notNets: ['10.0.0.0/8'] } },
    undefined,
  ),
  ofRule('excluded networks alone', { source: { notNets: ['10.0.0.0/8'] } }, undefined),
  ofRule(
    'ports that are excluded',
    { protocol: 'TCP', destination: { ports: [80, '8000:8010', 'http'], notPorts: ['http', '1:9000'] } },
    'destination.notPorts excludes all of destination.ports',
  ),
  ofRule(
    'some ports that are excluded',
    { protocol: 'TCP', destination: { ports: ['80:90'], notPorts: ['80:89'] } },
    undefined,
  ),
  ofRule(
    'a named port and numbers',
    { protocol: 'TCP', destination: { ports: ['http'], notPorts: ['1:65535'] } },
    undefined,
  ),
  ofRule(
    'a protocol and not the protocol',
    { protocol: 'TCP', notProtocol: 6 },
    'notProtocol excludes its protocol',
  ),
  ofRule('two protocols', { protocol: 'TCP', notProtocol: 'UDP' }, undefined),
  ofRule('no protocol but not one', { notProtocol: 'UDP' }, undefined),
  ofRule(
    'ICMP messages that are excluded',
    { protocol: 'ICMP', icmp: { type: 8, code: 0 }, notICMP: { type: 8 } },
    'notICMP excludes what icmp matches',
  ),
  ofRule(
    'the same ICMP message',
    { protocol: 'ICMP', icmp: { type: 8 }, notICMP: { type: 8 } },
    'notICMP excludes what icmp matches',
  ),
  ofRule(
    'ICMP messages of which one is excluded',
    { protocol: 'ICMP', icmp: { type: 8 }, notICMP: { type: 8, code: 0 } },
    undefined,
  ),
  ofRule('other ICMP messages', { protocol: 'ICMP', icmp: { type: 8 }, notICMP: { type: 0 } }, undefined),
  ofRule(
    'a selector that contradicts itself',
    { source: { selector: impossible } },
    `source.selector matches nothing: ${never}`,
  ),
  ofRule(
    'a selector of namespaces',
    { destination: { namespaceSelector: impossible } },
    `destination.namespaceSelector matches nothing: ${never}`,
  ),
  ofRule(
    'a selector of service accounts',
    { source: { serviceAccounts: { selector: impossible } } },
    `source.serviceAccounts.selector matches nothing: ${never}`,
  ),
  ofRule(
    'a selector that excludes everything',
    { source: { notSelector: 'all()' } },
    'source.notSelector excludes every endpoint',
  ),
  ofRule('an empty notSelector', { source: { notSelector: '' } }, undefined),
  ofRule('a notSelector that excludes nothing', { source: { notSelector: impossible } }, undefined),
  ofRule('global()', { source: { namespaceSelector: 'global()' } }, undefined),
  {
    why: 'a rule after one that decides on everything',
    spec: {
      ingress: [{ action: 'Log' }, { action: 'Deny', metadata: { annotations: { a: 'b' } } }, allow, allow],
    },
    warnings: ['spec.ingress[2]: is never reached, since spec.ingress[1] decides on all traffic'],
  },
  {
    why: 'empty fields, which match everything',
    spec: { egress: [{ action: 'Pass', source: { selector: '' }, destination: {} }, allow] },
    warnings: ['spec.egress[1]: is never reached, since spec.egress[0] decides on all traffic'],
  },
  {
    why: 'a last rule that decides on everything',
    spec: { ingress: [allow, { action: 'Deny' }] },
    warnings: [],
  },
  {
    why: 'a rule after one of a protocol',
    spec: { ingress: [{ action: 'Deny', protocol: 'TCP' }, allow] },
    warnings: [],
  },
  {
    why: 'empty lists',
    spec: {
      ingress: [
        { action: 'Allow', source: { nets: [], serviceAccounts: { names: [] } }, destination: { ports: [] } },
      ],
    },
    warnings: ['source.nets', 'source.serviceAccounts.names', 'destination.ports'].map(
      field => `spec.ingress[0].${field}: is an empty list, which matches everything`,
    ),
  },
];

const ofSelectors: Case[] = [
  ...['selector', 'serviceAccountSelector'].map(field => ({
    why: `a ${field} that contradicts itself`,
    spec: { [field]: impossible, ingress: [allow] },
    warnings: [`spec.${field}: matches nothing, so the policy has no effect: ${never}`],
  })),
  {
    why: 'a selector of namespaces that contradicts itself',
    kind: 'GlobalNetworkPolicy',
    spec: { namespaceSelector: impossible, ingress: [allow] },
    warnings: [`spec.namespaceSelector: matches nothing, so the policy has no effect: ${never}`],
  },
];

const denies = (direction: string, why: string) =>
  `spec.selector: selects host endpoints too, and ${why}: all ${direction} traffic of these hosts that no other ` +
  'policy allows is denied, failsafe ports apart';
const nothing = (direction: string) => `it has no ${direction} rule that allows or passes`;

function ofHosts(why: string, spec: JsonObject, warnings: string[], kind = 'GlobalNetworkPolicy'): Case {
  return { why, kind, spec, warnings };
}

const both = ['Ingress', 'Egress'];

const hosts: Case[] = [
  ofHosts('no rules', {}, [denies('ingress', nothing('ingress'))]),
  ofHosts('no rules, staged', {}, [denies('ingress', nothing('ingress'))], 'StagedGlobalNetworkPolicy'),
  ofHosts('no rules, in a namespace', {}, [], 'NetworkPolicy'),
  ofHosts('no rules of either sort', { selector: 'all()', types: both }, [
    denies('ingress', nothing('ingress')),
    denies('egress', nothing('egress')),
  ]),
  ofHosts('rules that deny', { egress: [{ action: 'Deny' }] }, [denies('egress', nothing('egress'))]),
  ofHosts('rules that log', { ingress: [{ action: 'Log' }] }, [
    denies('ingress', 'its ingress rules only log'),
  ]),
  ofHosts('a rule that allows', { ingress: [allow] }, []),
  ofHosts('a rule that passes', { ingress: [{ action: 'Log' }, { action: 'Pass' }] }, []),
  ofHosts(
    'a selector that is true of what has no labels',
    { selector: '!has(projectcalico.org/namespace)' },
    [denies('ingress', nothing('ingress'))],
  ),
  ofHosts('a selector that wants a label', { selector: 'has(projectcalico.org/namespace)' }, []),
  ofHosts('a selector of namespaces', { namespaceSelector: 'has(projectcalico.org/name)' }, []),
  ofHosts('a selector of service accounts', { serviceAccountSelector: 'all()' }, []),
  ofHosts('forwarded traffic, which hosts alone have', { selector: 'has(host)', applyOnForward: true }, [
    denies('ingress', nothing('ingress')),
  ]),
  ofHosts('before DNAT', { preDNAT: true, applyOnForward: true, ingress: [{ action: 'Deny' }] }, []),
  ofHosts('untracked', { doNotTrack: true, applyOnForward: true }, []),
  ofHosts('a staged deletion', { stagedAction: 'Delete' }, [], 'StagedGlobalNetworkPolicy'),
];

const port = { port: 80 };

const ofKubernetes: Case[] = [
  { why: 'nothing', spec: { podSelector: {} }, warnings: [] },
  {
    why: 'no types',
    spec: { egress: [{ to: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }] }] },
    warnings: [],
  },
  { why: 'a staged deletion', spec: { stagedAction: 'Delete' }, warnings: [] },
  {
    why: 'types that exclude rules',
    spec: { policyTypes: ['Ingress'], egress: [{ ports: [port] }] },
    warnings: ['spec.egress: has no effect, since spec.policyTypes does not include Egress'],
  },
  {
    why: 'a type in lower case',
    spec: { policyTypes: ['ingress'], ingress: [{}] },
    warnings: [
      'spec.policyTypes[0]: "ingress" is neither Ingress nor Egress and has no effect; did you mean "Ingress"?',
      'spec.ingress: has no effect, since spec.policyTypes does not include Ingress',
    ],
  },
  {
    why: 'a protocol that Kubernetes does not know',
    spec: { ingress: [{ ports: [port, { ...port, protocol: 'tcp' }] }] },
    warnings: [
      'spec.ingress[0].ports[1].protocol: Kubernetes knows TCP, UDP and SCTP only; did you mean "TCP"?',
    ],
  },
  {
    why: 'an operator that does not exist',
    spec: {
      podSelector: { matchExpressions: [{ key: 'a', operator: 'in', values: ['b'] }] },
      egress: [{ to: [{ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Equals' }] } }] }],
    },
    warnings: [
      'spec.podSelector.matchExpressions[0].operator: is none of In, NotIn, Exists, DoesNotExist, ' +
        'so the requirement is ignored; did you mean "In"?',
      'spec.egress[0].to[0].namespaceSelector.matchExpressions[0].operator: is none of In, NotIn, Exists, ' +
        'DoesNotExist, so the requirement is ignored',
    ],
  },
  {
    why: 'a selector beside a network',
    spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    warnings: ['spec.ingress[0].from[0].podSelector: has no effect beside ipBlock'],
  },
];

const ofSets: Case[] = [
  {
    why: 'networks and addresses',
    spec: { nets: ['10.0.0.0/8', '192.0.2.7', '2001:DB8:0::/32'] },
    warnings: [],
  },
  {
    why: 'host bits',
    spec: { nets: ['10.0.0.0/8', '10.1.2.3/16'] },
    warnings: ['spec.nets[1]: 10.1.2.3/16 has host bits, and stands for all of 10.1.0.0/16'],
  },
];

function check(kind: string, cases: Case[]): void {
  describe(`warnings of ${kind}`, () => {
    for (const { why, kind: other, spec, warnings } of cases) {
      test(other ? `${other}: ${why}` : why, () =>
        assert.deepEqual(warningsOf(other ?? kind, spec), warnings),
      );
    }
  });
}

check('NetworkPolicy', [...ofTypes, ...ofRules, ...ofSelectors]);
check('StagedNetworkPolicy', [...ofTypes, ...ofRules, ...ofSelectors]);
check('Profile', ofRules);
check('GlobalNetworkPolicy', hosts);
check('StagedKubernetesNetworkPolicy', ofKubernetes);
check('NetworkSet', ofSets);
check('GlobalNetworkSet', ofSets);

test('what an old object may hold against the rules of today breaks no warnings', () => {
  const entity = { selector: '((', nets: ['x'], ports: [[]], serviceAccounts: 'x' };
  const rules = [
    null,
    'x',
    { action: 7, protocol: [], source: entity, destination: 'x', icmp: 8, notICMP: {} },
  ];
  const spec = {
    types: 'x',
    selector: 'a ==',
    ingress: rules,
    egress: rules,
    nets: [7, 'x'],
    podSelector: 7,
  };
  for (const kind of kinds) {
    for (const broken of [spec, 'x', null, []]) {
      kind.warnings?.({ apiVersion, kind: kind.kind, metadata: {}, spec: broken as JsonObject }, undefined);
    }
  }
});
