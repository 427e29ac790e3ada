import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { SharedBytes } from '../../../src/memory/shared-bytes.ts';

suite('a pool of bytes that owners share', () => {
  test('one owner gets half of it, and a newcomer still finds something', () => {
    const pool = new SharedBytes(100);
    assert.ok(pool.take('a', 50));
    assert.equal(pool.take('a', 1), undefined);
    assert.ok(pool.take('b', 25));
    assert.equal(pool.take('b', 1), undefined);
    assert.ok(pool.take('c', 12));
    assert.equal(pool.free, 13);
  });

  test('what is released is there for others, once', () => {
    const pool = new SharedBytes(100);
    const hold = pool.take('a', 40)!;
    hold.release(15);
    assert.equal(pool.heldBy('a'), 25);
    hold.release();
    hold.release();
    assert.equal(pool.used, 0);
    assert.equal(pool.largestOwner(), undefined);
  });

  test('the owner that holds most is named', () => {
    const pool = new SharedBytes(100);
    pool.take('a', 5);
    pool.take('b', 20);
    pool.take('c', 7);
    assert.equal(pool.largestOwner(), 'b');
  });

  test('any sequence of takes keeps something free, and the sum right', () => {
    const step = fc.record({
      owner: fc.constantFrom('a', 'b', 'c', 'd'),
      bytes: fc.nat(1_000),
      release: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), steps => {
        const pool = new SharedBytes(1_000);
        const holds = new Map<string, { release(): void; bytes: number }>();
        for (const { owner, bytes, release } of steps) {
          if (release) holds.get(owner)?.release();
          else {
            const hold = pool.take(owner, bytes);
            if (hold) holds.set(`${owner}${holds.size}`, hold);
          }
          const sum = [...holds.values()].reduce((total, hold) => total + hold.bytes, 0);
          assert.equal(pool.used, sum);
          assert.ok(pool.free > 0);
        }
      }),
    );
  });
});
