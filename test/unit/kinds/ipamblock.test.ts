import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipamBlock } from '../../../src/kinds/ipamblock.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { hasInt64 } from '../../../src/schema/int64.ts';
import { prune } from '../../../src/schema/prune.ts';
import { validate } from '../../../src/schema/validate.ts';

test('sequence numbers come through decoding, the schema and encoding to the last digit', () => {
  assert.ok(hasInt64(ipamBlock.schema));
  const text = encode(ipamBlock.examples.valid[0]);
  assert.match(text, /"sequenceNumber":1796372884516230233,/);
  const object = decode(new TextEncoder().encode(text), 'application/json').value as unknown as ApiObject;
  assert.deepEqual(prune(ipamBlock.schema, object), []);
  applyDefaults(ipamBlock.schema, object);
  assert.deepEqual(atOnce(validate(ipamBlock.schema, object, undefined)), []);
  assert.equal(encode(object), text);
});
