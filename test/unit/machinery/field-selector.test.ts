import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import { parseFieldSelector } from '../../../src/machinery/field-selector.ts';
import { StatusError } from '../../../src/machinery/status.ts';

const supported = ['metadata.name', 'metadata.namespace'];

function refusal(text: string): string {
  try {
    parseFieldSelector(text, supported);
  } catch (error) {
    assert.ok(error instanceof StatusError, `${error}`);
    assert.equal(error.status.code, 400);
    return error.message;
  }
  return assert.fail('it was parsed');
}

describe('parsing field selectors', () => {
  const canonical: [string, string][] = [
    ['', ''],
    [',,', ''],
    ['metadata.name=a', 'metadata.name=a'],
    ['metadata.name==a', 'metadata.name=a'],
    ['metadata.name!=a', 'metadata.name!=a'],
    ['metadata.namespace=b,metadata.name=a', 'metadata.name=a,metadata.namespace=b'],
    ['metadata.name=a\\,b\\=c\\\\', 'metadata.name=a\\,b\\=c\\\\'],
    ['metadata.name=', 'metadata.name='],
  ];
  for (const [text, expected] of canonical) {
    it(JSON.stringify(text), () => assert.equal(parseFieldSelector(text, supported).toString(), expected));
  }

  const refused: [string, string][] = [
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['metadata.name=a,b', "invalid selector: 'metadata.name=a,b'; can't understand 'b'"],
    ['spec.x=a', '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['=a', '"" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
    ['metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => assert.equal(refusal(text), message));
  }

  it('has bounds', () => {
    assert.match(refusal('a'.repeat(limits.maxSelectorBytes + 1)), /longer than/);
    assert.match(refusal('a=b,'.repeat(limits.maxSelectorRequirements + 1)), /more than/);
  });
});

describe('matching field selectors', () => {
  const requirement = fc.record({
    field: fc.constantFrom(...supported),
    operator: fc.constantFrom('=' as const, '!=' as const),
    value: fc.oneof(fc.constantFrom('', 'a', 'b'), fc.string()),
  });
  const write = (each: { field: string; operator: string; value: string }) =>
    `${each.field}${each.operator}${each.value.replace(/[\\,=]/g, '\\$&')}`;

  it('does as the naive model does, and reads its own text back', () => {
    const fields = fc.dictionary(fc.constantFrom(...supported), fc.constantFrom('', 'a', 'b'));
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), fields, (requirements, held) => {
        const selector = parseFieldSelector(requirements.map(write).join(), supported);
        const expected = requirements.every(each => {
          const same = (held[each.field] ?? '') === each.value;
          return each.operator === '=' ? same : !same;
        });
        assert.equal(selector.matches(held), expected);
        assert.ok(!selector.impossible || !expected);
        const again = parseFieldSelector(selector.toString(), supported);
        assert.deepEqual(again.requirements, selector.requirements);
        assert.deepEqual(new Set(selector.requirements.map(write)), new Set(requirements.map(write)));
      }),
    );
  });

  it('knows what no object can meet', () => {
    for (const text of ['metadata.name=a,metadata.name=b', 'metadata.name=a,metadata.name!=a']) {
      assert.equal(parseFieldSelector(text, supported).impossible, true, text);
    }
    assert.equal(parseFieldSelector('metadata.name=a,metadata.name!=b', supported).impossible, false);
  });

  it('says which one value it demands', () => {
    const selector = parseFieldSelector('metadata.name=a,metadata.namespace!=b', supported);
    assert.equal(selector.exact('metadata.name'), 'a');
    assert.equal(selector.exact('metadata.namespace'), undefined);
    assert.equal(parseFieldSelector('', supported).exact('metadata.name'), undefined);
    assert.equal(parseFieldSelector('', supported).empty, true);
  });
});
