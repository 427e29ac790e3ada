import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { equal } from '../../../src/machinery/equal.ts';
import { openStepCounter } from './steps.ts';

suite('counted steps', () => {
  const counter = openStepCounter();
  const growth = async (work: (size: number) => unknown) => {
    await counter.count(async () => work(10));
    const small = await counter.count(async () => work(1_000));
    const large = await counter.count(async () => work(2_000));
    return large / small;
  };
  const numbers = (size: number) => Array.from({ length: size }, (_, index) => index);

  test('see that work grows with its input', async () => {
    const ratio = await growth(size => equal(numbers(size), numbers(size)));
    assert.ok(ratio > 1.9 && ratio < 2.1, String(ratio));
  });

  test('see a loop within a loop, also where a callback hides it', async () => {
    const ratio = await growth(size => {
      for (const each of numbers(size)) numbers(size).some(other => equal(other, each) && other > size);
    });
    assert.ok(ratio > 3.8, String(ratio));
  });

  test('see a built-in function that walks', async () => {
    const walks: ((list: number[]) => unknown)[] = [
      list => list.includes(-1),
      list => list.indexOf(-1),
      list => [...list],
      list => list.splice(0, 0),
      list => new Map(new Map(list.map(each => [each, each]))),
      list => Object.keys({ ...list }),
    ];
    for (const walk of walks) {
      const ratio = await growth(size => {
        const list = numbers(size);
        for (let index = 0; index < size; index++) walk(list);
      });
      assert.ok(ratio > 3.8, `${walk}: ${ratio}`);
    }
  });
});
