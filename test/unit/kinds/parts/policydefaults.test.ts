import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../../src/kinds/index.ts';
import { apiVersion } from '../../../../src/kinds/kind.ts';
import type { Json, JsonObject } from '../../../../src/machinery/json.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import { atOnce } from '../../../../src/machinery/steps.ts';
import { fillDefaults, objectErrors } from '../../../../src/registry/prepare.ts';

const tiered = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy'];
const tierLabel = 'projectcalico.org/tier';
const deny = [{ action: 'Deny' }];

function kindOf(name: string) {
  const kind = kinds.find(each => each.kind === name);
  assert.ok(kind);
  return kind;
}

/** The object as it would be stored; a second time through changes nothing. */
function stored(kindName: string, spec: Json | undefined, labels?: Record<string, string>): ApiObject {
  const kind = kindOf(kindName);
  const object: ApiObject = {
    apiVersion,
    kind: kindName,
    metadata: { name: 'x', ...(kind.namespaced && { namespace: 'shop' }), ...(labels && { labels }) },
    ...(spec !== undefined && { spec: structuredClone(spec) }),
  };
  fillDefaults({ kind }, object, undefined);
  const once = structuredClone(object);
  fillDefaults({ kind }, object, undefined);
  assert.deepEqual(object, once);
  fillDefaults({ kind }, object, once);
  assert.deepEqual(object, once);
  return object;
}

function specOf(object: ApiObject): JsonObject {
  return object.spec as JsonObject;
}

for (const kindName of tiered) {
  const staged = kindName.startsWith('Staged');

  describe(`defaults of ${kindName}`, () => {
    const types: { why: string; spec: JsonObject; types: string[] | undefined }[] = [
      { why: 'no rules', spec: {}, types: ['Ingress'] },
      { why: 'empty lists of rules', spec: { ingress: [], egress: [] }, types: ['Ingress'] },
      { why: 'ingress rules', spec: { ingress: deny }, types: ['Ingress'] },
      { why: 'egress rules', spec: { egress: deny }, types: ['Egress'] },
      { why: 'egress rules and an empty list', spec: { ingress: [], egress: deny }, types: ['Egress'] },
      { why: 'rules of both sorts', spec: { ingress: deny, egress: deny }, types: ['Ingress', 'Egress'] },
      { why: 'types that are null', spec: { types: null, egress: deny }, types: ['Egress'] },
      { why: 'an empty list of types', spec: { types: [], egress: deny }, types: ['Egress'] },
      { why: 'types that leave rules out', spec: { types: ['Egress'], ingress: deny }, types: ['Egress'] },
      {
        why: 'types in another order',
        spec: { types: ['Egress', 'Ingress'] },
        types: ['Egress', 'Ingress'],
      },
    ];
    for (const { why, spec, types: expected } of types) {
      test(`types with ${why}`, () => assert.deepEqual(specOf(stored(kindName, spec)).types, expected));
    }

    const tiers: { why: string; tier?: Json; stored: string }[] = [
      { why: 'absent', stored: 'default' },
      { why: 'null', tier: null, stored: 'default' },
      { why: 'empty', tier: '', stored: 'default' },
      { why: 'given', tier: 'security', stored: 'security' },
    ];
    for (const { why, tier, stored: expected } of tiers) {
      test(`a tier that is ${why}, and its label`, () => {
        const object = stored(kindName, tier === undefined ? {} : { tier });
        assert.equal(specOf(object).tier, expected);
        assert.deepEqual(object.metadata.labels, { [tierLabel]: expected });
      });
    }

    test('the label of the tier is always that of the tier, and other labels stay', () => {
      const object = stored(kindName, { tier: 'security' }, { role: 'web', [tierLabel]: 'other' });
      assert.deepEqual(object.metadata.labels, { role: 'web', [tierLabel]: 'security' });
    });

    test('a tier that cannot be is told once, where it was written', () => {
      for (const tier of ['x'.repeat(64), 'no tier', 7]) {
        const object = stored(kindName, { tier });
        assert.equal(object.metadata.labels?.[tierLabel], undefined);
        const fields = atOnce(objectErrors(kindOf(kindName), object, undefined)).map(({ field }) => field);
        assert.deepEqual(
          [...new Set(fields)].filter(field => field !== '<nil>'),
          ['spec.tier'],
        );
      }
    });

    test('without spec nothing is filled in, and that is an error', () => {
      const object = stored(kindName, undefined);
      assert.deepEqual(object.spec, undefined);
      assert.equal(object.metadata.labels, undefined);
      assert.equal(atOnce(objectErrors(kindOf(kindName), object, undefined))[0]?.field, 'spec');
    });

    test('what is broken stays for the checks', () => {
      for (const spec of ['text', 7, [], { ingress: 'x', egress: 7 }, { types: 'Ingress' }]) {
        const object = stored(kindName, spec);
        assert.notEqual(atOnce(objectErrors(kindOf(kindName), object, undefined)).length, 0);
      }
    });

    test('values get the form in which Calico stores them', () => {
      const source = { ports: ['80', '80:80', '080', '8000:8080', 'http'], notPorts: [443] };
      const object = stored(kindName, {
        ingress: [{ action: 'Allow', protocol: '6', notProtocol: 'UDP', source }],
      });
      assert.deepEqual(specOf(object).ingress, [
        {
          action: 'Allow',
          protocol: 6,
          notProtocol: 'UDP',
          source: { ports: [80, 80, 80, '8000:8080', 'http'], notPorts: [443] },
        },
      ]);
    });

    if (!staged) {
      test('there is no staged action', () =>
        assert.equal(specOf(stored(kindName, {})).stagedAction, undefined));
      return;
    }

    test('the staged action is Set where none is given', () => {
      for (const spec of [{}, { stagedAction: null }, { stagedAction: '' }]) {
        assert.equal(specOf(stored(kindName, spec)).stagedAction, 'Set');
      }
      assert.equal(specOf(stored(kindName, { stagedAction: 'Learn' })).stagedAction, 'Learn');
    });

    test('a staged deletion has no types, also where some were given', () => {
      for (const spec of [{}, { types: ['Ingress'] }]) {
        const object = stored(kindName, { stagedAction: 'Delete', ...spec });
        assert.deepEqual(specOf(object), { stagedAction: 'Delete', tier: 'default' });
        assert.deepEqual(atOnce(objectErrors(kindOf(kindName), object, undefined)), []);
      }
    });
  });
}

describe('defaults of StagedKubernetesNetworkPolicy', () => {
  const kind = 'StagedKubernetesNetworkPolicy';

  test('the staged action, and nothing else', () => {
    const object = stored(kind, { egress: [{}] });
    assert.deepEqual(object.spec, { egress: [{}], stagedAction: 'Set' });
    assert.equal(object.metadata.labels, undefined);
    assert.deepEqual(stored(kind, { stagedAction: '' }).spec, { stagedAction: 'Set' });
  });
});

describe('defaults of Tier', () => {
  const cases: { why: string; spec: JsonObject; stored: JsonObject }[] = [
    { why: 'nothing', spec: {}, stored: { order: 1000000, defaultAction: 'Deny' } },
    {
      why: 'nulls',
      spec: { order: null, defaultAction: null },
      stored: { order: 1000000, defaultAction: 'Deny' },
    },
    { why: 'order zero', spec: { order: 0 }, stored: { order: 0, defaultAction: 'Deny' } },
    {
      why: 'everything',
      spec: { order: 7.5, defaultAction: 'Pass' },
      stored: { order: 7.5, defaultAction: 'Pass' },
    },
  ];
  for (const { why, spec, stored: expected } of cases) {
    test(`a tier with ${why}`, () => assert.deepEqual(stored('Tier', spec).spec, expected));
  }

  test('without spec nothing is filled in', () => assert.equal(stored('Tier', undefined).spec, undefined));
});

test('HostEndpoint: numbers of protocols', () => {
  const ports = [{ name: 'a', port: 1, protocol: '17' }];
  assert.deepEqual(specOf(stored('HostEndpoint', { node: 'n', interfaceName: '*', ports })).ports, [
    { name: 'a', port: 1, protocol: 17 },
  ]);
});
