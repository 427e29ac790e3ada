import { inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
const a = `${sets}/a`;
type Metadata = Record<string, unknown> & { labels?: Record<string, string> };
const made = (metadata: Metadata = {}): Step => ({
  method: 'POST',
  path: sets,
  body: objectOf('networksets', { name: 'a', ...metadata }),
});
const remove = (body?: unknown, query?: string): Step => ({
  method: 'DELETE',
  path: a,
  ...(body !== undefined && { body }),
  ...(query !== undefined && { query }),
});
const options = (more: Record<string, unknown>) => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more });

/** Deletes of one object and of many. */
export const deletion: Sequence[] = [
  {
    title: 'delete',
    steps: [
      made(),
      remove(undefined, 'dryRun=All'),
      remove(),
      remove(),
      { method: 'GET', path: a },
      made(),
      remove(options({ apiVersion: 'projectcalico.org/v3' })),
      made(),
      remove(options({ apiVersion: 'meta.k8s.io/v1' })),
      made(),
      remove({}),
      made(),
      remove(undefined, 'gracePeriodSeconds=30'),
    ],
  },
  {
    title: 'preconditions',
    steps: [
      made(),
      remove(options({ preconditions: { uid: '44444444-4444-4444-4444-444444444444' } })),
      remove(options({ preconditions: { resourceVersion: '1' } })),
      remove(options({ preconditions: { uid: '' } })),
      remove(options({ preconditions: { resourceVersion: '' } })),
      remove(options({ preconditions: {} }), 'dryRun=All'),
      remove(options({ preconditions: { uid: '{{uid:a}}', resourceVersion: '{{rv:a}}' } })),
    ],
  },
  {
    title: 'finalizers hold it',
    steps: [
      made({ finalizers: ['example.com/x'] }),
      remove(),
      remove(),
      remove(options({ propagationPolicy: 'Foreground' })),
      { method: 'GET', path: a },
      made(),
      {
        method: 'PATCH',
        path: a,
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: null } },
      },
      { method: 'GET', path: a },
    ],
  },
  ...['Foreground', 'Background', 'Orphan', 'Sideways', ''].map(
    (policy): Sequence => ({
      title: `propagation ${policy || 'empty'}`,
      steps: [
        made({ finalizers: ['example.com/x'] }),
        remove(options({ propagationPolicy: policy }), 'dryRun=All'),
        remove(options({ propagationPolicy: policy, dryRun: ['All'] })),
        remove(options({ propagationPolicy: policy })),
        { method: 'GET', path: a },
        remove(options({ propagationPolicy: 'Background' })),
        { method: 'GET', path: a },
        made({ name: 'b' }),
        { method: 'DELETE', path: `${sets}/b`, query: `propagationPolicy=${policy}` },
        { method: 'GET', path: `${sets}/b` },
      ],
    }),
  ),
  {
    title: 'orphanDependents',
    steps: [
      made({ finalizers: ['example.com/x'] }),
      remove(options({ orphanDependents: false })),
      made({ name: 'b' }),
      { method: 'DELETE', path: `${sets}/b`, body: options({ orphanDependents: true }) },
      made({ name: 'c' }),
      {
        method: 'DELETE',
        path: `${sets}/c`,
        body: options({ orphanDependents: true, propagationPolicy: 'Orphan' }),
      },
      { method: 'DELETE', path: `${sets}/c`, query: 'orphanDependents=true' },
      { method: 'GET', path: sets },
    ],
  },
  {
    title: 'finalizers of propagation that are there already',
    steps: [
      made({ finalizers: ['orphan', 'example.com/x'] }),
      remove(),
      { method: 'GET', path: a },
      made({ name: 'b', finalizers: ['foregroundDeletion'] }),
      { method: 'DELETE', path: `${sets}/b` },
      { method: 'DELETE', path: `${sets}/b`, body: options({ propagationPolicy: 'Background' }) },
      { method: 'GET', path: `${sets}/b` },
      made({ name: 'c', finalizers: ['foregroundDeletion'] }),
      { method: 'DELETE', path: `${sets}/c`, body: options({ propagationPolicy: 'Orphan' }) },
      made({ name: 'd', finalizers: ['orphan'] }),
      { method: 'DELETE', path: `${sets}/d`, body: options({ propagationPolicy: 'Foreground' }) },
      { method: 'DELETE', path: `${sets}/d`, body: options({ propagationPolicy: 'Orphan' }) },
    ],
  },
  {
    title: 'bodies of deletes',
    steps: [
      made(),
      remove('{'),
      remove('[]'),
      remove('7'),
      remove({ kind: 'NetworkSet', apiVersion: 'projectcalico.org/v3' }),
      remove(options({ gracePeriodSeconds: 'x' })),
      remove(options({ gracePeriodSeconds: 1.5 })),
      remove(options({ preconditions: 'x' })),
      remove(options({ dryRun: 'All' })),
      remove(options({ dryRun: ['x'] })),
      remove(options({ unknown: 1, dryRun: ['All'] })),
      remove(undefined, 'gracePeriodSeconds=x'),
      remove(undefined, 'propagationPolicy=x'),
      remove(undefined, 'dryRun=x'),
      {
        ...remove('kind: DeleteOptions\napiVersion: v1\ndryRun: [All]\n'),
        contentType: 'application/yaml',
      } as Step,
      { ...remove('x'), contentType: 'text/plain' } as Step,
      remove(options({ gracePeriodSeconds: -5 })),
      made(),
      remove('null'),
      made(),
      remove('', 'dryRun=All'),
      remove({ kind: 'DeleteOptions', apiVersion: 'apps/v9' }),
    ],
  },
  {
    title: 'collections',
    steps: [
      made(),
      made({ name: 'b', labels: { app: 'a' } }),
      made({ name: 'c', labels: { app: 'a' }, finalizers: ['example.com/x'] }),
      made({ name: 'd', labels: { app: 'b' } }),
      { method: 'DELETE', path: sets, query: 'labelSelector=app=a&dryRun=All' },
      { method: 'DELETE', path: sets, query: 'labelSelector=app=a' },
      { method: 'GET', path: sets },
      { method: 'DELETE', path: sets, query: 'fieldSelector=metadata.name=d' },
      { method: 'DELETE', path: sets, body: options({ propagationPolicy: 'Foreground' }) },
      { method: 'GET', path: sets },
      { method: 'DELETE', path: sets, query: 'labelSelector=a b' },
      { method: 'DELETE', path: sets, query: 'limit=1' },
      { method: 'DELETE', path: sets, query: 'resourceVersionMatch=Exact' },
      { method: 'DELETE', path: sets, query: 'labelSelector=app=none' },
      { method: 'DELETE', path: sets, body: options({ preconditions: { uid: 'x' } }) },
    ],
  },
  {
    title: 'forms of the answer to a delete',
    steps: [
      made({ finalizers: ['example.com/x'] }),
      ...['Table', 'PartialObjectMetadata'].map(
        (as): Step => ({
          ...remove(),
          accept: `application/json;as=${as};g=meta.k8s.io;v=v1`,
        }),
      ),
      made({ name: 'b' }),
      { method: 'DELETE', path: `${sets}/b`, accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' },
      made({ name: 'c' }),
      {
        method: 'DELETE',
        path: sets,
        accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      },
    ],
  },
];
