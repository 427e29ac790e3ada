import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { kinds } from '../../../src/kinds/index.ts';
import { nearest } from '../../../src/schema/nearest.ts';
import { meantField } from '../../../src/schema/unknown-field.ts';

const actions = ['Allow', 'Deny', 'Log', 'Pass'];

suite('nearest', () => {
  const cases: [text: string, candidates: string[], meant: string | undefined, why: string][] = [
    ['allow', actions, 'Allow', 'another case'],
    ['DENY', actions, 'Deny', 'another case'],
    ['Alow', actions, 'Allow', 'a letter is missing'],
    ['Alllow', actions, 'Allow', 'a letter too many'],
    ['Pess', actions, 'Pass', 'another letter'],
    ['Dney', actions, 'Deny', 'two letters have changed places'],
    ['Accept', actions, undefined, 'nothing alike'],
    ['', actions, undefined, 'nothing'],
    ['Lg', actions, 'Log', 'short words may have one change'],
    ['Allow', actions, undefined, 'the word itself was not meant instead of itself'],
    ['notNet', ['nets', 'notNets', 'notPorts'], 'notNets', 'the nearest of several'],
    ['x', ['y'], undefined, 'never the whole of a word'],
    ['selektor', ['selector', 'notSelector'], 'selector', 'a common slip'],
  ];
  for (const [text, candidates, meant, why] of cases) {
    test(`${JSON.stringify(text)}: ${why}`, () => assert.equal(nearest(text, candidates), meant));
  }

  test('any text gets a candidate or nothing', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (text, candidates) => {
        const found = nearest(text, candidates);
        assert.ok(found === undefined || (found !== text && candidates.includes(found)));
      }),
    );
  });
});

suite('the field that was meant', () => {
  const policy = kinds.find(({ kind }) => kind === 'GlobalNetworkPolicy')!.schema;
  const cases: [path: string, meant: string | undefined][] = [
    ['spac', 'spec'],
    ['spec.selektor', 'selector'],
    ['spec.ingress[0].source.notNet', 'notNets'],
    ['spec.ingress[12].Action', 'action'],
    ['spec.ingress[0].http.paths[3].exakt', 'exact'],
    ['spec.ingress[0].nonsense', undefined],
    ['spec.ingress[0].a.b[c', undefined],
    ['', undefined],
    ['spec.', undefined],
    ['spec.constructor', undefined],
  ];
  for (const [path, meant] of cases) {
    test(`${path} → ${meant}`, () => assert.equal(meantField(policy, path), meant));
  }

  test('any path gets a field or nothing', () => {
    const parts = fc.array(
      fc.constantFrom('spec', '.', 'ingress', '[0]', 'source', '[', ']', 'x', '__proto__'),
    );
    fc.assert(fc.property(parts, path => void meantField(policy, path.join(''))));
  });
});
