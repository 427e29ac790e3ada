import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../src/machinery/json.ts';
import { celEnvironment } from '../../../src/schema/cel-library.ts';
import { quickRule, unsure } from '../../../src/schema/cel-quick.ts';
import { celValue } from '../../../src/schema/cel-value.ts';

const environment = celEnvironment();

// The third is one that every object of JavaScript has.
const fields = ['a', 'b', 'toString'];
const field = fc.constantFrom(...fields);
const path = fc.oneof(
  { weight: 4, arbitrary: field.map(name => `self.${name}`) },
  { weight: 1, arbitrary: fc.tuple(field, field).map(names => `self.${names.join('.')}`) },
);
const literal = fc.constantFrom(
  "'TCP'",
  "''",
  "'10.0.0.1'",
  '0',
  '1',
  '6',
  '1.5',
  '1000000.0',
  'true',
  'false',
);

/** Rules of every form that the quick way knows, and some that it does not. */
const { rule } = fc.letrec<{ rule: string; term: string; item: string }>(tie => ({
  rule: fc.oneof(
    { maxDepth: 4 },
    path.map(of => `has(${of})`),
    fc.tuple(path, literal).map(([of, wanted]) => `!has(${of}) || ${of} == ${wanted}`),
    fc.tuple(path, literal).map(([of, wanted]) => `has(${of}) && size(${of}) > 0 && ${of} != ${wanted}`),
    fc
      .tuple(tie('term'), fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('term'))
      .map(words => words.join(' ')),
    fc.tuple(path, fc.constantFrom('contains', 'startsWith')).map(([of, name]) => `${of}.${name}('T')`),
    fc.tuple(path, tie('item')).map(([of, body]) => `${of}.exists(t, ${body})`),
    path.map(of => `isIP(${of})`),
    path.map(of => `ip(${of}).family() == 4`),
    path,
    tie('rule').map(of => `!(${of})`),
    fc
      .tuple(tie('rule'), fc.constantFrom('||', '&&', '==', '!='), tie('rule'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.tuple(tie('rule'), tie('rule'), tie('rule')).map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
  ),
  term: fc.oneof(
    path,
    literal,
    path.map(of => `size(${of})`),
    path.map(of => `ip(${of}).family()`),
  ),
  item: fc.oneof(
    fc.constantFrom("t == 'TCP'", 't > 0', 't.a == 1', 't', "self.a.exists(t, t == 'TCP')", 'self.b == t'),
    tie('rule'),
  ),
}));

const scalar = fc.constantFrom<Json>(
  'TCP',
  'UDP',
  '',
  '10.0.0.1',
  '::1',
  '::ffff:1.2.3.4',
  '\ud83d\ude00',
  0,
  1,
  6,
  1.5,
  true,
  false,
  null,
  2n ** 60n,
);
const within = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(field, scalar, { maxKeys: 3 }) },
);
const self: fc.Arbitrary<Json> = fc.oneof(
  { weight: 9, arbitrary: fc.dictionary(field, within) },
  { weight: 1, arbitrary: within },
) as fc.Arbitrary<Json>;

/** What CEL gives, or that it gives an error. */
function inCel(text: string, value: Json): unknown {
  try {
    return environment.parse(text)({ self: celValue(undefined, value) });
  } catch {
    return 'an error';
  }
}

test('what the quick way of a rule is sure of is what CEL says, of any rule and value', () => {
  const sure = { true: 0, false: 0 };
  fc.assert(
    fc.property(rule, self, (text, value) => {
      if (!environment.check(text).valid) return;
      const result = quickRule(environment.parse(text).ast)(value);
      if (result === unsure) return;
      sure[`${result}`]++;
      assert.equal(inCel(text, value), result, text);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(sure.true > 500 && sure.false > 500, JSON.stringify(sure));
});
