import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseSelector } from '../../../../src/schema/selector/parse.ts';
import { isPlainSelector } from '../../../../src/schema/selector/plain.ts';
import { modelledSelector, tokenSoup } from './arbitrary.ts';
import { invalidCases, validCases } from './cases.ts';

suite('a plain selector', () => {
  test('is what people write', () => {
    for (const text of [
      'app == "web"',
      ` app!='web' && tier in {"a", 'b',"c"} || has(zone)`,
      `projectcalico.org/orchestrator == 'k8s' && a not in { "x" }`,
      'all()',
    ]) {
      assert.ok(isPlainSelector(text), text);
    }
  });

  test('is none that the parser refuses', () => {
    for (const [, , cases] of invalidCases) {
      for (const marked of cases) assert.ok(!isPlainSelector(marked.replace('¦', '')), marked);
    }
    for (const text of [
      'appin {"x"}',
      'a in{"x"',
      'a notin',
      'a == "x" &&',
      'a == "x" b',
      `${'a'.repeat(513)} == ""`,
    ]) {
      assert.throws(() => parseSelector(text));
      assert.ok(!isPlainSelector(text), text);
    }
  });

  test('parses, whatever it is made of', () => {
    let plain = 0;
    const parts = fc.array(
      fc.constantFrom(
        ...[
          'a',
          'in',
          'not',
          'has(a)',
          'all()',
          'global()',
          ' ',
          '\t',
          '==',
          '!=',
          '&&',
          '||',
          '!',
          '(',
          ')',
        ],
        ...['{', '}', ',', '"x"', "'y'", '"', 'a == "x"', 'b in {"x"}', 'c not in {"x", "y"}'],
      ),
      { maxLength: 9 },
    );
    const texts = fc.oneof(
      parts.map(words => words.join('')),
      parts.map(words => words.join(' ')),
      modelledSelector.map(({ text }) => text),
      tokenSoup,
      fc.constantFrom(
        ...validCases.flatMap(([, cases]) => cases.map(one => (typeof one === 'string' ? one : one[0]))),
      ),
    );
    fc.assert(
      fc.property(texts, text => {
        if (!isPlainSelector(text)) return;
        plain++;
        parseSelector(text);
      }),
      { numRuns: 20_000 },
    );
    assert.ok(plain > 500, `${plain} were plain`);
  });

  test('takes a bounded number of steps for a text of any length', () => {
    assert.ok(isPlainSelector(`a in {${'"x", '.repeat(150)}"y"}`));
    assert.ok(!isPlainSelector(`a in {${'"x", '.repeat(1_000_000)}"y"}`));
  });
});
