import type { Workspace } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import { copy } from '../machinery/equal.ts';
import type { ApiObject } from '../machinery/object.ts';
import { conflict } from '../machinery/status.ts';
import type { Guard } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';
import { type Current, currentOf, storeChange } from './change.ts';
import { groupResource, nameOf, type ResourceParts } from './context.ts';
import { removeOrMark } from './removal.ts';
import { otherParts, recordingView } from './view.ts';

/**
 * Stores an object that is about to be removed as its kind wants it stored first, and waits until those who began to use it
 * before can have finished. Returns what is stored then. Throws StorageError Conflict when it has changed meanwhile.
 */
export async function close(parts: ResourceParts, current: Current): Promise<Current> {
  const closed = parts.kind.retire?.close(copy(current.object));
  if (!closed) return current;
  const object = await storeChange(parts, current, closed, {
    dryRun: false,
    subresource: '',
    guards: [],
    frees: true,
  });
  await parts.pause(limits.retireSettleMs);
  return { key: current.key, revision: Number(object.metadata.resourceVersion), object };
}

/**
 * Brings in order what depends on an object that is about to be removed, until nothing is left to do. Returns what must hold
 * for it to stay so. Throws 409 when there is no end to it.
 */
export async function release(parts: ResourceParts, object: ApiObject): Promise<Guard[]> {
  const { kind } = parts;
  if (!kind.retire) return [];
  for (let pass = 1; pass <= limits.maxReleasePasses; pass++) {
    const { view, guards } = recordingView(parts);
    const found = await kind.retire.release(object, { ...view, ...writersOf(parts) });
    if (found === 0) return guards;
  }
  throw conflict(
    groupResource(kind),
    nameOf(object),
    'other objects that have to go before it come up again and again; please try again',
  );
}

/** Compare-and-set on the state of other objects that a view, or the last write here, told. */
function writersOf(parts: ResourceParts): Pick<Workspace, 'update' | 'remove'> {
  // The cache may see a write of ours only after the next one.
  const written = new Map<string, Current>();
  const find = (plural: string, object: ApiObject): Current | undefined => {
    const { namespace = '', resourceVersion } = object.metadata;
    const entry = otherParts(parts, plural).cache.get(namespace, nameOf(object));
    const current = written.get(`${plural}/${namespace}/${nameOf(object)}`) ?? (entry && currentOf(entry));
    return current && String(current.revision) === resourceVersion ? current : undefined;
  };
  return {
    update: async (plural, object) => {
      const current = find(plural, object);
      if (!current) return undefined;
      const options = { dryRun: false, subresource: '' as const, guards: [], frees: true };
      const stored = await unlessLost(() =>
        storeChange(otherParts(parts, plural), current, copy(object), options),
      );
      if (!stored) return undefined;
      const { namespace = '', resourceVersion } = stored.metadata;
      const revision = Number(resourceVersion);
      written.set(`${plural}/${namespace}/${nameOf(stored)}`, { key: current.key, revision, object: stored });
      return copy(stored);
    },
    remove: async (plural, object) => {
      const current = find(plural, object);
      if (!current) return false;
      const finalizers = object.metadata.finalizers ?? [];
      const options = { dryRun: false, guards: [] };
      const done = await unlessLost(() =>
        removeOrMark(otherParts(parts, plural), current, finalizers, options),
      );
      return done !== undefined;
    },
  };
}

/** The result of a write, or undefined where somebody else was faster. */
async function unlessLost<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    const lost = error instanceof StorageError && (error.code === 'Conflict' || error.code === 'NotFound');
    if (!lost) throw error;
    return undefined;
  }
}
