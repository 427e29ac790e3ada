import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion, type Kind } from '../../../src/kinds/kind.ts';
import { copy } from '../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { canonicalize } from '../../../src/schema/semantics.ts';

function kindNamed(name: string): Kind {
  const kind = kinds.find(each => each.kind === name);
  assert.ok(kind, name);
  return kind;
}

/** The object as it would be stored. */
function settled(kind: Kind, object: ApiObject): ApiObject {
  const next = structuredClone(object);
  canonicalize(kind.schema, next);
  applyDefaults(kind.schema, next);
  kind.defaults?.(next, undefined);
  return next;
}

const pool = {
  ipipMode: 'Never',
  vxlanMode: 'Never',
  allowedUses: ['Workload', 'Tunnel'],
  nodeSelector: 'all()',
  assignmentMode: 'Automatic',
};
const felix = {
  nftablesMode: 'Auto',
  nftablesFlowTableOffload: 'Disabled',
  floatingIPs: 'Disabled',
  bpfConnectTimeLoadBalancing: 'TCP',
  bpfHostNetworkedNATWithoutCTLB: 'Enabled',
};
const controllers = { healthChecks: 'Enabled', prometheusMetricsPort: 9094 };

/** What is sent and what is stored: the tables of defaults of kinds.md, section 3, and datastore.md, section 4.2. */
const cases: [kind: string, why: string, sent: JsonObject, stored: JsonObject][] = [
  ['IPPool', 'IPv4', { cidr: '10.48.0.0/16' }, { cidr: '10.48.0.0/16', blockSize: 26, ...pool }],
  ['IPPool', 'IPv6', { cidr: 'FD00::/64' }, { cidr: 'fd00::/64', blockSize: 122, ...pool }],
  [
    'IPPool',
    'what is empty counts as absent',
    { cidr: '10.48.0.0/16', blockSize: 0, ipipMode: '', vxlanMode: '', nodeSelector: '', allowedUses: [] },
    { cidr: '10.48.0.0/16', blockSize: 26, ...pool },
  ],
  [
    'IPPool',
    'what is said stays',
    {
      cidr: '10.48.0.0/16',
      blockSize: 28,
      ipipMode: 'Always',
      vxlanMode: 'Never',
      allowedUses: ['Workload'],
      nodeSelector: 'zone == "west"',
      assignmentMode: 'Manual',
      natOutgoing: false,
    },
    {
      cidr: '10.48.0.0/16',
      blockSize: 28,
      ipipMode: 'Always',
      vxlanMode: 'Never',
      allowedUses: ['Workload'],
      nodeSelector: 'zone == "west"',
      assignmentMode: 'Manual',
      natOutgoing: false,
    },
  ],
  [
    'IPPool',
    'a range that is none has no block size by default',
    { cidr: 'pods' },
    { cidr: 'pods', ...pool },
  ],
  ['FelixConfiguration', 'nothing said', {}, felix],
  [
    'FelixConfiguration',
    'the deprecated switch, on',
    { bpfConnectTimeLoadBalancingEnabled: true, bpfConnectTimeLoadBalancing: 'TCP' },
    {
      ...felix,
      bpfConnectTimeLoadBalancingEnabled: true,
      bpfConnectTimeLoadBalancing: 'Enabled',
      bpfHostNetworkedNATWithoutCTLB: 'Disabled',
    },
  ],
  [
    'FelixConfiguration',
    'the deprecated switch, off',
    { bpfConnectTimeLoadBalancingEnabled: false, bpfHostNetworkedNATWithoutCTLB: 'Enabled' },
    {
      ...felix,
      bpfConnectTimeLoadBalancingEnabled: false,
      bpfConnectTimeLoadBalancing: 'Disabled',
      bpfHostNetworkedNATWithoutCTLB: 'Disabled',
    },
  ],
  [
    'FelixConfiguration',
    'ports in strings become numbers',
    { natPortRange: '32768', kubeNodePortRanges: ['30000', '30000:30000', '30000:32767'] },
    { ...felix, natPortRange: 32768, kubeNodePortRanges: [30000, 30000, '30000:32767'] },
  ],
  ['KubeControllersConfiguration', 'no controller', { controllers: {} }, { controllers: {}, ...controllers }],
  [
    'KubeControllersConfiguration',
    'controllers that are on',
    { controllers: { node: {}, loadBalancer: { assignIPs: '' }, migration: {}, policy: {} } },
    {
      controllers: {
        node: { leakGracePeriod: '15m0s' },
        loadBalancer: { assignIPs: 'AllServices' },
        migration: { policyNameMigrator: 'Enabled' },
        policy: {},
      },
      ...controllers,
    },
  ],
  [
    'KubeControllersConfiguration',
    'zeros that mean something',
    { controllers: { node: { leakGracePeriod: '0s' } }, prometheusMetricsPort: 0 },
    {
      controllers: { node: { leakGracePeriod: '0s' } },
      prometheusMetricsPort: 0,
      healthChecks: 'Enabled',
    },
  ],
  [
    'IPAMConfiguration',
    'nothing said',
    {},
    { autoAllocateBlocks: true, maxBlocksPerHost: 0, strictAffinity: false },
  ],
  [
    'BGPConfiguration',
    'an AS number in two halves',
    { asNumber: '1.10' },
    { asNumber: 65546, logSeverityScreen: 'Info', serviceLoadBalancerAggregation: 'Enabled' },
  ],
  [
    'BGPPeer',
    'AS numbers in strings',
    { asNumber: '64512', localASNumber: '65535.65535' },
    { asNumber: 64512, localASNumber: 4294967295 },
  ],
  [
    'BGPFilter',
    'AS numbers in lists',
    {
      exportV4: [
        { action: 'Accept', asPathPrefix: ['0.7', 8], operations: [{ prependASPath: { prefix: ['9'] } }] },
      ],
    },
    {
      exportV4: [
        { action: 'Accept', asPathPrefix: [7, 8], operations: [{ prependASPath: { prefix: [9] } }] },
      ],
    },
  ],
];

describe('defaults and stored forms', () => {
  for (const [name, why, sent, stored] of cases) {
    test(`${name}: ${why}`, () => {
      const object = { apiVersion, kind: name, metadata: { name: 'default' }, spec: sent };
      assert.deepEqual(settled(kindNamed(name), object).spec, stored);
    });
  }
});

/** A copy of the value with the one at the path replaced. */
function withValueAt(value: Json, path: (string | number)[], replacement: Json): Json {
  const next = copy(value);
  let place = next as JsonObject;
  for (const step of path.slice(0, -1)) place = place[step] as JsonObject;
  place[path.at(-1)!] = replacement;
  return next;
}

function pathsIn(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...steps.flatMap(step => pathsIn((value as JsonObject)[step]!, [...path, step]))];
}

describe('what is stored once is stored the same again', () => {
  for (const kind of kinds) {
    const examples = [...kind.examples.valid, ...kind.examples.invalid.map(({ object }) => object)];

    test(`${kind.kind}: examples`, () => {
      for (const object of examples) {
        const stored = settled(kind, object);
        assert.deepEqual(settled(kind, stored), stored, object.metadata.name);
      }
    });

    test(`${kind.kind}: examples with any value in any place`, () => {
      const places = examples.flatMap(object =>
        pathsIn((object.spec ?? {}) as Json)
          .filter(path => path.length > 0)
          .map(path => ({ object, path })),
      );
      const odd = fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('', 0, null, false, [], {}, '80', '1:2', '6', '1.5', 'FD00::/64', '10.0.0.0/08'),
      );
      fc.assert(
        fc.property(fc.constantFrom(...places), odd, ({ object, path }, value) => {
          const spec = withValueAt(object.spec as Json, path, value as Json);
          const stored = settled(kind, { ...object, spec });
          assert.deepEqual(settled(kind, stored), stored);
        }),
        { numRuns: 200 },
      );
    });
  }
});
