import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encode } from '../../../src/machinery/encode.ts';
import { equal } from '../../../src/machinery/equal.ts';
import type { Json } from '../../../src/machinery/json.ts';
import { applyMergePatch, mergePatch } from '../../../src/machinery/merge-patch.ts';
import { isJsonObject } from '../../../src/machinery/own-field.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { anyJson } from './arbitrary.ts';

/** Document, patch, result; the first follow RFC 7386, appendix A. */
const cases: [string, string, string][] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ['{"a":[1]}', '{"a":[null,{"b":null}]}', '{"a":[null,{"b":null}]}'],
  ['{}', '{"__proto__":{"polluted":true}}', '{"__proto__":{"polluted":true}}'],
  ['{"__proto__":{"a":1}}', '{"__proto__":{"polluted":true}}', '{"__proto__":{"a":1,"polluted":true}}'],
  ['{"__proto__":{"a":1}}', '{"__proto__":null}', '{}'],
  [
    '{}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
  ],
];

describe('merge patch', () => {
  for (const [document, patch, result] of cases) {
    it(`${document} ${patch}`, () => {
      const [given, change]: Json[] = [JSON.parse(document), JSON.parse(patch)];
      assert.equal(encode(mergePatch(given!, change!)), result);
      assert.equal(encode(given), document);
      assert.equal(encode(change), patch);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
  }

  it('applied twice changes nothing more', () => {
    fc.assert(
      fc.property(anyJson(), anyJson(), (document, patch) => {
        const once = mergePatch(document, patch);
        assert.ok(equal(mergePatch(once, patch), once));
      }),
    );
  });

  it('that is empty changes nothing', () => {
    fc.assert(
      fc.property(anyJson(), document => {
        fc.pre(isJsonObject(document));
        assert.ok(equal(mergePatch(document, {}), document));
      }),
    );
  });

  it('leaves untouched what it does not name, and sets or removes what it names', () => {
    fc.assert(
      fc.property(anyJson(), anyJson(), (document, patch) => {
        fc.pre(isJsonObject(document) && isJsonObject(patch));
        const result = mergePatch(document, patch);
        assert.ok(isJsonObject(result));
        for (const [name, value] of Object.entries(document)) {
          if (!Object.hasOwn(patch, name)) assert.ok(equal(result[name], value));
        }
        for (const [name, value] of Object.entries(patch)) {
          assert.equal(Object.hasOwn(result, name), value !== null);
          if (value !== null && !isJsonObject(value)) assert.ok(equal(result[name], value));
        }
      }),
    );
  });

  it('of an object of the API is an object', () => {
    assert.deepEqual(applyMergePatch({ a: 1 }, { b: 2 }), { a: 1, b: 2 });
    for (const patch of [null, 'x', 1, []] as Json[]) {
      assert.throws(
        () => applyMergePatch({}, patch),
        (error: unknown) =>
          error instanceof StatusError &&
          error.status.code === 400 &&
          /^error decoding patch: json: cannot unmarshal \w+ into Go value of type map\[string\]interface \{\}$/.test(
            error.message,
          ),
      );
    }
  });
});
