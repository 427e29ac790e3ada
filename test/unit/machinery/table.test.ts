import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { humanDuration, parseGoDuration } from '../../../src/machinery/duration.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { type TableColumn, tableColumns, tableOf } from '../../../src/machinery/table.ts';
import { formatTime, parseTime } from '../../../src/machinery/time.ts';

describe('tables', () => {
  const columns: TableColumn[] = [
    { name: 'Order', type: 'number', description: 'o', value: object => object.order as number | undefined },
    {
      name: 'Age',
      type: 'date',
      description: 'a',
      priority: 1,
      value: object => object.metadata.creationTimestamp,
    },
  ];
  const objects: ApiObject[] = [
    {
      apiVersion: 'g/v1',
      kind: 'K',
      metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
      order: 5,
    },
    { apiVersion: 'g/v1', kind: 'K', metadata: { name: 'b' } },
    { apiVersion: 'g/v1', kind: 'K', metadata: { name: 'c', creationTimestamp: 'x' } },
  ];
  const nowMs = Date.parse('2026-01-01T00:03:12Z');
  const metadata = { resourceVersion: '7' };

  it('have the name first', () => {
    const [name, order, age] = tableColumns(columns);
    assert.deepEqual([name?.name, name?.type, name?.format, name?.priority], ['Name', 'string', 'name', 0]);
    assert.deepEqual(order, { name: 'Order', type: 'number', format: '', description: 'o', priority: 0 });
    assert.equal(age?.priority, 1);
  });

  it('carry metadata, whole objects or nothing', () => {
    const table = tableOf(objects, { columns, metadata, includeObject: 'Metadata', nowMs });
    assert.equal(table.kind, 'Table');
    assert.equal(table.apiVersion, 'meta.k8s.io/v1');
    assert.deepEqual(table.metadata, metadata);
    assert.deepEqual(
      (table.rows as { cells: unknown }[]).map(row => row.cells),
      [
        ['a', 5, '3m12s'],
        ['b', null, null],
        ['c', null, '<invalid>'],
      ],
    );
    const objectsOf = (includeObject: 'Metadata' | 'Object' | 'None', version?: 'v1beta1') => {
      const rows = tableOf(objects, { columns, metadata, includeObject, ...(version && { version }) }).rows;
      return (rows as { object: unknown }[]).map(row => row.object);
    };
    assert.deepEqual(objectsOf('Metadata', 'v1beta1')[1], {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1beta1',
      metadata: { name: 'b' },
    });
    assert.deepEqual(objectsOf('Object'), objects);
    assert.deepEqual(objectsOf('None'), [null, null, null]);
  });

  it('leave the headers out when told to', () => {
    const table = tableOf([], { columns, metadata, includeObject: 'None', headers: false });
    assert.deepEqual([table.columnDefinitions, table.rows], [[], []]);
  });
});

describe('durations', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const human: [number, string][] = [
    [-2 * second, '<invalid>'],
    [-second, '0s'],
    [0, '0s'],
    [999, '0s'],
    [5 * second, '5s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 12 * second, '3m12s'],
    [10 * minute + 5 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [8 * hour + 5 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [3 * day + 4 * hour, '3d4h'],
    [8 * day + 4 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [731 * day, '2y1d'],
    [3000 * day, '8y'],
  ];
  for (const [ms, text] of human) it(`prints ${text}`, () => assert.equal(humanDuration(ms), text));

  const parsed: [string, number][] = [
    ['0', 0],
    ['-0', 0],
    ['5s', 5000],
    ['1h30m', 90 * minute],
    ['1.5s', 1500],
    ['.5m', 30_000],
    ['2.s', 2000],
    ['-2ms', -2],
    ['+3us', 0.003],
    ['1µs', 0.001],
    ['1s1s', 2000],
  ];
  for (const [text, ms] of parsed) it(`reads ${text}`, () => assert.equal(parseGoDuration(text) + 0, ms));

  const refused: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['x', 'time: invalid duration "x"'],
    ['.s', 'time: invalid duration ".s"'],
    ['5', 'time: missing unit in duration "5"'],
    ['1m5', 'time: missing unit in duration "1m5"'],
    ['5d', 'time: unknown unit "d" in duration "5d"'],
    ['5 s', 'time: unknown unit " s" in duration "5 s"'],
    ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
    ['é', 'time: invalid duration "\\xc3\\xa9"'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseGoDuration(text), { message }));
  }
});

describe('times', () => {
  const times: [string, string | undefined][] = [
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00Z'],
    ['2026-01-01T00:00:00.999Z', '2026-01-01T00:00:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-01-01T24:00:00Z', undefined],
    ['2026-01-01T00:00:00', undefined],
    ['2026-01-01', undefined],
    ['now', undefined],
    ['', undefined],
  ];
  for (const [text, normal] of times) {
    it(JSON.stringify(text), () => {
      const ms = parseTime(text);
      assert.equal(ms === undefined ? undefined : formatTime(ms), normal);
    });
  }
});
