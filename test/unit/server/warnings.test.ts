import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Warnings } from '../../../src/server/warnings.ts';

function headers(...texts: string[]): string[] {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  return warnings.headers();
}

suite('warnings', () => {
  test('none', () => assert.deepEqual(headers(), []));

  test('each text once, in order', () => {
    assert.deepEqual(headers('b', 'a', '', 'b'), ['299 - "b"', '299 - "a"']);
  });

  test('quotes and backslashes are escaped', () => {
    assert.deepEqual(headers('unknown field "spec.x\\y"'), ['299 - "unknown field \\"spec.x\\\\y\\""']);
  });

  test('control characters become spaces', () => assert.deepEqual(headers('a\r\nb'), ['299 - "a  b"']));

  test('other characters go as UTF-8', () => {
    assert.equal(Buffer.from(headers('ä')[0]!, 'latin1').toString('utf8'), '299 - "ä"');
  });

  test('up to 4096 characters nothing is cut', () => {
    const long = 'ä'.repeat(4095);
    assert.deepEqual(
      headers(long, 'b').map(text => Buffer.from(text, 'latin1').toString('utf8')),
      [`299 - "${long}"`, '299 - "b"'],
    );
  });

  test('beyond, each is cut to 256 characters', () => {
    assert.deepEqual(headers('a'.repeat(4096), 'b'.repeat(300), 'c'), [
      `299 - "${'a'.repeat(256)}"`,
      `299 - "${'b'.repeat(256)}"`,
      '299 - "c"',
    ]);
  });

  test('and after 4096 characters of cut texts the rest is left out', () => {
    const many = Array.from({ length: 100 }, (_, at) => String(at).padStart(256, 'x'));
    assert.equal(headers(...many).length, 16);
  });
});

test('more than 64 become 64: clients refuse an answer with very many headers', () => {
  const warnings = new Warnings();
  for (let index = 0; index < 64; index++) warnings.add(`unknown field "f${index}"`);
  assert.equal(warnings.headers().length, 64);
  assert.match(warnings.headers().at(-1)!, /f63/);
  for (let index = 64; index < 150; index++) warnings.add(`unknown field "f${index}"`);
  const headers = warnings.headers();
  assert.equal(headers.length, 64);
  assert.match(headers[62]!, /f62/);
  assert.equal(headers[63], '299 - "87 more warnings are left out"');
});
