import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Backend, Entry, Guard, Revision, Write } from '../../src/storage/backend.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { createMemoryBackend } from '../../src/storage/memory/backend.ts';
import { bytes, Recorder, type Seen, seen } from './storage/recorder.ts';

/** A store to compare with the memory store. */
export interface Subject {
  name: string;
  open(options: HistoryOptions): Promise<Backend>;
  /** Closes the store and opens what it left behind. */
  reopen(store: Backend, options: HistoryOptions): Promise<Backend>;
  /** Set where history grows old by neither clock nor number, and where writes made at once may commit in any order. */
  distant?: boolean;
  /** Why there is no such store on this machine. */
  unavailable?: string | false;
  /** Histories to run, unless HISTORY_RUNS says. */
  runs: number;
}

/** How a store forgets. */
export interface HistoryOptions {
  now: () => number;
  historyMs: number;
  maxHistoryEvents: number;
}

const keys = ['/a/1', '/a/10', '/a/2', '/ab/1', '/b/é', '/b/😀', '/b/\ue000', '/c'];
const prefixes = ['', '/', '/a', '/a/', '/a/1', '/b/', '/c', '/d'];
const historyMs = 1_000;
const maxHistoryEvents = 30;

/** Revisions are named by their distance from the latest, keys and prefixes by their index. */
type GuardPlan = { prefix: string; back: number } | { key: string; off: number | 'absent' };
interface WritePlan {
  type: 'create' | 'update' | 'delete';
  key: string;
  value: string;
  /** By how much the expected revision is wrong. */
  off: number;
  guards: GuardPlan[];
}
type Step =
  | { do: 'write'; writes: WritePlan[] }
  | { do: 'get'; key: string }
  | {
      do: 'list';
      prefix: string;
      limit: number | undefined;
      after: string | undefined;
      back: number | undefined;
    }
  | { do: 'watch'; prefix: string; back: number }
  | { do: 'unwatch'; index: number }
  | { do: 'compact'; back: number }
  | { do: 'wait'; ms: number }
  | { do: 'restart' };

const key = fc.constantFrom(...keys);
const prefix = fc.constantFrom(...prefixes);
const back = fc.integer({ min: -2, max: 40 });
const guard: fc.Arbitrary<GuardPlan> = fc.oneof(
  fc.record({ prefix, back: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ key, off: fc.constantFrom(0, 0, 0, -1, 1, 'absent' as const) }),
);
const write: fc.Arbitrary<WritePlan> = fc.record({
  type: fc.constantFrom('create', 'update', 'update', 'delete'),
  key,
  value: fc.string({ maxLength: 5 }),
  off: fc.constantFrom(0, 0, 0, 0, -1, 1),
  guards: fc.array(guard, { maxLength: 2, size: '-1' }),
});
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('write' as const), writes: fc.tuple(write) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      writes: fc.array(write, { minLength: 2, maxLength: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      prefix,
      limit: optional(fc.integer({ min: 0, max: 5 })),
      after: optional(fc.oneof(key, prefix)),
      back: optional(back),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('watch' as const), prefix, back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unwatch' as const), index: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), back }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 700 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

/** One store in the course of a history, with the watches open on it. */
interface Side {
  store: Backend;
  /** Whether the writes of one step are made at once. */
  atOnce: boolean;
  watches: Recorder[];
}

/** What a call gave, in a form to compare. */
async function outcome<T>(call: Promise<T>, show: (result: T) => unknown): Promise<unknown> {
  try {
    return show(await call);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { code: error.code, oldest: error.oldest };
  }
}

/** The writes of a step, with the revisions filled in from what the model holds now. */
async function resolve(model: Backend, plans: WritePlan[]): Promise<{ write: Write; guards: Guard[] }[]> {
  const latest = await model.revision();
  const resolved = [];
  for (const { type, key, value, off, guards } of plans) {
    const expect = ((await model.get(key))?.revision ?? 1) + off;
    const write: Write =
      type === 'create'
        ? { type, key, value: bytes(value) }
        : type === 'update'
          ? { type, key, value: bytes(value), expect }
          : { type, key, expect };
    const conditions = await Promise.all(guards.map(plan => guardOf(model, latest, plan)));
    resolved.push({ write, guards: conditions });
  }
  return resolved;
}

async function guardOf(model: Backend, latest: Revision, plan: GuardPlan): Promise<Guard> {
  if ('prefix' in plan) return { prefix: plan.prefix, unchangedSince: Math.max(0, latest - plan.back) };
  const { key, off } = plan;
  if (off === 'absent') return { key, revision: 0 };
  return { key, revision: Math.max(0, ((await model.get(key))?.revision ?? 0) + off) };
}

/** Runs one step on one side and returns all that can be seen of it. */
async function run(side: Side, step: Step, latest: Revision, writes: Awaited<ReturnType<typeof resolve>>) {
  const { store, watches } = side;
  const at = (distance: number) => Math.max(1, latest - distance);
  switch (step.do) {
    case 'write': {
      const show = (entry: Entry) => seen([entry]);
      const begin = ({ write, guards }: (typeof writes)[number]) => outcome(store.write(write, guards), show);
      if (side.atOnce) return Promise.all(writes.map(begin));
      const outcomes = [];
      for (const each of writes) outcomes.push(await begin(each));
      return outcomes;
    }
    case 'get':
      return outcome(store.get(step.key), entry => entry && seen([entry]));
    case 'list': {
      const { limit, after, back } = step;
      const options = {
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
        ...(back !== undefined && { at: at(back) }),
      };
      return outcome(store.list(step.prefix, options), page => ({ ...page, entries: seen(page.entries) }));
    }
    case 'watch':
      return outcome(Recorder.start(store, step.prefix, at(step.back)), watch => {
        watches.push(watch);
        return 'open';
      });
    case 'unwatch':
      return watches.splice(step.index, 1).map(watch => watch.close());
    case 'compact':
      return outcome(store.compact(at(step.back)), () => 'done');
    default:
      return undefined;
  }
}

/** All that the watches of a side have seen, and how far they have got. */
async function view(side: Side): Promise<{ revision: Revision; told: Seen[][]; progress: Revision[] }> {
  const progress = await Promise.all(side.watches.map(watch => watch.progress()));
  // A store behind a network tells in its own time, but before it claims progress.
  const told = side.watches.map(watch => watch.changes);
  return { revision: await side.store.revision(), told, progress };
}

/** Closes the other store and opens it again; the watches of both sides go on from where they were. */
async function restart(model: Side, other: Side, reopen: () => Promise<Backend>): Promise<void> {
  const starts = await Promise.all(
    model.watches.map(async watch => ({
      prefix: watch.prefix,
      from: Math.max(watch.from, await watch.progress()),
    })),
  );
  for (const watch of model.watches) watch.close();
  other.store = await reopen();
  for (const side of [model, other]) {
    side.watches = [];
    for (const { prefix, from } of starts) side.watches.push(await Recorder.start(side.store, prefix, from));
  }
}

const ageless = { historyMs: Number.POSITIVE_INFINITY, maxHistoryEvents: Number.POSITIVE_INFINITY };

/** Random histories, run on the memory store and on another in step: same answers, same errors, same events. */
export function sameAsMemory(subject: Subject): void {
  const { distant = false, unavailable = false } = subject;
  const bounds = distant ? ageless : { historyMs, maxHistoryEvents };
  test(`random histories: ${subject.name} does what memory does`, { skip: unavailable }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }), async steps => {
        let nowMs = Date.UTC(2030, 0, 1);
        const options = { now: () => nowMs, ...bounds };
        const atOnce = !distant;
        const model: Side = { store: createMemoryBackend(options), atOnce, watches: [] };
        const other: Side = { store: await subject.open(options), atOnce, watches: [] };
        try {
          for (const step of steps) {
            if (step.do === 'wait') nowMs += step.ms;
            else if (step.do === 'restart') {
              await restart(model, other, () => subject.reopen(other.store, options));
            }
            const latest = await model.store.revision();
            const writes = step.do === 'write' ? await resolve(model.store, step.writes) : [];
            const expected = await run(model, step, latest, writes);
            assert.deepEqual(await run(other, step, latest, writes), expected, JSON.stringify(step));
            assert.deepEqual(await view(other), await view(model), `after ${JSON.stringify(step)}`);
          }
        } finally {
          await other.store.close();
        }
      }),
      { numRuns: Number(process.env.HISTORY_RUNS ?? subject.runs), endOnFailure: false },
    );
  });
}
