import { array, type Infer, integer, intOrString, object, string, type Typed } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, listAt, listCell, valueAt } from './parts/column.ts';
import { objectIn } from './parts/fill.ts';
import { kubernetesNet, kubernetesPolicyWarnings, kubernetesPort } from './parts/kubernetespolicy.ts';
import { type LabelSelector, labelSelector, printLabelSelector } from './parts/labelselector.ts';
import { stagedAction } from './parts/policy.ts';
import { stagedKubernetesDelete } from './parts/policychecks.ts';

const atomic = { 'x-kubernetes-list-type': 'atomic' } as const;

const port = object(
  {
    endPort: integer('Last port of a range that begins with port, which must be a number then.', {
      format: 'int32',
    }),
    port: intOrString('A port number, or the name of a container port. Every port when absent.'),
    protocol: string('TCP, UDP or SCTP. TCP when absent.'),
  },
  'A port, or a range of ports.',
  { rules: [kubernetesPort] },
);

const peer = object(
  {
    ipBlock: object(
      {
        cidr: string('The network in CIDR notation, e.g. 192.0.2.0/24.', { rules: [kubernetesNet] }),
        except: array(
          string('A network in CIDR notation.', { rules: [kubernetesNet] }),
          'Networks within cidr that are left out.',
          atomic,
        ),
      },
      'Match a network. Not together with the selectors.',
      { required: ['cidr'] },
    ),
    namespaceSelector: labelSelector(
      'Match pods in the namespaces that this selects; all namespaces when empty ({}).',
    ),
    podSelector: labelSelector(
      "Match the pods that this selects, in the policy's own namespace or in those of namespaceSelector.",
    ),
  },
  'One kind of peer.',
);

function ports(description: string): Typed<Infer<typeof port>[]> {
  return array(port, description, atomic);
}

function peers(description: string): Typed<Infer<typeof peer>[]> {
  return array(peer, description, atomic);
}

const ingressRule = object(
  {
    from: peers('Where the traffic may come from: any of these. From everywhere when absent or empty.'),
    ports: ports('Ports that the traffic may go to: any of these. All ports when absent or empty.'),
  },
  'Allows traffic that matches both from and ports.',
);

const egressRule = object(
  {
    ports: ports('Ports that the traffic may go to: any of these. All ports when absent or empty.'),
    to: peers('Where the traffic may go: any of these. To everywhere when absent or empty.'),
  },
  'Allows traffic that matches both to and ports.',
);

const spec = object(
  {
    egress: array(
      egressRule,
      'What the selected pods may send. Traffic that no rule matches is denied.',
      atomic,
    ),
    ingress: array(
      ingressRule,
      'What may be sent to the selected pods. Traffic that no rule matches is denied.',
      atomic,
    ),
    podSelector: labelSelector(
      'Which pods of the namespace the policy applies to. All of them when absent or empty.',
    ),
    policyTypes: array(
      string('Ingress or Egress.'),
      'Directions that the policy applies to. When absent, Kubernetes takes Ingress, and Egress if there ' +
        'are egress rules.',
      { minItems: 1, maxItems: 2, 'x-kubernetes-list-type': 'set' },
    ),
    stagedAction,
  },
  'The content of the Kubernetes policy, and what would become of it.',
  { rules: [stagedKubernetesDelete] },
);

export type StagedKubernetesNetworkPolicySpec = Infer<typeof spec>;

const kind = 'StagedKubernetesNetworkPolicy';

function example(name: string, content: StagedKubernetesNetworkPolicySpec | Record<string, never>) {
  return { apiVersion, kind, metadata: { name, namespace: 'shop' }, spec: content };
}

export const stagedKubernetesNetworkPolicy: Kind = {
  kind,
  plural: 'stagedkubernetesnetworkpolicies',
  singular: 'stagedkubernetesnetworkpolicy',
  shortNames: ['sknp'],
  namespaced: true,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A Kubernetes NetworkPolicy on trial: flow logs show what it would do, and no traffic is changed. To ' +
    'put it in force, create a networking.k8s.io NetworkPolicy with the same content.',
  schema: object({ spec }, 'A Kubernetes NetworkPolicy on trial.', { required: ['spec'] }),
  selectableFields: [],
  columns: [
    {
      name: 'Pod-Selector',
      type: 'string',
      description: 'Pods that the policy would apply to.',
      value: object => printLabelSelector(valueAt(object, 'spec.podSelector') as LabelSelector | undefined),
    },
    {
      name: 'Types',
      type: 'string',
      description: 'Directions that the policy would apply to.',
      value: object => listCell(listAt(object, 'spec.policyTypes')),
    },
    fieldColumn({
      name: 'Action',
      type: 'string',
      description: 'What enforcing the staged policy would do.',
      path: 'spec.stagedAction',
      fallback: 'Set',
    }),
    ageColumn,
  ],
  defaults: object => {
    const spec = objectIn(object, 'spec');
    // An empty action counts as none.
    if (spec?.stagedAction === '') spec.stagedAction = 'Set';
  },
  warnings: kubernetesPolicyWarnings,
  examples: {
    valid: [
      example('database', {
        podSelector: {
          matchLabels: { app: 'database' },
          matchExpressions: [
            { key: 'environment', operator: 'In', values: ['staging', 'production'] },
            { key: 'legacy', operator: 'DoesNotExist' },
          ],
        },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
                podSelector: { matchLabels: { app: 'web' } },
              },
              { ipBlock: { cidr: '10.20.0.0/16', except: ['10.20.99.0/24'] } },
            ],
            ports: [
              { protocol: 'TCP', port: 5432 },
              { protocol: 'TCP', port: 'metrics' },
            ],
          },
        ],
        egress: [
          {
            to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
            ports: [{ protocol: 'UDP', port: 53 }],
          },
          {
            to: [{ ipBlock: { cidr: '192.0.2.0/24' } }],
            ports: [{ protocol: 'TCP', port: 9000, endPort: 9010 }],
          },
        ],
        stagedAction: 'Set',
      }),
      example('deny-by-default', { podSelector: {}, policyTypes: ['Ingress'] }),
      example('retire-legacy', { stagedAction: 'Delete' }),
    ],
    invalid: [
      {
        why: 'a staged action that does not exist',
        object: { ...example('broken', {}), spec: { stagedAction: 'Apply' } },
        errors: [
          'spec.stagedAction: Unsupported value: "Apply": ' +
            'supported values: "Set", "Delete", "Learn", "Ignore"',
        ],
      },
      {
        why: 'a network without its CIDR',
        object: {
          ...example('broken', {}),
          spec: { ingress: [{ from: [{ ipBlock: { except: ['10.0.0.0/24'] } }] }] },
        },
        errors: ['spec.ingress[0].from[0].ipBlock.cidr: Required value'],
      },
      {
        why: 'an empty list of directions',
        object: example('broken', { policyTypes: [] }),
        errors: ['spec.policyTypes: Invalid value: 0: spec.policyTypes in body should have at least 1 items'],
      },
      {
        why: 'a direction twice',
        object: example('broken', { policyTypes: ['Egress', 'Egress'] }),
        errors: ['spec.policyTypes[1]: Duplicate value: "Egress"'],
      },
      {
        why: 'a deletion that says more than what is to be deleted',
        object: example('broken', { stagedAction: 'Delete', policyTypes: ['Ingress'] }),
        errors: ['spec.policyTypes: Forbidden: must be absent, since stagedAction Delete goes with nothing'],
      },
      {
        why: 'ports and networks that are none',
        object: example('broken', {
          ingress: [
            {
              from: [
                { ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.1'] } },
                { ipBlock: { cidr: 'shop' } },
              ],
              ports: [{ port: 8080, endPort: 8000 }, { port: 'http', endPort: 8000 }, { port: 80800 }],
            },
          ],
        }),
        errors: [
          'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.1": ' +
            'must be a CIDR with a prefix length, such as 192.0.2.0/24',
          'spec.ingress[0].from[1].ipBlock.cidr: Invalid value: "shop": ' +
            'must be a CIDR with a prefix length, such as 192.0.2.0/24',
          'spec.ingress[0].ports[0].endPort: Invalid value: 8000: ' +
            'must be from port to 65535: a range ends at or after its start',
          'spec.ingress[0].ports[1].port: Invalid value: "http": ' +
            'must be a port number, since endPort is the end of a range that begins there',
          'spec.ingress[0].ports[2].port: Invalid value: 80800: ' +
            'must be a port number up to 65535, or the name of a container port',
        ],
      },
      {
        why: 'a requirement on labels without an operator',
        object: {
          ...example('broken', {}),
          spec: { podSelector: { matchExpressions: [{ key: 'app' }] } },
        },
        errors: ['spec.podSelector.matchExpressions[0].operator: Required value'],
      },
    ],
  },
};
