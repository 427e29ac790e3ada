import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedBuffers } from '../../../src/memory/shared-buffers.ts';
import { SharedBytes } from '../../../src/memory/shared-bytes.ts';

test('bytes that many hold are counted once, and given back by the last', () => {
  const pool = new SharedBytes(1_000);
  const buffers = new SharedBuffers(pool);
  const bytes = Buffer.alloc(400);
  const first = buffers.take('a', bytes)!;
  const second = buffers.take('b', bytes)!;
  assert.equal(pool.used, 400);
  first();
  first();
  assert.equal(pool.used, 400, 'letting go twice is letting go once');
  second();
  assert.equal(pool.used, 0);
});

test('a share that is used up takes nothing new, but what is held already', () => {
  const pool = new SharedBytes(1_000);
  const buffers = new SharedBuffers(pool);
  const held = Buffer.alloc(500);
  assert.ok(buffers.take('a', held));
  assert.equal(buffers.take('a', Buffer.alloc(100)), undefined);
  assert.ok(buffers.take('a', held), 'it costs nothing more');
  buffers.hold('a', Buffer.alloc(100));
  assert.equal(pool.used, 600, 'what cannot be refused is counted');
});

test('whatever is held and let go, the pool counts what is held', () => {
  const steps = fc.array(
    fc.record({ buffer: fc.nat(4), owner: fc.constantFrom('a', 'b', 'c'), letGo: fc.boolean() }),
  );
  fc.assert(
    fc.property(steps, list => {
      const all = [10, 20, 30, 40, 50].map(size => Buffer.alloc(size));
      const pool = new SharedBytes(200);
      const buffers = new SharedBuffers(pool);
      const held: { buffer: Buffer; release: () => void }[] = [];
      for (const { buffer, owner, letGo } of list) {
        const bytes = all[buffer]!;
        if (letGo) held.shift()?.release();
        else held.push({ buffer: bytes, release: buffers.hold(owner, bytes) });
        const distinct = new Set(held.map(each => each.buffer));
        assert.equal(
          pool.used,
          [...distinct].reduce((sum, { length }) => sum + length, 0),
        );
      }
      for (const { release } of held) release();
      assert.equal(pool.used, 0);
      for (const owner of ['a', 'b', 'c']) assert.equal(pool.heldBy(owner), 0);
    }),
  );
});
