import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findObjects } from '../../../../src/cli/validate/objects.ts';
import type { Json } from '../../../../src/machinery/json.ts';

const v3 = 'projectcalico.org/v3';

/** What was found, one line each. */
function found(document: Json): string[] {
  return [...findObjects(document)].map(each => {
    if (each.sort === 'passed over') return `${each.path}: ${each.as}`;
    if (each.sort === 'object') return `${each.path}: ${each.kind.kind}`;
    return `${each.path}: ${each.check} ${each.field}: ${each.message}`;
  });
}

const stored =
  'crd.projectcalico.org/v1 is the form in which Calico stores its objects, not one to write: ' +
  'use apiVersion: projectcalico.org/v3';

suite('objects of a document', () => {
  const table: [string, Json, string[]][] = [
    ['an object', { apiVersion: v3, kind: 'Tier' }, [': Tier']],
    ['of another group', { apiVersion: 'apps/v1', kind: 'Deployment' }, [': otherGroups']],
    [
      'a kind of the same name',
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
      [': otherGroups'],
    ],
    ['of the operator', { apiVersion: 'operator.tigera.io/v1', kind: 'Installation' }, [': otherGroups']],
    ['null', null, [': noObjects']],
    ['a list', [1], [': noObjects']],
    ['something else', { image: 'x' }, [': noObjects']],
    ['another kind without a version', { kind: 'Config' }, [': noObjects']],
    [
      'no apiVersion',
      { kind: 'Tier' },
      [`: incomplete-object apiVersion: apiVersion is missing: Tier has ${v3}`],
    ],
    [
      'a number for the apiVersion',
      { kind: 'Tier', apiVersion: 3 },
      [`: incomplete-object apiVersion: apiVersion must be a text: Tier has ${v3}`],
    ],
    ['no kind', { apiVersion: v3 }, [': incomplete-object kind: kind is missing']],
    ['a number for the kind', { apiVersion: v3, kind: 1 }, [': incomplete-object kind: kind must be a text']],
    [
      'an unknown kind',
      { apiVersion: v3, kind: 'NetworkPolcy' },
      [`: unknown-kind kind: unknown kind "NetworkPolcy" in ${v3}; did you mean NetworkPolicy?`],
    ],
    [
      'a kind in lower case',
      { apiVersion: v3, kind: 'ippool' },
      [`: unknown-kind kind: unknown kind "ippool" in ${v3}; did you mean IPPool?`],
    ],
    [
      'a kind that is like none',
      { apiVersion: v3, kind: 'LicenseKey' },
      [`: unknown-kind kind: unknown kind "LicenseKey" in ${v3}`],
    ],
    [
      'a kind named like what every object has',
      { apiVersion: v3, kind: 'constructor' },
      [`: unknown-kind kind: unknown kind "constructor" in ${v3}`],
    ],
    [
      'the storage form',
      { apiVersion: 'crd.projectcalico.org/v1', kind: 'IPPool' },
      [`: api-version apiVersion: ${stored} with kind: IPPool`],
    ],
    [
      'the storage form of an unknown kind',
      { apiVersion: 'crd.projectcalico.org/v1', kind: 'X' },
      [`: api-version apiVersion: ${stored}`],
    ],
    ...['projectcalico.org/v1', 'projectcalico.org', 'projectcalico/v3', 'ProjectCalico.org/v3'].map(
      (apiVersion): [string, Json, string[]] => [
        apiVersion,
        { apiVersion, kind: 'IPPool' },
        [`: api-version apiVersion: unknown apiVersion "${apiVersion}"; did you mean ${v3}?`],
      ],
    ),
    [
      'a List',
      {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          { apiVersion: v3, kind: 'Tier' },
          { apiVersion: 'v1', kind: 'Pod' },
          { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: v3, kind: 'IPPool' }] },
          null,
        ],
      },
      ['items[0]: Tier', 'items[1]: otherGroups', 'items[2].items[0]: IPPool', 'items[3]: noObjects'],
    ],
    [
      'a List without a version',
      { kind: 'List', items: [{ apiVersion: v3, kind: 'Tier' }] },
      ['items[0]: Tier'],
    ],
    [
      'a List of no list',
      { apiVersion: 'v1', kind: 'List', items: {} },
      [': incomplete-object items: items must be a list of objects'],
    ],
    [
      'a list of one kind, whose items need not say so',
      { apiVersion: v3, kind: 'TierList', items: [{ metadata: {} }, { apiVersion: v3, kind: 'IPPool' }, 1] },
      ['items[0]: Tier', 'items[1]: IPPool', 'items[2]: incomplete-object : an item of the list is no Tier'],
    ],
    ['an empty list of one kind, as Go writes it', { apiVersion: v3, kind: 'TierList', items: null }, []],
    ['a list of another group', { apiVersion: 'v1', kind: 'PodList', items: [{}] }, [': otherGroups']],
    [
      'a list of an unknown kind',
      { apiVersion: v3, kind: 'TeirList', items: [] },
      [`: unknown-kind kind: unknown kind "TeirList" in ${v3}; did you mean TierList?`],
    ],
  ];
  for (const [name, document, expected] of table) {
    test(name, () => assert.deepEqual(found(document), expected));
  }
});
