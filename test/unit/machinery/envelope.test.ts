import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../../src/machinery/decode.ts';
import { encodeSorted } from '../../../src/machinery/encode.ts';
import { envelopeProblem } from '../../../src/machinery/envelope.ts';

const struct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const unread = "couldn't get version/kind; json parse error: json: cannot unmarshal";

// Texts of kube-apiserver 1.36.
const cases: [text: string, problem: string | undefined][] = [
  ['{}', undefined],
  ['{"kind":"A","apiVersion":"b/v1"}', undefined],
  ['{"kind":null,"apiVersion":""}', undefined],
  ['[]', `${unread} array into Go value of type ${struct}`],
  ['7', `${unread} number into Go value of type ${struct}`],
  ['"x"', `${unread} string into Go value of type ${struct}`],
  ['true', `${unread} bool into Go value of type ${struct}`],
  ['null', "Object 'Kind' is missing in 'null'"],
  ['{"kind":""}', 'Object \'Kind\' is missing in \'{"kind":""}\''],
  ['{"kind":7}', `${unread} number into Go struct field .kind of type string`],
  ['{"apiVersion":{}}', `${unread} object into Go struct field .apiVersion of type string`],
  ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
];

for (const [text, problem] of cases) {
  test(`the envelope of ${text}`, () => {
    assert.equal(envelopeProblem(decode(Buffer.from(text), 'application/json').value, text), problem);
  });
}

test('encodeSorted puts the fields of every object in order', () => {
  const value = decode(
    Buffer.from('{"b":[{"d":1,"c":18446744073709551615}],"a":null,"Z":{}}'),
    'application/json',
  ).value;
  assert.equal(encodeSorted(value), '{"Z":{},"a":null,"b":[{"c":18446744073709551615,"d":1}]}');
});
