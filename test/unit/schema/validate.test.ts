import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import type { Json } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { fieldErrorBody } from '../../../src/machinery/status.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import type { Schema } from '../../../src/schema/schema.ts';
import { validate } from '../../../src/schema/validate.ts';
import * as verdicts from './verdicts.ts';

function toy(name: string, spec: Json | undefined): ApiObject {
  return {
    apiVersion: 'example.org/v1',
    kind: 'Toy',
    metadata: { name },
    ...(spec !== undefined && { spec }),
  };
}

function check(verdict: verdicts.Verdict): string[] {
  const schema: Schema = { type: 'object', ...verdict.root, properties: { spec: verdict.schema } };
  const name = verdict.name ?? 'n';
  const old = 'old' in verdict ? toy(name, verdict.old) : undefined;
  return atOnce(validate(schema, toy(name, verdict.spec), old)).map(
    error => `${error.field}: ${fieldErrorBody(error)}`,
  );
}

for (const [group, list] of Object.entries(verdicts)) {
  describe(`verdicts of kube-apiserver: ${group}`, () => {
    for (const verdict of list) {
      test(verdict.differs ? `${verdict.why} (${verdict.differs})` : verdict.why, () => {
        assert.deepEqual(check(verdict).sort(), [...verdict.errors].sort());
      });
    }
  });
}

test('fields named like parts of a prototype are ordinary', () => {
  const schema: Schema = {
    type: 'object',
    properties: { spec: { type: 'object', additionalProperties: { type: 'integer' } } },
    required: ['spec'],
  };
  const spec = JSON.parse('{"__proto__": "x", "constructor": "y", "toString": 1}');
  assert.deepEqual(
    atOnce(validate(schema, toy('n', spec), undefined)).map(error => error.field),
    ['spec.__proto__', 'spec.constructor'],
  );
  const required: Schema = {
    type: 'object',
    properties: { spec: { type: 'object', required: ['toString'] } },
  };
  assert.equal(atOnce(validate(required, toy('n', {}), undefined)).length, 1);
});

test('reports no more errors than the limit', () => {
  const schema: Schema = {
    type: 'object',
    properties: { spec: { type: 'array', items: { type: 'string' } } },
  };
  const many = new Array<Json>(limits.maxFieldErrors * 3).fill(1);
  assert.equal(atOnce(validate(schema, toy('n', many), undefined)).length, limits.maxFieldErrors);
});

test('changes nothing', () => {
  for (const verdict of Object.values(verdicts).flat()) {
    const before = structuredClone([verdict.spec, verdict.old]);
    check(verdict);
    assert.deepEqual([verdict.spec, verdict.old], before, verdict.why);
  }
});

describe('schemas that are wrong are refused when first used', () => {
  const rule = (text: string, fieldPath?: string): Schema => ({
    'x-kubernetes-validations': [{ rule: text, ...(fieldPath && { fieldPath }) }],
  });
  const cases: [string, Schema, RegExp][] = [
    ['a bad pattern', { type: 'string', pattern: '(' }, /missing \)/],
    [
      'a format that is not implemented',
      { type: 'string', format: 'hostname' },
      /"hostname" is not implemented/,
    ],
    ['CEL syntax', { type: 'string', ...rule('self ==') }, /CEL rule/],
    ['an unknown function', { type: 'string', ...rule('quantity(self) == 1') }, /no matching overload/],
    ['an unknown variable', { type: 'string', ...rule('other == 1') }, /Unknown variable: other/],
    ['a rule that is not a question', { type: 'integer', ...rule('size("x")') }, /not of type bool/],
    ['matches, which could take forever', { type: 'string', ...rule("self.matches('x')") }, /matches\(\)/],
    ['a fieldPath to nowhere', { type: 'object', ...rule('true', '.x') }, /does not refer to a field/],
    ['a fieldPath into a list', { type: 'object', ...rule('true', '.a[0]') }, /fieldPath/],
    ['rules within allOf', { type: 'object', allOf: [rule('true')] }, /not implemented/],
  ];
  for (const [why, spec, message] of cases) {
    test(why, () => {
      const schema: Schema = { type: 'object', properties: { spec } };
      assert.throws(() => atOnce(validate(schema, toy('n', 'x'), undefined)), message);
    });
  }
});
