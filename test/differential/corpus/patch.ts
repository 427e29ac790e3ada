import { inCluster, inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
const a = `${sets}/a`;
const jsonPatch = 'application/json-patch+json';
const mergePatch = 'application/merge-patch+json';
type Metadata = Record<string, unknown> & { labels?: Record<string, string> };
const made = (metadata: Metadata = {}, spec = {}): Step => ({
  method: 'POST',
  path: sets,
  body: objectOf('networksets', { name: 'a', labels: { app: 'a' }, ...metadata }, spec),
});
const merge = (body: unknown, query?: string): Step => ({
  method: 'PATCH',
  path: a,
  contentType: mergePatch,
  body,
  ...(query !== undefined && { query }),
});
const json = (body: unknown, query?: string): Step => ({
  method: 'PATCH',
  path: a,
  contentType: jsonPatch,
  body,
  ...(query !== undefined && { query }),
});
const blocks = inCluster('ipamblocks');

/** Merge patches, JSON patches, and what is neither. */
export const patch: Sequence[] = [
  {
    title: 'merge patch',
    steps: [
      made(),
      merge({ metadata: { labels: { app: 'b', more: 'x' } } }),
      merge({ metadata: { labels: { app: null } } }),
      merge({ metadata: { labels: null, annotations: { note: '' } } }),
      merge({ spec: { nets: ['198.51.100.0/24'] } }),
      merge({}),
      merge({ spec: { nets: ['198.51.100.0/24'] } }),
      merge({ spec: {} }),
      merge({ spec: { nets: null } }),
      merge({ spec: null }),
      merge({ metadata: null }),
      merge({ metadata: { labels: { app: 'c' } } }, 'dryRun=All'),
      { method: 'GET', path: a },
      { method: 'PATCH', path: `${sets}/b`, contentType: mergePatch, body: {} },
      { method: 'PATCH', path: sets, contentType: mergePatch, body: {} },
    ],
  },
  {
    title: 'merge patches that are none',
    steps: [
      made(),
      merge('{'),
      merge('[]'),
      merge('null'),
      merge('"x"'),
      merge('7'),
      merge(''),
      merge('{"a":1,}'),
      merge({ spec: { nets: 'x' } }),
      merge({ spec: { nets: [7] } }),
      merge({ metadata: { labels: 'x' } }),
      merge({ metadata: { name: 'b' } }),
      merge({ metadata: { name: null } }),
      merge({ metadata: { namespace: 'x' } }),
      merge({ metadata: { uid: '33333333-3333-3333-3333-333333333333' } }),
      merge({ metadata: { uid: null } }),
      merge({ metadata: { resourceVersion: '1' } }),
      merge({ metadata: { resourceVersion: '{{rv:a}}', labels: { app: 'z' } } }),
      merge({ metadata: { resourceVersion: null, labels: { app: 'y' } } }),
      merge({ metadata: { creationTimestamp: null, generation: 77 } }),
      merge({ kind: 'Tier' }),
      merge({ kind: null }),
      merge({ apiVersion: 'projectcalico.org/v1' }),
      merge({ apiVersion: null }),
      { method: 'GET', path: a },
    ],
  },
  {
    title: 'JSON patch',
    steps: [
      made({ annotations: { 'x/y~z': '1' } }, { nets: ['192.0.2.0/24', '198.51.100.0/24'] }),
      json([
        { op: 'test', path: '/spec/nets/0', value: '192.0.2.0/24' },
        { op: 'remove', path: '/spec/nets/0' },
      ]),
      json([{ op: 'add', path: '/spec/nets/-', value: '203.0.113.0/24' }]),
      json([{ op: 'add', path: '/spec/nets/0', value: '203.0.112.0/24' }]),
      json([{ op: 'replace', path: '/metadata/annotations/x~1y~0z', value: '2' }]),
      json([{ op: 'copy', from: '/metadata/labels/app', path: '/metadata/labels/copied' }]),
      json([{ op: 'move', from: '/metadata/labels/copied', path: '/metadata/labels/moved' }]),
      json([]),
      json([{ op: 'test', path: '/spec/nets/0', value: 'x' }]),
      json([{ op: 'remove', path: '/spec/none' }]),
      json([{ op: 'replace', path: '/spec/none', value: 1 }]),
      json([{ op: 'add', path: '/spec/none/deep', value: 1 }]),
      json([{ op: 'add', path: '/spec/nets/9', value: 'x' }]),
      json([{ op: 'remove', path: '/spec/nets/-1' }]),
      json([{ op: 'dance', path: '/spec' }]),
      json([{ path: '/spec' }]),
      json([{ op: 'add', path: '/metadata/labels/x' }]),
      json([{ op: 'add', value: 1 }]),
      json([{ op: 'copy', path: '/metadata/labels/x' }]),
      json([{ op: 'test', path: '/metadata/none', value: null }]),
      json([{ op: 'test', path: '/metadata/none' }]),
      json([{ op: 'replace', path: '', value: {} }]),
      json([{ op: 'add', path: '/metadata/labels/x', value: 'y' }], 'dryRun=All'),
      json([{ op: 'replace', path: '/metadata/resourceVersion', value: '{{old:a}}' }]),
      json([{ op: 'replace', path: '/metadata/name', value: 'b' }]),
      json([{ op: 'remove', path: '/spec' }]),
      json([{ op: 'remove', path: '/metadata' }]),
      { method: 'GET', path: a },
    ],
  },
  {
    title: 'JSON patches that are none',
    steps: [
      made(),
      json('{'),
      json('{}'),
      json('null'),
      json('7'),
      json(''),
      json('["x"]'),
      json('[null]'),
      json('[{"op":7,"path":"/spec"}]'),
      json('[{"op":"add","path":7,"value":1}]'),
      json(
        JSON.stringify(
          Array.from({ length: 10001 }, () => ({ op: 'test', path: '/kind', value: 'NetworkSet' })),
        ),
      ),
    ],
  },
  {
    title: 'types of patches',
    steps: [
      made(),
      ...[
        'application/strategic-merge-patch+json',
        'application/json',
        'text/plain',
        'application/merge-patch+json; charset=utf-8',
        'APPLICATION/MERGE-PATCH+JSON',
        'application/apply-patch+cbor',
        'nonsense',
        ';',
      ].map(
        (contentType): Step => ({
          method: 'PATCH',
          path: a,
          contentType,
          body: '{"metadata":{"labels":{"x":"y"}}}',
        }),
      ),
      { method: 'PATCH', path: a, contentType: '', body: '{}' },
      { method: 'PATCH', path: a },
      { method: 'PATCH', path: a, contentType: mergePatch, accept: 'text/html', body: '{}' },
    ],
  },
  {
    title: 'strictness of patches',
    steps: [
      made(),
      ...['Strict', 'Warn', 'Ignore', ''].flatMap((level): Step[] => [
        merge({ spec: { net: ['x'] }, other: 1, metadata: { label: 1 } }, `fieldValidation=${level}`),
        merge('{"spec":{"nets":[],"nets":["192.0.2.0/24"]}}', `fieldValidation=${level}`),
        json([{ op: 'add', path: '/spec/net', value: 1 }], `fieldValidation=${level}`),
        json('[{"op":"add","op":"add","path":"/metadata/labels/z","value":"1"}]', `fieldValidation=${level}`),
        json('[{"op":"add","path":"/metadata/labels/z","value":"1","extra":2}]', `fieldValidation=${level}`),
      ]),
      { method: 'GET', path: a },
    ],
  },
  {
    title: '64-bit integers through every patch',
    steps: [
      { method: 'POST', path: blocks, body: objectOf('ipamblocks', { name: 'b' }) },
      ...[
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":1800000000000000001}}'],
        [
          'application/json-patch+json',
          '[{"op":"replace","path":"/spec/sequenceNumber","value":1800000000000000003}]',
        ],
        [
          'application/json-patch+json',
          '[{"op":"test","path":"/spec/sequenceNumber","value":1800000000000000003}]',
        ],
        [
          'application/json-patch+json',
          '[{"op":"test","path":"/spec/sequenceNumber","value":1800000000000000004}]',
        ],
        [
          'application/json-patch+json',
          '[{"op":"add","path":"/spec/sequenceNumberForAllocation","value":{"0":1800000000000000005}},{"op":"copy","from":"/spec/sequenceNumberForAllocation/0","path":"/spec/sequenceNumber"}]',
        ],
        ['application/merge-patch+json', '{"metadata":{"labels":{"x":"y"}}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":9223372036854775807}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":9223372036854775808}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":-1}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":1.5}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":2.0}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":3e2}}'],
        ['application/merge-patch+json', '{"spec":{"sequenceNumber":"7"}}'],
      ].map(
        ([contentType, body]): Step => ({
          method: 'PATCH',
          path: `${blocks}/b`,
          contentType: contentType!,
          body,
        }),
      ),
      { method: 'GET', path: `${blocks}/b` },
    ],
  },
];
