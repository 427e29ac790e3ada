import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import type { Schema } from '../../../src/schema/schema.ts';

const item: Schema = {
  type: 'object',
  properties: { action: { type: 'string', default: 'Allow' }, note: { type: 'string' } },
};
const schema: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        order: { type: 'integer', default: 100 },
        nullableOrder: { type: 'integer', default: 100, nullable: true },
        plain: { type: 'string' },
        nullable: { type: 'string', nullable: true },
        items: { type: 'array', items: item },
        byName: { type: 'object', additionalProperties: item },
        filled: { type: 'array', items: { type: 'integer', default: 7 } },
        peer: { type: 'object', default: { note: 'x' }, properties: item.properties! },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
};

function toy(fields: string): ApiObject {
  return JSON.parse(
    `{"apiVersion":"example.org/v1","kind":"Toy","metadata":{"name":"n","labels":null},${fields}}`,
  );
}

const defaults = '"order":100,"nullableOrder":100,"peer":{"note":"x","action":"Allow"}';
const cases: [string, string, string][] = [
  ['sets what is absent, and the defaults within a default', '"spec":{}', `"spec":{${defaults}}`],
  ['makes no object for the sake of its defaults', '"status":{}', '"status":{}'],
  [
    'leaves what is there, even if empty',
    '"spec":{"order":0,"nullableOrder":1,"peer":{},"plain":""}',
    '"spec":{"order":0,"nullableOrder":1,"peer":{"action":"Allow"},"plain":""}',
  ],
  [
    'takes null for absent, unless the field is nullable',
    '"spec":{"order":null,"nullableOrder":null,"peer":null,"plain":null,"nullable":null,"items":null}',
    '"spec":{"order":100,"nullableOrder":null,"peer":{"note":"x","action":"Allow"},"nullable":null}',
  ],
  [
    'goes into lists and maps',
    `"spec":{${defaults},"items":[{},{"action":"Deny","note":null}],"byName":{"a":{},"b":null}}`,
    `"spec":{${defaults},"items":[{"action":"Allow"},{"action":"Deny"}],"byName":{"a":{"action":"Allow"}}}`,
  ],
  [
    'leaves a null item, which the validation refuses, unless items have a default',
    `"spec":{${defaults},"items":[null],"filled":[1,null]}`,
    `"spec":{${defaults},"items":[null],"filled":[1,7]}`,
  ],
  [
    'leaves the unknown as it is',
    `"spec":{${defaults},"free":{"a":null}},"other":null`,
    `"spec":{${defaults},"free":{"a":null}},"other":null`,
  ],
  ['leaves values of a wrong type', `"spec":{${defaults},"items":"x"}`, `"spec":{${defaults},"items":"x"}`],
];

for (const [why, given, expected] of cases) {
  test(why, () => {
    const object = toy(given);
    applyDefaults(schema, object);
    assert.deepEqual(object, toy(expected));
  });
}

test('gives each object its own copy', () => {
  const [a, b] = [toy('"spec":{}'), toy('"spec":{}')];
  applyDefaults(schema, a);
  (a.spec as unknown as { peer: { note: string } }).peer.note = 'changed';
  applyDefaults(schema, b);
  assert.deepEqual(b, toy(`"spec":{${defaults}}`));
});
