import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { copy, equal } from '../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import { mergePatch } from '../../../src/machinery/merge-patch.ts';
import { isJsonObject } from '../../../src/machinery/own-field.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { applyStrategicMergePatch } from '../../../src/machinery/strategic-merge-patch.ts';
import { anyJson } from './arbitrary.ts';

const owners = (...uids: string[]): Json => uids.map(uid => ({ uid, kind: 'K' }));
const finalizers = (...names: string[]): Json => ({ metadata: { finalizers: names } });

const cases: [what: string, document: Json, patch: Json, result: Json][] = [
  [
    'fields are merged, null takes away',
    { a: { b: 1, c: 2 }, d: 3 },
    { a: { b: null, e: 4 } },
    { a: { c: 2, e: 4 }, d: 3 },
  ],
  [
    'a list of Calico is replaced as a whole',
    { spec: { ingress: [{ a: 1 }, { b: 2 }] } },
    { spec: { ingress: [{ c: 3 }] } },
    { spec: { ingress: [{ c: 3 }] } },
  ],
  ['a value of another type replaces', { a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
  [
    'nulls in what is new are left out, in lists too',
    {},
    { a: { b: null, c: [{ d: null, e: 1 }] } },
    { a: { c: [{ e: 1 }] } },
  ],
  ['$patch: replace', { a: { b: 1, c: 2 } }, { a: { $patch: 'replace', d: 3 } }, { a: { d: 3 } }],
  ['$patch: delete', { a: { b: 1 }, c: 2 }, { a: { $patch: 'delete' } }, { a: {}, c: 2 }],
  [
    '$patch in what is new takes it out',
    { a: 1 },
    { b: { $patch: 'replace', c: 1 }, d: [{ $patch: 'delete' }, 1] },
    { a: 1, d: [1] },
  ],
  [
    '$retainKeys',
    { a: { b: 1, c: 2 } },
    { a: { $retainKeys: ['c', 'd'], d: 3, b: null } },
    { a: { c: 2, d: 3 } },
  ],
  [
    'owners are merged by uid',
    { metadata: { ownerReferences: owners('1', '2') } },
    { metadata: { ownerReferences: [{ uid: '2', name: 'n' }, { uid: '3' }] } },
    {
      metadata: {
        ownerReferences: [{ uid: '1', kind: 'K' }, { uid: '2', kind: 'K', name: 'n' }, { uid: '3' }],
      },
    },
  ],
  [
    'an owner is deleted',
    { metadata: { ownerReferences: owners('1', '2') } },
    { metadata: { ownerReferences: [{ $patch: 'delete', uid: '1' }] } },
    { metadata: { ownerReferences: owners('2') } },
  ],
  [
    'all owners are replaced',
    { metadata: { ownerReferences: owners('1', '2') } },
    { metadata: { ownerReferences: [{ $patch: 'replace' }, { uid: '3' }] } },
    { metadata: { ownerReferences: [{ uid: '3' }] } },
  ],
  [
    'owners in an order',
    { metadata: { ownerReferences: owners('1', '2', '3') } },
    {
      metadata: {
        '$setElementOrder/ownerReferences': [{ uid: '3' }, { uid: '4' }, { uid: '1' }],
        ownerReferences: [{ uid: '4' }, { $patch: 'delete', uid: '2' }],
      },
    },
    { metadata: { ownerReferences: [...(owners('3') as Json[]), { uid: '4' }, ...(owners('1') as Json[])] } },
  ],
  ['finalizers are joined', finalizers('a', 'b'), finalizers('c', 'a'), finalizers('c', 'a', 'b')],
  ['finalizers where there were none', {}, finalizers('c'), finalizers('c')],
  [
    'finalizers are deleted',
    finalizers('a', 'b', 'c'),
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['b', 'x'] } },
    finalizers('a', 'c'),
  ],
  [
    'finalizers are deleted where there are none',
    {},
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } },
    { metadata: {} },
  ],
  [
    'finalizers in an order',
    finalizers('a', 'b', 'c'),
    { metadata: { '$setElementOrder/finalizers': ['c', 'a'] } },
    finalizers('b', 'c', 'a'),
  ],
  [
    'the order of a list that is replaced is its own',
    { spec: { l: ['a', 'b'] } },
    { spec: { '$setElementOrder/l': ['b', 'a'], l: ['c'] } },
    { spec: { l: ['c'] } },
  ],
  [
    'names that objects have',
    {},
    JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
    JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
  ],
];

const refused: [what: string, patch: Json, code: number, message: RegExp][] = [
  ['no object', [1], 400, /^json: cannot unmarshal array into Go value of type map\[string\]interface \{\}$/],
  [
    'an unknown directive',
    { a: { $patch: 'odd' } },
    400,
    /^unknown patch type: odd in map: map\[\$patch:odd\]$/,
  ],
  ['$patch: merge', { a: { $patch: 'merge' } }, 400, /^unknown patch type: merge in map/],
  [
    '$patch: merge of an item',
    { metadata: { ownerReferences: [{ $patch: 'merge', uid: '1' }] } },
    400,
    /^merging list/,
  ],
  [
    'an unknown directive of an item',
    { metadata: { ownerReferences: [{ $patch: 1, uid: '1' }] } },
    400,
    /^unknown patch type: 1/,
  ],
  [
    '$retainKeys without a field of the patch',
    { a: { $retainKeys: ['b'], c: 1 } },
    400,
    /^invalid patch format of retainKeys$/,
  ],
  ['$retainKeys that is no list', { a: { $retainKeys: 'b' } }, 400, /^invalid patch format of retainKeys$/],
  [
    'an order that is no list',
    { metadata: { '$setElementOrder/finalizers': 'a' } },
    400,
    /^invalid patch format of setElementOrder list$/,
  ],
  [
    'an order that is not that of the list',
    { metadata: { '$setElementOrder/finalizers': ['b', 'a'], finalizers: ['a', 'b'] } },
    400,
    /^The order in patch list:\n\[a b\]\n doesn't match \$setElementOrder list:\n\[b a\]\n$/,
  ],
  [
    'an owner without uid',
    { metadata: { ownerReferences: [{ name: 'x' }] } },
    400,
    /^map: map\[name:x\] does not contain declared merge key: uid$/,
  ],
  ['lists within a list', { metadata: { finalizers: [['a']] } }, 422, /^lists of lists are not supported$/],
  ['items of two types', { metadata: { finalizers: [1] } }, 400, /^list element types are not identical/],
];

suite('strategic merge patch', () => {
  for (const [what, document, patch, result] of cases) {
    test(what, () => {
      const [given, asked] = [copy(document), copy(patch)];
      assert.deepEqual(applyStrategicMergePatch(document, patch), result);
      assert.deepEqual([document, patch], [given, asked]);
      assert.equal(({} as Record<string, unknown>).a, undefined);
    });
  }

  const live = { a: { b: 1 }, metadata: { ownerReferences: owners('1'), finalizers: ['a'] } };
  for (const [what, patch, code, message] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(
        () => applyStrategicMergePatch(live, patch),
        (error: StatusError) => {
          assert.equal(error.status.code, code);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test('without directives and lists to merge it is a merge patch', () => {
    // A merge patch keeps nulls that are within lists.
    const plain = anyJson().filter(value => isJsonObject(value) && !/null/.test(JSON.stringify(value, big)));
    fc.assert(
      fc.property(plain, plain, (document, patch) => {
        const merged = applyStrategicMergePatch(document, patch);
        assert.ok(equal(merged, mergePatch(document, patch)));
        assert.ok(equal(applyStrategicMergePatch(merged, patch), merged));
      }),
    );
  });

  test('whatever comes is merged or refused', () => {
    const odd = fc.constantFrom(
      '$patch',
      '$retainKeys',
      '$setElementOrder/finalizers',
      '$deleteFromPrimitiveList/finalizers',
      'finalizers',
      'ownerReferences',
    );
    const value = fc.oneof(
      anyJson(),
      fc.constantFrom<Json>('delete', 'replace', ['a'], [{ uid: '1', $patch: 'delete' }]),
    );
    fc.assert(
      fc.property(fc.dictionary(odd, value), metadata => {
        try {
          applyStrategicMergePatch(live, { metadata: metadata as JsonObject });
        } catch (error) {
          assert.ok(error instanceof StatusError, String(error));
        }
      }),
    );
  });
});

function big(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
