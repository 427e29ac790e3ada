import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Backend, Revision } from '../../src/storage/backend.ts';
import { guards } from './storage/guards.ts';
import { keys } from './storage/keys.ts';
import { life } from './storage/life.ts';
import { lists } from './storage/lists.ts';
import { progress } from './storage/progress.ts';
import { restarts } from './storage/restarts.ts';
import { watches } from './storage/watches.ts';
import { writes } from './storage/writes.ts';

export interface OpenOptions {
  /** The store's clock, by which its history grows old. */
  now?: () => number;
}

/** A store and how to get one. */
export interface StorageUnderTest {
  name: string;
  /** Opens a new, empty store. */
  open(options?: OpenOptions): Promise<Backend>;
  /** Closes the store and opens again what it left behind. Absent where nothing outlives close(). */
  reopen?(backend: Backend): Promise<Backend>;
  /** Set where history grows old by the number of revisions alone, whatever the clock says. */
  agesByRevisions?: boolean;
  /** Why there is no such store on this machine. */
  unavailable?: string | false;
  /** Whether others write to the store too, so that its revision moves by itself. */
  shared?: boolean;
  /** The largest value that it takes, where that is less than limits.maxObjectBytes. */
  largestBytes?: number;
  /** How many entries are many, where 12,000 take too long. */
  many?: number;
  /** Tests of what this store does not promise, by name, each with the reason. They are no part of its suite. */
  notPromised?: Record<string, string>;
}

/** What a group of the suite is given to declare its tests with. */
export interface Suite extends StorageUnderTest {
  /** Declares a test on a store of its own, which is closed at the end. */
  test(name: string, run: (store: Backend) => Promise<void>): void;
  /** Asserts that a revision of the whole store is this one; where others write too, that it is not before it. */
  stands(actual: Revision, expected: Revision): void;
}

export type Group = (suite: Suite) => void;

const groups: Record<string, Group> = {
  keys,
  writes,
  guards,
  lists,
  watches,
  progress,
  life,
  restarts,
};

/**
 * The suite that every store has to pass. It assumes nothing beyond the contract: neither that revisions are without gaps
 * nor that a store starts at 1.
 */
export function storageConformance(store: StorageUnderTest): void {
  const unused = new Set(Object.keys(store.notPromised ?? {}));
  const declare = (name: string, run: (store: Backend) => Promise<void>): void => {
    if (unused.delete(name)) return;
    test(name, async () => {
      const backend = await store.open();
      try {
        await run(backend);
      } finally {
        await backend.close();
      }
    });
  };
  const stands = (actual: Revision, expected: Revision): void => {
    if (store.shared) assert.ok(actual >= expected, `${actual} is before ${expected}`);
    else assert.equal(actual, expected);
  };
  describe(`storage: ${store.name}`, { skip: store.unavailable ?? false }, () => {
    for (const [name, group] of Object.entries(groups)) {
      describe(name, () => group({ ...store, test: declare, stands }));
    }
    for (const name of unused) throw new Error(`there is no test "${name}" to leave out`);
  });
}
