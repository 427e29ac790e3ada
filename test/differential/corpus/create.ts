import { inCluster, inNamespace, type Sequence } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
const set = (metadata: Record<string, unknown> & { labels?: Record<string, string> }, spec = {}) =>
  objectOf('networksets', metadata, spec);

/** Creates, and what keeps an object from being created. */
export const create: Sequence[] = [
  {
    title: 'create, read, create again',
    steps: [
      {
        method: 'POST',
        path: sets,
        body: set({ name: 'a', labels: { app: 'a' }, annotations: { note: 'x' } }),
      },
      { method: 'GET', path: `${sets}/a` },
      { method: 'POST', path: sets, body: set({ name: 'a' }) },
      { method: 'HEAD', path: `${sets}/a` },
      { method: 'GET', path: `${sets}/b` },
    ],
  },
  {
    title: 'what the server sets is not the client\u2019s to set',
    steps: [
      {
        method: 'POST',
        path: sets,
        body: set({
          name: 'a',
          uid: '11111111-1111-1111-1111-111111111111',
          creationTimestamp: '2001-01-01T00:00:00Z',
          deletionTimestamp: '2001-01-01T00:00:00Z',
          deletionGracePeriodSeconds: 5,
          generation: 7,
          selfLink: '/x',
        }),
      },
      { method: 'POST', path: sets, body: set({ name: 'c', creationTimestamp: null }) },
      { method: 'POST', path: sets, body: set({ name: 'b', resourceVersion: '5' }) },
      {
        method: 'POST',
        path: `${sets}`,
        query: 'dryRun=All',
        body: set({ name: 'b', resourceVersion: '5' }),
      },
    ],
  },
  {
    title: 'generateName',
    steps: [
      { method: 'POST', path: sets, body: set({ generateName: 'made-' }) },
      { method: 'POST', path: sets, body: set({ generateName: 'x'.repeat(70) }) },
      { method: 'POST', path: sets, body: set({ generateName: 'Made-' }) },
      { method: 'POST', path: sets, query: 'dryRun=All', body: set({ generateName: 'made-' }) },
      { method: 'POST', path: sets, body: set({ name: 'named', generateName: 'made-' }) },
      { method: 'GET', path: sets },
    ],
  },
  {
    title: 'names',
    steps: [
      ...['A', 'a_b', 'a/b', '..', 'a%b', '-a', 'x'.repeat(254), 'x'.repeat(253), 'a.b', ''].map(name => ({
        method: 'POST' as const,
        path: sets,
        body: set({ name }),
      })),
      { method: 'POST', path: sets, body: set({}) },
      { method: 'GET', path: `${sets}/A_b` },
      { method: 'GET', path: `${sets}/${'x'.repeat(300)}` },
    ],
  },
  {
    title: 'metadata that is not valid',
    steps: [
      { method: 'POST', path: sets, body: set({ name: 'a', labels: { 'a b': 'x' } }) },
      { method: 'POST', path: sets, body: set({ name: 'a', labels: { c: 'x y' } }) },
      { method: 'POST', path: sets, body: set({ name: 'a', annotations: { 'a b': 'x' } }) },
      { method: 'POST', path: sets, body: set({ name: 'a', annotations: { a: 'x'.repeat(262145) } }) },
      {
        method: 'POST',
        path: sets,
        body: set({ name: 'a', finalizers: ['Bad Name', 'orphan', 'foregroundDeletion'] }),
      },
      { method: 'POST', path: sets, body: set({ name: 'a', finalizers: ['short'] }) },
      { method: 'POST', path: sets, body: set({ name: 'b', finalizers: ['example.com/x'] }) },
      { method: 'POST', path: sets, body: set({ name: 'c', ownerReferences: [{ kind: 'X' }] }) },
      {
        method: 'POST',
        path: sets,
        body: set({
          name: 'd',
          ownerReferences: [1, 2].map(n => ({
            apiVersion: 'v1',
            kind: 'X',
            name: `n${n}`,
            uid: `u${n}`,
            controller: true,
          })),
        }),
      },
      {
        method: 'POST',
        path: sets,
        body: set({
          name: 'e',
          ownerReferences: [1, 1].map(() => ({ apiVersion: 'v1', kind: 'X', name: 'n', uid: 'u' })),
        }),
      },
      { method: 'POST', path: sets, body: set({ name: 'f', labels: 'x' as never }) },
      { method: 'POST', path: sets, body: set({ name: 'f', labels: { a: 1 } as never }) },
      { method: 'POST', path: sets, body: set({ name: 7 as never }) },
      { method: 'POST', path: sets, body: set({ name: 'g', creationTimestamp: 'yesterday' }) },
      { method: 'POST', path: sets, body: set({ name: 'g', generation: -1 }) },
      { method: 'POST', path: sets, body: set({ name: 'g', finalizers: 'x' }) },
      { method: 'POST', path: sets, body: set({ name: 'g', managedFields: [{}] }) },
      { method: 'POST', path: sets, body: set({ name: 'h', managedFields: [{ operation: 'Dance' }] }) },
      { method: 'POST', path: sets, body: { ...set({ name: 'i' }), metadata: 'x' } },
      { method: 'POST', path: sets, body: { ...set({ name: 'i' }), metadata: null } },
      { method: 'POST', path: sets, body: { ...set({ name: 'i' }), metadata: [] } },
    ],
  },
  {
    title: 'namespaces',
    steps: [
      { method: 'POST', path: sets, body: set({ name: 'a', namespace: '{{ns}}' }) },
      { method: 'POST', path: sets, body: set({ name: 'b', namespace: 'elsewhere' }) },
      { method: 'POST', path: inCluster('networksets'), body: set({ name: 'c' }) },
      {
        method: 'POST',
        path: inCluster('globalnetworksets'),
        body: objectOf('globalnetworksets', { name: 'd', namespace: 'x' }),
      },
      { method: 'GET', path: inCluster('globalnetworksets', 'd') },
      { method: 'GET', path: inNamespace('globalnetworksets', 'd') },
      { method: 'GET', path: inNamespace('globalnetworksets') },
      { method: 'GET', path: inCluster('networksets', 'a') },
      { method: 'DELETE', path: inCluster('networksets') },
    ],
  },
  {
    title: 'kinds and versions',
    steps: [
      { method: 'POST', path: sets, body: { metadata: { name: 'a' }, spec: {} } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), kind: 'NetworkPolicy' } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), apiVersion: 'projectcalico.org/v4' } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), apiVersion: 'v1' } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), apiVersion: 'a/b/c' } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), kind: 7 } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), kind: '' } },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), apiVersion: '' } },
    ],
  },
];
