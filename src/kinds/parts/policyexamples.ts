import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { apiVersion, type Kind } from '../kind.ts';
import { rulesNotChecked } from './unchecked.ts';

type Examples = Kind['examples'];
type Invalid = Examples['invalid'][number];

/** Which of the four tiered kinds the examples are for. */
export interface TieredKind {
  kind: string;
  namespaced: boolean;
  staged: boolean;
}

/** Rules that use every field of a rule, in forms that pass the rules beyond the schema too. */
const ingress: JsonObject[] = [
  {
    action: 'Allow',
    metadata: { annotations: { ticket: 'NET-1042', owner: 'team-shop' } },
    ipVersion: 4,
    protocol: 'TCP',
    source: {
      selector: 'app == "gateway"',
      notSelector: 'has(quarantined)',
      namespaceSelector: 'kubernetes.io/metadata.name in {"edge", "shop"}',
      nets: ['10.0.0.0/8', '192.168.0.0/16'],
      notNets: ['10.66.0.0/16'],
      ports: ['1024:65535'],
      notPorts: [4444],
      serviceAccounts: { names: ['gateway'], selector: 'team == "edge"' },
    },
    destination: { ports: [8080, '9000:9010', 'http-admin'], notPorts: [9005] },
    http: { methods: ['GET', 'HEAD'], paths: [{ exact: '/healthz' }, { prefix: '/api/' }] },
  },
  {
    action: 'Allow',
    protocol: 'TCP',
    source: { services: { name: 'prometheus', namespace: 'monitoring' } },
    destination: { ports: ['metrics'] },
  },
  { action: 'Allow', ipVersion: 4, protocol: 'ICMP', icmp: { type: 8, code: 0 } },
  { action: 'Log', ipVersion: 6, protocol: 58, notICMP: { type: 128 } },
  { action: 'Pass', notProtocol: 'UDP' },
];

const egress: JsonObject[] = [
  {
    action: 'Allow',
    protocol: 'UDP',
    destination: { services: { name: 'kube-dns', namespace: 'kube-system' } },
  },
  {
    action: 'Allow',
    protocol: 6,
    destination: { namespaceSelector: 'global()', selector: 'zone == "partners"', ports: [443] },
  },
  { action: 'Deny' },
];

function richest(of: TieredKind): JsonObject {
  return {
    tier: 'default',
    order: 100,
    selector: 'app == "web" && environment in {"staging", "production"}',
    serviceAccountSelector: 'role == "frontend"',
    performanceHints: ['AssumeNeededOnEveryNode'],
    types: ['Ingress', 'Egress'],
    ingress,
    egress,
    ...(!of.namespaced && {
      namespaceSelector: 'has(projectcalico.org/name)',
      applyOnForward: true,
      doNotTrack: false,
      preDNAT: false,
    }),
    ...(of.staged && { stagedAction: 'Set' }),
  };
}

const nodePortGuard: JsonObject = {
  tier: 'default',
  order: 10,
  selector: 'has(host-endpoint)',
  preDNAT: true,
  applyOnForward: true,
  types: ['Ingress'],
  ingress: [
    {
      action: 'Deny',
      protocol: 'TCP',
      source: { notNets: ['192.0.2.0/24'] },
      destination: { ports: ['30000:32767'] },
    },
  ],
};

const untracked: JsonObject = {
  order: 20,
  selector: 'role == "load-balancer"',
  doNotTrack: true,
  applyOnForward: true,
  types: ['Ingress', 'Egress'],
  ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [443] } }],
  egress: [{ action: 'Allow', protocol: 'TCP', source: { ports: [443] } }],
};

function valid(of: TieredKind, make: Make): ApiObject[] {
  return [
    make('shop-web', richest(of)),
    make('deny-by-default', { selector: 'all()', types: ['Ingress', 'Egress'] }),
    make('everything-default', {}),
    ...(of.namespaced ? [] : [make('guard-node-ports', nodePortGuard), make('fast-path', untracked)]),
    ...(of.staged ? [make('retire-legacy', { tier: 'default', stagedAction: 'Delete' })] : []),
  ];
}

type Make = (name: string, spec: Json) => ApiObject;

/** Broken in the rules, which all four kinds share. */
function invalidRules(make: Make): Invalid[] {
  const one = (each: JsonObject, direction = 'ingress') => make('broken', { [direction]: [each] });
  return [
    {
      why: 'an action that does not exist',
      object: one({ action: 'Permit' }),
      errors: [
        'spec.ingress[0].action: Unsupported value: "Permit": ' +
          'supported values: "Allow", "Deny", "Log", "Pass"',
        rulesNotChecked,
      ],
    },
    {
      why: 'a rule without an action',
      object: one({ protocol: 'TCP' }, 'egress'),
      errors: ['spec.egress[0].action: Required value', rulesNotChecked],
    },
    {
      why: 'an ICMP type beyond its bound',
      object: one({ action: 'Allow', protocol: 'ICMP', icmp: { type: 255 } }),
      errors: [
        'spec.ingress[0].icmp.type: Invalid value: 255: ' +
          'spec.ingress[0].icmp.type in body should be less than or equal to 254',
      ],
    },
    {
      why: 'an ICMP code without a type',
      object: one({ action: 'Allow', protocol: 'ICMP', icmp: { code: 0 } }),
      errors: ['spec.ingress[0].icmp: Invalid value: an ICMP code needs an ICMP type'],
    },
    {
      why: 'an ICMP match and an IP version that do not fit the protocol',
      object: one({ action: 'Allow', protocol: 'ICMPv6', ipVersion: 4, icmp: { type: 128 } }, 'egress'),
      errors: ['spec.egress[0]: Invalid value: protocol ICMPv6 goes with ipVersion 6 only'],
    },
    {
      why: 'the same network twice',
      object: one({ action: 'Deny', source: { nets: ['10.0.0.0/8', '10.0.0.0/8'] } }),
      errors: ['spec.ingress[0].source.nets[1]: Duplicate value: "10.0.0.0/8"'],
    },
    {
      why: 'more ports than a rule may have',
      object: one({
        action: 'Allow',
        protocol: 'TCP',
        destination: { ports: Array.from({ length: 51 }, (_, index) => 8000 + index) },
      }),
      errors: [
        'spec.ingress[0].destination.ports: Too many: 51: must have at most 50 items',
        rulesNotChecked,
      ],
    },
    {
      why: 'a service together with networks, and without a name',
      object: one({ action: 'Allow', source: { services: { name: '' }, nets: ['10.0.0.0/8'] } }),
      errors: [
        'spec.ingress[0].source: Required value: services needs the name of a service',
        'spec.ingress[0].source: Forbidden: ' +
          'services cannot be combined with nets or notNets in one source or destination',
      ],
    },
    {
      why: 'HTTP in a rule that denies, over UDP',
      object: one({ action: 'Deny', protocol: 'UDP', http: { methods: ['GET'] } }),
      errors: [
        'spec.ingress[0]: Invalid value: a rule with http needs protocol TCP or none',
        'spec.ingress[0]: Forbidden: http is only for rules with action Allow',
      ],
    },
  ];
}

/** Broken beside the rules. */
function invalidSpecs(of: TieredKind, make: Make): Invalid[] {
  const globalNote = 'may not use global(), which is only for the namespaceSelector of a rule';
  const common: Invalid[] = [
    {
      why: 'no spec',
      object: without('spec', make('broken', {})),
      errors: ['spec: Required value', rulesNotChecked],
    },
    {
      why: 'a direction in lower case',
      object: make('broken', { types: ['ingress'] }),
      errors: [
        'spec.types[0]: Unsupported value: "ingress": supported values: "Ingress", "Egress"',
        rulesNotChecked,
      ],
    },
    {
      why: 'global() where it has no meaning',
      object: make('broken', { selector: 'global()' }),
      errors: [`spec: Invalid value: selector ${globalNote}`],
    },
    {
      why: 'a selector that is too long',
      object: make('broken', { selector: `app == "${'x'.repeat(1016)}"` }),
      errors: ['spec.selector: Too long: may not be more than 1024 bytes', rulesNotChecked],
    },
    {
      why: 'an order in quotes',
      object: make('broken', { order: '100' }),
      errors: [
        'spec.order: Invalid value: "string": spec.order in body must be of type number: "string"',
        rulesNotChecked,
      ],
    },
  ];
  const global: Invalid[] = [
    {
      why: 'an untracked pre-DNAT policy with egress, and not applied to forwarded traffic',
      object: make('broken', { preDNAT: true, doNotTrack: true, types: ['Egress'], egress }),
      errors: [
        'spec: Forbidden: doNotTrack and preDNAT exclude each other',
        'spec: Forbidden: a preDNAT policy has no egress rules',
        'spec: Forbidden: a preDNAT policy cannot have type Egress',
        'spec: Invalid value: doNotTrack and preDNAT need applyOnForward: true',
      ],
    },
    {
      why: 'global() in the selector of namespaces',
      object: make('broken', { namespaceSelector: 'global()' }),
      errors: [`spec: Invalid value: namespaceSelector ${globalNote}`],
    },
  ];
  const staged: Invalid[] = [
    {
      why: 'a staged action that does not exist',
      object: make('broken', { stagedAction: 'Apply' }),
      errors: [
        'spec.stagedAction: Unsupported value: "Apply": ' +
          'supported values: "Set", "Delete", "Learn", "Ignore"',
        rulesNotChecked,
      ],
    },
  ];
  return [...common, ...(of.namespaced ? [] : global), ...(of.staged ? staged : [])];
}

function without(field: string, source: ApiObject): ApiObject {
  const { [field]: _left, ...rest } = source;
  return rest as ApiObject;
}

/** Examples of one of the four tiered policy kinds; the namespaced ones live in namespace `shop`. */
export function policyExamples(of: TieredKind): Examples {
  const make: Make = (name, spec) => ({
    apiVersion,
    kind: of.kind,
    metadata: { name, ...(of.namespaced && { namespace: 'shop' }) },
    spec,
  });
  return { valid: valid(of, make), invalid: [...invalidRules(make), ...invalidSpecs(of, make)] };
}
