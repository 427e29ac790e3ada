import { setTimeout } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import { equal } from '../../machinery/equal.ts';
import type { ApiObject } from '../../machinery/object.ts';
import type { OnExisting } from '../../registry/restore.ts';
import type { Backend, Write } from '../../storage/backend.ts';
import { StorageError } from '../../storage/errors.ts';
import type { CacheEntry } from '../../watch/entry.ts';
import type { Journal } from './journal.ts';
import { type Expected, expectedOf, idOf, isSaidBy, type Lane, stateOf } from './lane.ts';

/** What became of one object; `later` if it has changed meanwhile. `problem` is what keeps the target from being as the source is. */
export type Carried =
  | { outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'later' }
  | { outcome: 'conflict' | 'skipped' | 'refused' | 'onlyThere'; problem: string };

export interface Carrier {
  backend: Backend;
  journal: Journal;
  onConflict: OnExisting;
  prune: boolean;
}

const maxTries = 20;

/**
 * Brings an object into the target as it is at the source, by compare-and-set. What is there under its name is changed only if a
 * migration has brought it and nobody has changed it since, or if the user wants it replaced. Throws StorageError.
 */
export async function bring(carrier: Carrier, lane: Lane, entry: CacheEntry): Promise<Carried> {
  const id = idOf(lane, entry);
  const object = entry.object();
  let reason = '';
  for (let tries = 0; tries < maxTries; tries++) {
    if (tries > 0) await lane.target.fresh();
    const there = lane.target.get(entry.namespace, entry.name);
    const current = there?.object();
    let expected: Expected;
    try {
      expected = expectedOf(lane, object, current);
    } catch (error) {
      return { outcome: 'refused', problem: `the target has no form for it: ${messageOf(error)}` };
    }
    const { state, value } = expected;
    if (expected.refusal) {
      const same = current && isSaidBy(lane, object, current);
      return same ? { outcome: 'unchanged' } : { outcome: 'refused', problem: expected.refusal };
    }
    const before = current && stateOf(lane, current);
    if (before === state) {
      // Equal UIDs tell that it is the source's own object; where the target chooses them, only the journal can.
      if (!lane.decided.includes('uid')) carrier.journal.note(id, state);
      return { outcome: 'unchanged' };
    }
    if (current && before && !carrier.journal.has(id, before) && carrier.onConflict !== 'replace') {
      return refusal(carrier.onConflict, object, current);
    }
    carrier.journal.note(id, state);
    const write: Write = there
      ? { type: 'update', key: there.key, value, expect: there.revision }
      : { type: 'create', key: expected.key, value };
    try {
      await writeWhole(carrier.backend, lane, write, expected.object);
      return { outcome: there ? 'updated' : 'created' };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const never = ['TooLarge', 'Refused'].includes(error.code);
      // What a create does not find is what it is to be created in.
      if (never || (error.code === 'NotFound' && !there))
        return { outcome: 'refused', problem: error.message };
      if (!['Exists', 'Conflict', 'NotFound'].includes(error.code)) throw error;
      reason = error.message;
    }
  }
  return { outcome: 'refused', problem: `it could not be written ${maxTries} times: ${reason}` };
}

/** Removes from the target what the source does not have, if a migration has brought it, or the user wants all such gone. */
export async function takeAway(carrier: Carrier, lane: Lane, entry: CacheEntry): Promise<Carried> {
  const id = idOf(lane, entry);
  // It is the target's own, and there whatever anybody does.
  if (lane.kind.permanent || lane.codec.refuses?.({ old: entry.object() }).length) {
    return { outcome: 'unchanged' };
  }
  const known = carrier.journal.has(id, stateOf(lane, entry.object()));
  if (!known && !carrier.prune) {
    return { outcome: 'onlyThere', problem: 'it is in the target only, and no migration has brought it so' };
  }
  try {
    await carrier.backend.write({ type: 'delete', key: entry.key, expect: entry.revision });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code === 'Conflict') return { outcome: 'later' };
    if (error.code !== 'NotFound') throw error;
  }
  carrier.journal.forget(id);
  return { outcome: 'deleted' };
}

/** Writes an object, and its status once more where the store keeps that apart. Throws StorageError. */
async function writeWhole(backend: Backend, lane: Lane, write: Write, wanted: ApiObject): Promise<void> {
  const stored = await backend.write(write);
  if (wanted.status === undefined || write.type === 'delete') return;
  const object = lane.codec.decode(stored);
  if (equal(object.status, wanted.status)) return;
  const value = lane.codec.encode({ ...wanted, metadata: object.metadata });
  const { key, revision: expect } = stored;
  await backend.write({ type: 'update', key, value, expect, subresource: 'status' });
}

function refusal(onConflict: OnExisting, object: ApiObject, current: ApiObject): Carried {
  const { uid } = current.metadata;
  const own = uid === object.metadata.uid ? 'has been changed there' : `is there with another UID, ${uid}`;
  if (onConflict === 'skip') return { outcome: 'skipped', problem: `it ${own}, and stays so` };
  return { outcome: 'conflict', problem: `it ${own}; --on-conflict=replace takes the source's` };
}

/**
 * Does something that fails while a store cannot be reached, again and again for a while. Throws StorageError when that lasts,
 * and at once what else goes wrong; the signal's reason when that comes.
 */
export async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + limits.moveRetryMs;
  for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 2_000)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof StorageError && error.code === 'Unavailable';
      if (!passing || performance.now() > giveUpAt) throw error;
    }
    await setTimeout(delayMs, undefined, { signal }).catch(() => {});
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
