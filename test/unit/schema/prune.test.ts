import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { prune } from '../../../src/schema/prune.ts';
import type { Schema } from '../../../src/schema/schema.ts';

const entity: Schema = { type: 'object', properties: { selector: { type: 'string' } } };
const schema: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        ingress: { type: 'array', items: { type: 'object', properties: { source: entity } } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        peers: { type: 'object', additionalProperties: entity },
        matrix: { type: 'array', items: { type: 'array', items: entity } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        partly: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: entity },
        },
      },
    },
  },
};

function toy(fields: string): ApiObject {
  return JSON.parse(`{"apiVersion":"example.org/v1","kind":"Toy","metadata":{"name":"n","odd":1},${fields}}`);
}

const cases: [string, string, string, string[]][] = [
  ['keeps what is known', '"spec":{"labels":{"a":"b"}}', '"spec":{"labels":{"a":"b"}}', []],
  ['removes at the root', '"spec":{},"status":{"a":1}', '"spec":{}', ['status']],
  [
    'removes in lists, in maps and in lists of lists',
    '"spec":{"ingress":[{},{"source":{"selektor":"x","selector":"y"},"foo":[1]}],"peers":{"a/b":{"x":1}},"matrix":[[{"z":1}]]}',
    '"spec":{"ingress":[{},{"source":{"selector":"y"}}],"peers":{"a/b":{}},"matrix":[[{}]]}',
    ['spec.ingress[1].foo', 'spec.ingress[1].source.selektor', 'spec.matrix[0][0].z', 'spec.peers.a/b.x'],
  ],
  [
    'keeps all of a free form, and what is unknown in a part of one',
    '"spec":{"free":{"a":{"b":[{"c":1}]}},"partly":{"other":{"d":1},"known":{"e":1}}}',
    '"spec":{"free":{"a":{"b":[{"c":1}]}},"partly":{"other":{"d":1},"known":{}}}',
    ['spec.partly.known.e'],
  ],
  [
    'leaves values of a wrong type to the validation',
    '"spec":{"ingress":{"a":1},"labels":["x"],"free":1}',
    '"spec":{"ingress":{},"labels":["x"],"free":1}',
    ['spec.ingress.a'],
  ],
  ['leaves null', '"spec":{"ingress":null}', '"spec":{"ingress":null}', []],
  [
    'removes names of the prototype like any other',
    '"spec":{"__proto__":{"a":1},"constructor":1,"labels":{"__proto__":"kept"}}',
    '"spec":{"labels":{"__proto__":"kept"}}',
    ['spec.__proto__', 'spec.constructor'],
  ],
];

for (const [why, given, kept, paths] of cases) {
  test(why, () => {
    const object = toy(given);
    assert.deepEqual(prune(schema, object), paths);
    assert.deepEqual(object, toy(kept));
  });
}
