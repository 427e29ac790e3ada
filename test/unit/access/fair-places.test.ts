import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import {
  FairPlaces,
  type FairPlacesOptions,
  NoPlace,
  type Release,
} from '../../../src/access/fair-places.ts';

/** Places on a clock that a test moves, and what became of each caller, in the order in which it happened. */
function placesOf(options: Partial<FairPlacesOptions> = {}) {
  const timers = new Set<() => void>();
  const places = new FairPlaces({
    places: 4,
    maxQueued: 8,
    maxWaitMs: 1_000,
    after: (_delayMs, callback) => {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    ...options,
  });
  const outcomes: string[] = [];
  const releases = new Map<string, Release>();
  const ask = async (flow: string, id: string, signal?: AbortSignal) => {
    try {
      releases.set(id, await places.take(flow, signal));
      outcomes.push(id);
    } catch (error) {
      assert.ok(error instanceof NoPlace);
      outcomes.push(`${id} ${error.reason}`);
    }
  };
  const runTimers = () => {
    for (const callback of [...timers]) callback();
  };
  return { places, outcomes, releases, ask, timers, runTimers };
}

suite('places that flows share', () => {
  test('one flow gets half of them, and a newcomer finds one', async () => {
    const { outcomes, ask } = placesOf();
    for (const id of ['a1', 'a2', 'a3']) void ask('a', id);
    void ask('b', 'b1');
    await nextTurn();
    assert.deepEqual(outcomes, ['a1', 'a2', 'b1']);
  });

  test('queues are served in turn, each in its order', async () => {
    const { outcomes, releases, ask } = placesOf({ places: 1 });
    for (const id of ['a1', 'a2', 'a3']) void ask('a', id);
    for (const id of ['b1', 'b2']) void ask('b', id);
    void ask('c', 'c1');
    await nextTurn();
    for (let round = 0; round < 5; round++) {
      releases.get(outcomes.at(-1)!)!();
      await nextTurn();
    }
    assert.deepEqual(outcomes, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  test('one flow fills no more than half of the queue', async () => {
    const { places, outcomes, ask } = placesOf({ places: 1, maxQueued: 4 });
    for (const id of ['a1', 'a2', 'a3', 'a4']) void ask('a', id);
    void ask('b', 'b1');
    await nextTurn();
    assert.deepEqual(outcomes, ['a1', 'a4 queue-full']);
    assert.equal(places.queued, 3);
  });

  test('where all are one flow it may have all places', async () => {
    const { outcomes, ask } = placesOf({ fair: false, places: 2, maxQueued: 1 });
    for (const id of ['a1', 'a2', 'a3', 'a4']) void ask('a', id);
    await nextTurn();
    assert.deepEqual(outcomes, ['a1', 'a2', 'a4 queue-full']);
  });

  test('without any place nobody waits', async () => {
    const { outcomes, ask } = placesOf({ places: 0 });
    await ask('a', 'a1');
    assert.deepEqual(outcomes, ['a1 queue-full']);
  });

  test('a wait that is too long, or whose caller goes, leaves the queue at once', async () => {
    const { places, outcomes, ask, timers, runTimers } = placesOf({ places: 1 });
    const going = new AbortController();
    void ask('a', 'a1');
    void ask('a', 'a2', going.signal);
    void ask('b', 'b1');
    await nextTurn();
    going.abort();
    assert.equal(places.queued, 1);
    assert.equal(timers.size, 1);
    runTimers();
    assert.equal(places.queued, 0);
    await nextTurn();
    assert.deepEqual(outcomes, ['a1', 'a2 cancelled', 'b1 time-out']);
    assert.equal(timers.size, 0);
  });

  test('a place is given back once', async () => {
    const { places, releases, ask } = placesOf();
    await ask('a', 'a1');
    await ask('a', 'a2');
    releases.get('a1')!();
    releases.get('a1')!();
    assert.equal(places.running, 1);
  });

  type Step = { flow: string; act: 'take' | 'release' | 'go'; at: number };
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      flow: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      act: fc.constantFrom('take' as const, 'take' as const, 'release' as const, 'go' as const),
      at: fc.nat(1_000),
    }),
    { maxLength: 120 },
  );

  test('any sequence of callers goes as a plain model of it says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), steps, compare),
      { numRuns: 300 },
    );
  });

  async function compare(total: number, maxQueued: number, sequence: Step[]): Promise<void> {
    const { places, outcomes, releases, ask } = placesOf({ places: total, maxQueued });
    const model = new Model(total, maxQueued);
    const going = new Map<string, AbortController>();
    for (const [index, { flow, act, at }] of sequence.entries()) {
      if (act === 'take') {
        const id = `${flow}${index}`;
        going.set(id, new AbortController());
        void ask(flow, id, going.get(id)!.signal);
        model.take(flow, id);
      } else if (act === 'release') {
        const id = model.running[at % Math.max(1, model.running.length)];
        if (id === undefined) continue;
        releases.get(id)!();
        model.release(id);
      } else {
        const waiting = model.turns.flatMap(turn => turn.ids);
        const id = waiting[at % Math.max(1, waiting.length)];
        if (id === undefined) continue;
        going.get(id)!.abort();
        model.go(id);
      }
      await nextTurn();
      assert.deepEqual(outcomes, model.outcomes);
      assert.equal(places.running, model.running.length);
      assert.equal(places.queued, model.turns.flatMap(turn => turn.ids).length);
      assert.ok(places.running <= total && places.queued <= maxQueued);
    }
    while (model.running.length > 0) {
      const [id] = model.running;
      await nextTurn();
      releases.get(id!)!();
      model.release(id!);
    }
    await nextTurn();
    assert.deepEqual(outcomes, model.outcomes);
    assert.deepEqual([places.running, places.queued], [0, 0], 'somebody waits though all places are free');
  }
});

/** The same rules in arrays, to be read rather than to be fast. */
class Model {
  running: string[] = [];
  /** Flows that wait, in the order of their turns. */
  turns: { flow: string; ids: string[] }[] = [];
  outcomes: string[] = [];
  readonly #places: number;
  readonly #maxQueued: number;

  constructor(places: number, maxQueued: number) {
    this.#places = places;
    this.#maxQueued = maxQueued;
  }

  take(flow: string, id: string): void {
    const turn = this.turns.find(each => each.flow === flow);
    if (!turn && this.#fits(flow)) this.#start(id);
    else if ((turn?.ids.length ?? 0) >= this.#maxQueued - this.#queued()) {
      this.outcomes.push(`${id} queue-full`);
    } else if (turn) turn.ids.push(id);
    else this.turns.push({ flow, ids: [id] });
  }

  release(id: string): void {
    this.running = this.running.filter(each => each !== id);
    for (;;) {
      const turn = this.turns.find(({ flow }) => this.#fits(flow));
      if (!turn) return;
      this.turns = this.turns.filter(each => each !== turn);
      const [first, ...rest] = turn.ids;
      this.#start(first!);
      if (rest.length > 0) this.turns.push({ flow: turn.flow, ids: rest });
    }
  }

  go(id: string): void {
    for (const turn of this.turns) turn.ids = turn.ids.filter(each => each !== id);
    this.turns = this.turns.filter(turn => turn.ids.length > 0);
    this.outcomes.push(`${id} cancelled`);
  }

  #start(id: string): void {
    this.running.push(id);
    this.outcomes.push(id);
  }

  #fits(flow: string): boolean {
    const held = this.running.filter(id => id.startsWith(flow)).length;
    return held < this.#places - this.running.length;
  }

  #queued(): number {
    return this.turns.flatMap(turn => turn.ids).length;
  }
}
