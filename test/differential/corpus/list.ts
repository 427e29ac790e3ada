import { inCluster, inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
type Metadata = Record<string, unknown> & { labels?: Record<string, string> };
const made = (name: string, metadata: Metadata = {}): Step => ({
  method: 'POST',
  path: sets,
  body: objectOf('networksets', { name, ...metadata }),
});
const list = (query: string, accept?: string): Step => ({
  method: 'GET',
  path: sets,
  query,
  ...(accept !== undefined && { accept }),
});
const some: Step[] = [
  made('a', { labels: { app: 'a', n: '1' } }),
  made('b', { labels: { app: 'b', n: '2' } }),
  made('c', { labels: { app: 'a', n: '3', 'example.com/x': 'y' } }),
  made('d'),
];
const token = (rv: number, start: string) =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');

const labelSelectors = [
  'app=a',
  'app==a',
  'app!=a',
  'app in (a,b)',
  'app notin (a)',
  'app',
  '!app',
  'app=a,n=3',
  'n>1',
  'n<3',
  'example.com/x=y',
  ' app = a ',
  'app=',
  'app in (a,)',
  'app=a,',
  ',app=a',
  'app in a',
  'app in (a',
  'a b',
  '!',
  'app=a=b',
  'app>x',
  '-x=y',
  'app=x y',
  `app=${'x'.repeat(64)}`,
  `${'x'.repeat(64)}=a`,
  'app in ()',
  'x/y/z=1',
];

const fieldSelectors = [
  'metadata.name=a',
  'metadata.name==a',
  'metadata.name!=a',
  'metadata.name=a,metadata.name=b',
  'metadata.namespace={{ns}}',
  'metadata.namespace=elsewhere',
  'metadata.name=',
  'metadata.uid=x',
  'spec.nets=x',
  'metadata.name',
  'metadata.name>a',
  '=a',
  'metadata.name=a\\,b',
  'metadata.name=a\\',
  'metadata.name=a\\x',
  ',',
];

const versions = ['', '0', '1', '{{old:b}}', '{{rv:d}}', '999999999', 'x', '-1', '99999999999999999999999'];
const matches = ['', 'Exact', 'NotOlderThan', 'Odd'];

/** Lists: selectors, paging, and from which state. */
export const list_: Sequence[] = [
  {
    title: 'label selectors',
    steps: [...some, ...labelSelectors.map(text => list(`labelSelector=${text}`))],
  },
  {
    title: 'field selectors',
    steps: [...some, ...fieldSelectors.map(text => list(`fieldSelector=${text}`))],
  },
  {
    title: 'fields of a kind that can be selected by',
    steps: [
      {
        method: 'POST',
        path: inNamespace('networkpolicies'),
        body: objectOf('networkpolicies', { name: 'default.a' }),
      },
      ...['spec.tier=default', 'spec.tier!=default', 'spec.tier=x', 'spec.order=10'].map(
        (text): Step => ({
          method: 'GET',
          path: inNamespace('networkpolicies'),
          query: `fieldSelector=${text}`,
        }),
      ),
    ],
  },
  {
    title: 'across namespaces',
    steps: [
      ...some,
      { method: 'GET', path: inCluster('networksets') },
      list(''),
      { method: 'GET', path: `${sets}/` },
    ],
  },
  {
    title: 'pages',
    steps: [
      ...some,
      list('limit=2'),
      list('limit=2&continue={{continue}}'),
      list('limit=4'),
      list('limit=5'),
      list('limit=0'),
      list('limit=-1'),
      list('limit=x'),
      list('limit='),
      list('limit=1&labelSelector=app=a'),
      list('limit=1&labelSelector=app=a&continue={{continue}}'),
      list('limit=1&fieldSelector=metadata.name=a'),
      list('limit=1&resourceVersion=0'),
      list('limit=1&resourceVersion={{list}}'),
      list('limit=1&resourceVersion={{list}}&resourceVersionMatch=NotOlderThan'),
      list('limit=1&resourceVersion={{old:c}}&resourceVersionMatch=Exact'),
      list('limit=1&continue={{continue}}'),
      list('continue={{continue}}'),
      { method: 'GET', path: inCluster('networksets'), query: 'limit=3' },
      { method: 'GET', path: inCluster('networksets'), query: 'limit=3&continue={{continue}}' },
    ],
  },
  {
    title: 'pages stand still while objects change',
    steps: [
      ...some,
      list('limit=1'),
      { method: 'DELETE', path: `${sets}/b` },
      made('aa'),
      {
        method: 'PATCH',
        path: `${sets}/c`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { app: 'z' } } },
      },
      list('limit=1&continue={{continue}}'),
      list('limit=1&continue={{continue}}'),
      list('continue={{continue}}'),
      list(''),
    ],
  },
  {
    title: 'continue tokens',
    slow: true,
    steps: [
      ...some,
      list(`continue=${token(1, 'b\u0000')}`),
      list(`limit=1&continue=${token(1, 'b\u0000')}`),
      list(`continue=${token(-1, 'b\u0000')}`),
      list(`limit=1&continue=${token(-1, 'a\u0000')}`),
      list(`continue=${token(0, 'b\u0000')}`),
      list(`continue=${token(999999999, 'b\u0000')}`),
      list(`continue=${token(1, '')}`),
      list(`continue=${token(1, '../x')}`),
      list('continue=x'),
      list('continue=eyJ9'),
      list(`continue=${Buffer.from('{"v":"meta.k8s.io/v2","rv":5,"start":"b"}').toString('base64url')}`),
      list('limit=1'),
      list('continue={{continue}}&resourceVersion=5'),
      list('continue={{continue}}&resourceVersion=0'),
      list('continue={{continue}}&resourceVersionMatch=Exact'),
      list('continue={{continue}}&resourceVersion=5&resourceVersionMatch=NotOlderThan'),
    ],
  },
  ...[
    { title: '', more: '' },
    { title: ' with a limit', more: '&limit=2' },
    { title: ' with a selector', more: '&labelSelector=app=a' },
  ].map(
    ({ title, more }): Sequence => ({
      title: `which state a list shows${title}`,
      slow: true,
      steps: [
        ...some,
        ...versions
          // A version from the future is waited for three seconds.
          .filter(version => more === '' || version !== '999999999')
          .flatMap(version =>
            matches.map(match => list(`resourceVersion=${version}&resourceVersionMatch=${match}${more}`)),
          ),
      ],
    }),
  ),
  {
    title: 'which state a get shows',
    slow: true,
    steps: [
      ...some,
      ...versions.map(
        (version): Step => ({ method: 'GET', path: `${sets}/a`, query: `resourceVersion=${version}` }),
      ),
      { method: 'GET', path: `${sets}/none`, query: 'resourceVersion=0' },
      { method: 'GET', path: `${sets}/none`, query: 'resourceVersion={{rv:a}}' },
      { method: 'GET', path: `${sets}/a`, query: 'resourceVersionMatch=Exact' },
      { method: 'GET', path: `${sets}/a`, query: 'resourceVersion={{rv:a}}&resourceVersionMatch=Exact' },
    ],
  },
  {
    title: 'options of lists',
    steps: [
      ...some,
      ...[
        'sendInitialEvents=true',
        'sendInitialEvents=x',
        'allowWatchBookmarks=true',
        'timeoutSeconds=x',
        'timeoutSeconds=1',
        'watch=x',
        'watch=0',
        'watch=false',
        'timeout=x',
        'pretty=true',
        'limit=1&limit=2',
      ]
        .filter(query => query !== 'watch=x')
        .map(query => list(query)),
    ],
  },
];
