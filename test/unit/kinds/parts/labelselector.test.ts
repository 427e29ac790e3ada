import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LabelSelector, printLabelSelector } from '../../../../src/kinds/parts/labelselector.ts';

const cases: [LabelSelector | undefined, string][] = [
  [undefined, '<none>'],
  [{}, '<none>'],
  [{ matchLabels: {}, matchExpressions: [] }, '<none>'],
  [{ matchLabels: { zone: 'b', app: 'web' } }, 'app=web,zone=b'],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'app'],
  [{ matchExpressions: [{ key: 'old', operator: 'DoesNotExist' }] }, '!old'],
  [
    {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'zone', operator: 'In', values: ['b', 'a'] },
        { key: 'role', operator: 'NotIn', values: ['test'] },
      ],
    },
    'app=web,role notin (test),zone in (a,b)',
  ],
];

test('label selectors print as kubectl prints them', () => {
  for (const [selector, text] of cases) assert.equal(printLabelSelector(selector), text);
});

test('printing leaves the selector as it was', () => {
  const selector: LabelSelector = { matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] };
  printLabelSelector(selector);
  assert.deepEqual(selector.matchExpressions?.[0]?.values, ['y', 'x']);
});
