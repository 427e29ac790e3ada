import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { partOf, priorityLevelOf } from '../../../src/access/priority-level.ts';
import { anonymous } from '../../../src/access/user.ts';

suite('classes of callers', () => {
  const authenticated = 'system:authenticated';
  const cases: [name: string, groups: string[], level: string][] = [
    ['admin', ['system:masters', authenticated], 'exempt'],
    ['system:kube-controller-manager', [authenticated], 'system'],
    ['system:kube-scheduler', [authenticated], 'system'],
    ['system:aggregator', [], 'system'],
    ['system:kube-aggregator', [], 'system'],
    ['system:node:a', ['system:nodes', authenticated], 'system'],
    ['system:node:a', [authenticated], 'users'],
    ['system:serviceaccount:kube-system:namespace-controller', [authenticated], 'system'],
    ['system:serviceaccount:calico-system:calico-node', [authenticated], 'system'],
    ['system:serviceaccount:kube-system-2:a', [authenticated], 'users'],
    ['system:serviceaccount:default:kube-system', [authenticated], 'users'],
    ['tom', [authenticated], 'users'],
    [anonymous.name, anonymous.groups, 'anonymous'],
  ];
  for (const [name, groups, level] of cases) {
    test(`${name} of ${groups.join(', ') || 'no group'} is of ${level}`, () => {
      assert.equal(priorityLevelOf({ name, groups, extra: {} }), level);
    });
  }

  test('the parts of a bound are the whole of it', () => {
    const parts = (total: number) =>
      (['system', 'users', 'anonymous'] as const).map(level => partOf(level, total));
    assert.deepEqual(parts(200), [80, 110, 10]);
    assert.deepEqual(parts(400), [160, 220, 20]);
    assert.deepEqual(parts(1), [1, 1, 1]);
    assert.deepEqual(parts(0), [0, 0, 0]);
  });
});
