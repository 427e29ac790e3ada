import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule, withoutLimits } from '../../../../src/kinds/parts/rule.ts';
import { array, integer, map, object, oneOf, string } from '../../../../src/schema/build.ts';
import type { Schema } from '../../../../src/schema/schema.ts';

test('without limits, types, required fields and descriptions are left', () => {
  const limited = object(
    {
      color: oneOf(['red', 'green'], 'The colour.', { default: 'red' }),
      sizes: array(integer('A size.', { minimum: 1, maximum: 9 }), 'Sizes.', {
        maxItems: 3,
        'x-kubernetes-list-type': 'set',
      }),
      notes: map(string('A note.', { maxLength: 10, pattern: '^a' }), 'Notes.', { maxProperties: 4 }),
    },
    'A thing.',
    { required: ['color'], 'x-kubernetes-validations': [{ rule: 'true' }] },
  );
  assert.deepEqual(withoutLimits(limited), {
    type: 'object',
    description: 'A thing.',
    required: ['color'],
    properties: {
      color: { type: 'string', description: 'The colour.' },
      sizes: { type: 'array', description: 'Sizes.', items: { type: 'integer', description: 'A size.' } },
      notes: {
        type: 'object',
        description: 'Notes.',
        additionalProperties: { type: 'string', description: 'A note.' },
      },
    },
  });
});

test('taking the limits off a rule changes nothing in the rule', () => {
  const before = JSON.stringify(rule);
  withoutLimits(rule);
  assert.equal(JSON.stringify(rule), before);
});

test('the rules beside the schema stay without limits', () => {
  const pairs: [Schema | undefined, Schema | undefined][] = [[rule, withoutLimits(rule)]];
  for (const name of ['protocol', 'notProtocol', 'source']) {
    pairs.push([rule.properties?.[name], withoutLimits(rule).properties?.[name]]);
  }
  for (const [limited, bare] of pairs) {
    assert.equal(bare?.rules, limited?.rules);
    assert.equal(bare?.canonical, limited?.canonical);
  }
  assert.ok(withoutLimits(rule).rules?.length);
  assert.ok(withoutLimits(rule).properties?.protocol?.canonical);
});

test('ports and protocols stay numbers or texts without limits', () => {
  const bare: Schema = withoutLimits(rule);
  const expected = [{ type: 'integer' }, { type: 'string' }];
  for (const node of [bare.properties?.protocol, bare.properties?.source?.properties?.ports?.items]) {
    assert.deepEqual(node?.anyOf, expected);
    assert.equal(node?.['x-kubernetes-int-or-string'], true);
    assert.equal(node?.pattern, undefined);
  }
});
