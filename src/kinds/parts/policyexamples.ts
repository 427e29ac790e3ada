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

const inGlobal = 'a policy that is in no namespace has to say in which namespace the service is';

/** Broken in the rules, which all four kinds share. */
function invalidRules(of: TieredKind, make: Make): Invalid[] {
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
        ...(of.namespaced ? [] : [`spec.ingress[0].source.services.namespace: Required value: ${inGlobal}`]),
      ],
    },
    {
      why: 'ports and protocols that are none',
      object: one({
        action: 'Allow',
        protocol: 'tcp',
        destination: { ports: ['9000:80', 'HTTP'], notPorts: [0] },
      }),
      errors: [
        'spec.ingress[0].protocol: Invalid value: "tcp": ' +
          'must be TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255; did you mean "TCP"?',
        'spec.ingress[0].destination.ports[0]: Invalid value: "9000:80": ' +
          'must be a range from its lower end to its higher one: "80:9000"',
        'spec.ingress[0].destination.ports[1]: Invalid value: "HTTP": must be a port number, a range such as ' +
          `"8000:8080" or the name of a container port; a name consists of lower case letters, digits and '-'`,
        'spec.ingress[0].destination.notPorts[0]: Invalid value: 0: must be a port from 1 to 65535',
      ],
    },
    {
      why: 'ports of a protocol that has none, and of no protocol',
      object: make('broken', {
        ingress: [
          { action: 'Allow', protocol: 'ICMP', destination: { ports: [80] } },
          { action: 'Allow', source: { ports: [80, 'http'] } },
        ],
      }),
      errors: [
        'spec.ingress[0].destination.ports: Invalid value: [80]: ' +
          'must be absent: only protocols TCP, UDP and SCTP have ports',
        'spec.ingress[1].source.ports[0]: Invalid value: 80: must be the name of a port, since the rule has no ' +
          'protocol: numbers and ranges need protocol TCP, UDP or SCTP',
      ],
    },
    {
      why: 'networks with host bits, without prefix length, of both IP versions, and all addresses excluded',
      object: one({
        action: 'Deny',
        source: { nets: ['10.1.2.3/8', '192.0.2.1'] },
        destination: { nets: ['2001:db8::/32'], notNets: ['0.0.0.0/0'] },
      }),
      errors: [
        'spec.ingress[0].source.nets[0]: Invalid value: "10.1.2.3/8": ' +
          'must be a CIDR with its host bits zero: 10.0.0.0/8',
        'spec.ingress[0].source.nets[1]: Invalid value: "192.0.2.1": ' +
          'must be a CIDR with a prefix length: 192.0.2.1/32',
        'spec.ingress[0].destination.nets[0]: Invalid value: "2001:db8::/32": ' +
          'must be of IPv4, as source.nets[0] is: all networks of a rule are of one IP version',
        'spec.ingress[0].destination.notNets[0]: Invalid value: "0.0.0.0/0": ' +
          'must not be every address: no traffic could match the rule',
      ],
    },
    {
      why: 'a service on the wrong side, and HTTP, in egress rules',
      object: one(
        {
          action: 'Allow',
          source: { services: { name: 'kube-dns', namespace: 'kube-system' } },
          http: { methods: ['GET', 'GET'], paths: [{ exact: 'healthz' }, { exact: '/', prefix: '/' }] },
        },
        'egress',
      ),
      errors: [
        'spec.egress[0].source.services: Forbidden: ' +
          'must be absent: egress rules can match a service as destination only',
        'spec.egress[0].http: Forbidden: must be absent: HTTP is matched in ingress rules only',
        'spec.egress[0].http.methods[1]: Duplicate value: "GET": is there already, as methods[0]',
        'spec.egress[0].http.paths[0].exact: Invalid value: "healthz": must start with a slash, such as /api/',
        'spec.egress[0].http.paths[1]: Invalid value: {"exact":"/","prefix":"/"}: ' +
          'must have exact or prefix, not both',
      ],
    },
    {
      why: 'a service on the wrong side of an ingress rule, without its namespace',
      object: one({ action: 'Allow', destination: { services: { name: 'kube-dns' } } }),
      errors: [
        'spec.ingress[0].destination.services: Forbidden: ' +
          'must be absent: ingress rules can match a service as source only',
        ...(of.namespaced
          ? []
          : [`spec.ingress[0].destination.services.namespace: Required value: ${inGlobal}`]),
      ],
    },
    {
      why: 'global() among other terms, and a note whose key is no key',
      object: one({
        action: 'Allow',
        metadata: { annotations: { 'a b': '' } },
        source: { namespaceSelector: 'global() || has(shop)' },
      }),
      errors: [
        'spec.ingress[0].source.namespaceSelector: Invalid value: "global() || has(shop)": ' +
          'must be global() alone: it cannot be combined with other selectors',
        'spec.ingress[0].metadata.annotations[a b]: Invalid value: "a b": the key: name part must consist of ' +
          "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
          "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
          "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
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

const operators = 'expected ==, !=, in, not in, contains, starts with or ends with';

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
      why: 'selectors that do not parse',
      object: make('broken', {
        selector: 'app = "web"',
        serviceAccountSelector: 'role',
        ingress: [{ action: 'Allow', source: { selector: 'app == web', notSelector: 'has(a' } }],
      }),
      errors: [
        `spec.selector: Invalid value: "app = \\"web\\"": must parse as a selector: at position 5: ${operators} after ` +
          'the label app, found =; write ==',
        `spec.serviceAccountSelector: Invalid value: "role": must parse as a selector: at position 5: ${operators} ` +
          'after the label role, found the end',
        'spec.ingress[0].source.selector: Invalid value: "app == web": must parse as a selector: at position 8: ' +
          'expected a string in quotes, such as "web", found web',
        'spec.ingress[0].source.notSelector: Invalid value: "has(a": must parse as a selector: at position 6: ' +
          'expected ) to end has(, found the end',
      ],
    },
    {
      why: 'a selector that is too long',
      object: make('broken', { selector: `app == "${'x'.repeat(1016)}"` }),
      errors: ['spec.selector: Too long: may not be more than 1024 bytes', rulesNotChecked],
    },
    {
      why: 'a name with two dots, a tier that cannot be, and a rule without an action',
      object: make('shop.web.v1', { tier: 'No Tier', ingress: [{}] }),
      errors: [
        'spec.ingress[0].action: Required value',
        rulesNotChecked,
        'metadata.name: Invalid value: "shop.web.v1": must have at most one dot, such as ' +
          (of.namespaced
            ? 'web or shop.web; names that begin with knp.default. or ossg.default. may have more'
            : 'web or security.web'),
        'spec.tier: Invalid value: "No Tier": must be a name of lower case letters, digits, ' +
          "'-' and '.', with a letter or digit at both ends and around each '.', such as node-1.example.com",
      ],
    },
    {
      why: 'a direction twice',
      object: make('broken', { types: ['Egress', 'Egress'] }),
      errors: ['spec.types[1]: Duplicate value: "Egress"'],
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
    {
      why: 'a deletion that says more than what is to be deleted',
      object: make('broken', { tier: 'default', stagedAction: 'Delete', selector: 'all()', order: 0 }),
      errors: ['selector', 'order'].map(
        field =>
          `spec.${field}: Forbidden: must be absent, since stagedAction Delete goes with nothing but tier`,
      ),
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
  return { valid: valid(of, make), invalid: [...invalidRules(of, make), ...invalidSpecs(of, make)] };
}
