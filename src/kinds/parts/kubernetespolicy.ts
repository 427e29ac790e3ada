import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { didYouMean, textRule } from '../../schema/checks/text.ts';
import { parseCidr } from '../../schema/cidr.ts';
import { defineRule, type Rule } from '../../schema/rule.ts';
import { objectIn } from './fill.ts';

const chapter = 'kinds.md 3, StagedKubernetesNetworkPolicy';

const maxPort = 65535;
const aPort = `must be a port number up to ${maxPort}, or the name of a container port`;
const aNumber = 'must be a port number, since endPort is the end of a range that begins there';
const afterPort = `must be from port to ${maxPort}: a range ends at or after its start`;

/** The number that a port stands for; undefined for a name. */
function portNumber(port: Json): number | undefined {
  const text = String(port);
  return /^-?[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** On a port of a rule: what Calico cannot make a port of its own of, it takes for no rule at all. */
export const kubernetesPort: Rule = defineRule<JsonObject>({
  id: 'kubernetes-policy-port',
  says: `The port is a number up to ${maxPort} or a name; with endPort it is a number, and endPort is not before it.`,
  source: `${chapter} (conversion)`,
  check: ({ port, endPort }) => {
    if (port === undefined) return undefined;
    const number = portNumber(port);
    if (endPort !== undefined && number === undefined) return { at: '.port', value: port, detail: aNumber };
    const isPort =
      number === undefined
        ? /^([a-zA-Z0-9_.-]{1,128}|[0-9]+:[0-9]+)$/.test(String(port))
        : number >= 0 && number <= maxPort;
    if (!isPort) return { at: '.port', value: port, detail: aPort };
    if (endPort === undefined || (Number(endPort) >= number! && Number(endPort) <= maxPort)) return undefined;
    return { at: '.endPort', value: endPort, detail: afterPort };
  },
  cases: {
    valid: [
      { value: { port: 80 } },
      { value: { port: '80' } },
      { value: { port: 'HTTP_2', protocol: 'TCP' } },
      { value: { port: 80, endPort: 80 } },
      { value: { port: 0 } },
      { value: { protocol: 'UDP' } },
      { value: { endPort: 80 }, why: 'without a port, it is every port' },
    ],
    invalid: [
      { value: { port: 65536 }, at: '.port', detail: aPort },
      { value: { port: -1 }, at: '.port', detail: aPort },
      { value: { port: '' }, at: '.port', detail: aPort },
      { value: { port: 'http port' }, at: '.port', detail: aPort },
      { value: { port: 'http', endPort: 80 }, at: '.port', detail: aNumber },
      { value: { port: 80, endPort: 79 }, at: '.endPort', detail: afterPort },
      { value: { port: 80, endPort: 65536 }, at: '.endPort', detail: afterPort },
    ],
  },
});

const aNetwork = 'must be a CIDR with a prefix length, such as 192.0.2.0/24';

/** On the networks of a peer. */
export const kubernetesNet: Rule = textRule({
  id: 'kubernetes-policy-net',
  says: 'A network of a peer is a CIDR with a prefix length.',
  source: `${chapter} (conversion); ours, since Calico logs what it cannot read and then allows every address`,
  problem: text => (parseCidr(text) ? undefined : aNetwork),
  valid: ['192.0.2.0/24', '192.0.2.7/24', '2001:db8::/32'],
  invalid: [
    ['192.0.2.7', aNetwork],
    ['example.com', aNetwork],
    ['', aNetwork],
  ],
});

const directions = [
  { type: 'Ingress', field: 'ingress', peers: 'from' },
  { type: 'Egress', field: 'egress', peers: 'to' },
] as const;

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const protocols = ['TCP', 'UDP', 'SCTP'];

function objectsOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** What is legal but probably wrong in a staged Kubernetes policy: what Kubernetes would refuse, what has no effect. */
export function kubernetesPolicyWarnings(object: ApiObject): string[] {
  const spec = objectIn(object, 'spec');
  if (!spec || spec.stagedAction === 'Delete') return [];
  const types = Array.isArray(spec.policyTypes) ? spec.policyTypes : undefined;
  const known = ['Ingress', 'Egress'];
  const warnings = (types ?? []).flatMap((type, index) => {
    const text = String(type);
    if (known.includes(text)) return [];
    const meant = didYouMean(text, known);
    return [
      `spec.policyTypes[${index}]: ${JSON.stringify(text)} is neither Ingress nor Egress and has no effect${meant}`,
    ];
  });
  warnings.push(...labelWarnings(spec.podSelector, 'spec.podSelector'));
  for (const { type, field, peers } of directions) {
    const rules = objectsOf(spec[field]);
    if (types && !types.includes(type) && rules.length > 0) {
      warnings.push(`spec.${field}: has no effect, since spec.policyTypes does not include ${type}`);
    }
    for (const [index, rule] of rules.entries()) {
      const at = `spec.${field}[${index}]`;
      warnings.push(
        ...portWarnings(rule.ports, `${at}.ports`),
        ...peerWarnings(rule[peers], `${at}.${peers}`),
      );
    }
  }
  return warnings;
}

function portWarnings(ports: Json | undefined, at: string): string[] {
  return objectsOf(ports).flatMap(({ protocol }, index) => {
    if (protocol === undefined || protocols.includes(String(protocol))) return [];
    const meant = didYouMean(String(protocol), protocols);
    return [`${at}[${index}].protocol: Kubernetes knows TCP, UDP and SCTP only${meant}`];
  });
}

function peerWarnings(peers: Json | undefined, at: string): string[] {
  return objectsOf(peers).flatMap((peer, index) => {
    const selectors = ['podSelector', 'namespaceSelector'].filter(field => peer[field] !== undefined);
    if (peer.ipBlock !== undefined && selectors.length > 0) {
      return [`${at}[${index}].${selectors[0]}: has no effect beside ipBlock`];
    }
    return selectors.flatMap(field => labelWarnings(peer[field], `${at}[${index}].${field}`));
  });
}

function labelWarnings(selector: Json | undefined, at: string): string[] {
  if (!isJsonObject(selector)) return [];
  return objectsOf(selector.matchExpressions).flatMap(({ operator }, index) => {
    if (operators.includes(String(operator))) return [];
    const meant = didYouMean(String(operator), operators);
    const path = `${at}.matchExpressions[${index}].operator`;
    return [`${path}: is none of ${operators.join(', ')}, so the requirement is ignored${meant}`];
  });
}
