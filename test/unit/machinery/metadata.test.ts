import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { copy } from '../../../src/machinery/equal.ts';
import type { JsonObject } from '../../../src/machinery/json.ts';
import {
  generateName,
  metadataTypeErrors,
  pruneMetadata,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../../src/machinery/metadata.ts';
import { dnsSubdomainErrors } from '../../../src/machinery/names.ts';
import type { ApiObject, ObjectMeta } from '../../../src/machinery/object.ts';
import { type FieldError, fieldErrorBody } from '../../../src/machinery/status.ts';
import { anyJson } from './arbitrary.ts';

const texts = (errors: FieldError[]) => errors.map(error => `${error.field}: ${fieldErrorBody(error)}`);
const objectWith = (metadata: ObjectMeta): ApiObject => ({ apiVersion: 'g/v1', kind: 'K', metadata });

const subdomainFormat =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelFormat =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
  "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const keyFormat =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueFormat =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const owner = { apiVersion: 'apps/v1', kind: 'D', name: 'd', uid: 'u' };
const long = (length: number) => 'a'.repeat(length);

/** Metadata beside a valid name, and the problems with it. */
const rules: [string, ObjectMeta, string[]][] = [
  ['a plain name', { name: 'a' }, []],
  ['the longest name', { name: long(253) }, []],
  [
    'a name too long',
    { name: long(254) },
    [`metadata.name: Invalid value: "${long(254)}": must be no more than 253 characters`],
  ],
  ['a name in capitals', { name: 'A' }, [`metadata.name: Invalid value: "A": ${subdomainFormat}`]],
  ['a name with a slash', { name: 'a/b' }, [`metadata.name: Invalid value: "a/b": ${subdomainFormat}`]],
  ['no name', {}, ['metadata.name: Required value: name or generateName is required']],
  ['a prefix that ends in a dash', { name: 'a-b', generateName: 'a-' }, []],
  [
    'a bad prefix',
    { name: 'a', generateName: '_' },
    [`metadata.generateName: Invalid value: "_": ${subdomainFormat}`],
  ],
  [
    'a negative generation',
    { name: 'a', generation: -1 },
    ['metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['labels', { name: 'a', labels: { a: '', 'example.com/A_b': 'x.Y-1' } }, []],
  [
    'a label key',
    { name: 'a', labels: { '-': 'x' } },
    [`metadata.labels: Invalid value: "-": name part ${keyFormat}`],
  ],
  [
    'a label prefix',
    { name: 'a', labels: { '/x': 'x' } },
    ['metadata.labels: Invalid value: "/x": prefix part must be non-empty'],
  ],
  [
    'a capital prefix',
    { name: 'a', labels: { 'A/x': 'x' } },
    [`metadata.labels: Invalid value: "A/x": prefix part ${subdomainFormat}`],
  ],
  [
    'an empty label key',
    { name: 'a', labels: { '': 'x' } },
    [
      'metadata.labels: Invalid value: "": name part must be non-empty',
      `metadata.labels: Invalid value: "": name part ${keyFormat}`,
    ],
  ],
  [
    'two slashes in a label key',
    { name: 'a', labels: { 'a/b/c': 'x' } },
    [
      `metadata.labels: Invalid value: "a/b/c": a valid label key ${keyFormat} with an optional DNS subdomain prefix ` +
        "and '/' (e.g. 'example.com/MyName')",
    ],
  ],
  [
    'a long label key',
    { name: 'a', labels: { [long(64)]: '' } },
    [`metadata.labels: Invalid value: "${long(64)}": name part must be no more than 63 bytes`],
  ],
  [
    'a label value',
    { name: 'a', labels: { a: 'x y' } },
    [`metadata.labels: Invalid value: "x y": ${valueFormat}`],
  ],
  [
    'a long label value',
    { name: 'a', labels: { a: long(64) } },
    [`metadata.labels: Invalid value: "${long(64)}": must be no more than 63 bytes`],
  ],
  ['annotations', { name: 'a', annotations: { 'Example.COM/a': 'any\ntext', CAPITALS: '' } }, []],
  [
    'an annotation key',
    { name: 'a', annotations: { 'a b': 'x' } },
    [`metadata.annotations: Invalid value: "a b": name part ${keyFormat}`],
  ],
  ['annotations that just fit', { name: 'a', annotations: { a: 'é'.repeat(131071) } }, []],
  [
    'annotations too long',
    { name: 'a', annotations: { a: 'é'.repeat(131072) } },
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
  ['finalizers', { name: 'a', finalizers: ['example.com/a', 'orphan'] }, []],
  [
    'a bad finalizer',
    { name: 'a', finalizers: ['a b'] },
    [`metadata.finalizers: Invalid value: "a b": name part ${keyFormat}`],
  ],
  [
    'finalizers that exclude each other',
    { name: 'a', finalizers: ['orphan', 'foregroundDeletion'] },
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  ],
  [
    'an owner',
    {
      name: 'a',
      ownerReferences: [
        { ...owner, controller: true },
        { ...owner, controller: false },
      ],
    },
    [],
  ],
  [
    'an owner without anything',
    { name: 'a', ownerReferences: [{ apiVersion: 'apps/', kind: '', name: '', uid: '' }] },
    [
      'metadata.ownerReferences.apiVersion: Invalid value: "apps/": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ],
  ],
  [
    'two controllers',
    {
      name: 'a',
      ownerReferences: [
        { ...owner, controller: true },
        { ...owner, name: 'e', controller: true },
      ],
    },
    [
      `metadata.ownerReferences: Invalid value: ${JSON.stringify([
        { ...owner, controller: true },
        { ...owner, name: 'e', controller: true },
      ])}: Only one reference can have Controller set to true. Found "true" in references for D/d and D/e`,
    ],
  ],
  [
    'an event as an owner',
    { name: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] },
    [
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: ' +
        '/v1, Kind=Event is disallowed from being an owner',
    ],
  ],
  [
    'managed fields',
    {
      name: 'a',
      managedFields: [{ manager: 'm', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: { 'f:a': {} } }],
    },
    [],
  ],
  [
    'bad managed fields',
    {
      name: 'a',
      managedFields: [{ operation: 'x', fieldsType: 'FieldsV2', manager: long(129), subresource: long(257) }],
    },
    [
      'metadata.managedFields[0].operation: Invalid value: "x": must be `Apply` or `Update`',
      'metadata.managedFields[0].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`',
      'metadata.managedFields[0].manager: Too long: may not be more than 128 bytes',
      'metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes',
    ],
  ],
];

describe('the number of labels, annotations, finalizers and owners', () => {
  const most = limits.maxMetadataEntries;
  const metadataOf = (count: number): Record<string, ObjectMeta> => {
    const names = Array.from({ length: count }, (_unused, index) => `n${index}`);
    const map = Object.fromEntries(names.map(name => [name, '']));
    const ownerReferences = names.map(uid => ({ ...owner, uid }));
    return {
      labels: { labels: map },
      annotations: { annotations: map },
      finalizers: { finalizers: names },
      ownerReferences: { ownerReferences },
    };
  };
  const problems = (metadata: ObjectMeta) =>
    texts(validateObjectMeta(objectWith({ name: 'a', ...metadata }), { namespaced: false }));

  for (const [field, metadata] of Object.entries(metadataOf(most))) {
    it(`${most} ${field} are none too many`, () => assert.deepEqual(problems(metadata), []));
  }
  for (const [field, metadata] of Object.entries(metadataOf(most + 1))) {
    it(`${most + 1} ${field} are too many`, () => {
      const text = `metadata.${field}: Too many: ${most + 1}: must have at most ${most} items`;
      assert.deepEqual(problems(metadata), [text]);
    });
  }
});

describe('rules on metadata', () => {
  for (const [what, metadata, expected] of rules) {
    it(what, () =>
      assert.deepEqual(texts(validateObjectMeta(objectWith(metadata), { namespaced: false })), expected),
    );
  }

  const namespaces: [string, boolean, string | undefined, string[]][] = [
    ['is needed', true, undefined, ['metadata.namespace: Required value']],
    ['is a label', true, 'a.b', ['metadata.namespace: Invalid value: "a.b": must not contain dots']],
    ['is in lower case', true, 'A', [`metadata.namespace: Invalid value: "A": ${labelFormat}`]],
    [
      'is short',
      true,
      long(64),
      [`metadata.namespace: Invalid value: "${long(64)}": must be no more than 63 characters`],
    ],
    ['is accepted', true, 'default', []],
    ['is refused', false, 'default', ['metadata.namespace: Forbidden: not allowed on this type']],
    ['is not needed', false, undefined, []],
  ];
  for (const [what, namespaced, namespace, expected] of namespaces) {
    it(`a namespace ${what}`, () => {
      const object = objectWith({ name: 'a', ...(namespace !== undefined && { namespace }) });
      assert.deepEqual(texts(validateObjectMeta(object, { namespaced })), expected);
    });
  }

  const old: ObjectMeta = {
    name: 'a',
    namespace: 'n',
    uid: 'u',
    resourceVersion: '1',
    generation: 2,
    creationTimestamp: '2026-01-01T00:00:00Z',
    finalizers: ['x/a', 'x/b'],
  };
  const deleting: ObjectMeta = {
    ...old,
    deletionTimestamp: '2026-01-02T00:00:00Z',
    deletionGracePeriodSeconds: 0,
  };
  const updates: [string, ObjectMeta, ObjectMeta, string[]][] = [
    ['nothing', old, old, []],
    ['labels', { ...old, labels: { a: 'b' }, resourceVersion: '2' }, old, []],
    ['finalizers', { ...old, finalizers: ['x/c'] }, old, []],
    ['a name', { ...old, name: 'b' }, old, ['metadata.name: Invalid value: "b": field is immutable']],
    [
      'a namespace',
      { ...old, namespace: 'm' },
      old,
      ['metadata.namespace: Invalid value: "m": field is immutable'],
    ],
    ['a uid', { ...old, uid: 'v' }, old, ['metadata.uid: Invalid value: "v": field is immutable']],
    [
      'a creation time',
      { ...old, creationTimestamp: '2026-01-01T00:00:01Z' },
      old,
      ['metadata.creationTimestamp: Invalid value: "2026-01-01T00:00:01Z": field is immutable'],
    ],
    [
      'a deletion time out of nothing',
      { ...old, deletionTimestamp: '2026-01-01T00:00:01Z' },
      old,
      ['metadata.deletionTimestamp: Invalid value: "2026-01-01T00:00:01Z": field is immutable'],
    ],
    [
      'a deletion that is taken back',
      old,
      deleting,
      [
        'metadata.deletionTimestamp: Invalid value: null: field is immutable',
        'metadata.deletionGracePeriodSeconds: Invalid value: null: field is immutable',
      ],
    ],
    [
      'an earlier generation',
      { ...old, generation: 1 },
      old,
      ['metadata.generation: Invalid value: 1: must not be decremented'],
    ],
    ['finalizers removed while deleting', { ...deleting, finalizers: ['x/b'] }, deleting, []],
    [
      'finalizers added while deleting',
      { ...deleting, finalizers: ['x/d', 'x/a', 'x/c'] },
      deleting,
      [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, ' +
          'found new finalizers []string{"x/c", "x/d"}',
      ],
    ],
  ];
  for (const [what, next, before, expected] of updates) {
    it(`an update of ${what}`, () => {
      assert.deepEqual(texts(validateObjectMetaUpdate(objectWith(next), objectWith(before))), expected);
    });
  }
});

describe('the form of metadata', () => {
  const typeErrors: [JsonObject, string[]][] = [
    [
      { name: 1 },
      ['metadata.name: Invalid value: "integer": metadata.name in body must be of type string: "integer"'],
    ],
    [
      { generation: 1.5 },
      [
        'metadata.generation: Invalid value: "number": metadata.generation in body must be of type integer: "number"',
      ],
    ],
    [
      { labels: [] },
      ['metadata.labels: Invalid value: "array": metadata.labels in body must be of type object: "array"'],
    ],
    [
      { labels: { a: 1, b: null } },
      [
        'metadata.labels.a: Invalid value: "integer": metadata.labels.a in body must be of type string: "integer"',
      ],
    ],
    [
      { finalizers: ['a', null] },
      [
        'metadata.finalizers[1]: Invalid value: "null": metadata.finalizers[1] in body must be of type string: "null"',
      ],
    ],
    [
      { ownerReferences: [{ controller: 'x' }, 1] },
      [
        'metadata.ownerReferences[0].controller: Invalid value: "string": ' +
          'metadata.ownerReferences[0].controller in body must be of type boolean: "string"',
        'metadata.ownerReferences[1]: Invalid value: "integer": ' +
          'metadata.ownerReferences[1] in body must be of type object: "integer"',
      ],
    ],
    [
      { creationTimestamp: 'x' },
      ['metadata.creationTimestamp: Invalid value: "x": must be a time in RFC 3339 format'],
    ],
    [{ managedFields: [{ fieldsV1: { any: [1] }, time: null }] }, []],
    [{ name: null, foo: 1, constructor: 1 }, []],
  ];
  for (const [metadata, expected] of typeErrors) {
    it(`types of ${JSON.stringify(metadata)}`, () =>
      assert.deepEqual(texts(metadataTypeErrors(metadata)), expected));
  }

  it('is an object', () => {
    assert.deepEqual(texts(metadataTypeErrors([])), [
      'metadata: Invalid value: "array": metadata in body must be of type object: "array"',
    ]);
  });

  const pruned: [string, string, string[]][] = [
    ['{"name":"a","foo":1,"clusterName":"x"}', '{"name":"a"}', ['metadata.foo', 'metadata.clusterName']],
    ['{"selfLink":"/x"}', '{}', []],
    ['{"creationTimestamp":null,"labels":{},"finalizers":[],"namespace":"","generation":0}', '{}', []],
    ['{"deletionGracePeriodSeconds":0}', '{"deletionGracePeriodSeconds":0}', []],
    ['{"labels":{"a":null,"__proto__":null}}', '{"labels":{"a":"","__proto__":""}}', []],
    [
      '{"creationTimestamp":"2026-01-01T02:00:00.5+02:00"}',
      '{"creationTimestamp":"2026-01-01T00:00:00Z"}',
      [],
    ],
    [
      '{"ownerReferences":[{"uid":"","controller":false,"x":1}]}',
      '{"ownerReferences":[{"uid":"","controller":false}]}',
      ['metadata.ownerReferences[0].x'],
    ],
    [
      '{"managedFields":[{"manager":"m","subresource":"","fieldsV1":{"f:a":{},"x":null},"y":1}]}',
      '{"managedFields":[{"manager":"m","fieldsV1":{"f:a":{},"x":null}}]}',
      ['metadata.managedFields[0].y'],
    ],
    ['{"__proto__":{"polluted":true},"constructor":1}', '{}', ['metadata.__proto__', 'metadata.constructor']],
    ['{"labels":[1],"name":1}', '{"labels":[1],"name":1}', []],
  ];
  for (const [given, expected, unknown] of pruned) {
    it(`prunes ${given}`, () => {
      const metadata = JSON.parse(given) as JsonObject;
      assert.deepEqual(pruneMetadata(metadata), unknown);
      assert.equal(encode(metadata), expected);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
  }

  it('takes whatever comes, and pruning twice changes nothing more', () => {
    const name = fc.constantFrom(
      'labels',
      'finalizers',
      'ownerReferences',
      'managedFields',
      'name',
      'generation',
    );
    fc.assert(
      fc.property(fc.dictionary(name, anyJson()), fields => {
        const metadata = fields as JsonObject;
        metadataTypeErrors(metadata);
        pruneMetadata(metadata);
        const once = encode(copy(metadata));
        assert.deepEqual(pruneMetadata(metadata), []);
        assert.equal(encode(metadata), once);
      }),
    );
  });
});

describe('generated names', () => {
  it('are the prefix and five characters of the alphabet', () => {
    assert.match(generateName('web-'), /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.equal(generateName(long(80)).length, 63);
    assert.notEqual(generateName('a-'), generateName('a-'));
    assert.deepEqual(dnsSubdomainErrors(generateName('a-')), []);
  });
});
