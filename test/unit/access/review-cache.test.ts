import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FairPlaces, NoPlace } from '../../../src/access/fair-places.ts';
import { type Asker, ReviewCache } from '../../../src/access/review-cache.ts';
import { limits } from '../../../src/limits.ts';
import { StatusError } from '../../../src/machinery/status.ts';

function placesOf(places = 30): FairPlaces {
  return new FairPlaces({ places, maxQueued: 4, maxWaitMs: 1_000 });
}

const asker: Asker = { places: placesOf(), flow: 'tom' };
const isGood = () => true;

/** A cache over a clock that stands, and a question that counts how often it is put. Its answers are of the sort of the key. */
function cacheOf(maxBytes?: { good: number; other: number }) {
  const clock = { nowMs: 1_000_000 };
  const cache = new ReviewCache<string>({
    now: () => clock.nowMs,
    isGood: answer => !answer.startsWith('no'),
    ...(maxBytes && { maxBytes }),
  });
  const asked: string[] = [];
  const ask = (key: string, flow = 'tom') =>
    cache.get(
      key,
      async () => {
        asked.push(key);
        return key.startsWith('no') ? key : `answer ${asked.length}`;
      },
      { ...asker, flow },
    );
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
    const cache = new ReviewCache<string>({ isGood });
    assert.equal(await cache.get('a', async () => 'allowed', asker), 'allowed');
    timeOfDay.mock.mockImplementation(() => today - 86_400_000);
    elapsedMs += limits.reviewCacheMs;
    assert.equal(await cache.get('a', async () => 'not any more', asker), 'not any more');
  });

  it('tells questions apart', async () => {
    const { ask } = cacheOf();
    assert.notEqual(await ask('a'), await ask('b'));
  });

  it('shares a question that is under way, also when it is not kept', async () => {
    const cache = new ReviewCache<number>({ isGood });
    const { promise, resolve } = Promise.withResolvers<number>();
    let asked = 0;
    const ask = () => {
      asked++;
      return promise;
    };
    const answers = Array.from({ length: 5 }, () => cache.get('a', ask, asker, { keep: false }));
    resolve(7);
    assert.deepEqual(await Promise.all(answers), [7, 7, 7, 7, 7]);
    assert.equal(asked, 1);
    assert.equal(await cache.get('a', async () => 8, asker, { keep: false }), 8);
    assert.equal(cache.size, 0);
  });

  it('fails all who share a failure, and asks again after it', async () => {
    const cache = new ReviewCache<number>({ isGood });
    const { promise, reject } = Promise.withResolvers<number>();
    const answers = [cache.get('a', () => promise, asker), cache.get('a', () => promise, asker)];
    reject(new Error('down'));
    for (const answer of answers) await assert.rejects(answer, /down/);
    assert.equal(await cache.get('a', async () => 1, asker), 1);
  });

  it('keeps no more of one asker than leaves room for others', async () => {
    const { asked, ask } = cacheOf({ good: 10_000, other: 10_000 });
    for (let count = 0; count < 100; count++) await ask(`tom's ${count}`);
    await ask("ann's", 'ann');
    asked.length = 0;
    await ask("tom's 0");
    await ask("ann's", 'ann');
    assert.deepEqual(asked, []);
    await ask("tom's 99");
    assert.deepEqual(asked, ["tom's 99"]);
  });

  it('counts long questions as what they are', async () => {
    const { cache, ask } = cacheOf({ good: 10_000, other: 10_000 });
    await ask('long'.repeat(1_000));
    assert.equal(cache.size, 0);
  });

  it('a crowd of refusals pushes out no answer that was a yes', async () => {
    const { asked, ask } = cacheOf({ good: 10_000, other: 10_000 });
    await ask('yes');
    for (let count = 0; count < 200; count++) await ask(`no ${count}`, `flow ${count}`);
    asked.length = 0;
    await ask('yes');
    assert.deepEqual(asked, []);
  });

  it('forgets what is too old when something new comes', async () => {
    const { cache, clock, ask } = cacheOf();
    for (const key of ['a', 'b', 'c']) await ask(key);
    clock.nowMs += limits.reviewCacheMs;
    await ask('d');
    assert.equal(cache.size, 1);
  });

  it('lets wait, and then refuses, what has no place; and counts none of them afterwards', async () => {
    const cache = new ReviewCache<string>({ isGood });
    const few = { places: placesOf(2), flow: 'tom' };
    const { promise, resolve } = Promise.withResolvers<string>();
    const running = ['a', 'b', 'c'].map(key => cache.get(key, () => promise, few));
    await assert.rejects(
      cache.get('d', () => promise, few),
      (error: unknown) => error instanceof StatusError && error.status.code === 429,
    );
    assert.equal(await cache.get('e', async () => "ann's", { ...few, flow: 'ann' }), "ann's");
    running.push(cache.get('a', () => promise, few));
    resolve('done');
    await Promise.all(running);
    assert.deepEqual([few.places.running, few.places.queued], [0, 0]);
  });

  it('a review that nobody waits for any more leaves the queue; one that somebody waits for does not', async () => {
    const cache = new ReviewCache<string>({ isGood });
    const places = placesOf(1);
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = cache.get('a', () => promise, { places, flow: 'tom' });
    const [one, other] = [new AbortController(), new AbortController()];
    const waits = [one, other].map(({ signal }) =>
      cache.get('b', async () => 'b', { places, flow: 'tom', signal }),
    );
    one.abort();
    await assert.rejects(waits[0]!, NoPlace);
    assert.equal(places.queued, 1);
    other.abort();
    assert.equal(places.queued, 0);
    await assert.rejects(waits[1]!, NoPlace);
    const again = cache.get('b', async () => 'again', { places, flow: 'tom' });
    resolve('a');
    assert.deepEqual(await Promise.all([first, again]), ['a', 'again']);
  });

  it('an answer that comes after its asker has gone is kept', async () => {
    const cache = new ReviewCache<string>({ isGood });
    const { promise, resolve } = Promise.withResolvers<string>();
    const going = new AbortController();
    const answer = cache.get('a', () => promise, { ...asker, signal: going.signal });
    await nextTurn();
    going.abort();
    await assert.rejects(answer, NoPlace);
    resolve('late');
    await nextTurn();
    assert.equal(await cache.get('a', () => assert.fail('asked again'), asker), 'late');
  });
});
