import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { schemaNode } from '../../../src/schema/node.ts';
import { passes } from '../../../src/schema/passes.ts';
import { defineRule } from '../../../src/schema/rule.ts';
import type { Schema } from '../../../src/schema/schema.ts';
import { findProblems } from '../../../src/schema/validate.ts';

/** A schema with values of which many fit it. */
interface Sample {
  schema: Schema;
  value: fc.Arbitrary<Json>;
}

const anything = fc.constantFrom<Json>(
  ...[null, true, 0, 4, -1, 1.5, 3e9, 2n ** 63n, 2n ** 64n, '', 'a', 'ab', 'abc', '\ud83d\ude00', '1.2.3.4'],
  ...[[], {}, [null], ['a', 'a'], [{}], { a: 1 }, { a: null }, { toString: 'a' }],
);

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });

/** Constraints of which any may be absent. */
function some(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Schema> {
  const each = Object.entries(model).map(([name, arbitrary]) => [name, optional(arbitrary)]);
  return fc
    .record(Object.fromEntries(each))
    .map(all => JSON.parse(JSON.stringify(all)) as Schema) as fc.Arbitrary<Schema>;
}

const notFour = defineRule<Json>({
  id: 'not-four',
  says: 'Must not be 4 or "ab".',
  source: 'made up',
  check: value => (value === 4 || value === 'ab' ? { detail: 'must not be 4 or "ab"' } : undefined),
  cases: { valid: [], invalid: [] },
});

const everywhere = fc
  .record({ nullable: optional(fc.constant(true)), rules: optional(fc.constant([notFour])) })
  .map(({ nullable, rules }) => ({ ...(nullable && { nullable }), ...(rules && { rules }) }));

const small = fc.integer({ min: -2, max: 5 });
const length = fc.nat({ max: 3 });

const texts = fc.constantFrom<Json>('', 'a', 'ab', 'abc', '\ud83d\ude00', '1.2.3.4', 'a\nb');
const numbers = fc.constantFrom<Json>(0, 1, 4, -1, 1.5, -2.5, 3e9, 2n ** 63n);
const pattern = fc.constantFrom('^.*', '^[a-z]*$', 'b');
const bounds = {
  minimum: small,
  maximum: small,
  exclusiveMinimum: fc.boolean(),
  exclusiveMaximum: fc.boolean(),
};

const scalars: fc.Arbitrary<Sample> = fc.oneof(
  some({
    maxLength: length,
    minLength: length,
    pattern,
    format: fc.constantFrom('ipv4', 'date', 'unheard-of'),
    enum: fc.constant(['a', 'ab', 'abc']),
  }).map(more => ({ schema: { type: 'string', ...more } as Schema, value: texts })),
  some({ ...bounds, format: fc.constantFrom('int32', 'int64'), enum: fc.constant([0, 4, 5]) }).map(more => ({
    schema: { type: 'integer', ...more } as Schema,
    value: numbers,
  })),
  some({ ...bounds, enum: fc.constant([1.5, 4]) }).map(more => ({
    schema: { type: 'number', ...more } as Schema,
    value: numbers,
  })),
  fc.constant<Sample>({ schema: { type: 'boolean' }, value: fc.boolean() }),
  some({ pattern, maxLength: length }).map(more => ({
    schema: { 'x-kubernetes-int-or-string': true, ...more } as Schema,
    value: fc.oneof(texts, numbers),
  })),
  fc.constant<Sample>({ schema: { type: 'string', not: { enum: ['a'] } }, value: texts }),
  fc.constant<Sample>({
    schema: { type: 'integer', anyOf: [{ maximum: 0 }, { enum: [4] }] },
    value: numbers,
  }),
  fc.constant<Sample>({ schema: { 'x-kubernetes-preserve-unknown-fields': true }, value: anything }),
);

const names = ['a', 'b', 'toString', '__proto__'];

const cel = fc.constantFrom(
  "!has(self.a) || self.a != 'ab'",
  'has(self.b)',
  '!has(self.a) || !has(self.b) || self.a == self.b',
  'size(self.a) > 0',
);

const branches = fc.constantFrom<Pick<Schema, 'anyOf' | 'oneOf' | 'allOf' | 'not'>>(
  { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
  { oneOf: [{ required: ['a'] }, { required: ['b'] }] },
  { allOf: [{ required: ['a'] }, { maxProperties: 1 }] },
  { not: { required: ['b'] } },
);

/** An object of the given fields, some of them absent, with others beside them. */
function valuesOf(fields: [string, Sample][], rest: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  const given = fields.map(([name, { value }]) =>
    fc.option(
      value.map(one => [name, one] as [string, Json]),
      { nil: undefined, freq: 3 },
    ),
  );
  const others = fc.dictionary(fc.constantFrom('x', 'y'), rest, { maxKeys: 1 });
  return fc
    .tuple(others, ...given)
    .map(([more, ...found]) =>
      Object.fromEntries([...Object.entries(more), ...found.filter(one => one !== undefined)]),
    );
}

function objects(below: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  return fc
    .record({
      fields: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), below), {
        selector: ([name]) => name,
        maxLength: 3,
      }),
      rest: optional(below),
      required: fc.subarray(['a', 'b', '__proto__'], { maxLength: 1 }),
      counts: some({ minProperties: length, maxProperties: length }),
      branch: optional(branches),
      rule: optional(cel),
    })
    .map(({ fields, rest, required, counts, branch, rule }) => ({
      schema: {
        type: 'object' as const,
        properties: Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])),
        ...(rest && { additionalProperties: rest.schema }),
        ...(required.length > 0 && { required }),
        ...counts,
        ...branch,
        ...(rule && { 'x-kubernetes-validations': [{ rule }] }),
      },
      value: valuesOf(fields, rest?.value ?? anything),
    }));
}

function lists(below: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  return fc
    .record({
      items: below,
      counts: some({ minItems: length, maxItems: length }),
      type: fc.constantFrom<'atomic' | 'set' | 'map'>('atomic', 'set', 'map'),
    })
    .map(({ items, counts, type }) => ({
      schema: {
        type: 'array' as const,
        items: items.schema,
        ...counts,
        'x-kubernetes-list-type': type,
        ...(type === 'map' && { 'x-kubernetes-list-map-keys': ['a'] }),
      },
      value: fc.array(items.value, { maxLength: 3 }) as fc.Arbitrary<Json>,
    }));
}

const { sample } = fc.letrec<{ sample: Sample }>(tie => ({
  sample: fc
    .tuple(
      fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalars, objects(tie('sample')), lists(tie('sample'))),
      everywhere,
    )
    .map(([{ schema, value }, more]) => ({
      schema: { ...schema, ...more },
      value: fc.oneof({ weight: 19, arbitrary: value }, { weight: 1, arbitrary: anything }),
    })),
}));

/** Objects whose field `spec` has any schema, with values of it. */
const cases = sample.chain(({ schema, value }) =>
  fc.record({
    schema: fc.constant<Schema>({ type: 'object', properties: { spec: schema } }),
    specs: fc.array(value, { minLength: 4, maxLength: 8 }),
  }),
);

test('what passes at once has no problems, of any schema and value', () => {
  let passed = 0;
  let refused = 0;
  let unsure = 0;
  fc.assert(
    fc.property(cases, ({ schema, specs }) => {
      for (const spec of specs) {
        const object = {
          apiVersion: 'v1',
          kind: 'Any',
          metadata: { name: 'any' },
          spec,
        } as unknown as ApiObject;
        const problems = atOnce(findProblems(schema, object, undefined));
        if (passes(schemaNode(schema), { object, old: undefined })) {
          assert.deepEqual(problems, []);
          passed++;
        } else if (problems.length > 0) refused++;
        else unsure++;
      }
    }),
    { numRuns: 3000 },
  );
  // Nearly all that is right must be found so, or the quick way would not be worth its code.
  assert.ok(
    passed > 2000 && refused > 2000 && unsure < passed / 4,
    `${passed} passed, ${refused} refused, ${unsure} unsure`,
  );
});
