import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { topLevelField } from '../../../src/machinery/top-level-field.ts';

suite('a field out of JSON bytes', () => {
  test('is the field that parsing finds', () => {
    const fields = fc.dictionary(fc.oneof(fc.constant('metadata'), fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(fields, object => {
        const json = Buffer.from(JSON.stringify(object));
        const found = topLevelField(json, 'metadata');
        const expected = Object.hasOwn(object, 'metadata') ? JSON.stringify(object.metadata) : undefined;
        assert.equal(found?.toString(), expected);
      }),
    );
  });

  const cases: [json: string, found: string | undefined][] = [
    ['{}', undefined],
    ['{"metadata":{}}', '{}'],
    ['{"a":{"metadata":1},"metadata":2}', '2'],
    ['{"a":"\\"metadata\\":1","metadata":"x\\\\"}', '"x\\\\"'],
    ['{"a":[{"b":[]}],"metadata":null,"c":1}', 'null'],
    ['{"a":1', undefined],
    ['', undefined],
  ];
  for (const [json, found] of cases) {
    test(json || 'nothing', () =>
      assert.equal(topLevelField(Buffer.from(json), 'metadata')?.toString(), found),
    );
  }
});
