import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReviewCache } from '../../../src/access/review-cache.ts';
import { limits } from '../../../src/limits.ts';
import { StatusError } from '../../../src/machinery/status.ts';

/** A cache over a clock that stands, and a question that counts how often it is put. */
function cacheOf(options: { maxEntries?: number; maxInFlight?: number } = {}) {
  const clock = { nowMs: 1_000_000 };
  const cache = new ReviewCache<string>({ now: () => clock.nowMs, ...options });
  const asked: string[] = [];
  const ask = (key: string) =>
    cache.get(key, async () => {
      asked.push(key);
      return `answer ${asked.length}`;
    });
  return { cache, clock, asked, ask };
}

describe('ReviewCache', () => {
  it('keeps an answer for the time of the limit and no longer', async () => {
    const { clock, ask } = cacheOf();
    assert.equal(await ask('a'), 'answer 1');
    clock.nowMs += limits.reviewCacheMs - 1;
    assert.equal(await ask('a'), 'answer 1');
    clock.nowMs += 1;
    assert.equal(await ask('a'), 'answer 2');
  });

  it('keeps no answer for longer when the time of day is set back', async t => {
    let elapsedMs = 1_000;
    t.mock.method(performance, 'now', () => elapsedMs);
    const today = Date.now();
    const timeOfDay = t.mock.method(Date, 'now', () => today);
    const cache = new ReviewCache<string>();
    assert.equal(await cache.get('a', async () => 'allowed'), 'allowed');
    timeOfDay.mock.mockImplementation(() => today - 86_400_000);
    elapsedMs += limits.reviewCacheMs;
    assert.equal(await cache.get('a', async () => 'not any more'), 'not any more');
  });

  it('tells questions apart', async () => {
    const { ask } = cacheOf();
    assert.notEqual(await ask('a'), await ask('b'));
  });

  it('shares a question that is under way, also when it is not kept', async () => {
    const cache = new ReviewCache<number>();
    const { promise, resolve } = Promise.withResolvers<number>();
    let asked = 0;
    const ask = () => {
      asked++;
      return promise;
    };
    const answers = Array.from({ length: 5 }, () => cache.get('a', ask, { keep: false }));
    resolve(7);
    assert.deepEqual(await Promise.all(answers), [7, 7, 7, 7, 7]);
    assert.equal(asked, 1);
    assert.equal(await cache.get('a', async () => 8, { keep: false }), 8);
    assert.equal(cache.size, 0);
  });

  it('fails all who share a failure, and asks again after it', async () => {
    const cache = new ReviewCache<number>();
    const { promise, reject } = Promise.withResolvers<number>();
    const answers = [cache.get('a', () => promise), cache.get('a', () => promise)];
    reject(new Error('down'));
    for (const answer of answers) await assert.rejects(answer, /down/);
    assert.equal(await cache.get('a', async () => 1), 1);
  });

  it('drops the oldest beyond its size', async () => {
    const { cache, asked, ask } = cacheOf({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c', 'b', 'c']) await ask(key);
    assert.equal(cache.size, 2);
    assert.deepEqual(asked, ['a', 'b', 'c']);
    await ask('a');
    assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
  });

  it('forgets what is too old when something new comes', async () => {
    const { cache, clock, ask } = cacheOf();
    for (const key of ['a', 'b', 'c']) await ask(key);
    clock.nowMs += limits.reviewCacheMs;
    await ask('d');
    assert.equal(cache.size, 1);
  });

  it('refuses more at once than its bound, and counts none of them afterwards', async () => {
    const cache = new ReviewCache<number>({ maxInFlight: 2 });
    const { promise, resolve } = Promise.withResolvers<number>();
    const running = [cache.get('a', () => promise), cache.get('b', () => promise)];
    await assert.rejects(
      cache.get('c', () => promise),
      (error: unknown) => error instanceof StatusError && error.status.code === 429,
    );
    running.push(cache.get('a', () => promise));
    resolve(1);
    await Promise.all(running);
    assert.equal(await cache.get('c', async () => 3), 3);
  });
});
