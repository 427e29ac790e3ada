import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../src/machinery/json.ts';
import { isPlainPort, parsePort, portValue } from '../../../src/schema/port.ts';
import { portVerdicts } from './port-verdicts.ts';

const number = fc.oneof(fc.nat({ max: 70_000 }), fc.constantFrom(0, 1, 65535, 65536)).map(String);
const range = fc.tuple(number, fc.constantFrom(':', '-', '::', ' :'), number).map(parts => parts.join(''));
const soup = fc
  .array(fc.constantFrom('0', '1', '9', ':', '-', 'a', ' '), { maxLength: 8 })
  .map(parts => parts.join(''));
const values = fc.oneof<fc.Arbitrary<Json>[]>(
  fc.integer({ min: -5, max: 70_000 }),
  fc.double(),
  number,
  range,
  soup,
  fc.constantFrom(...portVerdicts.map(([value]) => value)),
);

test('a plain port is a port, and is stored as it is', () => {
  let plain = 0;
  fc.assert(
    fc.property(values, value => {
      if (!isPlainPort(value)) return;
      plain++;
      const port = parsePort(value);
      assert.ok(!('problem' in port));
      assert.equal(portValue(port), value);
    }),
    { numRuns: 10_000 },
  );
  assert.ok(plain > 500, `${plain} were plain`);
  assert.ok([1, 65535, '1:65535', '8000:8999'].every(isPlainPort));
});
