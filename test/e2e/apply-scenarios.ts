import type { Json, JsonObject } from '../../src/machinery/json.ts';

/** One request of a scenario. Names and namespaces are filled in where they are absent. */
export type Step = {
  /** The field manager; none is sent where it is absent. */
  as?: string;
  subresource?: 'status';
  /** Further query parameters. */
  query?: string;
  /** Where the answers differ on purpose: why. They must differ then. */
  differs?: string;
} & (
  | { apply: JsonObject | string; force?: boolean }
  | { create: JsonObject }
  /** The body of a PUT, made of the object as it is. */
  | { replace: (live: JsonObject) => Json }
  | { merge: Json }
  | { json: Json }
  | { get: true }
  | { delete: true }
);

export interface Scenario {
  title: string;
  plural: string;
  kind: string;
  /** Whether no step may succeed; without it, one must. */
  onlyRefusals?: boolean;
  steps: Step[];
}

const inSet = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({ metadata, spec });
const withNets = (...nets: string[]) => inSet({ nets });

function set(title: string, steps: Step[]): Scenario {
  return { title, plural: 'globalnetworksets', kind: 'GlobalNetworkSet', steps };
}

function felix(title: string, steps: Step[]): Scenario {
  return { title, plural: 'felixconfigurations', kind: 'FelixConfiguration', steps };
}

function pool(title: string, steps: Step[]): Scenario {
  return { title, plural: 'ippools', kind: 'IPPool', steps };
}

function refused(scenario: Scenario): Scenario {
  return { ...scenario, onlyRefusals: true };
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

const condition = (type: string, status: string, message = 'm'): JsonObject => ({
  type,
  status,
  message,
  reason: 'Tested',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

const owner = (uid: string, name = 'o'): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid });

const change = (live: JsonObject, with_: { spec?: JsonObject; metadata?: JsonObject }): JsonObject => ({
  ...live,
  ...(with_.spec && { spec: { ...(live.spec as JsonObject), ...with_.spec } }),
  metadata: { ...(live.metadata as JsonObject), ...with_.metadata },
});

const without = (live: JsonObject, ...fields: string[]): JsonObject => {
  const spec = { ...(live.spec as JsonObject) };
  for (const field of fields) delete spec[field];
  return { ...live, spec };
};

const emptied =
  'upstream takes away what it has emptied, or makes it null, and refuses that; here it is empty, as in a Go server';

/** Sequences by several managers whose answers are those of kube-apiserver for Calico's CRDs. */
export const scenarios: Scenario[] = [
  set('apply creates, and again changes nothing', [
    { as: 'a', apply: inSet({ nets: ['10.0.0.0/8'] }, { labels: { x: '1' } }) },
    { as: 'a', apply: inSet({ nets: ['10.0.0.0/8'] }, { labels: { x: '1' } }) },
    { get: true },
  ]),
  set('two managers of different labels, and each gives up its own', [
    { as: 'a', apply: inSet({ nets: ['10.0.0.0/8'] }, { labels: { x: '1', y: '2' } }) },
    { as: 'b', apply: inSet({}, { labels: { z: '3' } }) },
    { as: 'a', apply: inSet({ nets: ['10.0.0.0/8'] }, { labels: { y: '2' } }) },
    { as: 'b', apply: inSet({}) },
    { as: 'a', apply: inSet({}), differs: emptied },
  ]),
  set('a shared set: a union of what each applies', [
    { as: 'a', apply: withNets('10.0.0.0/8', '10.1.0.0/16') },
    { as: 'b', apply: withNets('10.2.0.0/16', '10.1.0.0/16') },
    { as: 'a', apply: withNets('10.3.0.0/16') },
    { as: 'b', apply: withNets() },
    { as: 'a', apply: inSet({}), differs: emptied },
  ]),
  set('a set that is emptied by the one who filled it', [
    { as: 'a', apply: withNets('10.0.0.0/8') },
    { as: 'a', apply: withNets(), differs: emptied },
  ]),
  felix('a list that is emptied beside other fields', [
    { as: 'a', apply: { spec: { bpfEnabled: true, routeTableRanges: [{ min: 1, max: 9 }] } } },
    { as: 'a', apply: { spec: { bpfEnabled: true, routeTableRanges: [] } } },
    { as: 'a', apply: { spec: { bpfEnabled: true, routeTableRanges: [] } } },
  ]),
  set('a set that is emptied beside other fields', [
    { as: 'a', apply: inSet({ nets: ['10.0.0.0/8'] }, { labels: { x: '1' } }) },
    { as: 'a', apply: inSet({ nets: [] }, { labels: {}, annotations: {} }), differs: emptied },
  ]),
  set('a conflict on a label, sharing, and force', [
    { as: 'a', apply: inSet({}, { labels: { x: '1' } }) },
    { as: 'b', apply: inSet({}, { labels: { x: '2' } }) },
    { as: 'b', apply: inSet({}, { labels: { x: '1' } }) },
    { as: 'c', apply: inSet({}, { labels: { x: '2' } }) },
    { as: 'c', apply: inSet({}, { labels: { x: '2' } }), force: true },
    { as: 'a', apply: inSet({}, { labels: { x: '1' } }) },
    { as: 'a', apply: inSet({}, { labels: {} }) },
  ]),
  felix('conflicts with updaters, several fields and managers', [
    { as: 'edit', create: { spec: { bpfEnabled: true, ipv6Support: true } } },
    { as: 'patch', merge: { spec: { ipv6Support: false, routeTableRanges: [{ min: 1, max: 9 }] } } },
    { as: 'a', apply: { spec: { bpfEnabled: false } } },
    { as: 'a', apply: { spec: { bpfEnabled: false, ipv6Support: true, routeTableRanges: [] } } },
    { as: 'a', apply: { spec: { bpfEnabled: true, ipv6Support: false } } },
    { as: 'patch', merge: { spec: { bpfEnabled: false } } },
    { as: 'a', apply: { spec: { bpfEnabled: true } } },
    { as: 'a', apply: { spec: { bpfEnabled: true } }, force: true },
    { as: 'edit', merge: { spec: { bpfEnabled: null } } },
  ]),
  felix('a PUT, with and without a name in the query', [
    { as: 'a', create: { spec: { bpfEnabled: true } } },
    { as: 'b', replace: live => change(live, { spec: { bpfEnabled: false, ipv6Support: true } }) },
    { as: 'b', replace: live => live },
    { replace: live => change(live, { spec: { ipv6Support: false } }) },
    { as: 'c', replace: live => without(live, 'ipv6Support') },
    { as: 'a', replace: live => change(live, { metadata: { labels: { x: '1' }, annotations: { n: 'v' } } }) },
  ]),
  felix('a PUT, merge patch and JSON patch by the same manager are one entry', [
    { as: 'a', create: { spec: { bpfEnabled: true } } },
    { as: 'a', merge: { metadata: { labels: { x: '1' } } } },
    { as: 'a', json: [{ op: 'add', path: '/spec/ipv6Support', value: true }] },
    { as: 'b', json: [{ op: 'remove', path: '/spec/bpfEnabled' }] },
    { as: 'b', json: [{ op: 'replace', path: '/metadata/labels/x', value: '2' }] },
    { as: 'b', json: [{ op: 'remove', path: '/metadata/labels' }] },
  ]),
  felix('managedFields that a client sends', [
    { as: 'a', create: { spec: { bpfEnabled: true } } },
    {
      as: 'b',
      json: [
        {
          op: 'replace',
          path: '/metadata/managedFields',
          value: [
            {
              manager: 'moved',
              operation: 'Apply',
              apiVersion: 'projectcalico.org/v3',
              time: '2026-01-01T00:00:00Z',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:spec': { 'f:bpfEnabled': {} } },
            },
          ],
        },
      ],
    },
    { as: 'b', merge: { metadata: { managedFields: [{ operation: 'Odd' }] } } },
    { as: 'b', merge: { metadata: { managedFields: [{ manager: 'x', operation: 'Update' }] } } },
    { as: 'moved', apply: { spec: {} } },
    { as: 'b', merge: { spec: { ipv6Support: true } } },
    { as: 'b', merge: { metadata: { managedFields: [{}] } } },
    { as: 'b', merge: { spec: { ipv6Support: false } } },
    { as: 'c', apply: { spec: { bpfEnabled: true } } },
    { as: 'c', merge: { metadata: { managedFields: [{}] } } },
    { as: 'd', apply: { spec: { ipv6Support: true } } },
  ]),
  felix('managedFields in an apply', [
    { as: 'a', apply: { metadata: { managedFields: [] }, spec: {} } },
    { as: 'a', apply: { metadata: { managedFields: null }, spec: {} } },
    {
      as: 'a',
      apply: { metadata: { managedFields: [{ manager: 'x', operation: 'Apply' }] }, spec: {} },
    },
  ]),
  felix('options of an apply', [
    { apply: { spec: {} } },
    { as: 'a', query: 'force=maybe', apply: { spec: {} } },
    { as: 'a', query: 'force=true', merge: { spec: {} } },
    { as: 'a\u0007', apply: { spec: {} } },
    { as: 'a', query: 'fieldValidation=Maybe', apply: { spec: {} } },
    { as: 'a', query: 'dryRun=All', apply: { spec: { bpfEnabled: true } } },
    { get: true },
    { as: 'a', apply: { spec: { bpfEnabled: true } } },
    { as: 'b', query: 'dryRun=All', apply: { spec: { bpfEnabled: false } }, force: true },
    { get: true },
  ]),
  refused(
    felix('bodies of an apply that are none', [
      { as: 'a', apply: 'a: [', differs: 'the words of another YAML parser' },
      { as: 'a', apply: '[]' },
      { as: 'a', apply: 'text' },
      { as: 'a', apply: '' },
      { as: 'a', apply: '{}' },
      { as: 'a', apply: '{"apiVersion": "v1", "kind": "Node"}' },
      { as: 'a', apply: '{"apiVersion": "projectcalico.org/v4", "kind": "FelixConfiguration"}' },
    ]),
  ),
  felix('names and identities that do not fit', [
    { as: 'a', apply: { metadata: { name: null }, spec: {} } },
    { as: 'a', apply: { metadata: { name: 'other' }, spec: {} } },
    { as: 'a', apply: { metadata: { uid: 'b7bd5e5c-0000-4000-8000-000000000000' }, spec: {} } },
    { as: 'a', apply: { metadata: { resourceVersion: '1' }, spec: {} } },
    { as: 'a', apply: { spec: {} } },
    { as: 'a', apply: { metadata: { uid: 'b7bd5e5c-0000-4000-8000-000000000000' }, spec: {} } },
    { as: 'a', merge: { metadata: { uid: 'b7bd5e5c-0000-4000-8000-000000000000' } } },
    { as: 'a', apply: { metadata: { resourceVersion: '1' }, spec: { bpfEnabled: true } } },
    { as: 'a', apply: { metadata: { name: 'other' }, spec: {} } },
    { as: 'a', apply: { metadata: { creationTimestamp: null, generation: 7 }, spec: {} } },
  ]),
  felix('unknown and duplicate fields', [
    { as: 'a', apply: { spec: { nonsense: 1 } } },
    { as: 'a', apply: { spec: { nonsense: 1 } }, query: 'fieldValidation=Strict' },
    { as: 'a', apply: { metadata: { nonsense: 1 }, spec: {} } },
    { as: 'a', apply: { nonsense: 1 } },
    {
      as: 'a',
      query: 'fieldValidation=Strict',
      apply:
        'apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: NAME}\nspec:\n  bpfEnabled: true\n  bpfEnabled: false\n',
    },
    {
      as: 'a',
      apply:
        'apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: NAME}\nspec:\n  bpfEnabled: true\n  bpfEnabled: false\n',
    },
    {
      as: 'a',
      query: 'fieldValidation=Ignore',
      apply:
        'apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: NAME}\nspec:\n  bpfEnabled: false\n  bpfEnabled: true\n',
    },
  ]),
  felix('values of the wrong type', [
    { as: 'a', apply: { spec: { bpfEnabled: 'yes' } } },
    { as: 'a', apply: { spec: { bpfEnabled: [true] } } },
    { as: 'a', apply: { spec: { routeTableRanges: 'x' } } },
    { as: 'a', apply: { spec: { routeTableRanges: { a: { b: 1 }, c: [1, 'x'] } } } },
    { as: 'a', apply: { spec: { wireguardMTU: 'x' } } },
    { as: 'a', apply: { spec: { wireguardMTU: { a: 1 } } } },
    { as: 'a', apply: { spec: { logSeverityScreen: 5 } } },
    { as: 'a', apply: { spec: { logSeverityScreen: true } } },
    {
      as: 'a',
      apply: { spec: { logSeverityScreen: null, bpfEnabled: null } },
      query: 'dryRun=All',
      differs: "null counts as absent, as in Calico's Go server; upstream refuses it in an apply",
    },
    { as: 'a', apply: { spec: 'x' } },
    { as: 'a', apply: { metadata: { labels: { x: 1 } } } },
    { as: 'a', apply: { spec: { failsafeInboundHostPorts: [{ port: 22, protocol: 'TCP' }] } } },
  ]),
  refused(
    set('duplicate items', [
      { as: 'a', apply: withNets('10.0.0.0/8', '10.0.0.0/8') },
      { as: 'a', apply: inSet({}, { finalizers: ['x/y', 'x/y'] }) },
      { as: 'a', apply: inSet({}, { ownerReferences: [owner('1'), owner('1')] }) },
    ]),
  ),
  set('owners and finalizers', [
    { as: 'a', apply: inSet({}, { finalizers: ['x/y'], ownerReferences: [owner('1')] }) },
    { as: 'b', apply: inSet({}, { finalizers: ['x/z'], ownerReferences: [owner('2')] }) },
    { as: 'b', apply: inSet({}, { ownerReferences: [owner('1', 'p')] }) },
    { as: 'b', apply: inSet({}, { ownerReferences: [owner('1', 'p')] }), force: true },
    { as: 'c', json: [{ op: 'remove', path: '/metadata/ownerReferences/0' }] },
    { as: 'a', apply: inSet({}) },
    { as: 'c', merge: { metadata: { finalizers: null, ownerReferences: null } } },
  ]),
  set('kubectl takes over from client-side apply', [
    {
      as: 'kubectl-client-side-apply',
      create: inSet(
        { nets: ['10.0.0.0/8'] },
        {
          labels: { x: '1' },
          annotations: {
            [lastApplied]: JSON.stringify({
              apiVersion: 'projectcalico.org/v3',
              kind: 'GlobalNetworkSet',
              metadata: { labels: { x: '1' } },
              spec: { nets: ['10.0.0.0/8'] },
            }),
          },
        },
      ),
    },
    { as: 'other', apply: inSet({ nets: ['10.0.0.0/8'] }, { labels: { x: '2' } }) },
    {
      as: 'kubectl',
      apply: inSet({ nets: ['10.1.0.0/16'] }, { labels: { x: '2' }, annotations: { n: '<&>\u2028\b' } }),
    },
    { as: 'kubectl', apply: inSet({ nets: ['10.1.0.0/16'] }, { labels: { x: '2' } }) },
    { as: 'kubectl', apply: inSet({ nets: ['10.1.0.0/16'] }, { labels: { x: '2' } }) },
    { as: 'kubectl', apply: inSet({}, { annotations: { [lastApplied]: 'x' } }) },
  ]),
  set('kubectl does not take what has been changed since', [
    {
      as: 'kubectl-client-side-apply',
      create: inSet(
        {},
        {
          labels: { x: '1', y: '1' },
          annotations: {
            [lastApplied]: JSON.stringify({
              apiVersion: 'projectcalico.org/v3',
              kind: 'GlobalNetworkSet',
              metadata: { labels: { x: '1', y: '1' } },
              spec: {},
            }),
          },
        },
      ),
    },
    { as: 'edit', merge: { metadata: { labels: { x: '2' } } } },
    { as: 'kubectl', apply: inSet({}, { labels: { x: '3', y: '3' } }) },
    { as: 'kubectl', apply: inSet({}, { labels: { x: '3', y: '3' } }), force: true },
  ]),
  pool('status has an owner of its own', [
    {
      as: 'a',
      apply: { spec: { cidr: '10.64.0.0/16' }, status: { conditions: [condition('Ready', 'True')] } },
    },
    {
      as: 'controller',
      subresource: 'status',
      apply: { status: { conditions: [condition('Ready', 'True')] } },
    },
    {
      as: 'second',
      subresource: 'status',
      apply: { spec: { disabled: true }, status: { conditions: [condition('Other', 'True')] } },
    },
    {
      as: 'second',
      subresource: 'status',
      apply: { status: { conditions: [condition('Ready', 'False')] } },
    },
    {
      as: 'third',
      subresource: 'status',
      merge: { metadata: { labels: { x: '1' } }, status: { conditions: [condition('Ready', 'False')] } },
    },
    { as: 'a', merge: { status: null, spec: { disabled: true } } },
    {
      as: 'controller',
      subresource: 'status',
      apply: { status: { conditions: [condition('Ready', 'True')] } },
    },
    {
      as: 'controller',
      subresource: 'status',
      apply: { status: { conditions: [condition('Ready', 'True'), condition('Ready', 'True')] } },
    },
    { as: 'controller', subresource: 'status', apply: { status: { conditions: [{ status: 'True' }] } } },
    { as: 'fourth', subresource: 'status', replace: live => ({ ...live, status: {} }) },
  ]),
  refused(
    pool('the status of what is not there', [
      { as: 'a', subresource: 'status', apply: { status: {} } },
      { as: 'a', subresource: 'status', merge: { status: {} } },
    ]),
  ),
  pool('defaults that nobody applied', [
    { as: 'a', apply: { spec: { cidr: '10.65.0.0/16' } } },
    { as: 'b', apply: { spec: { assignmentMode: 'Automatic' } } },
    { as: 'b', apply: { spec: { assignmentMode: 'Manual' } } },
    { as: 'b', apply: { spec: {} } },
    { as: 'b', apply: { spec: { natOutgoing: true } } },
    { as: 'b', apply: { spec: {} } },
    { as: 'c', merge: { spec: { nodeSelector: 'x == "y"' } } },
    { as: 'a', apply: { spec: { cidr: '10.65.0.0/16', nodeSelector: 'all()' } } },
    { as: 'a', apply: { spec: { cidr: '10.65.0.0/16', nodeSelector: 'x == "y"' } } },
    { as: 'a', apply: { spec: { cidr: '10.65.0.0/16' } } },
  ]),
  felix('many updaters become few', [
    ...Array.from({ length: 13 }, (_, index): Step => {
      const name = `m${String(index).padStart(2, '0')}`;
      return index === 0
        ? { as: name, create: { metadata: { labels: { [name]: '1' } }, spec: {} } }
        : { as: name, merge: { metadata: { labels: { [name]: '1' } } } };
    }),
  ]),
  felix('deleted with a finalizer, and still applied to', [
    { as: 'a', apply: { metadata: { finalizers: ['x/y'] }, spec: {} } },
    { delete: true },
    { as: 'b', apply: { spec: { bpfEnabled: true } } },
    { as: 'b', apply: { metadata: { finalizers: ['x/z'] }, spec: { bpfEnabled: true } } },
    { as: 'a', apply: { spec: {} } },
    { get: true },
  ]),
];
