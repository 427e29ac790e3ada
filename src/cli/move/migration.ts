import { setTimeout } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { ApiObject } from '../../machinery/object.ts';
import type { Revision } from '../../storage/backend.ts';
import type { CacheEntry } from '../../watch/entry.ts';
import type { Datastore } from '../datastore.ts';
import { bring, type Carried, type Carrier, patiently, takeAway } from './carry.ts';
import { differences, formOf } from './compare.ts';
import { expectedOf, idOf, type Lane } from './lane.ts';
import { readKind } from './read.ts';

/** How far a migration is. */
export interface Progress {
  phase: 'copy' | 'verify' | 'follow';
  /** Objects done in this phase, and how many there are to do. */
  done: number;
  total: number;
}

/** What keeps the target from being as the source is. */
export interface Problem {
  outcome: Extract<Carried, { problem: string }>['outcome'] | 'unreadable' | 'differs' | 'derived';
  id: string;
  problem: string;
}

/** What a migration has done and found. */
export interface Result {
  /** Everything that the source had at this revision is in the target, but for the problems. */
  revision: Revision;
  objects: number;
  verified: number;
  created: number;
  updated: number;
  deleted: number;
  /** Objects that changed at the source while they were verified, to the very end. */
  stillChanging: number;
  problems: Problem[];
  /** How many objects have lost which field, since the target has no place for it or decides it: `IPPool metadata.uid`. */
  lost: Map<string, number>;
}

interface Parts {
  source: Datastore;
  target: Datastore;
  lanes: Lane[];
  carrier: Carrier;
  signal: AbortSignal;
  tell(progress: Progress): void;
}

/** What is known of one kind, by name of the object. */
interface LaneState {
  lane: Lane;
  /** Revisions of the source's objects that were carried, and of those whose copies were read again and found equal. */
  carried: Map<string, Revision>;
  verified: Map<string, Revision>;
  /** Objects whose copies were not, and how often in a row. */
  unequal: Map<string, { revision: Revision; times: number }>;
  problems: Map<string, Problem>;
  /** Fields that the target could not keep. */
  lost: Map<string, string[]>;
}

const maxUnequal = 3;
const objectsPerTurn = 500;

/**
 * Makes the target hold what the source holds, and keeps doing so: it is called in rounds, each of which takes up what has changed
 * since. The source is only read. All methods throw StorageError when a store fails for long, the signal's reason when that comes.
 */
export class Migration {
  readonly #parts: Parts;
  readonly #lanes: LaneState[];
  readonly #counts = { created: 0, updated: 0, deleted: 0 };
  #revision: Revision = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#lanes = parts.lanes.map(lane => ({
      lane,
      carried: new Map(),
      verified: new Map(),
      unequal: new Map(),
      problems: new Map(),
      lost: new Map(),
    }));
  }

  /** Carries everything and verifies it, over and over until nothing has changed meanwhile, within limits. */
  async run(): Promise<Result> {
    for (const state of this.#lanes) state.verified.clear();
    let stillChanging = 0;
    for (let pass = 0; pass < limits.maxCatchUpRounds; pass++) {
      await this.#catchUp('copy');
      stillChanging = await this.#verify();
      if (stillChanging === 0) break;
    }
    // What was found changing last is carried, if not verified.
    if (stillChanging > 0) await this.#catchUp('copy');
    return this.#result(stillChanging);
  }

  /** Carries what changes, until the promise resolves. */
  async follow(until: Promise<unknown>): Promise<void> {
    const end = new AbortController();
    void until.then(() => end.abort());
    while (!end.signal.aborted) {
      await this.#catchUp('follow');
      await setTimeout(limits.followIntervalMs, undefined, { signal: end.signal }).catch(() => {});
    }
  }

  /** Rounds until one finds nothing to do, within limits. */
  async #catchUp(phase: Progress['phase']): Promise<void> {
    for (let round = 0; round < limits.maxCatchUpRounds; round++) {
      if ((await this.#round(phase)) === 0) return;
    }
  }

  /** Carries all that differs from what was carried before. Returns how much that was. */
  async #round(phase: Progress['phase']): Promise<number> {
    const { source, signal, tell } = this.#parts;
    this.#revision = await patiently(signal, () => source.backend.revision());
    const total = this.#countAtSource();
    let changed = 0;
    const advance = () => {
      const done = this.#lanes.reduce((sum, { carried }) => sum + carried.size, 0);
      tell({ phase, done, total: Math.max(total, done) });
    };
    for (const state of this.#lanes) {
      const { lane } = state;
      await patiently(signal, () => Promise.all([lane.source.fresh(), lane.target.fresh()]));
      changed += await this.#bringAll(state, advance);
      if (!lane.derived) changed += await this.#takeAwayAll(state);
      forgetGone(state);
    }
    advance();
    return changed;
  }

  async #bringAll(state: LaneState, advance: () => void): Promise<number> {
    const { lane, carried, problems } = state;
    const todo = lane.source.list('').filter(entry => carried.get(nameOf(entry)) !== entry.revision);
    await this.#each(todo, async entry => {
      const name = nameOf(entry);
      if (!lane.derived) {
        const result = await bring(this.#parts.carrier, lane, entry);
        if (result.outcome === 'created' || result.outcome === 'updated') this.#counts[result.outcome]++;
        if ('problem' in result) problems.set(name, { id: idOf(lane, entry), ...result });
        else problems.delete(name);
      }
      carried.set(name, entry.revision);
      advance();
    });
    return todo.length;
  }

  /** Removes what the source does not have any more. Nothing while a value there cannot be read: it may be the object. */
  async #takeAwayAll({ lane, problems }: LaneState): Promise<number> {
    if (lane.source.unreadable.size > 0) return 0;
    const gone = lane.target.list('').filter(({ namespace, name }) => !lane.source.get(namespace, name));
    for (const [name, { outcome }] of problems) if (outcome === 'onlyThere') problems.delete(name);
    let removed = 0;
    await this.#each(gone, async entry => {
      const result = await takeAway(this.#parts.carrier, lane, entry);
      if (result.outcome === 'deleted') this.#counts.deleted++;
      if ('problem' in result) problems.set(nameOf(entry), { id: idOf(lane, entry), ...result });
      else if (result.outcome !== 'unchanged') removed++;
    });
    return removed;
  }

  /**
   * Reads the target anew and compares each object that is not verified as the source has it now. Returns how many could not be,
   * mostly since they changed meanwhile; they are carried again.
   */
  async #verify(): Promise<number> {
    const { signal, target, tell } = this.#parts;
    const total = this.#lanes.reduce((sum, state) => sum + unverified(state).length, 0);
    let done = 0;
    for (const state of this.#lanes) {
      const entries = unverified(state);
      if (entries.length === 0) continue;
      const { lane } = state;
      const stored = await patiently(signal, async () =>
        readKind(target, lane.kind, await target.backend.revision()),
      );
      const found = new Map(stored.objects.map(object => [nameOf(object.metadata), object]));
      for (const entry of entries) {
        verifyOne(state, entry, found.get(nameOf(entry)));
        tell({ phase: 'verify', done: ++done, total });
        if (done % objectsPerTurn === 0) await setTimeout();
      }
    }
    let left = 0;
    for (const state of this.#lanes) {
      await patiently(signal, () => state.lane.source.fresh());
      for (const entry of unverified(state)) {
        state.carried.delete(nameOf(entry));
        left++;
      }
    }
    return left;
  }

  #countAtSource(): number {
    return this.#lanes.reduce((sum, { lane }) => sum + lane.source.list('').length, 0);
  }

  #result(stillChanging: number): Result {
    const lost = new Map<string, number>();
    const problems: Problem[] = [];
    for (const state of this.#lanes) {
      for (const path of [...state.lost.values()].flat()) {
        const field = `${state.lane.kind.kind} ${path}`;
        lost.set(field, (lost.get(field) ?? 0) + 1);
      }
      problems.push(...state.problems.values());
      for (const [id, reason] of state.lane.source.unreadable) {
        problems.push({
          outcome: 'unreadable',
          id,
          problem: `its value at the source cannot be read: ${reason}`,
        });
      }
    }
    return {
      revision: this.#revision,
      objects: this.#countAtSource(),
      verified: this.#lanes.reduce((sum, { verified }) => sum + verified.size, 0),
      ...this.#counts,
      stillChanging,
      problems,
      lost,
    };
  }

  /** Does the work for each, many at once, and again where a store could not be reached. */
  async #each(entries: CacheEntry[], work: (entry: CacheEntry) => Promise<void>): Promise<void> {
    const { signal } = this.#parts;
    let next = 0;
    const worker = async () => {
      while (next < entries.length) {
        const entry = entries[next++]!;
        try {
          await patiently(signal, () => work(entry));
        } catch (error) {
          // The others end too, once they have done what they are at.
          next = entries.length;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: limits.movesInFlight }, worker));
  }
}

/** The objects of the source that are to be verified as they are now; not those that are told as problems. */
function unverified({ lane, verified, problems }: LaneState): CacheEntry[] {
  return lane.source.list('').filter(entry => {
    const name = nameOf(entry);
    const given = problems.get(name)?.outcome;
    return verified.get(name) !== entry.revision && (given === undefined || given === 'derived');
  });
}

/** Compares what the source has with what the target has, and notes what the target could not keep. */
function verifyOne(state: LaneState, entry: CacheEntry, stored: ApiObject | undefined): void {
  const { lane, verified, unequal, problems, lost } = state;
  const name = nameOf(entry);
  const object = entry.object();
  const told = (outcome: Problem['outcome'], problem: string) =>
    problems.set(name, { id: idOf(lane, entry), outcome, problem });
  const before = formOf(lane.kind, object);
  const after = stored && formOf(lane.kind, stored);
  if (lane.derived) {
    verified.set(name, entry.revision);
    const other = after && differences(before, after).filter(path => !path.startsWith('metadata.'));
    if (!after) told('derived', 'the target makes such objects by itself, and has not made this one');
    else if (other!.length > 0)
      told('derived', `the target makes such objects by itself, with other ${other}`);
    else problems.delete(name);
    return;
  }
  if (after) {
    const { form, refusal } = expectedOf(lane, object, stored);
    const wrong = differences(form, after).filter(
      path => !lane.decidedPaths.has(path) && !(refusal && path.startsWith('metadata.')),
    );
    if (wrong.length === 0) {
      verified.set(name, entry.revision);
      unequal.delete(name);
      const kept = new Set(lane.madeUp.map(field => `metadata.${field}`));
      lost.set(
        name,
        differences(before, after).filter(path => !kept.has(path)),
      );
      return;
    }
    // Once may be since it was changed just now; the same version several times is not.
    const times = unequal.get(name)?.revision === entry.revision ? unequal.get(name)!.times + 1 : 1;
    unequal.set(name, { revision: entry.revision, times });
    if (times >= maxUnequal)
      told('differs', `after ${times} writes the target still has other ${wrong.join(', ')}`);
  }
}

/** Drops what is known of objects that the source has no more. */
function forgetGone({ lane, carried, verified, unequal, problems, lost }: LaneState): void {
  const entries = lane.source.list('');
  if (carried.size === entries.length) return;
  const here = new Set(entries.map(nameOf));
  for (const name of carried.keys()) {
    if (here.has(name)) continue;
    for (const known of [carried, verified, unequal, lost]) known.delete(name);
    if (problems.get(name)?.outcome !== 'onlyThere') problems.delete(name);
  }
}

function nameOf({ namespace = '', name = '' }: { namespace?: string; name?: string }): string {
  return `${namespace}/${name}`;
}
