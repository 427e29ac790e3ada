import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { matchesAlways, matchesUnlabelled, whyNever } from '../../../../src/kinds/parts/selectorform.ts';
import { neverMatches } from '../../../../src/schema/selector/never-matches.ts';

describe('what the form of a selector tells', () => {
  const cases: { text: string | undefined; never: boolean; always: boolean; unlabelled: boolean }[] = [
    { text: undefined, never: false, always: true, unlabelled: true },
    { text: '', never: false, always: true, unlabelled: true },
    { text: ' all() ', never: false, always: true, unlabelled: true },
    { text: 'has(a) || !has(a)', never: false, always: true, unlabelled: true },
    { text: 'has(a) && !has(a)', never: true, always: false, unlabelled: false },
    { text: '!all()', never: true, always: false, unlabelled: false },
    { text: 'a in {}', never: true, always: false, unlabelled: false },
    { text: 'a not in {}', never: false, always: true, unlabelled: true },
    { text: 'a == "b"', never: false, always: false, unlabelled: false },
    { text: 'a != "b"', never: false, always: false, unlabelled: true },
    { text: 'has(a) && has(a)', never: false, always: false, unlabelled: false },
    { text: 'a == "b" && a == "c"', never: true, always: false, unlabelled: false },
    { text: `${'p'.repeat(254)}/a == "b"`, never: true, always: false, unlabelled: false },
    { text: 'does not parse', never: false, always: false, unlabelled: false },
  ];
  for (const { text, never, always, unlabelled } of cases) {
    test(JSON.stringify(text) ?? 'absent', () => {
      assert.equal(whyNever(text) !== undefined, never);
      assert.equal(matchesAlways(text), always);
      assert.equal(matchesUnlabelled(text), unlabelled);
    });
  }

  test('the short way past plain selectors comes to where the long way does', () => {
    const pick = (...values: string[]) => fc.constantFrom(...values);
    const label = pick(
      'a',
      'b',
      'in',
      'has',
      'x.org/a',
      'X.org/a',
      'a..b/c',
      '-a',
      'a_',
      `${'p.'.repeat(127)}p/a`,
    );
    const value = pick('"v"', '"w"', '""', '"-"', "'v'", `"${'v'.repeat(64)}"`);
    const term = fc.oneof(
      fc.tuple(label, pick(' == ', '!=', ' in '), value).map(parts => parts.join('')),
      fc.tuple(label, value, value).map(([name, one, other]) => `${name} in {${one}, ${other}}`),
      label.map(name => `has(${name})`),
      label.map(name => `!has(${name})`),
      pick('all()', '', 'has( a )'),
    );
    const joined = fc.array(fc.tuple(term, pick(' && ', '&&', ' || ', ' ')), { minLength: 1, maxLength: 4 });
    const selector = joined.map(terms => terms.flat().slice(0, -1).join(''));
    fc.assert(
      fc.property(selector, text => {
        assert.equal(whyNever(text), neverMatches(text));
      }),
      { numRuns: 2000 },
    );
  });
});
