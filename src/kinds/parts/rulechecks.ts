import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { familyOf } from '../../schema/checks/net.ts';
import { listed } from '../../schema/checks/text.ts';
import { parseCidr } from '../../schema/cidr.ts';
import { parsePort } from '../../schema/port.ts';
import { parseProtocol, protocolHasPorts } from '../../schema/protocol.ts';
import { defineRule, type Problem, type Rule } from '../../schema/rule.ts';

const chapter = 'kinds.md 2, Rules and entity rules';

const sides = ['source', 'destination'] as const;
const portFields = ['ports', 'notPorts'] as const;

/** The lists of ports in both sides of a rule, with their paths below the rule. */
function* portLists(rule: JsonObject): Generator<[path: string, items: Json[]]> {
  for (const side of sides) {
    const entity = rule[side];
    if (!isJsonObject(entity)) continue;
    for (const field of portFields) {
      const items = entity[field];
      if (Array.isArray(items) && items.length > 0) yield [`.${side}.${field}`, items];
    }
  }
}

const needsProtocol =
  'must be the name of a port, since the rule has no protocol: numbers and ranges need protocol TCP, UDP or SCTP';
const hasNoPorts = 'must be absent: only protocols TCP, UDP and SCTP have ports';

function portProblems(rule: JsonObject): Generator<Problem, void> | undefined {
  const { protocol } = rule;
  // What is no protocol at all is an error already.
  const hasPorts =
    protocol !== undefined && (protocolHasPorts(protocol) || parseProtocol(protocol) === undefined);
  return hasPorts ? undefined : portsWithout(rule);
}

function* portsWithout(rule: JsonObject): Generator<Problem, void> {
  for (const [path, items] of portLists(rule)) {
    if (rule.protocol !== undefined) {
      yield { at: path, value: items, detail: hasNoPorts };
      continue;
    }
    for (const [index, item] of items.entries()) {
      if ('min' in parsePort(item)) yield { at: `${path}[${index}]`, value: item, detail: needsProtocol };
    }
  }
}

const portsNeedProtocol = defineRule<JsonObject>({
  id: 'ports-need-protocol',
  says: 'Ports need a protocol that has ports: TCP, UDP or SCTP. Without a protocol, only names of ports can be given.',
  source: `${chapter} (ports, notPorts)`,
  check: portProblems,
  cases: {
    valid: [
      { value: { action: 'Allow', protocol: 'TCP', destination: { ports: [80, '8000:8080', 'http'] } } },
      { value: { action: 'Allow', protocol: 132, source: { notPorts: [80] } } },
      { value: { action: 'Allow', destination: { ports: ['http'], notPorts: ['metrics'] } } },
      { value: { action: 'Allow', protocol: 'ICMP', destination: { ports: [] } } },
      {
        value: { action: 'Allow', protocol: 'tcp', source: { ports: [80] } },
        why: 'no protocol: told elsewhere',
      },
      { value: { action: 'Allow', protocol: 'TCP', notProtocol: 'ICMP', source: { ports: [80] } } },
    ],
    invalid: [
      {
        value: { action: 'Allow', destination: { ports: ['http', 80] } },
        at: '.destination.ports[1]',
        detail: needsProtocol,
      },
      {
        value: { action: 'Allow', source: { notPorts: ['8000:8080'] } },
        at: '.source.notPorts[0]',
        detail: needsProtocol,
      },
      {
        value: { action: 'Allow', notProtocol: 'TCP', source: { ports: [80] } },
        at: '.source.ports[0]',
        detail: needsProtocol,
        why: 'notProtocol plays no part',
      },
      {
        value: { action: 'Allow', protocol: 'ICMP', destination: { ports: ['http'] } },
        at: '.destination.ports',
        detail: hasNoPorts,
      },
      {
        value: { action: 'Allow', protocol: 58, source: { notPorts: [1] } },
        at: '.source.notPorts',
        detail: hasNoPorts,
      },
    ],
  },
});

const netFields = ['nets', 'notNets'] as const;

/** The IP version of a network; undefined for what is plainly none. */
function versionOf(net: Json): number | undefined {
  if (typeof net !== 'string') return undefined;
  // Most are IPv4, which the characters tell.
  if (/^[0-9.]+\/[0-9]+$/.test(net)) return 4;
  const cidr = parseCidr(net);
  return cidr && familyOf(cidr.address);
}

function netCount(rule: JsonObject): number {
  let count = 0;
  for (const side of sides) {
    const entity = rule[side];
    if (!isJsonObject(entity)) continue;
    const { nets, notNets } = entity;
    count += (Array.isArray(nets) ? nets.length : 0) + (Array.isArray(notNets) ? notNets.length : 0);
  }
  return count;
}

function familyProblems(rule: JsonObject): Problem[] {
  const problems: Problem[] = [];
  const ipVersion = rule.ipVersion as number | undefined;
  if (ipVersion === undefined && netCount(rule) < 2) return problems;
  let first: { family: number; path: string } | undefined;
  for (const side of sides) {
    const entity = rule[side];
    if (!isJsonObject(entity)) continue;
    for (const field of netFields) {
      const items = entity[field];
      if (!Array.isArray(items)) continue;
      for (let index = 0; index < items.length; index++) {
        const family = versionOf(items[index]!);
        if (family === undefined) continue;
        first ??= { family, path: `${side}.${field}[${index}]` };
        if (family === (ipVersion ?? first.family)) continue;
        const detail =
          ipVersion === undefined
            ? `must be of IPv${first.family}, as ${first.path} is: all networks of a rule are of one IP version`
            : `must be of IPv${ipVersion}, as ipVersion of the rule says`;
        problems.push({ at: `.${side}.${field}[${index}]`, value: items[index]!, detail });
      }
    }
  }
  return problems;
}

const oneFamily = defineRule<JsonObject>({
  id: 'rule-nets-of-one-ip-version',
  says: 'All networks of a rule, nets and notNets on both sides, are of one IP version: that of ipVersion, if given.',
  source: `${chapter} (nets, notNets)`,
  check: familyProblems,
  cases: {
    valid: [
      {
        value: {
          action: 'Deny',
          source: { nets: ['10.0.0.0/8'] },
          destination: { notNets: ['192.0.2.0/24'] },
        },
      },
      { value: { action: 'Deny', ipVersion: 6, source: { nets: ['2001:db8::/32'] } } },
      {
        value: { action: 'Deny', ipVersion: 4, source: { nets: ['::ffff:10.0.0.0/104'] } },
        why: 'IPv4 to Go',
      },
      { value: { action: 'Deny', source: { nets: ['10.0.0.0/8', 'x'] } }, why: 'no network: told elsewhere' },
    ],
    invalid: [
      {
        value: {
          action: 'Deny',
          source: { nets: ['10.0.0.0/8'] },
          destination: { notNets: ['2001:db8::/32'] },
        },
        at: '.destination.notNets[0]',
        detail: 'must be of IPv4, as source.nets[0] is: all networks of a rule are of one IP version',
      },
      {
        value: { action: 'Deny', ipVersion: 6, source: { nets: ['10.0.0.0/8'] } },
        at: '.source.nets[0]',
        detail: 'must be of IPv6, as ipVersion of the rule says',
      },
      {
        value: { action: 'Deny', ipVersion: 4, source: { notNets: ['10.0.0.0/8', '2001:db8::/32'] } },
        at: '.source.notNets[1]',
        detail: 'must be of IPv4, as ipVersion of the rule says',
      },
    ],
  },
});

const nothingLeft = 'must not be every address: no traffic could match the rule';

/** An item of notNets that leaves nothing. Of IPv4 only the usual spelling is refused, as Calico does. */
export const notEverything: Rule = defineRule<Json>({
  id: 'not-nets-leave-something',
  says: 'notNets may not hold 0.0.0.0/0 or ::/0.',
  source: `${chapter} (notNets)`,
  check: value => {
    if (typeof value !== 'string') return undefined;
    const cidr = parseCidr(value);
    const everything =
      value === '0.0.0.0/0' ||
      (cidr?.address.family === 6 && cidr.prefixLength === 0 && cidr.address.value === 0n);
    return everything ? { detail: nothingLeft } : undefined;
  },
  cases: {
    valid: [{ value: '0.0.0.0/1' }, { value: '10.0.0.0/8' }, { value: '::/1' }, { value: '0.0.0.0' }],
    invalid: [
      { value: '0.0.0.0/0', detail: nothingLeft },
      { value: '::/0', detail: nothingLeft },
      { value: '0:0::0/00', detail: nothingLeft, why: 'any spelling' },
    ],
  },
});

/** Rules on a rule, wherever it stands. */
export const ruleChecks: readonly Rule[] = [portsNeedProtocol, oneFamily];

const repeatedMethod = (first: number) => `is there already, as methods[${first}]`;

function* repeatedMethods(methods: Json[]): Generator<Problem, void> {
  const first = new Map<Json, number>();
  for (const [index, method] of methods.entries()) {
    const before = first.get(method);
    if (before === undefined) first.set(method, index);
    else yield { at: `[${index}]`, value: method, type: 'Duplicate', detail: repeatedMethod(before) };
  }
}

/** On `http.methods`. */
export const methodsOnce: Rule = defineRule<Json[]>({
  id: 'http-methods-once',
  says: 'Each HTTP method is listed once.',
  source: `${chapter} (http.methods)`,
  check: repeatedMethods,
  cases: {
    valid: [{ value: [] }, { value: ['GET', 'get', 'BREW'] }],
    invalid: [{ value: ['GET', 'PUT', 'GET'], at: '[2]', detail: repeatedMethod(0) }],
  },
});

const pathStart = 'must start with a slash, such as /api/';
const pathCharacters = 'must be a path without query, fragment or blanks: it holds ';
const bothForms = 'must have exact or prefix, not both';
const noForm = 'must have exact or prefix';

function pathProblem(text: string): string | undefined {
  if (!text.startsWith('/')) return pathStart;
  const found = ['?', '#', ' '].filter(character => text.includes(character));
  return found.length > 0 ? pathCharacters + listed(found) : undefined;
}

/** On an item of `http.paths`. */
export const pathForm: Rule = defineRule<JsonObject>({
  id: 'http-path-form',
  says: 'An HTTP path is exact or prefix, not both; it starts with a slash and holds no "?", "#" or blank.',
  source: `${chapter} (http.paths)`,
  check: value => {
    const forms = (['exact', 'prefix'] as const).filter(
      form => value[form] !== undefined && value[form] !== '',
    );
    if (forms.length !== 1) return { detail: forms.length === 0 ? noForm : bothForms };
    const form = forms[0]!;
    const detail = pathProblem(String(value[form]));
    return detail === undefined ? undefined : { at: `.${form}`, value: value[form]!, detail };
  },
  cases: {
    valid: [
      { value: { exact: '/' } },
      { value: { prefix: '/a%20b/*' } },
      { value: { exact: '/a', prefix: '' } },
    ],
    invalid: [
      { value: {}, detail: noForm },
      { value: { exact: '' }, detail: noForm },
      { value: { exact: '/a', prefix: '/a' }, detail: bothForms },
      { value: { exact: 'a' }, at: '.exact', detail: pathStart },
      { value: { prefix: '/a?b=c d' }, at: '.prefix', detail: `${pathCharacters}"?" or " "` },
      { value: { exact: '/a#b' }, at: '.exact', detail: `${pathCharacters}"#"` },
    ],
  },
});

function servicesOf(rule: JsonObject, side: (typeof sides)[number]): JsonObject | undefined {
  const entity = rule[side];
  const services = isJsonObject(entity) ? entity.services : undefined;
  return isJsonObject(services) ? services : undefined;
}

/** A rule against `services` on one side of the rules of one direction. */
function noServices(direction: 'ingress' | 'egress', side: (typeof sides)[number], instead: string): Rule {
  const detail = `must be absent: ${direction} rules can match a service as ${instead} only`;
  const services = { name: 'kube-dns', namespace: 'kube-system' };
  return defineRule<JsonObject>({
    id: `no-${side}-services-in-${direction}`,
    says: `A rule for ${direction} matches a service as its ${instead}, not as its ${side}.`,
    source: `${chapter} (services)`,
    check: rule => {
      const value = servicesOf(rule, side);
      return value && { at: `.${side}.services`, value, type: 'Forbidden', detail };
    },
    cases: {
      valid: [{ value: { action: 'Allow', [instead]: { services } } }, { value: { action: 'Allow' } }],
      invalid: [{ value: { action: 'Allow', [side]: { services } }, at: `.${side}.services`, detail }],
    },
  });
}

const inGlobal = 'a policy that is in no namespace has to say in which namespace the service is';

const servicesNamespace = defineRule<JsonObject>({
  id: 'global-services-need-namespace',
  says: 'In a policy for the whole cluster, services names the namespace of the service.',
  source: `${chapter} (services)`,
  check: rule =>
    sides.flatMap(side => {
      const services = servicesOf(rule, side);
      if (!services || services.namespace) return [];
      return [{ at: `.${side}.services.namespace`, type: 'Required' as const, detail: inGlobal }];
    }),
  cases: {
    valid: [
      { value: { action: 'Allow', source: { services: { name: 'a', namespace: 'b' } } } },
      { value: { action: 'Allow', source: { selector: 'all()' } } },
    ],
    invalid: [
      {
        value: { action: 'Allow', destination: { services: { name: 'a' } } },
        at: '.destination.services.namespace',
        detail: inGlobal,
      },
      {
        value: { action: 'Allow', source: { services: { name: 'a', namespace: '' } } },
        at: '.source.services.namespace',
        detail: inGlobal,
      },
    ],
  },
});

const onlyIngress = 'must be absent: HTTP is matched in ingress rules only';

const noHttpInEgress = defineRule<JsonObject>({
  id: 'no-http-in-egress',
  says: 'Only ingress rules match HTTP.',
  source: `${chapter} (http)`,
  check: rule =>
    rule.http === undefined
      ? undefined
      : { at: '.http', type: 'Forbidden', value: rule.http, detail: onlyIngress },
  cases: {
    valid: [{ value: { action: 'Allow' } }],
    invalid: [{ value: { action: 'Allow', http: { methods: ['GET'] } }, at: '.http', detail: onlyIngress }],
  },
});

const byDirection = {
  ingress: [noServices('ingress', 'destination', 'source')],
  egress: [noServices('egress', 'source', 'destination'), noHttpInEgress],
};

/** What holds for the rules of a policy beyond what holds for every rule. */
export function policyRuleChecks(of: { direction: 'ingress' | 'egress'; namespaced: boolean }): Rule[] {
  return [...byDirection[of.direction], ...(of.namespaced ? [] : [servicesNamespace])];
}

const anAction = 'must be Allow, Deny, Log or Pass';

/** On the action of a profile's rule. */
export const profileAction: Rule = defineRule<Json>({
  id: 'profile-action',
  says: 'The action of a rule is Allow, Deny, Log or Pass.',
  source: 'ours: Calico lets any text pass for a profile, and no agent knows what to do with it',
  check: value =>
    ['Allow', 'Deny', 'Log', 'Pass'].includes(value as string) ? undefined : { detail: anAction },
  cases: {
    valid: ['Allow', 'Deny', 'Log', 'Pass'].map(value => ({ value })),
    invalid: ['allow', 'Permit', ''].map(value => ({ value, detail: anAction })),
  },
});

function icmpBound(field: 'type' | 'code', max: number): Rule {
  const detail = `must be from 0 to ${max}`;
  return defineRule<Json>({
    id: `profile-icmp-${field}`,
    says: `An ICMP ${field} is a number from 0 to ${max}.`,
    source: `${chapter} (icmp, notICMP)`,
    check: value => (Number(value) >= 0 && Number(value) <= max ? undefined : { detail }),
    cases: {
      valid: [{ value: 0 }, { value: max }],
      invalid: [-1, max + 1].map(value => ({ value, detail })),
    },
  });
}

/** On the fields of an ICMP match of a profile's rule, for which no schema has bounds. */
export const profileIcmp = { type: icmpBound('type', 254), code: icmpBound('code', 255) };
