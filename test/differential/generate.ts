import fc from 'fast-check';
import { inCluster, inNamespace, type Sequence, type Step, type Watch } from './sequence.ts';
import { objectOf, type Used, used } from './specs.ts';

/** Few names, so that steps meet on the same objects. */
const anyName = fc.constantFrom('a', 'a', 'a', 'b', 'b', 'c');

const labelSets: Record<string, string>[] = [{}, { app: 'a' }, { app: 'b' }, { app: 'a', n: '2' }];
const anyLabels = fc.constantFrom(...labelSets);
/** Every selector matches the labels of a fence. */
const fenceLabels = { app: 'a', n: '2' };
const labelSelectors = ['app=a', 'app!=b', 'app in (a,b)', 'app notin (b)', '!none', 'n', 'n>1'];

const finalizers = fc.constantFrom(
  undefined,
  undefined,
  undefined,
  ['example.com/x'],
  ['example.com/x', 'example.com/y'],
);

const writeQueries = ['', '', '', '', 'dryRun=All', 'fieldValidation=Strict', 'fieldValidation=Ignore'];
const forms = [
  'application/json',
  'application/json',
  'application/json',
  'application/yaml',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
];
const listForms = forms.map(form => form.replace('Metadata;', 'MetadataList;'));
const versions = ['', '', '0', '{{rv:a}}', '{{old:a}}', '{{rv:b}}', '{{list}}'];

/** Changes of a spec that both servers judge alike: the first are valid, the last are not. */
const specChanges: Record<string, Record<string, unknown>[]> = {
  networksets: [{ nets: ['192.0.2.0/24', '198.51.100.0/24'] }, { nets: [] }, { nets: null }, { nets: 7 }],
  globalnetworksets: [{ nets: ['203.0.113.0/24'] }, { nets: [] }, { nets: [1] }],
  networkpolicies: [{ order: 20 }, { order: 20.5 }, { selector: "app == 'a'" }, { order: 'x' }],
  globalnetworkpolicies: [{ order: 20 }, { selector: "app == 'a'" }, { doNotTrack: 'x' }],
  hostendpoints: [{ interfaceName: 'eth1' }, { profiles: null }, { profiles: ['a', 'b'] }, { node: 7 }],
  caliconodestatuses: [{ node: 'n2' }, { updatePeriodSeconds: 20 }, { classes: ['Odd'] }],
  tiers: [{ order: 200 }, { order: 1.5 }, { defaultAction: 'Pass' }, { order: 'x' }],
  ipamblocks: [{ sequenceNumber: 2 }, { deleted: true }, { deleted: 'x' }],
};

/** Patches that touch no spec. */
const metadataPatches: Record<string, unknown>[] = [
  {},
  { metadata: { labels: { app: 'a' } } },
  { metadata: { labels: { app: 'b', n: '2' } } },
  { metadata: { labels: { app: null } } },
  { metadata: { annotations: { note: 'x' } } },
  { metadata: { annotations: null } },
  { metadata: { finalizers: ['example.com/x'] } },
  { metadata: { finalizers: null } },
  { metadata: { resourceVersion: '{{old:a}}' } },
  { metadata: { labels: 7 } },
  { unknown: 1, metadata: { odd: 2 } },
];

const jsonPatches: unknown[][] = [
  [{ op: 'add', path: '/metadata/annotations', value: { note: 'y' } }],
  [{ op: 'remove', path: '/metadata/annotations' }],
  [{ op: 'remove', path: '/metadata/finalizers' }],
  [{ op: 'test', path: '/metadata/name', value: 'a' }],
  [{ op: 'add', path: '/metadata/labels/app', value: 'b' }],
  [{ op: 'replace', path: '/metadata/resourceVersion', value: '{{old:b}}' }],
  [{ op: 'add', path: '/odd', value: 1 }],
];

const policies = ['Foreground', 'Background', 'Orphan'];
const preconditions = [
  { uid: '{{uid:a}}' },
  { uid: '55555555-5555-5555-5555-555555555555' },
  { resourceVersion: '{{rv:a}}' },
  { resourceVersion: '{{old:b}}' },
];

const starts = [
  '',
  'resourceVersion=0',
  'resourceVersion={{rv:a}}',
  'resourceVersion={{old:a}}',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion={{old:a}}',
];

/**
 * Sequences of requests on one kind. They begin with objects and watches, so that what follows has something to be about
 * and is told of.
 */
export function anySequence(): fc.Arbitrary<Sequence> {
  return fc.constantFrom(...used).chain(kind =>
    fc
      .tuple(
        fc.array(plainCreates(kind), { maxLength: 2, size: 'max' }),
        fc.array(watches(kind), { maxLength: 2, size: 'max' }),
        fc.array(anyStep(kind), { minLength: 2, maxLength: 12, size: 'max' }),
      )
      .map(parts => ({
        title: kind.plural,
        steps: parts.flat().map((step, index) => ('watch' in step ? { ...step, watch: `w${index}` } : step)),
      })),
  );
}

function plainCreates(kind: Used): fc.Arbitrary<Step> {
  return fc.record({ name: fc.constantFrom('a', 'b'), labels: anyLabels, finalizers }).map(each => ({
    method: 'POST',
    path: collection(kind),
    body: objectOf(kind.plural, {
      name: each.name,
      labels: each.labels,
      ...(each.finalizers && { finalizers: each.finalizers }),
    }),
  }));
}

function anyStep(kind: Used): fc.Arbitrary<Step> {
  return fc.oneof(
    { weight: 6, arbitrary: creates(kind) },
    { weight: 3, arbitrary: updates(kind) },
    { weight: 4, arbitrary: patches(kind) },
    { weight: 4, arbitrary: applies(kind) },
    { weight: 3, arbitrary: deletes(kind) },
    { weight: 2, arbitrary: gets(kind) },
    { weight: 4, arbitrary: lists(kind) },
    { weight: 3, arbitrary: watches(kind) },
    { weight: 1, arbitrary: statuses(kind) },
  );
}

const collection = ({ namespaced, plural }: Used) => (namespaced ? inNamespace(plural) : inCluster(plural));
const specOf = ({ plural }: Used) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.constantFrom(...specChanges[plural]!) },
  );
const query = (parts: string[]) => {
  const given = parts.filter(part => part !== '' && !part.endsWith('='));
  return given.length === 0 ? {} : { query: given.join('&') };
};

function creates(kind: Used): fc.Arbitrary<Step> {
  const parts = fc.record({
    name: anyName,
    labels: anyLabels,
    finalizers,
    spec: specOf(kind),
    write: fc.constantFrom(...writeQueries),
    accept: fc.constantFrom(...forms),
    extra: fc.constantFrom({}, {}, {}, { odd: 1 }),
  });
  return parts.map(({ name, labels, finalizers: held, spec, write, accept, extra }) => ({
    method: 'POST',
    path: collection(kind),
    ...query([write]),
    accept,
    body: { ...objectOf(kind.plural, { name, labels, ...(held && { finalizers: held }) }, spec), ...extra },
  }));
}

function updates(kind: Used): fc.Arbitrary<Step> {
  const parts = fc.record({
    name: anyName,
    labels: anyLabels,
    finalizers,
    spec: specOf(kind),
    version: fc.constantFrom('rv', 'rv', 'rv', 'old', ''),
    write: fc.constantFrom(...writeQueries),
  });
  return parts.map(({ name, labels, finalizers: held, spec, version, write }) => ({
    method: 'PUT',
    path: `${collection(kind)}/${name}`,
    ...query([write]),
    body: objectOf(
      kind.plural,
      {
        name,
        labels,
        ...(version && { resourceVersion: `{{${version}:${name}}}` }),
        ...(held && { finalizers: held }),
      },
      spec,
    ),
  }));
}

function patches(kind: Used): fc.Arbitrary<Step> {
  const merge = fc
    .oneof(
      fc.constantFrom(...metadataPatches),
      fc.constantFrom(...specChanges[kind.plural]!.map(spec => ({ spec }))),
    )
    .map(body => ({ contentType: 'application/merge-patch+json', body: body as unknown }));
  const json = fc
    .constantFrom(...jsonPatches)
    .map(body => ({ contentType: 'application/json-patch+json', body: body as unknown }));
  return fc
    .record({
      name: anyName,
      patch: fc.oneof({ weight: 2, arbitrary: merge }, { weight: 1, arbitrary: json }),
      write: fc.constantFrom(...writeQueries),
    })
    .map(({ name, patch, write }) => ({
      method: 'PATCH',
      path: `${collection(kind)}/${name}`,
      ...query([write]),
      ...patch,
    }));
}

function applies(kind: Used): fc.Arbitrary<Step> {
  const parts = fc.record({
    name: anyName,
    manager: fc.constantFrom('m1', 'm2', 'kubectl'),
    force: fc.constantFrom('', '', 'force=true'),
    labels: anyLabels,
    finalizers,
    // What makes a list or a map empty is left out: a kube-apiserver makes it null, and then refuses it.
    spec: fc.constantFrom({}, {}, specChanges[kind.plural]![0]!),
    write: fc.constantFrom('', '', '', 'dryRun=All'),
  });
  return parts.map(({ name, manager, force, labels, finalizers: held, spec, write }) => ({
    method: 'PATCH',
    path: `${collection(kind)}/${name}`,
    ...query([`fieldManager=${manager}`, force, write]),
    contentType: 'application/apply-patch+yaml',
    // An empty map would be stored, and found changed by the next write that changes nothing.
    body: objectOf(
      kind.plural,
      { name, ...(Object.keys(labels).length > 0 && { labels }), ...(held && { finalizers: held }) },
      spec,
    ),
  }));
}

function deletes(kind: Used): fc.Arbitrary<Step> {
  const options = fc.oneof(
    fc.constant(undefined),
    fc.constantFrom(...policies).map(propagationPolicy => ({ propagationPolicy })),
    fc.constantFrom(...preconditions).map(each => ({ preconditions: each })),
    fc.constant({ dryRun: ['All'] }),
  );
  const one = fc.record({ name: anyName, body: options }).map(({ name, body }) => ({
    method: 'DELETE' as const,
    path: `${collection(kind)}/${name}`,
    ...(body && { body: { kind: 'DeleteOptions', apiVersion: 'v1', ...body } }),
  }));
  // The tier that all policies are in is not to go.
  if (kind.plural === 'tiers') return one;
  const many = fc.constantFrom(...labelSelectors).map(selector => ({
    method: 'DELETE' as const,
    path: collection(kind),
    query: `labelSelector=${selector}`,
  }));
  return fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: many });
}

function gets(kind: Used): fc.Arbitrary<Step> {
  return fc
    .record({ name: anyName, accept: fc.constantFrom(...forms), version: fc.constantFrom(...versions) })
    .map(({ name, accept, version }) => ({
      method: 'GET',
      path: `${collection(kind)}/${name}`,
      accept,
      ...query([`resourceVersion=${version}`]),
    }));
}

function lists(kind: Used): fc.Arbitrary<Step> {
  return (
    fc
      .record({
        accept: fc.constantFrom(...listForms),
        version: fc.constantFrom(...versions),
        match: fc.constantFrom('', '', 'Exact', 'NotOlderThan'),
        limit: fc.constantFrom('', '', '1', '2'),
        more: fc.constantFrom('', '', '', '{{continue}}'),
        selector: fc.constantFrom('', '', ...labelSelectors),
        field: fc.constantFrom('', '', '', 'metadata.name=a', 'metadata.name!=b'),
      })
      // A kube-apiserver reads an object that is selected by its name as it is, whatever version is asked for.
      .filter(({ field, version }) => field !== 'metadata.name=a' || version === '')
      // Nor does it count what it shows of the cache: what each server knows would differ from there on.
      .filter(({ limit, version }) => limit === '' || version !== '0')
      // Nor does it know that nothing follows a page that is selected, and gives a token that the other does not.
      .filter(({ limit, selector, field }) => limit === '' || (selector === '' && field === ''))
      .map(({ accept, version, match, limit, more, selector, field }) => ({
        method: 'GET',
        path: collection(kind),
        accept,
        ...query([
          `limit=${limit}`,
          `continue=${more}`,
          `labelSelector=${selector}`,
          `fieldSelector=${field}`,
          `resourceVersion=${version}`,
          `resourceVersionMatch=${match}`,
        ]),
      }))
  );
}

function watches(kind: Used): fc.Arbitrary<Watch> {
  return fc
    .record({
      start: fc.constantFrom(...starts),
      accept: fc.constantFrom(...forms.filter(form => !form.includes('yaml'))),
      selector: fc.constantFrom('', '', ...labelSelectors),
      field: fc.constantFrom('', '', 'metadata.name=a', 'metadata.name!=b'),
    })
    .map(({ start, accept, selector, field }) => ({
      watch: 'w',
      path: collection(kind),
      accept,
      ...query(['watch=true', start, `labelSelector=${selector}`, `fieldSelector=${field}`]),
      fenceLabels,
      ...(field === 'metadata.name=a' && { fence: 'a' }),
    }));
}

/** Writes of a status; of a kind that has none they lead nowhere. */
function statuses(kind: Used): fc.Arbitrary<Step> {
  const status = { agent: { birdV4: { state: 'Ready' } } };
  return fc.record({ name: anyName, write: fc.constantFrom(...writeQueries) }).map(({ name, write }) => ({
    method: 'PATCH',
    path: `${collection(kind)}/${name}/status`,
    ...query([write]),
    contentType: 'application/merge-patch+json',
    body: kind.plural === 'caliconodestatuses' ? { status } : { metadata: { labels: { app: 'b' } } },
  }));
}
