import { inCluster, inNamespace, type Sequence, type Step } from '../sequence.ts';
import { objectOf } from '../specs.ts';

const sets = inNamespace('networksets');
type Metadata = Record<string, unknown> & { labels?: Record<string, string> };
const made = (name: string, metadata: Metadata = {}): Step => ({
  method: 'POST',
  path: sets,
  body: objectOf('networksets', { name, ...metadata }),
});
const label = (name: string, labels: Record<string, string | null>): Step => ({
  method: 'PATCH',
  path: `${sets}/${name}`,
  contentType: 'application/merge-patch+json',
  body: { metadata: { labels } },
});
const remove = (name: string): Step => ({ method: 'DELETE', path: `${sets}/${name}` });
const watch = (name: string, query: string, more: Partial<Step> = {}): Step =>
  ({ watch: name, path: sets, query: `watch=true${query && `&${query}`}`, ...more }) as Step;
/** Right but for these headers; one that is empty is left out. */
const handshake = (headers: Record<string, string>, query: string): Step => {
  const sent = {
    origin: 'https://127.0.0.1',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'MTIzNDU2Nzg5MGFiY2RlZg==',
    ...headers,
  };
  return {
    method: 'GET',
    path: sets,
    query: `watch=true${query && `&${query}`}`,
    handshake: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== '')),
  };
};
const before: Step[] = [
  made('a', { labels: { app: 'a' } }),
  made('b', { labels: { app: 'b' } }),
  label('a', { n: '1' }),
];
const after: Step[] = [
  label('b', { app: 'a' }),
  made('c', { labels: { app: 'a' } }),
  label('a', { app: 'z' }),
  remove('c'),
  remove('b'),
];
const metadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const table = 'application/json;as=Table;g=meta.k8s.io;v=v1';

const starts = [
  '',
  'resourceVersion=',
  'resourceVersion=0',
  'resourceVersion={{old:a}}',
  'resourceVersion={{rv:a}}',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={{old:a}}',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion={{old:a}}',
];

const refused = [
  'sendInitialEvents=true',
  'sendInitialEvents=true&resourceVersionMatch=Exact',
  'sendInitialEvents=true&resourceVersionMatch=Odd',
  'resourceVersionMatch=NotOlderThan',
  'resourceVersionMatch=Exact&resourceVersion=5',
  'resourceVersion=x',
  'resourceVersion=-1',
  'resourceVersion=99999999999999999999999',
  'labelSelector=a b',
  'fieldSelector=spec.none=x',
  'timeoutSeconds=x',
  'continue=x',
  'continue=x&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  'limit=x',
];

/** Watches: where they start, what they tell, how they end. */
export const watch_: Sequence[] = [
  ...['', '&allowWatchBookmarks=true'].map(
    (bookmarks): Sequence => ({
      title: `every start${bookmarks && ' with bookmarks'}`,
      steps: [
        ...before,
        ...starts.map((start, index) => watch(`w${index}`, `${start}${bookmarks}`)),
        ...after,
        made('d'),
      ],
    }),
  ),
  {
    title: 'starts of an empty collection',
    steps: [
      ...starts
        .filter(start => !start.includes('{{'))
        .map((start, index) => watch(`w${index}`, `${start}&allowWatchBookmarks=true`)),
      made('a'),
    ],
  },
  {
    title: 'refused before the start',
    steps: refused.map((query, index) => watch(`w${index}`, query)),
  },
  {
    title: 'a start that is too old',
    steps: [
      made('a'),
      watch('plain', 'resourceVersion=1', { untilEnd: true }),
      watch('bookmarks', 'resourceVersion=1&allowWatchBookmarks=true', { untilEnd: true }),
      watch('metadata', 'resourceVersion=1', { untilEnd: true, accept: metadata }),
      watch('table', 'resourceVersion=1', { untilEnd: true, accept: table }),
      watch(
        'initial',
        'resourceVersion=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
      ),
      watch('none', 'resourceVersion=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', {
        untilEnd: true,
      }),
    ],
  },
  {
    title: 'selectors: what comes into sight and goes out of it',
    steps: [
      ...before,
      ...['app=a', 'app!=z', 'app in (a,b)', 'app', '!track'].flatMap((selector, index) => [
        watch(`l${index}`, `labelSelector=${selector}&resourceVersion={{old:a}}`, {
          fenceLabels: { app: 'a' },
        }),
        watch(`i${index}`, `labelSelector=${selector}`, { fenceLabels: { app: 'a' } }),
      ]),
      watch('name', 'fieldSelector=metadata.name=b&resourceVersion={{old:a}}', { fence: 'b' }),
      watch('not', 'fieldSelector=metadata.name!=b&resourceVersion={{old:a}}'),
      watch('both', 'fieldSelector=metadata.name=b&labelSelector=app=a', {
        fence: 'b',
        fenceLabels: { app: 'a' },
      }),
      ...after,
      label('a', { app: 'a', track: 'x' }),
      label('a', { track: null }),
      remove('a'),
    ],
  },
  {
    title: 'a field of the kind that is selected by',
    steps: [
      watch('tier', 'fieldSelector=spec.tier=default', { path: inNamespace('networkpolicies') }),
      {
        method: 'POST',
        path: inNamespace('networkpolicies'),
        body: objectOf('networkpolicies', { name: 'default.a' }),
      },
      { method: 'DELETE', path: inNamespace('networkpolicies', 'default.a') },
    ],
  },
  {
    title: 'finalizers, no-ops, dry runs',
    steps: [
      made('a', { finalizers: ['example.com/x'] }),
      watch('w', ''),
      label('a', { app: 'a' }),
      label('a', { app: 'a' }),
      {
        method: 'PATCH',
        path: `${sets}/a`,
        query: 'dryRun=All',
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { x: 'y' } } },
      },
      remove('a'),
      remove('a'),
      {
        method: 'PATCH',
        path: `${sets}/a`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: null } },
      },
      made('a'),
      { method: 'DELETE', path: sets },
    ],
  },
  {
    title: 'all ways to ask',
    steps: [
      ...before,
      { watch: 'empty', path: sets, query: 'watch' },
      { watch: 'one', path: sets, query: 'watch=1' },
      { watch: 'word', path: sets, query: 'watch=x' },
      { watch: 'all', path: inCluster('networksets'), query: 'watch=true' },
      { watch: 'old', path: '/apis/projectcalico.org/v3/watch/namespaces/{{ns}}/networksets' },
      { watch: 'old-all', path: '/apis/projectcalico.org/v3/watch/networksets' },
      {
        watch: 'old-one',
        path: '/apis/projectcalico.org/v3/watch/namespaces/{{ns}}/networksets/a',
        fence: 'a',
      },
      ...after,
    ],
  },
  ...[
    { title: 'metadata only', accept: metadata, more: '' },
    { title: 'metadata only, v1beta1', accept: metadata.replace('v=v1', 'v=v1beta1'), more: '' },
    { title: 'as tables', accept: table, more: '' },
    { title: 'as tables, v1beta1', accept: table.replace('v=v1', 'v=v1beta1'), more: '' },
    { title: 'as tables of objects', accept: table, more: '&includeObject=Object' },
    { title: 'as tables of nothing else', accept: table, more: '&includeObject=None' },
    {
      title: 'protobuf or JSON',
      accept: 'application/vnd.kubernetes.protobuf;stream=watch,application/json',
      more: '',
    },
    { title: 'with the stream parameter', accept: 'application/json;stream=watch', more: '' },
  ].map(
    ({ title, accept, more }): Sequence => ({
      title,
      steps: [
        ...before,
        watch(
          'initial',
          `sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true${more}`,
          { accept },
        ),
        watch('plain', `${more.slice(1)}`, { accept }),
        watch('from', `resourceVersion={{old:a}}${more}`, { accept }),
        ...after,
      ],
    }),
  ),
  {
    title: 'forms that cannot be had',
    steps: [
      made('a'),
      watch('yaml', '', { accept: 'application/yaml' }),
      watch('html', '', { accept: 'text/html' }),
      watch('list', '', { accept: metadata.replace('Metadata;', 'MetadataList;') }),
      watch('odd', 'includeObject=Odd', { accept: table }),
      watch('unknown', '', { accept: 'application/json;as=Other;g=meta.k8s.io;v=v1' }),
      watch('cbor', '', { accept: 'application/cbor-seq' }),
    ],
  },
  {
    title: 'as WebSockets',
    steps: [
      ...before,
      watch('plain', 'allowWatchBookmarks=true', { webSocket: true }),
      watch('from', 'resourceVersion={{old:a}}&labelSelector=app=a', {
        webSocket: true,
        fenceLabels: { app: 'a' },
      }),
      watch('table', '', { webSocket: true, accept: table }),
      watch('metadata', '', { webSocket: true, accept: metadata }),
      watch('old', 'resourceVersion=1', { webSocket: true, untilEnd: true }),
      watch('short', 'timeoutSeconds=1', { webSocket: true, untilEnd: true }),
      watch('refused', 'labelSelector=a b', { webSocket: true }),
      ...after,
    ],
  },
  {
    title: 'handshakes of WebSockets',
    steps: [
      made('a'),
      ...(
        [
          [{}, ''],
          [{ origin: '' }, ''],
          [{ origin: 'https://elsewhere.example' }, ''],
          [{ origin: 'null' }, ''],
          [{ 'sec-websocket-version': '' }, ''],
          [{ 'sec-websocket-version': '12' }, ''],
          [{ 'sec-websocket-key': '' }, ''],
          [{ 'sec-websocket-key': 'c2hvcnQ=' }, ''],
          [{ 'sec-websocket-protocol': 'one' }, ''],
          [{ 'sec-websocket-protocol': 'one, two' }, ''],
          [{}, 'labelSelector=a b'],
        ] as const
      ).map(([headers, query]) => handshake(headers, query)),
    ],
  },
  {
    title: 'its time is up',
    slow: true,
    steps: [
      made('a'),
      watch('plain', 'timeoutSeconds=1', { untilEnd: true }),
      watch('short', 'timeoutSeconds=1&allowWatchBookmarks=true', { untilEnd: true }),
      watch('long', 'timeoutSeconds=4&allowWatchBookmarks=true', { untilEnd: true }),
      watch('filtered', 'timeoutSeconds=4&allowWatchBookmarks=true&labelSelector=none=none', {
        untilEnd: true,
      }),
      watch('table', 'timeoutSeconds=4&allowWatchBookmarks=true', { untilEnd: true, accept: table }),
      watch('metadata', 'timeoutSeconds=4&allowWatchBookmarks=true', { untilEnd: true, accept: metadata }),
      watch('zero', 'timeoutSeconds=0'),
      made('b'),
    ],
  },
  {
    title: 'a version from the future',
    slow: true,
    steps: [
      made('a'),
      watch('plain', 'resourceVersion=999999999&timeoutSeconds=5', { untilEnd: true }),
      watch(
        'initial',
        'resourceVersion=999999999&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=5',
        { untilEnd: true },
      ),
      watch(
        'none',
        'resourceVersion=999999999&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=5',
        { untilEnd: true },
      ),
    ],
  },
];
