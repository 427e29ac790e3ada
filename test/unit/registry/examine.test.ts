import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import type { Json } from '../../../src/machinery/json.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { readBody } from '../../../src/registry/body.ts';
import { examine } from '../../../src/registry/examine.ts';
import { readObject } from '../../../src/registry/sent-object.ts';

const kindOf = (name: string) => kinds.find(({ kind }) => kind === name) as Kind;
const tier = kindOf('Tier');
const networkSet = kindOf('NetworkSet');

function examined(kind: Kind, value: Json) {
  const sent = atOnce(readObject(kind, { value, duplicates: [] }));
  const { errors, warnings } = atOnce(examine(kind, sent));
  return { fields: errors.map(({ field }) => field), strict: sent.strictErrors, errors, warnings };
}

suite('examine', () => {
  test('what is wrong with types in metadata is told with all else', () => {
    const value = {
      metadata: { name: 'a', labels: { on: true, '-': 'x' }, annotations: { 'a b': 'x' } },
      spec: { nets: [1] },
    };
    const { fields } = examined(networkSet, structuredClone(value));
    assert.deepEqual(fields, ['metadata.labels.on', 'metadata.annotations', 'spec.nets[0]']);
    assert.throws(
      () => atOnce(readBody(networkSet, { value, duplicates: [] })),
      (error: StatusError) => {
        assert.equal(error.status.code, 422);
        assert.deepEqual(
          error.status.details?.causes?.map(({ field }) => field),
          fields,
        );
        return true;
      },
    );
  });

  test('a field of the wrong type is not missed as well', () => {
    assert.deepEqual(examined(networkSet, { metadata: { name: 1 }, spec: {} }).fields, ['metadata.name']);
    assert.deepEqual(examined(networkSet, { metadata: [], spec: {} }).fields, ['metadata']);
  });

  test('unknown fields are told in metadata and in the object', () => {
    const { strict, fields } = examined(networkSet, {
      metadata: { name: 'a', nam: 'b' },
      spec: { net: ['10.0.0.0/8'] },
    });
    assert.deepEqual(strict, ['unknown field "metadata.nam"', 'unknown field "spec.net"']);
    assert.deepEqual(fields, []);
  });

  test('no namespace is asked for; a name is made where only its start is given', () => {
    assert.deepEqual(examined(networkSet, { metadata: { generateName: 'a-' }, spec: {} }).fields, []);
    assert.deepEqual(examined(networkSet, { metadata: {}, spec: {} }).fields, ['metadata.name']);
    assert.deepEqual(examined(networkSet, { metadata: { name: 'a', namespace: 'A' }, spec: {} }).fields, [
      'metadata.namespace',
    ]);
  });

  test('fields that only the system sets are passed over, as a create passes over them', () => {
    const status = { conditions: 'not a list' };
    const metadata = {
      name: 'a',
      managedFields: [{ operation: 'x' }],
      deletionTimestamp: '2020-01-01T00:00:00Z',
    };
    assert.deepEqual(examined(tier, { metadata, spec: { order: 1 }, status }).fields, []);
  });

  test('warnings are told of valid objects only', () => {
    const warned = { ...networkSet, warnings: () => ['odd'] };
    assert.deepEqual(examined(warned, { metadata: { name: 'a' }, spec: {} }).warnings, ['odd']);
    assert.deepEqual(examined(warned, { metadata: { name: 'A' } }).warnings, []);
  });

  test('another kind or version is refused', () => {
    for (const value of [null, [], 'x', { kind: 'X' }, { apiVersion: 'v1' }]) {
      assert.throws(() => atOnce(readObject(tier, { value, duplicates: [] })), StatusError);
    }
  });

  for (const kind of kinds) {
    test(`${kind.kind}: the verdicts on its examples`, () => {
      for (const object of [...kind.examples.valid, ...(kind.initial?.() ?? [])]) {
        const { strict, errors } = examined(kind, structuredClone(object) as unknown as Json);
        assert.deepEqual([strict, errors], [[], []], object.metadata.name);
      }
      for (const { why, object } of kind.examples.invalid) {
        // A create does not look at a status that is written by itself.
        if (kind.statusSubresource && object.status !== undefined) continue;
        assert.notEqual(examined(kind, structuredClone(object) as unknown as Json).errors.length, 0, why);
      }
    });
  }
});
