import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import {
  type LabelOperator,
  type LabelRequirement,
  parseLabelSelector,
} from '../../../src/machinery/label-selector.ts';
import { StatusError } from '../../../src/machinery/status.ts';

function refusal(text: string): string {
  try {
    parseLabelSelector(text);
  } catch (error) {
    assert.ok(error instanceof StatusError, `${error}`);
    assert.equal(error.status.code, 400);
    return error.message;
  }
  return assert.fail('it was parsed');
}

const keyFormat =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueFormat =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

describe('parsing label selectors', () => {
  const canonical: [string, string][] = [
    ['', ''],
    [' \t', ''],
    ['a', 'a'],
    ['!a', '!a'],
    ['! a', '!a'],
    ['a=b', 'a=b'],
    ['a==b', 'a=b'],
    ['a != b', 'a!=b'],
    ['a=', 'a='],
    ['a=,b', 'a=,b'],
    ['b,a', 'a,b'],
    ['a in (c, b,b)', 'a in (b,c)'],
    ['a notin (b)', 'a notin (b)'],
    ['a in ()', 'a in ()'],
    ['a in (,b,)', 'a in (,b)'],
    ['in in (in,notin)', 'in in (in,notin)'],
    ['notin=in', 'notin=in'],
    ['a>1,b<2', 'a>1,b<2'],
    ['example.com/a=b', 'example.com/a=b'],
  ];
  for (const [text, expected] of canonical) {
    it(JSON.stringify(text), () => assert.equal(parseLabelSelector(text).toString(), expected));
  }

  const refused: [string, string][] = [
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b,', "unable to parse requirement: found '', expected: ',', or identifier"],
    ['a in (=', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['-a', `unable to parse requirement: <nil>: Invalid value: "-a": ${keyFormat}`],
    ['a=-', `unable to parse requirement: values[0][a]: Invalid value: "-": ${valueFormat}`],
    [
      'a>x',
      'unable to parse requirement: values[0]: Invalid value: "x": ' +
        "for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      'a in (-,_)',
      `unable to parse requirement: [values[0][a]: Invalid value: "-": ${valueFormat}, ` +
        `values[1][a]: Invalid value: "_": ${valueFormat}]`,
    ],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => assert.equal(refusal(text), message));
  }

  it('has bounds', () => {
    assert.match(refusal('a'.repeat(limits.maxSelectorBytes + 1)), /longer than/);
    const many = Array.from({ length: limits.maxSelectorRequirements + 1 }, (_, index) => `a${index}`).join();
    assert.match(refusal(many), /more than/);
  });
});

const key = fc.constantFrom('a', 'b', 'x.io/c', 'in', 'constructor', 'toString');
const value = fc.constantFrom('', '1', '2', '10', 'x', 'notin');
const requirement: fc.Arbitrary<LabelRequirement> = fc
  .tuple(
    key,
    fc.constantFrom<LabelOperator>('=', '!=', 'in', 'notin', 'exists', '!', '>', '<'),
    fc.array(value),
  )
  .map(([name, operator, values]) => {
    if (operator === 'exists' || operator === '!') return { key: name, operator, values: [] };
    if (operator === '>' || operator === '<') return { key: name, operator, values: [`${values.length}`] };
    const first = values[0] ?? '';
    return { key: name, operator, values: operator.endsWith('in') && values.length > 0 ? values : [first] };
  });

function write({ key: name, operator, values }: LabelRequirement): string {
  if (operator === 'exists') return name;
  if (operator === '!') return `!${name}`;
  return operator.endsWith('in') ? `${name} ${operator} (${values})` : `${name}${operator}${values[0]}`;
}

/** The rules of Kubernetes, said as plainly as possible. */
function naive({ key: name, operator, values }: LabelRequirement, labels: Map<string, string>): boolean {
  const held = labels.get(name);
  const has = labels.has(name);
  if (operator === 'exists') return has;
  if (operator === '!') return !has;
  if (operator === '=' || operator === 'in') return has && values.some(each => each === held);
  if (operator === '!=' || operator === 'notin') return !has || values.every(each => each !== held);
  if (!has || !/^\d+$/.test(held!)) return false;
  return operator === '>' ? Number(held) > Number(values[0]) : Number(held) < Number(values[0]);
}

describe('matching label selectors', () => {
  it('does as the naive model does', () => {
    const labels = fc.array(fc.tuple(key, value)).map(pairs => new Map(pairs));
    // Many keys, too: they are looked up in another way.
    const many = fc
      .array(requirement, { maxLength: 4 })
      .map(few => [
        ...few,
        ...Array.from({ length: 20 }, (_unused, n) => ({ key: `x${n}`, operator: '!' as const, values: [] })),
      ]);
    const requirements = fc.oneof(fc.array(requirement, { maxLength: 4 }), many);
    fc.assert(
      fc.property(requirements, labels, (requirements, held) => {
        const selector = parseLabelSelector(requirements.map(write).join());
        const expected = requirements.every(each => naive(each, held));
        assert.equal(selector.matches(Object.fromEntries(held)), expected);
        assert.equal(selector.empty, requirements.length === 0);
        assert.ok(!selector.impossible || !expected);
      }),
    );
  });

  it('reads its own text back', () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 5 }), requirements => {
        const selector = parseLabelSelector(requirements.map(write).join());
        const again = parseLabelSelector(selector.toString());
        assert.deepEqual(again.requirements, selector.requirements);
        assert.equal(again.toString(), selector.toString());
      }),
    );
  });

  it('knows what no labels can meet', () => {
    const impossible = [
      'a,!a',
      'a=1,a=2',
      'a in (1,2),a notin (2,1)',
      'a>5,a<6',
      'a=x,a>1',
      'a=1,!a',
      'a in (1),a>1',
    ];
    for (const text of impossible) assert.equal(parseLabelSelector(text).impossible, true, text);
    for (const text of ['', 'a!=1,!a', 'a>5,a<7', 'a in (1,2),a notin (2)', 'a=2,a>1']) {
      assert.equal(parseLabelSelector(text).impossible, false, text);
    }
  });

  it('looks at no more labels than an object has, however many requirements there are', t => {
    const text = Array.from({ length: limits.maxSelectorRequirements }, (_unused, n) => `k${n}!=v`).join();
    const selector = parseLabelSelector(text);
    const looks = t.mock.method(Map.prototype, 'get');
    assert.equal(selector.matches({ a: '1', k5: 'w' }), true);
    assert.equal(selector.matches({ a: '1', k5: 'v' }), false);
    assert.equal(looks.mock.callCount(), 4);
  });

  it('compares 64-bit integers exactly', () => {
    const selector = parseLabelSelector('a>9007199254740992');
    assert.equal(selector.matches({ a: '9007199254740993' }), true);
    assert.equal(selector.matches({ a: '9007199254740992' }), false);
    assert.equal(selector.matches({ a: '99999999999999999999' }), false);
  });
});
