import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBudget } from '../../../src/memory/budget.ts';
import { memoryPlan, minTotalBytes } from '../../../src/memory/plan.ts';

const MiB = 1024 * 1024;
const totals = fc.integer({ min: minTotalBytes, max: 64 * 1024 * MiB });

test('the parts of a plan are positive and add up to the total', () => {
  fc.assert(
    fc.property(totals, total => {
      const plan = memoryPlan(total);
      const parts = [
        plan.heap,
        3 * plan.semiSpace,
        plan.workers.store,
        plan.workers.yaml,
        plan.bodies,
        plan.answers,
        plan.watches,
        plan.history,
        plan.caches,
        plan.connections.bytes,
        plan.reserve,
      ];
      for (const bytes of parts) assert.ok(bytes > 0);
      const base = total - parts.reduce((sum, bytes) => sum + bytes, 0);
      assert.equal(base, 100 * MiB, 'what is left is the program itself');
      assert.ok(plan.connections.count * 64 * 1024 <= plan.connections.bytes);
    }),
  );
});

test('more memory takes nothing from any part', () => {
  fc.assert(
    fc.property(totals, totals, (a, b) => {
      const [less, more] = [memoryPlan(Math.min(a, b)), memoryPlan(Math.max(a, b))];
      for (const part of ['bodies', 'answers', 'watches', 'history', 'caches', 'heap'] as const) {
        // The young generation doubles at 1 GiB, and takes that from all.
        assert.ok(less[part] <= more[part] + 24 * MiB, part);
      }
    }),
  );
});

test('a gibibyte holds what the smallest deployment needs: bodies of the largest size for two users at once', () => {
  const { bodies } = createBudget(memoryPlan(1024 * MiB));
  const largest = 3 * MiB;
  assert.ok(bodies.take('a', largest));
  assert.ok(bodies.take('b', largest));
  const half = createBudget(memoryPlan(512 * MiB));
  assert.ok(half.bodies.take('a', largest), 'and for one user in half of it');
});
