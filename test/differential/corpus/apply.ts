import { inCluster, inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
const a = `${sets}/a`;
const policies = inNamespace('networkpolicies');
const statuses = inCluster('caliconodestatuses');
type Metadata = Record<string, unknown>;

const body = (metadata: Metadata, spec?: unknown) => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkSet',
  metadata: { name: 'a', ...metadata },
  ...(spec !== undefined && { spec }),
});
const apply = (manager: string, sent: unknown, query = '', path = a): Step => ({
  method: 'PATCH',
  path,
  query: `fieldManager=${manager}${query && `&${query}`}`,
  contentType: 'application/apply-patch+yaml',
  body: sent,
});
const nets = (...list: string[]) => ({ nets: list });
const put = (metadata: Metadata, spec: unknown, query = ''): Step => ({
  method: 'PUT',
  path: a,
  ...(query && { query }),
  body: { ...body({ resourceVersion: '{{rv:a}}', ...metadata }), spec },
});
const merge = (patch: unknown, query = ''): Step => ({
  method: 'PATCH',
  path: a,
  ...(query && { query }),
  contentType: 'application/merge-patch+json',
  body: patch,
});
const get: Step = { method: 'GET', path: a };
const [one, two, three] = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'] as const;

const node = (more: Record<string, unknown>) => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'CalicoNodeStatus',
  metadata: { name: 's' },
  ...more,
});
const nodeSpec = { spec: { node: 'n1', classes: ['Agent'], updatePeriodSeconds: 10 } };
const nodeStatus = (state: string) => ({ status: { agent: { birdV4: { state, version: 'v1' } } } });
const policy = (spec: Record<string, unknown>, metadata: Metadata = {}) => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', labels: { 'projectcalico.org/tier': 'default' }, ...metadata },
  spec: { tier: 'default', types: ['Ingress'], ...spec },
});
const last = (sent: unknown) => ({
  'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(sent)}\n`,
});

/** Server-side apply by several managers, beside all other writes. */
export const apply_: Sequence[] = [
  {
    title: 'it creates, it changes nothing, it shares, it conflicts, it forces',
    steps: [
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      apply('m2', body({ labels: { app: 'a' } })),
      apply('m2', body({ labels: { app: 'b' } })),
      apply('m2', body({ labels: { app: 'b', n: '1' } }), 'force=true'),
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      apply('m1', body({}, nets(one))),
      get,
    ],
  },
  {
    title: 'sets: each manager has its items',
    steps: [
      apply('m1', body({}, nets(one, two))),
      apply('m2', body({}, nets(two, three))),
      apply('m1', body({}, nets(one))),
      apply('m2', body({}, nets(three))),
      apply('m1', body({}, nets(one, one))),
      apply('m3', body({ finalizers: ['example.com/x'] })),
      apply('m4', body({ finalizers: ['example.com/y'] })),
      apply('m3', body({ finalizers: [] })),
      apply('m5', body({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'n', uid: 'u1' }] })),
      apply('m6', body({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'm', uid: 'u2' }] })),
      apply('m6', body({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'o', uid: 'u1' }] })),
      apply('m5', body({})),
      get,
    ],
  },
  {
    title: 'a set whose last item goes',
    steps: [apply('m1', body({}, nets(one))), apply('m1', body({}, nets()))],
  },
  {
    title: 'a field whose last item goes with it',
    steps: [apply('m1', body({}, nets(one))), apply('m1', body({}, {}))],
  },
  {
    title: 'conflicts with several managers and fields',
    steps: [
      apply('m1', body({ labels: { a: '1', b: '1' }, annotations: { x: '1' } }, nets(one))),
      merge({ metadata: { labels: { c: '1' } } }, 'fieldManager=hand'),
      apply('m2', body({ labels: { a: '2', b: '2', c: '2' }, annotations: { x: '2' } })),
      apply('m2', body({ labels: { c: '2' } })),
      merge({ metadata: { labels: { a: '3' } } }, 'fieldManager=hand'),
      apply('m1', body({ labels: { a: '1', b: '1' }, annotations: { x: '1' } }, nets(one))),
      apply('m1', body({ labels: { a: '3', b: '1' }, annotations: { x: '1' } }, nets(one))),
      merge({ metadata: { labels: null } }, 'fieldManager=hand'),
      get,
    ],
  },
  {
    title: 'atomic lists and granular maps of a policy',
    steps: [
      apply('m1', policy({ order: 1, ingress: [{ action: 'Allow' }] }), '', `${policies}/p`),
      apply('m2', policy({ ingress: [{ action: 'Deny' }] }), '', `${policies}/p`),
      apply('m2', policy({ ingress: [{ action: 'Allow' }] }), '', `${policies}/p`),
      apply('m2', policy({ order: 2 }), 'force=true', `${policies}/p`),
      apply('m1', policy({ ingress: [{ action: 'Deny' }] }), '', `${policies}/p`),
      apply(
        'm1',
        policy({ selector: 'all()', ingress: [{ action: 'Allow', protocol: 'TCP' }] }),
        'force=true',
        `${policies}/p`,
      ),
      apply('m1', policy({}), '', `${policies}/p`),
      { method: 'GET', path: `${policies}/p` },
    ],
  },
  {
    title: 'updates and patches beside it',
    steps: [
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      put({ labels: { app: 'b' } }, nets(one, two), 'fieldManager=hand'),
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      apply('m1', body({ labels: { app: 'b' } }, nets(one))),
      put({}, nets(two)),
      put({}, {}, 'fieldManager=other'),
      {
        method: 'PATCH',
        path: a,
        contentType: 'application/json-patch+json',
        body: [{ op: 'add', path: '/metadata/labels', value: { z: '1' } }],
      },
      get,
      { method: 'DELETE', path: a },
      {
        method: 'POST',
        path: sets,
        query: 'fieldManager=maker',
        body: body({ labels: { app: 'a' } }, nets(one)),
      },
      apply('m1', body({ labels: { app: 'b' } })),
      apply('maker', body({ labels: { app: 'b' } })),
      get,
    ],
  },
  {
    title: 'managedFields that the client sends',
    steps: [
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      apply('m1', body({ labels: { app: 'a' }, managedFields: [{}] })),
      apply('m1', body({ labels: { app: 'a' }, managedFields: [] }, nets(one))),
      merge({ metadata: { managedFields: [{}] } }),
      merge({ metadata: { labels: { app: 'c' } } }, 'fieldManager=hand'),
      apply('m2', body({ labels: { app: 'd' } })),
      merge({ metadata: { managedFields: null } }),
      merge({ metadata: { managedFields: [{ manager: 'x', operation: 'Odd' }] } }),
      merge({
        metadata: {
          managedFields: [
            {
              manager: 'x',
              operation: 'Apply',
              apiVersion: 'projectcalico.org/v3',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app': {} } } },
            },
          ],
        },
      }),
      apply('y', body({ labels: { app: 'e' } })),
      get,
      put(
        { managedFields: [{ manager: 'z', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: 7 }] },
        nets(one),
      ),
    ],
  },
  {
    title: 'managedFields made empty',
    steps: [apply('m1', body({}, nets(one))), merge({ metadata: { managedFields: [] } })],
  },
  {
    title: 'managedFields made empty by an update',
    steps: [
      apply('m1', body({ labels: { app: 'a' } }, nets(one))),
      put({ managedFields: null, labels: { app: 'a' } }, nets(one)),
      put({ managedFields: [{}], labels: { app: 'a' } }, nets(one)),
      apply('m2', body({ labels: { app: 'b' } })),
      get,
    ],
  },
  {
    title: 'status has managers of its own',
    steps: [
      { method: 'POST', path: statuses, body: objectOf('caliconodestatuses', { name: 's' }) },
      apply('m1', node(nodeStatus('Ready')), '', `${statuses}/s/status`),
      apply('m2', node(nodeStatus('NotReady')), '', `${statuses}/s/status`),
      apply('m2', node(nodeStatus('NotReady')), 'force=true', `${statuses}/s/status`),
      apply('m1', node({ ...nodeSpec, ...nodeStatus('Ready') }), 'force=true', `${statuses}/s`),
      apply('m1', node({}), '', `${statuses}/s/status`),
      apply('m3', node(nodeStatus('Ready')), '', `${statuses}/t/status`),
      {
        method: 'PATCH',
        path: `${statuses}/s/status`,
        query: 'fieldManager=m1',
        contentType: 'application/merge-patch+json',
        body: nodeStatus('Ready'),
      },
      apply('m2', node(nodeStatus('NotReady')), '', `${statuses}/s/status`),
      { method: 'GET', path: `${statuses}/s` },
    ],
  },
  {
    title: 'options and bodies',
    steps: [
      apply('', body({})),
      { ...apply('m', body({})), query: '' } as Step,
      apply('m'.repeat(129), body({})),
      apply('m', body({})),
      apply('m', body({}, nets(one)), 'dryRun=All'),
      get,
      apply('m', body({}, nets(one)), 'fieldValidation=Strict'),
      apply('m', body({}, nets(one)), 'force=x'),
      apply('m', body({}, { net: [] })),
      apply('m', body({}, { net: [] }), 'fieldValidation=Strict'),
      apply('m', body({}, { net: [] }), 'fieldValidation=Ignore'),
      apply('m', body({}, { nets: 'x' })),
      apply('m', body({}, { nets: [7] })),
      apply('m', body({ labels: null })),
      apply('m', body({ labels: 'x' })),
      apply('m', { ...body({}), apiVersion: 'projectcalico.org/v1' }),
      apply('m', { ...body({}), kind: 'Tier' }),
      apply('m', { metadata: { name: 'a' } }),
      apply('m', body({ name: 'b' })),
      apply('m', body({ name: undefined })),
      apply('m', body({ namespace: 'elsewhere' })),
      apply('m', body({ namespace: '{{ns}}' })),
      apply('m', '{'),
      apply('m', '[]'),
      apply('m', ''),
      apply('m', 'null'),
      apply('m', '7'),
      apply(
        'm',
        'apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata:\n  name: a\nspec:\n  nets: [192.0.2.0/24]\n',
      ),
      apply(
        'm',
        'apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata:\n  name: a\n  name: a\n',
        'fieldValidation=Strict',
      ),
      apply('m', body({}, nets(one)), '', sets),
      { ...apply('m', body({}, nets(one))), accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } as Step,
    ],
  },
  {
    title: 'a list that is null',
    steps: [apply('m', body({}, { nets: null }))],
  },
  {
    title: 'locks',
    steps: [
      apply('m', body({ uid: '66666666-6666-6666-6666-666666666666' }, nets(one))),
      apply('m', body({ resourceVersion: '5' }, nets(one))),
      get,
      apply('m', body({}, nets(one))),
      apply('m', body({ resourceVersion: '{{rv:a}}', labels: { app: 'a' } }, nets(one))),
      apply('m', body({ resourceVersion: '{{old:a}}', labels: { app: 'b' } }, nets(one))),
      apply('m', body({ uid: '{{uid:a}}', labels: { app: 'b' } }, nets(one))),
      apply('m', body({ uid: '66666666-6666-6666-6666-666666666666' }, nets(one))),
      apply('m', body({ creationTimestamp: null, generation: 7 }, nets(one))),
      get,
    ],
  },
  {
    title: 'kubectl comes from its client-side apply',
    steps: [
      {
        method: 'POST',
        path: sets,
        query: 'fieldManager=kubectl-client-side-apply',
        body: body(
          { labels: { app: 'a' }, annotations: last(body({ labels: { app: 'a' } }, nets(one))) },
          nets(one),
        ),
      },
      apply('kubectl', body({ labels: { app: 'b' } }, nets(one))),
      get,
      apply('kubectl', body({ labels: { app: 'b' } }, nets(two))),
      merge({ metadata: { labels: { app: 'c' } } }, 'fieldManager=hand'),
      apply('kubectl', body({ labels: { app: 'd' } }, nets(two))),
      get,
    ],
  },
  {
    title: 'more managers than are kept',
    steps: [
      apply('m', body({}, nets(one))),
      ...Array.from({ length: 13 }, (_each, index) =>
        merge(
          { metadata: { labels: { [`l${index}`]: 'x' } } },
          `fieldManager=hand-${String(index).padStart(2, '0')}`,
        ),
      ),
      get,
    ],
  },
  {
    title: 'an object that is being deleted',
    steps: [
      apply('m', body({ finalizers: ['example.com/x'] }, nets(one))),
      { method: 'DELETE', path: a },
      apply('m', body({ finalizers: ['example.com/x'], labels: { app: 'a' } }, nets(one))),
      apply('m', body({ finalizers: ['example.com/x', 'example.com/y'] }, nets(one))),
      apply('n', body({ labels: { app: 'b' } })),
      apply('m', body({}, nets(one))),
      get,
      apply('m', body({}, nets(one))),
    ],
  },
];
