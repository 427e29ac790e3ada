import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noDefinitions, readDefinitions } from './definitions.ts';
import { answerTo } from './mutation-answer.ts';
import { rulings, rulingsOn } from './mutation-verdicts.ts';
import { allMutations } from './mutations.ts';

/**
 * One field wrong in the richest example of each kind: is it refused exactly where it must be? What must be says the
 * schema of Calico's definition, asked through a validator that is not ours, and beyond it the table of rulings.
 * Both are held against a kube-apiserver in test/e2e/mutations.test.ts.
 */
const mutations = allMutations();

describe('mutations of the richest examples', { skip: noDefinitions }, () => {
  const definitions = noDefinitions ? new Map() : readDefinitions();
  const used = new Set<string>();

  for (const [kind, ofKind] of Map.groupBy(mutations, mutation => mutation.kind.kind)) {
    test(`${kind}: ${ofKind.length} mutations are refused or accepted as they must be`, () => {
      const passes: ((object: object) => boolean) | undefined = definitions.get(kind);
      const wrong: string[] = [];
      for (const mutation of ofKind) {
        const passed = passes?.(mutation.object) ?? true;
        const found = rulingsOn(mutation);
        // A ruling is there for what the schema does not say.
        for (const ruling of found) {
          if (passed || ruling.verdict === 'accepted') used.add(JSON.stringify(ruling));
        }
        const mustBeAccepted =
          found.some(({ verdict }) => verdict === 'accepted') || (passed && found.length === 0);
        const source =
          found[0]?.source ?? `the schema ${passed ? 'accepts' : 'refuses'} it, and no ruling knows it`;
        const errors = answerTo(mutation);
        if ((errors.length === 0) === mustBeAccepted) continue;
        const should = mustBeAccepted ? 'accepted' : 'refused';
        wrong.push(`${mutation.title} must be ${should} (${source}): ${errors.join('; ') || 'no error'}`);
      }
      assert.deepEqual(wrong, []);
    });
  }

  test('every ruling says something', () => {
    const idle = rulings.filter(ruling => !used.has(JSON.stringify(ruling)));
    assert.deepEqual(idle, []);
  });
});

test('no two rulings on a mutation disagree', () => {
  for (const mutation of mutations) {
    const verdicts = new Set(rulingsOn(mutation).map(({ verdict }) => verdict === 'accepted'));
    assert.ok(verdicts.size < 2, mutation.title);
  }
});

test('titles are unique, and every kind is there', () => {
  assert.equal(new Set(mutations.map(({ title }) => title)).size, mutations.length);
  assert.equal(new Set(mutations.map(({ kind }) => kind)).size, 23);
});
