import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';

interface Case {
  kind: string;
  /** The fields beside metadata. */
  object: JsonObject;
  /** Cells by column, those of `-o wide` included, the age left out. */
  cells: Record<string, Json | undefined>;
}

const condition = { type: 'Ready', status: 'True', reason: 'InForce', message: '' };

const cases: Case[] = [
  {
    kind: 'NetworkPolicy',
    object: {
      spec: { tier: 'security', order: 10.5, types: ['Ingress', 'Egress'], selector: 'app == "web"' },
    },
    cells: { Tier: 'security', Order: 10.5, Types: 'Ingress,Egress', Selector: 'app == "web"' },
  },
  {
    kind: 'GlobalNetworkPolicy',
    object: { spec: { order: 0, selector: '' } },
    cells: { Tier: 'default', Order: 0, Types: undefined, Selector: 'all()' },
  },
  {
    kind: 'StagedNetworkPolicy',
    object: { spec: { stagedAction: 'Delete' } },
    cells: { Tier: 'default', Order: undefined, Types: undefined, Action: 'Delete', Selector: 'all()' },
  },
  {
    kind: 'StagedGlobalNetworkPolicy',
    object: { spec: { types: ['Egress'] } },
    cells: { Tier: 'default', Order: undefined, Types: 'Egress', Action: 'Set', Selector: 'all()' },
  },
  {
    kind: 'StagedKubernetesNetworkPolicy',
    object: { spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'] } },
    cells: { 'Pod-Selector': 'app=db', Types: 'Ingress', Action: 'Set' },
  },
  {
    kind: 'Tier',
    object: {
      spec: { order: 100, defaultAction: 'Pass' },
      status: { conditions: [{ ...condition, type: 'Other', reason: 'No' }, condition] },
    },
    cells: { Order: 100, 'Default-Action': 'Pass', Status: 'InForce' },
  },
  {
    kind: 'Tier',
    object: { spec: {}, status: {} },
    cells: { Order: undefined, 'Default-Action': 'Deny', Status: undefined },
  },
  {
    kind: 'Profile',
    object: { spec: { ingress: [{ action: 'Allow' }, { action: 'Deny' }] } },
    cells: { Ingress: 2, Egress: 0 },
  },
  {
    kind: 'NetworkSet',
    object: { spec: { nets: ['192.0.2.0/24', '192.0.2.9', '::1', '10.0.0.0/8'] } },
    cells: { Nets: 4, Networks: '192.0.2.0/24,192.0.2.9,::1 + 1 more...' },
  },
  { kind: 'GlobalNetworkSet', object: { spec: {} }, cells: { Nets: 0, Networks: undefined } },
  {
    kind: 'HostEndpoint',
    object: { spec: { node: 'n1', interfaceName: '*', expectedIPs: ['192.0.2.1', '::1'], profiles: ['p'] } },
    cells: { Node: 'n1', Interface: '*', IPs: '192.0.2.1,::1', Profiles: 'p' },
  },
];

for (const { kind: name, object, cells } of cases) {
  test(`columns of ${name}: ${JSON.stringify(object)}`, () => {
    const kind = kinds.find(each => each.kind === name);
    assert.ok(kind);
    const columns = kind.columns.filter(column => column.name !== 'Age');
    const whole = { apiVersion, kind: name, metadata: { name: 'x' }, ...object };
    assert.deepEqual(Object.fromEntries(columns.map(column => [column.name, column.value(whole)])), cells);
  });
}
