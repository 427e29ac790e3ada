import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { OwnerLines } from '../../../src/server/owner-lines.ts';

function taken(lines: OwnerLines<number>): number[] {
  const items: number[] = [];
  for (let item = lines.take(); item !== undefined; item = lines.take()) items.push(item);
  return items;
}

suite('lines of owners', () => {
  test('owners are served in turn, and each in order', () => {
    const lines = new OwnerLines<number>();
    for (const item of [1, 2, 3]) lines.push('many', item);
    lines.push('few', 10);
    lines.push('other', 20);
    lines.push('few', 11);
    assert.deepEqual(taken(lines), [1, 10, 20, 2, 11, 3]);
    assert.equal(lines.isEmpty, true);
  });

  test('a newcomer waits for one item of each owner at most', () => {
    const lines = new OwnerLines<number>();
    for (let item = 0; item < 10_000; item++) lines.push('many', item);
    lines.take();
    lines.push('new', -1);
    assert.deepEqual([lines.take(), lines.take()], [1, -1]);
  });

  test('a line that is never empty loses no item, and keeps none', () => {
    const lines = new OwnerLines<number>();
    let pushed = 0;
    for (; pushed < 10; pushed++) lines.push('busy', pushed);
    for (let expected = 0; expected < 5_000; expected++) {
      assert.equal(lines.take(), expected);
      lines.push('busy', pushed++);
    }
    assert.equal(taken(lines).length, 10);
    assert.equal(lines.isEmpty, true);
  });
});
