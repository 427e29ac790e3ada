import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { copy, equal } from '../../../src/machinery/equal.ts';
import type { Json } from '../../../src/machinery/json.ts';
import { applyJsonPatch } from '../../../src/machinery/json-patch.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { anyJson } from './arbitrary.ts';

const parse = (text: string): Json => decode(Buffer.from(text), 'application/json').value;

function refusal(document: Json, patch: Json): StatusError['status'] {
  try {
    applyJsonPatch(document, patch);
  } catch (error) {
    assert.ok(error instanceof StatusError, `${error}`);
    return error.status;
  }
  return assert.fail('it was applied');
}

/** What, document, patch, result (undefined: it does not apply). The first ones follow RFC 6902, appendix A. */
const cases: [string, string, string, string?][] = [
  [
    'A.1 an object member',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/baz","value":"qux"}]',
    '{"foo":"bar","baz":"qux"}',
  ],
  [
    'A.2 a list element',
    '{"foo":["bar","baz"]}',
    '[{"op":"add","path":"/foo/1","value":"qux"}]',
    '{"foo":["bar","qux","baz"]}',
  ],
  ['A.3 removing a member', '{"baz":"qux","foo":"bar"}', '[{"op":"remove","path":"/baz"}]', '{"foo":"bar"}'],
  [
    'A.4 removing an element',
    '{"foo":["bar","qux","baz"]}',
    '[{"op":"remove","path":"/foo/1"}]',
    '{"foo":["bar","baz"]}',
  ],
  [
    'A.5 replacing',
    '{"baz":"qux","foo":"bar"}',
    '[{"op":"replace","path":"/baz","value":"boo"}]',
    '{"baz":"boo","foo":"bar"}',
  ],
  [
    'A.6 moving a value',
    '{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}',
    '[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]',
    '{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}',
  ],
  [
    'A.7 moving an element',
    '{"foo":["all","grass","cows","eat"]}',
    '[{"op":"move","from":"/foo/1","path":"/foo/3"}]',
    '{"foo":["all","cows","eat","grass"]}',
  ],
  [
    'A.8 a test that holds',
    '{"baz":"qux","foo":["a",2,"c"]}',
    '[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]',
    '{"baz":"qux","foo":["a",2,"c"]}',
  ],
  ['A.9 a test that fails', '{"baz":"qux"}', '[{"op":"test","path":"/baz","value":"bar"}]'],
  [
    'A.10 a nested object',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/child","value":{"grandchild":{}}}]',
    '{"foo":"bar","child":{"grandchild":{}}}',
  ],
  [
    'A.11 unknown members',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/baz","value":"qux","xyz":123}]',
    '{"foo":"bar","baz":"qux"}',
  ],
  ['A.12 a missing parent', '{"foo":"bar"}', '[{"op":"add","path":"/baz/bat","value":"qux"}]'],
  ['A.14 escapes in order', '{"/":9,"~1":10}', '[{"op":"test","path":"/~01","value":10}]', '{"/":9,"~1":10}'],
  ['A.15 a text is no number', '{"/":9,"~1":10}', '[{"op":"test","path":"/~01","value":"10"}]'],
  [
    'A.16 adding a list',
    '{"foo":["bar"]}',
    '[{"op":"add","path":"/foo/-","value":["abc","def"]}]',
    '{"foo":["bar",["abc","def"]]}',
  ],

  ['the whole document', '{"a":1}', '[{"op":"add","path":"","value":[2]}]', '[2]'],
  ['the whole document replaced', '{"a":1}', '[{"op":"replace","path":"","value":2}]', '2'],
  ['the whole document tested', '{"a":1}', '[{"op":"test","path":"","value":{"a":1}}]', '{"a":1}'],
  ['the whole document removed', '{"a":1}', '[{"op":"remove","path":""}]'],
  ['the empty key', '{"":1}', '[{"op":"replace","path":"/","value":2}]', '{"":2}'],
  ['adding over a member', '{"a":1}', '[{"op":"add","path":"/a","value":2}]', '{"a":2}'],
  ['adding behind the last element', '[1]', '[{"op":"add","path":"/1","value":2}]', '[1,2]'],
  ['adding beyond the end', '[1]', '[{"op":"add","path":"/2","value":2}]'],
  ['a leading zero', '[1,2]', '[{"op":"remove","path":"/01"}]'],
  ['a word for an index', '[1,2]', '[{"op":"remove","path":"/length"}]'],
  ['removing behind the end', '[1]', '[{"op":"remove","path":"/-"}]'],
  ['replacing what is not there', '{"a":1}', '[{"op":"replace","path":"/b","value":1}]'],
  ['removing what is not there', '{"a":1}', '[{"op":"remove","path":"/b"}]'],
  ['below a text', '{"a":"x"}', '[{"op":"add","path":"/a/b","value":1}]'],
  ['below null', '{"a":null}', '[{"op":"add","path":"/a/b","value":1}]'],
  ['replacing null', '{"a":null}', '[{"op":"replace","path":"/a","value":1}]', '{"a":1}'],
  ['adding null', '{}', '[{"op":"add","path":"/a","value":null}]', '{"a":null}'],
  [
    'copying',
    '{"a":{"b":[1]}}',
    '[{"op":"copy","from":"/a/b","path":"/c"},{"op":"add","path":"/c/-","value":2}]',
    '{"a":{"b":[1]},"c":[1,2]}',
  ],
  ['copying what is not there', '{}', '[{"op":"copy","from":"/a","path":"/c"}]'],
  ['moving onto itself', '{"a":1}', '[{"op":"move","from":"/a","path":"/a"}]', '{"a":1}'],
  ['moving into itself', '{"a":{"b":1}}', '[{"op":"move","from":"/a","path":"/a/b/c"}]'],
  ['moving beside a longer name', '{"a":1}', '[{"op":"move","from":"/a","path":"/ab"}]', '{"ab":1}'],
  [
    'a test without regard to order',
    '{"a":{"b":1,"c":2}}',
    '[{"op":"test","path":"/a","value":{"c":2,"b":1}}]',
    '{"a":{"b":1,"c":2}}',
  ],
  [
    'a test of 64 bits',
    '{"a":1805912345678901234}',
    '[{"op":"test","path":"/a","value":1805912345678901234}]',
    '{"a":1805912345678901234}',
  ],
  [
    'a test of nearly the same 64 bits',
    '{"a":1805912345678901234}',
    '[{"op":"test","path":"/a","value":1805912345678901235}]',
  ],
  ['no operation', '{"a":1}', '[]', '{"a":1}'],
  ['an unknown operation', '{"a":1}', '[{"op":"spam","path":"/a"}]'],
  ['an operation without a name', '{"a":1}', '[{"path":"/a"}]'],
  ['an operation without its value', '{"a":1}', '[{"op":"add","path":"/b"}]'],
  ['a pointer without a slash', '{"a":1}', '[{"op":"remove","path":"a"}]'],
  ['a pointer with a bad escape', '{"a~2":1}', '[{"op":"remove","path":"/a~2"}]'],
  [
    'later operations on the value of an earlier one',
    '{}',
    '[{"op":"add","path":"/a","value":{}},{"op":"add","path":"/a/b","value":1}]',
    '{"a":{"b":1}}',
  ],
  ['nothing at all if one fails', '{"a":1}', '[{"op":"remove","path":"/a"},{"op":"remove","path":"/b"}]'],

  // Beyond the RFC, as kube-apiserver has it.
  ['a negative index', '[1,2,3]', '[{"op":"remove","path":"/-1"}]', '[1,2]'],
  ['adding at a negative index', '[1,2]', '[{"op":"add","path":"/-1","value":3}]', '[1,2,3]'],
  ['a negative index beyond the beginning', '[1]', '[{"op":"remove","path":"/-2"}]'],
  ['testing an absent field for null', '{"a":{}}', '[{"op":"test","path":"/a/b","value":null}]', '{"a":{}}'],
  ['testing an absent element for null', '[1]', '[{"op":"test","path":"/1","value":null}]'],
  ['testing a field of nothing for null', '{}', '[{"op":"test","path":"/a/b","value":null}]'],

  ['prototype members are not there', '{}', '[{"op":"remove","path":"/constructor"}]'],
  ['nor below', '{}', '[{"op":"add","path":"/__proto__/polluted","value":true}]'],
  [
    'a field named __proto__',
    '{}',
    '[{"op":"add","path":"/__proto__","value":{"polluted":true}}]',
    '{"__proto__":{"polluted":true}}',
  ],
  [
    'and below it',
    '{"__proto__":{}}',
    '[{"op":"add","path":"/__proto__/polluted","value":true}]',
    '{"__proto__":{"polluted":true}}',
  ],
];

describe('JSON patch', () => {
  for (const [what, document, patch, result] of cases) {
    it(`${what}: ${patch}`, () => {
      const [given, operations] = [parse(document), parse(patch)];
      if (result === undefined) {
        const status = refusal(given, operations);
        assert.equal(status.code, 422);
        assert.equal(status.reason, 'Invalid');
        assert.equal(status.message, 'the server rejected our request due to an error in our request');
      } else {
        assert.equal(encode(applyJsonPatch(given, operations)), result);
      }
      assert.equal(encode(given), document, 'the document has changed');
      assert.equal(encode(operations), patch, 'the patch has changed');
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
  }

  it('says which operation failed, and why', () => {
    const status = refusal({ a: 1 }, [
      { op: 'test', path: '/a', value: 1 },
      { op: 'remove', path: '/b' },
    ]);
    assert.deepEqual(status.details, {
      causes: [{ reason: 'FieldValueInvalid', field: 'patch[1]', message: 'there is no value at "/b"' }],
    });
  });

  const undecodable: [Json, string][] = [
    [{}, 'json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['x', 'json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp'],
    [['x'], 'json: cannot unmarshal string into Go value of type handlers.jsonPatchOp'],
    [[{ op: 1 }], 'json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string'],
    [
      [{ op: 'add', path: ['a'] }],
      'json: cannot unmarshal array into Go struct field jsonPatchOp.path of type string',
    ],
  ];
  for (const [patch, problem] of undecodable) {
    it(`is not ${JSON.stringify(patch)}`, () => {
      const status = refusal({}, patch);
      assert.deepEqual([status.code, status.message], [400, `error decoding patch: ${problem}`]);
    });
  }

  it('undoes an add by a remove', () => {
    const token = fc.constantFrom('new', '__proto__', 'a/b', 'm~n', 'constructor');
    fc.assert(
      fc.property(anyJson(), anyJson(), token, fc.nat(), (document, value, name, index) => {
        const isList = Array.isArray(document);
        fc.pre(typeof document === 'object' && document !== null);
        fc.pre(isList || !Object.hasOwn(document, name));
        const last = isList
          ? `${index % (document.length + 1)}`
          : name.replaceAll('~', '~0').replaceAll('/', '~1');
        const path = `/${last}`;
        const added = applyJsonPatch(document, [{ op: 'add', path, value }]);
        assert.doesNotThrow(() => applyJsonPatch(added, [{ op: 'test', path, value: copy(value) }]));
        assert.ok(equal(applyJsonPatch(added, [{ op: 'remove', path }]), document));
      }),
    );
  });
});

describe('bounds on JSON patches', () => {
  it('operations', () => {
    const patch = (count: number) =>
      Array.from({ length: count }, () => ({ op: 'test', path: '', value: {} }));
    assert.doesNotThrow(() => applyJsonPatch({}, patch(limits.maxJsonPatchOperations)));
    const status = refusal({}, patch(limits.maxJsonPatchOperations + 1));
    assert.equal(status.code, 413);
    assert.equal(
      status.message,
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    );
  });

  it('what copying adds', () => {
    const document = { a: 'x'.repeat(limits.maxJsonPatchCopyBytes / 2) };
    assert.doesNotThrow(() => applyJsonPatch(document, [{ op: 'copy', from: '/a', path: '/b' }]));
    const status = refusal(document, [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'copy', from: '/a', path: '/c' },
    ]);
    assert.match(status.details?.causes?.[0]?.message ?? '', /more than/);
  });

  it('depth, reached by moving and copying', () => {
    const moves = Array.from({ length: 3000 }, () => [
      { op: 'add', path: '/next', value: {} },
      { op: 'move', from: '/x', path: '/next/x' },
      { op: 'move', from: '/next', path: '/x' },
    ]).flat();
    assert.equal(refusal({ x: 1 }, moves).code, 422);
    const copies = Array.from({ length: 40 }, () => ({ op: 'copy', from: '', path: '/a/a' }));
    assert.equal(refusal({ a: {} }, copies.concat(copies)).code, 422);
    const deep = parse(`${'{"a":'.repeat(limits.maxJsonDepth - 1)}{}${'}'.repeat(limits.maxJsonDepth - 1)}`);
    assert.doesNotThrow(() => applyJsonPatch(deep, []));
    const pointer = '/a'.repeat(limits.maxJsonDepth);
    assert.doesNotThrow(() => applyJsonPatch(deep, [{ op: 'add', path: pointer, value: 1 }]));
    assert.equal(refusal(deep, [{ op: 'add', path: pointer, value: {} }]).code, 422);
  });
});
