import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { shared } from '../../../src/storage/shared-question.ts';

/** A question whose answers the test gives, one after the other. */
function question() {
  const sent: PromiseWithResolvers<number>[] = [];
  const ask = shared(() => {
    const answer = Promise.withResolvers<number>();
    sent.push(answer);
    return answer.promise;
  });
  return { ask, sent };
}

suite('a shared question', () => {
  test('is sent once for all who ask before it is sent, and once more for all who ask while it is under way', async () => {
    const { ask, sent } = question();
    const first = [ask(), ask()];
    await nextTurn();
    const second = [ask(), ask(), ask()];
    await nextTurn();
    assert.equal(sent.length, 1);
    sent[0]!.resolve(1);
    assert.deepEqual(await Promise.all(first), [1, 1]);
    await nextTurn();
    assert.equal(sent.length, 2);
    sent[1]!.resolve(2);
    assert.deepEqual(await Promise.all(second), [2, 2, 2]);
  });

  test('fails for those who wait behind it too, and for nobody later', async () => {
    const { ask, sent } = question();
    const first = ask();
    await nextTurn();
    const second = ask();
    const failures = Promise.allSettled([first, second]);
    sent[0]!.reject(new Error('no answer'));
    for (const { status } of await failures) assert.equal(status, 'rejected');
    assert.equal(sent.length, 1);
    const third = ask();
    await nextTurn();
    sent[1]!.resolve(3);
    assert.equal(await third, 3);
  });

  test('that failed with nobody behind it is asked anew', async () => {
    const { ask, sent } = question();
    const first = assert.rejects(ask(), /no answer/);
    await nextTurn();
    sent[0]!.reject(new Error('no answer'));
    await first;
    const second = ask();
    await nextTurn();
    sent[1]!.resolve(2);
    assert.equal(await second, 2);
  });
});
