import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasInt64 } from '../../../src/schema/int64.ts';
import type { Schema } from '../../../src/schema/schema.ts';

test('knows the schemas with 64-bit integers', () => {
  const int64: Schema = { type: 'integer', format: 'int64' };
  const cases: [Schema, boolean][] = [
    [{ type: 'object', properties: { a: { type: 'integer', format: 'int32' } } }, false],
    [{ type: 'object', properties: { a: { type: 'array', items: int64 } } }, true],
    [{ type: 'object', properties: { a: { type: 'object', additionalProperties: int64 } } }, true],
    [{ type: 'object', properties: { a: { 'x-kubernetes-preserve-unknown-fields': true } } }, true],
  ];
  for (const [schema, expected] of cases) assert.equal(hasInt64(schema), expected);
});
