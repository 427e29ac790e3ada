import fc from 'fast-check';
import type { Json } from '../../../src/machinery/json.ts';
import { setOwnField } from '../../../src/machinery/own-field.ts';

/** Names that break careless code, beside ordinary ones. */
export function fieldName(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'toString', 'length', '', '0', 'a/b', 'm~n'),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
  );
}

/** Any JSON value, bigint included; `-0` is 0 and text is well-formed, as decoding leaves them. */
export function anyJson(options: { bigint: boolean } = { bigint: true }): fc.Arbitrary<Json> {
  const big = fc
    .bigInt({ min: -(10n ** 19n), max: 10n ** 19n })
    .filter(n => !Number.isSafeInteger(Number(n)));
  const leaf: fc.Arbitrary<Json> = fc.oneof(
    fc.constantFrom<Json>(null, true, false, 0, 1, '', 'x'),
    fc.integer(),
    // A double like 35631624466469752 prints as another integer; JSON texts with such do not come back as doubles.
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter(number => !Number.isInteger(number) || Number.isSafeInteger(number))
      .map(number => number + 0),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    ...(options.bigint ? [big as fc.Arbitrary<Json>] : []),
  );
  const { value } = fc.letrec<{ value: Json; object: Json; list: Json }>(tie => ({
    value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, tie('object'), tie('list')),
    list: fc.array(tie('value'), { maxLength: 4 }) as fc.Arbitrary<Json>,
    object: fc.array(fc.tuple(fieldName(), tie('value')), { maxLength: 4 }).map(fields => {
      const object = {};
      for (const [name, field] of fields) setOwnField(object, name, field);
      return object;
    }),
  }));
  return value;
}
