import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldColumn, listAt, listCell, valueAt } from '../../../../src/kinds/parts/column.ts';

const source = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'Example',
  metadata: { name: 'example', labels: { zone: 'west' } },
  spec: { off: false, zero: 0, nothing: null, list: ['a', 'b'], big: 1796372884516230233n },
};

describe('valueAt', () => {
  const cases: [string, unknown][] = [
    ['metadata.name', 'example'],
    ['metadata.labels.zone', 'west'],
    ['spec.off', false],
    ['spec.zero', 0],
    ['spec.nothing', null],
    ['spec.big', 1796372884516230233n],
    ['spec.absent', undefined],
    ['spec.nothing.below', undefined],
    ['spec.off.below', undefined],
    ['status.conditions', undefined],
    ['spec.constructor', undefined],
    ['spec.list.length.toString', undefined],
  ];
  for (const [path, expected] of cases) {
    test(path, () => assert.equal(valueAt(source, path), expected));
  }
});

test('listAt gives the elements, or none', () => {
  assert.deepEqual(listAt(source, 'spec.list'), ['a', 'b']);
  assert.deepEqual(listAt(source, 'spec.off'), []);
  assert.deepEqual(listAt(source, 'spec.absent'), []);
});

describe('fieldColumn', () => {
  const column = (path: string, fallback?: string | boolean) =>
    fieldColumn({
      name: 'X',
      type: 'string',
      description: 'X.',
      path,
      ...(fallback !== undefined && { fallback }),
    });

  test('prints the field, false and 0 included', () => {
    assert.equal(column('spec.off', true).value(source), false);
    assert.equal(column('spec.zero', 'none').value(source), 0);
  });

  test('prints the fallback, or nothing, where the field is absent or null', () => {
    assert.equal(column('spec.absent', 'none').value(source), 'none');
    assert.equal(column('spec.nothing', 'none').value(source), 'none');
    assert.equal(column('spec.absent').value(source), undefined);
  });

  test('keeps to what a column has', () => {
    assert.deepEqual(Object.keys(column('spec.off', true)).sort(), ['description', 'name', 'type', 'value']);
  });
});

describe('listCell', () => {
  const cases: [string[], string | undefined][] = [
    [[], undefined],
    [['a'], 'a'],
    [['a', 'b', 'c'], 'a,b,c'],
    [['a', 'b', 'c', 'd'], 'a,b,c + 1 more...'],
    [['a', 'b', 'c', 'd', 'e', 'f'], 'a,b,c + 3 more...'],
  ];
  for (const [items, expected] of cases) {
    test(`${items.length} items`, () => assert.equal(listCell(items), expected));
  }
});
