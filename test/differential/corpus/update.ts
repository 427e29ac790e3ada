import { inCluster, inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
const a = `${sets}/a`;
type Metadata = Record<string, unknown> & { labels?: Record<string, string> };
const set = (metadata: Metadata, spec = {}) => objectOf('networksets', metadata, spec);
const made = (metadata: Metadata = {}): Step => ({
  method: 'POST',
  path: sets,
  body: set({ name: 'a', ...metadata }),
});
const put = (metadata: Metadata, spec = {}, query?: string): Step => ({
  method: 'PUT',
  path: a,
  body: set({ name: 'a', resourceVersion: '{{rv:a}}', ...metadata }, spec),
  ...(query !== undefined && { query }),
});
const status = inCluster('caliconodestatuses');
const node = (metadata: Metadata, more: Record<string, unknown> = {}) => ({
  ...objectOf('caliconodestatuses', metadata),
  ...more,
});
const nodeStatus = { status: { agent: { birdV4: { state: 'Ready', version: 'v1' } } } };

/** Updates of objects and of their status. */
export const update: Sequence[] = [
  {
    title: 'update, no-op, stale, without a version',
    steps: [
      made(),
      put({ labels: { app: 'a' } }),
      put({ labels: { app: 'a' } }),
      put({ labels: { app: 'a' } }, { nets: ['192.0.2.0/24', '198.51.100.0/24'] }),
      put({ resourceVersion: '{{old:a}}' }),
      put({ resourceVersion: '' }),
      put({ resourceVersion: '0' }),
      put({ resourceVersion: 'x' }),
      put({ labels: { app: 'b' } }, {}, 'dryRun=All'),
      { method: 'GET', path: a },
    ],
  },
  {
    title: 'identity of an update',
    steps: [
      made(),
      put({ name: 'b' }),
      put({ name: '' }),
      put({ uid: '22222222-2222-2222-2222-222222222222' }),
      put({ uid: '{{uid:a}}' }),
      put({ namespace: 'elsewhere' }),
      put({ namespace: '{{ns}}' }),
      { method: 'PUT', path: `${sets}/b`, body: set({ name: 'b', resourceVersion: '{{rv:a}}' }) },
      { method: 'PUT', path: `${sets}/b`, body: set({ name: 'b' }) },
      { method: 'PUT', path: sets, body: set({ name: 'b' }) },
      { method: 'PUT', path: a, body: { ...set({ name: 'a', resourceVersion: '{{rv:a}}' }), kind: 'Tier' } },
      { method: 'PUT', path: a, body: { metadata: { name: 'a', resourceVersion: '{{rv:a}}' }, spec: {} } },
    ],
  },
  {
    title: 'what an update keeps and what it may not change',
    steps: [
      made({ generateName: 'x-', annotations: { note: 'x' } }),
      put({ creationTimestamp: '2001-01-01T00:00:00Z' }),
      put({ deletionTimestamp: '2001-01-01T00:00:00Z' }),
      put({ deletionGracePeriodSeconds: 3 }),
      put({ generation: 99 }),
      put({ generateName: 'y-' }),
      put({ selfLink: '/x', clusterName: 'x' }),
      put({ finalizers: ['example.com/x'] }),
      put({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'n', uid: 'u' }] }),
      put({ finalizers: [], ownerReferences: [], labels: {}, annotations: {} }),
      put({ finalizers: null, ownerReferences: null, labels: null, annotations: null } as never),
      { method: 'GET', path: a },
    ],
  },
  {
    title: 'finalizers of an object that is being deleted',
    steps: [
      made({ finalizers: ['example.com/x', 'example.com/y'] }),
      { method: 'DELETE', path: a, save: { doomed: 'metadata.resourceVersion' } },
      put({ finalizers: ['example.com/x', 'example.com/y', 'example.com/z'] }),
      put({ finalizers: ['example.com/x', 'example.com/z', 'example.com/w'] }),
      put({ finalizers: ['example.com/y'] }),
      put({ finalizers: [] }, {}, 'dryRun=All'),
      put({ finalizers: [] }, { nets: [] }),
      { method: 'GET', path: a },
    ],
  },
  {
    title: 'status',
    steps: [
      { method: 'POST', path: status, body: node({ name: 's' }, nodeStatus) },
      { method: 'GET', path: `${status}/s/status` },
      {
        method: 'PUT',
        path: `${status}/s`,
        body: node({ name: 's', resourceVersion: '{{rv:s}}' }, nodeStatus),
      },
      {
        method: 'PUT',
        path: `${status}/s/status`,
        body: node(
          { name: 's', resourceVersion: '{{rv:s}}', labels: { app: 'x' } },
          { ...nodeStatus, spec: { node: 'n2' } },
        ),
      },
      { method: 'GET', path: `${status}/s` },
      {
        method: 'PUT',
        path: `${status}/s`,
        body: node({ name: 's', resourceVersion: '{{rv:s}}', labels: { app: 'y' } }),
      },
      {
        method: 'PUT',
        path: `${status}/s/status`,
        body: node({ name: 's', resourceVersion: '{{old:s}}' }, nodeStatus),
      },
      { method: 'PUT', path: `${status}/s/status`, body: node({ name: 's' }, nodeStatus) },
      { method: 'PUT', path: `${status}/s/status`, body: node({ name: 's', resourceVersion: '{{rv:s}}' }) },
      {
        method: 'PATCH',
        path: `${status}/s/status`,
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { labels: { app: 'z' } },
          spec: { node: 'n3' },
          status: { agent: { birdV4: { state: 'NotReady' } } },
        },
      },
      {
        method: 'PATCH',
        path: `${status}/s`,
        contentType: 'application/merge-patch+json',
        body: { status: { agent: { birdV4: { state: 'Ready' } } } },
      },
      {
        method: 'PATCH',
        path: `${status}/s/status`,
        contentType: 'application/merge-patch+json',
        body: { status: { agent: { birdV4: { state: 'Odd' } } } },
      },
      { method: 'POST', path: `${status}/s/status`, body: node({ name: 's' }) },
      { method: 'DELETE', path: `${status}/s/status` },
      { method: 'GET', path: `${status}/s/scale` },
      { method: 'GET', path: `${status}/s/status/more` },
      { method: 'GET', path: inNamespace('networksets', 'a', 'status') },
      { method: 'GET', path: `${status}/t/status` },
      { method: 'PUT', path: `${status}/t/status`, body: node({ name: 't', resourceVersion: '1' }) },
    ],
  },
  {
    title: 'options of writes',
    steps: [
      made(),
      ...[
        'dryRun=all',
        'dryRun=',
        'dryRun=All&dryRun=All',
        'dryRun=All&dryRun=x',
        `fieldManager=${'m'.repeat(129)}`,
        'fieldManager=a%00b',
        'fieldValidation=Loud',
        'fieldValidation=',
        'fieldValidation=Strict',
        'force=true',
        'pretty=true',
        'pretty=x',
        'timeout=5s',
        'timeout=soon',
        'timeout=0',
        'unknown=1',
      ].flatMap((query): Step[] => [
        { method: 'POST', path: sets, query, body: set({ name: 'a' }) },
        put({}, {}, query),
        { method: 'PATCH', path: a, query, contentType: 'application/merge-patch+json', body: {} },
      ]),
    ],
  },
];
