import { base, inCluster, inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
const a = `${sets}/a`;
type Metadata = Record<string, unknown> & { labels?: Record<string, string> };
const set = (metadata: Metadata, spec = {}) => objectOf('networksets', metadata, spec);
const made = (name = 'a'): Step => ({
  method: 'POST',
  path: sets,
  body: set({ name, labels: { app: 'a' } }),
});
const as = (kind: string, version = 'v1', type = 'application/json') =>
  `${type};as=${kind};g=meta.k8s.io;v=${version}`;
const protobuf = 'application/vnd.kubernetes.protobuf';

const accepts = [
  '',
  '*/*',
  'application/*',
  'application/json',
  'application/yaml',
  'application/json;pretty=1',
  'application/json; charset=utf-8',
  'text/html',
  'text/html, application/json;q=0.1',
  'application/yaml;q=0.5, application/json;q=0.4',
  'application/json;q=0',
  `${protobuf}`,
  `${protobuf},application/json`,
  'application/cbor',
  'nonsense',
  as('Table'),
  as('Table', 'v1beta1'),
  as('Table', 'v1beta2'),
  as('Table', 'v1', 'application/yaml'),
  `${as('Table', 'v2')},${as('Table')}`,
  `${as('Table')},application/json`,
  as('PartialObjectMetadata'),
  as('PartialObjectMetadata', 'v1beta1'),
  as('PartialObjectMetadataList'),
  `${as('PartialObjectMetadata', 'v1', protobuf)},${as('PartialObjectMetadata')},application/json`,
  'application/json;as=Table',
  'application/json;as=Table;v=v1',
  'application/json;as=Table;g=other;v=v1',
  'application/json;as=Other;g=meta.k8s.io;v=v1',
  'application/json;sv=1',
  'application/json;stream=watch',
];

/** Forms of answers and bodies, and everything before a request is understood. */
export const forms: Sequence[] = [
  {
    title: 'forms of an object',
    steps: [made(), ...accepts.map((accept): Step => ({ method: 'GET', path: a, accept }))],
  },
  {
    title: 'forms of a list',
    steps: [made(), made('b'), ...accepts.map((accept): Step => ({ method: 'GET', path: sets, accept }))],
  },
  {
    title: 'forms of an empty list',
    steps: ['application/json', 'application/yaml', as('Table'), as('PartialObjectMetadataList')].map(
      (accept): Step => ({ method: 'GET', path: sets, accept }),
    ),
  },
  {
    title: 'forms of an error',
    steps: accepts.map((accept): Step => ({ method: 'GET', path: a, accept })),
  },
  {
    title: 'forms of the answers to writes',
    steps: [as('Table'), as('PartialObjectMetadata'), 'application/yaml'].flatMap((accept, index): Step[] => [
      { ...made(`x${index}`), accept } as Step,
      {
        method: 'PATCH',
        path: `${sets}/x${index}`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { app: 'b' } } },
        accept,
      },
      { method: 'GET', path: `${sets}/x${index}` },
      {
        method: 'PUT',
        path: `${sets}/x${index}`,
        body: set({ name: `x${index}`, resourceVersion: `{{rv:x${index}}}` }),
        accept,
      },
    ]),
  },
  {
    title: 'the form of a list for the answer to a write',
    steps: [{ ...made('x'), accept: as('PartialObjectMetadataList') } as Step],
  },
  {
    title: 'what a table includes',
    steps: [
      made(),
      ...['None', 'Metadata', 'Object', 'Odd', ''].flatMap((include): Step[] => [
        { method: 'GET', path: a, query: `includeObject=${include}`, accept: as('Table') },
        { method: 'GET', path: sets, query: `includeObject=${include}`, accept: as('Table') },
      ]),
      { method: 'GET', path: sets, query: 'limit=1', accept: as('Table') },
    ],
  },
  {
    title: 'indented',
    steps: [
      made(),
      { method: 'GET', path: a, query: 'pretty=true' },
      { method: 'GET', path: a, query: 'pretty=false' },
      { method: 'GET', path: a, query: 'pretty' },
      { method: 'GET', path: a, query: 'pretty=0', headers: { 'user-agent': 'curl/8' } },
      { method: 'GET', path: a, headers: { 'user-agent': 'curl/8' } },
      { method: 'GET', path: a, headers: { 'user-agent': 'Mozilla/5.0 (X11)' } },
      { method: 'GET', path: a, headers: { 'user-agent': 'Wget/1' } },
      { method: 'GET', path: sets, query: 'pretty=true' },
      { method: 'GET', path: `${sets}/none`, query: 'pretty=true' },
      { method: 'GET', path: a, query: 'pretty=true', accept: as('Table') },
    ],
  },
  {
    title: 'types of bodies',
    steps: [
      ...[
        'application/json; charset=utf-8',
        'APPLICATION/JSON',
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/cbor',
        'nonsense',
        'application/*',
      ].map(
        (contentType, index): Step => ({
          method: 'POST',
          path: sets,
          contentType,
          body: set({ name: `t${index}` }),
        }),
      ),
      { method: 'POST', path: sets, contentType: '', body: set({ name: 'u' }) },
      {
        method: 'POST',
        path: sets,
        contentType: 'application/yaml',
        body: 'apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: yaml}\nspec: {nets: [192.0.2.0/24]}\n',
      },
      {
        method: 'POST',
        path: sets,
        contentType: 'application/json',
        body: 'kind: NetworkSet\nmetadata: {name: z}\n',
      },
    ],
  },
  {
    title: 'bodies that are no objects',
    steps: [
      ...[
        '',
        '{',
        '[]',
        'null',
        '7',
        '"x"',
        'true',
        '{"a":1,}',
        '{"a":01}',
        '\u0000',
        '{"kind":"NetworkSet"}x',
        '{} {}',
        ' {"kind":1}',
      ].map((body): Step => ({ method: 'POST', path: sets, body })),
      ...['', ': :', '- a', 'a: [', '\tkind: x', 'a: 1\n---\nb: 2\n', '7'].map(
        (body): Step => ({ method: 'POST', path: sets, contentType: 'application/yaml', body }),
      ),
    ],
  },
  {
    title: 'unknown and duplicate fields',
    steps: ['Strict', 'Warn', 'Ignore', ''].flatMap((level): Step[] => [
      ...[
        '{"apiVersion":"projectcalico.org/v3","kind":"NetworkSet","metadata":{"name":"NAME","nam":"x","labels":{"a":"b","a":"c"}},"spec":{"net":[],"nets":["192.0.2.0/24"],"nets":["198.51.100.0/24"]},"extra":{"x":1}}',
        '{"kind":"NetworkSet","kind":"NetworkSet","apiVersion":"projectcalico.org/v3","metadata":{"name":"NAME"},"Spec":{},"spec":{}}',
        '{"apiVersion":"projectcalico.org/v3","kind":"NetworkSet","metadata":{"name":"NAME","ownerReferences":[{"apiVersion":"v1","kind":"X","name":"n","uid":"u","odd":1}]},"spec":{"nets":null}}',
      ].map(
        (body, index): Step => ({
          method: 'POST',
          path: sets,
          query: `fieldValidation=${level}`,
          body: body.replace('NAME', `s${index}-${level.toLowerCase() || 'none'}`),
        }),
      ),
      {
        method: 'POST',
        path: sets,
        query: `fieldValidation=${level}`,
        contentType: 'application/yaml',
        body: `kind: NetworkSet\nkind: NetworkSet\napiVersion: projectcalico.org/v3\nmetadata: {name: y-${level.toLowerCase() || 'none'}}\nspec:\n  nets: []\n  nets: [192.0.2.0/24]\n  odd: 1\n`,
      },
    ]),
  },
  {
    title: 'nulls and empties',
    steps: [
      ...[{ nets: null }, { nets: [] }, { nets: [null] }, {}, null, undefined].map(
        (spec, index): Step => ({
          method: 'POST',
          path: sets,
          body: { ...set({ name: `n${index}` }), spec },
        }),
      ),
      {
        method: 'POST',
        path: sets,
        body: set({ name: 'm', labels: {}, annotations: {}, finalizers: [], ownerReferences: [] }),
      },
      {
        method: 'POST',
        path: sets,
        body: set({ name: 'o', labels: { a: null } as never, annotations: { b: null } }),
      },
      { method: 'POST', path: sets, body: { ...set({ name: 'p' }), status: null, extra: null } },
      { method: 'GET', path: sets },
    ],
  },
  {
    title: 'wrong values',
    steps: [
      { method: 'POST', path: sets, body: set({ name: 'a' }, { nets: 'x' }) },
      { method: 'POST', path: sets, body: set({ name: 'a' }, { nets: [7] }) },
      { method: 'POST', path: sets, body: { ...set({ name: 'a' }), spec: [] } },
      { method: 'POST', path: sets, body: set({ name: 'a' }, { nets: ['192.0.2.0/24', '192.0.2.0/24'] }) },
      { method: 'POST', path: inCluster('tiers'), body: objectOf('tiers', { name: 't' }, { order: 'x' }) },
      {
        method: 'POST',
        path: inCluster('tiers'),
        body: objectOf('tiers', { name: 't' }, { defaultAction: 'Odd' }),
      },
      {
        method: 'POST',
        path: inCluster('caliconodestatuses'),
        body: objectOf('caliconodestatuses', { name: 'n' }, { updatePeriodSeconds: 1.5 }),
      },
      {
        method: 'POST',
        path: inCluster('caliconodestatuses'),
        body: objectOf('caliconodestatuses', { name: 'n' }, { updatePeriodSeconds: 10.0 }),
      },
      {
        method: 'POST',
        path: inCluster('caliconodestatuses'),
        body: objectOf('caliconodestatuses', { name: 'm' }, { classes: ['Odd'] }),
      },
      {
        method: 'POST',
        path: inCluster('hostendpoints'),
        body: objectOf(
          'hostendpoints',
          { name: 'h' },
          { ports: [{ name: 'p', port: 70000, protocol: 'TCP' }] },
        ),
      },
      {
        method: 'POST',
        path: inCluster('hostendpoints'),
        body: objectOf('hostendpoints', { name: 'h' }, { ports: [{ name: 'p' }] }),
      },
    ],
  },
  {
    title: '64-bit integers',
    steps: [
      ...[
        '1800000000000000001',
        '9223372036854775807',
        '9223372036854775808',
        '-9223372036854775808',
        '1e3',
        '1.0',
        '1e19',
        '-0',
        '0.0',
      ].map(
        (number, index): Step => ({
          method: 'POST',
          path: inCluster('ipamblocks'),
          body: JSON.stringify(objectOf('ipamblocks', { name: `b${index}` })).replace(
            '"sequenceNumber":1',
            `"sequenceNumber":${number}`,
          ),
        }),
      ),
      { method: 'GET', path: inCluster('ipamblocks') },
      { method: 'GET', path: inCluster('ipamblocks'), accept: 'application/yaml' },
    ],
  },
  {
    title: 'paths and methods',
    steps: [
      { method: 'GET', path: `${base}/nothings` },
      { method: 'GET', path: `${base}/nothings/x` },
      { method: 'POST', path: `${base}/nothings`, body: {} },
      { method: 'GET', path: inNamespace('nothings') },
      { method: 'GET', path: '/apis/projectcalico.org/v9/networksets' },
      { method: 'GET', path: `${sets}/a/b/c` },
      { method: 'OPTIONS', path: sets },
      { method: 'POST', path: a, body: {} },
      { method: 'PATCH', path: sets, contentType: 'application/merge-patch+json', body: {} },
      { method: 'PUT', path: sets, body: {} },
      { method: 'HEAD', path: sets },
      { method: 'HEAD', path: a },
      { method: 'GET', path: '/nothing' },
      { method: 'GET', path: `${base}/namespaces/{{ns}}` },
    ],
  },
  {
    title: 'compressed',
    steps: [
      ...Array.from(
        { length: 3 },
        (_each, index): Step => ({
          method: 'POST',
          path: sets,
          body: set({ name: `z${index}`, annotations: { x: 'y'.repeat(60_000) } }),
        }),
      ),
      { method: 'GET', path: `${sets}/z0`, headers: { 'accept-encoding': 'gzip' } },
      { method: 'GET', path: sets, headers: { 'accept-encoding': 'deflate' } },
    ],
  },
];
