import { limits } from '../limits.ts';
import { sameButTimes } from '../machinery/apply/managers.ts';
import { equal } from '../machinery/equal.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { conflict, notFound, staleWrite } from '../machinery/status.ts';
import { atOnce, type Steps } from '../machinery/steps.ts';
import type { Codec, Entry, Guard } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';
import type { CacheEntry } from '../watch/entry.ts';
import { groupResource, nameOf, pause, type ResourceParts, type WriteContext, workOf } from './context.ts';
import { specChanged } from './prepare.ts';

/** An object with the place it is stored at. */
export interface Current {
  key: string;
  revision: number;
  object: ApiObject;
}

/** What the cache holds of an object, as the ground of a write. */
export function currentOf(entry: CacheEntry): Current {
  return { key: entry.key, revision: entry.revision, object: entry.object() };
}

/** The object as last acknowledged. Throws 404. */
export async function readCurrent(parts: ResourceParts, namespace: string, name: string): Promise<Current> {
  await parts.cache.fresh({ namespace, name });
  const entry = parts.cache.get(namespace, name);
  if (!entry) throw notFound(groupResource(parts.kind), name);
  return currentOf(entry);
}

/** The object straight from the store, after a write on what the cache held has failed. Throws 404. */
async function reread(parts: ResourceParts, current: Current, name: string): Promise<Current> {
  const entry = await parts.backend.get(current.key);
  if (!entry) throw notFound(groupResource(parts.kind), name);
  return { key: entry.key, revision: entry.revision, object: parts.codec.decode(entry) };
}

/** The reason of the 409 where other objects that a write depends on change faster than it can be checked. */
export const contended = 'other objects that it depends on keep being modified; please try again';

/**
 * Runs a read-modify-write until it commits (registry.GuaranteedUpdate). `attempt` gets the current object and tries one write;
 * a storage conflict, of the object or of what a guard holds, reads anew and tries again. Throws 404 when the object is not
 * there (any more), 409 after too many conflicts.
 */
export async function retryOnConflict<T>(
  parts: ResourceParts,
  namespace: string,
  name: string,
  attempt: (current: Current) => Promise<T>,
): Promise<T> {
  let current = await readCurrent(parts, namespace, name);
  let guardFailed = false;
  for (let tries = 1; ; tries++) {
    try {
      return await (guardFailed ? parts.turns.take(() => attempt(current)) : attempt(current));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code === 'NotFound') throw notFound(groupResource(parts.kind), name);
      if (error.code !== 'Conflict') throw error;
    }
    const { revision } = current;
    current = await reread(parts, current, name);
    // Revisions never come back: an object that still has this one had it at the write.
    guardFailed = current.revision === revision;
    if (tries < limits.maxPatchAttempts) continue;
    throw conflict(groupResource(parts.kind), name, guardFailed ? contended : staleWrite);
  }
}

export interface StoreOptions {
  dryRun: boolean;
  subresource: '' | 'status';
  guards: Guard[];
  /** Whether it is a step of a removal, which a store takes also where it has little room. */
  frees?: boolean;
  /** Whether the managedFields may go where the object is too large with them. */
  mayForgetOwners?: boolean;
  /** Of the request that may be paused; a write of the server's own is not. */
  context?: WriteContext;
}

/**
 * Whether there is nothing to store: nothing differs but the version, and the times at which managers are said to have written
 * what was there already (apiserver IgnoreManagedFieldsTimestampsTransformer), or managers that this store has no place for.
 */
function* isSame(codec: Codec, next: ApiObject, old: ApiObject): Steps<boolean> {
  const { resourceVersion: _next, managedFields, ...metadata } = next.metadata;
  const { resourceVersion: _old, managedFields: oldManagedFields, ...oldMetadata } = old.metadata;
  if (!equal({ ...next, metadata }, { ...old, metadata: oldMetadata })) return false;
  yield;
  if (sameButTimes(managedFields, oldManagedFields)) return true;
  if (oldManagedFields !== undefined || isTooLarge(managedFields)) return false;
  const encoded = codec.encode(next);
  yield;
  return Buffer.compare(encoded, codec.encode(old)) === 0;
}

/** Whether owners alone have more bytes than an object may have. */
function isTooLarge(owners: JsonObject[] | undefined): boolean {
  let room = limits.maxObjectBytes;
  const take = (fields: Json): void => {
    for (const name in fields as JsonObject) {
      room -= name.length;
      if (room < 0) return;
      const below = (fields as JsonObject)[name]!;
      if (typeof below === 'object') take(below);
    }
  };
  for (const { fieldsV1 = null } of owners ?? []) take(fieldsV1);
  return room < 0;
}

/**
 * Encodes an object and writes it; without its managedFields where it is too large with them and they may go, as
 * kube-apiserver does. Throws StorageError.
 */
export async function writeWithOwners(
  codec: Codec,
  object: ApiObject,
  options: {
    mayForgetOwners: boolean;
    context: WriteContext | undefined;
    write(value: Uint8Array): Promise<Entry>;
  },
): Promise<Entry> {
  const { mayForgetOwners, context, write } = options;
  const encoded = async () => {
    // That they do not fit is seen before the whole is made into text.
    if (isTooLarge(object.metadata.managedFields)) {
      throw new StorageError('TooLarge', `${nameOf(object)}: more than ${limits.maxObjectBytes} bytes`);
    }
    if (context) await pause(context);
    const value = codec.encode(object);
    if (context) await pause(context);
    return value;
  };
  try {
    return await write(await encoded());
  } catch (error) {
    const tooLarge = error instanceof StorageError && error.code === 'TooLarge';
    if (!tooLarge || !mayForgetOwners || !object.metadata.managedFields) throw error;
  }
  delete object.metadata.managedFields;
  return write(await encoded());
}

/**
 * Stores `next` over `current`, unless nothing differs: then nothing is written and the version stays (machinery.md §3.3).
 * An object being deleted whose last finalizer goes is removed. Throws StorageError Conflict when the object, or what a guard
 * holds, has changed meanwhile.
 */
export async function storeChange(
  parts: ResourceParts,
  current: Current,
  next: ApiObject,
  options: StoreOptions,
): Promise<ApiObject> {
  const { key, revision, object: old } = current;
  delete next.metadata.resourceVersion;
  const { resourceVersion } = old.metadata;
  const { context } = options;
  const same = isSame(parts.codec, next, old);
  if (context ? await workOf(same, context) : atOnce(same)) return old;
  if (context) await pause(context);
  if (options.subresource !== 'status' && specChanged(parts, next, old)) {
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  const marked = next.metadata.deletionTimestamp !== undefined && !parts.kind.permanent;
  const gone = marked && !next.metadata.finalizers?.length;
  if (options.dryRun) {
    if (resourceVersion) next.metadata.resourceVersion = resourceVersion;
    return next;
  }
  if (gone) {
    await parts.backend.write({ type: 'delete', key, expect: revision }, options.guards);
    if (resourceVersion) next.metadata.resourceVersion = resourceVersion;
    return next;
  }
  const frees = options.frees || (marked && losesFinalizerOnly(next, old));
  const entry = await put(parts, key, next, revision, { ...options, frees });
  if (context) await pause(context);
  const stored = parts.codec.decode(entry);
  if (context) await pause(context);
  return stored;
}

/** Whether an update of an object that is being deleted takes finalizers away, and changes nothing that may grow. */
function losesFinalizerOnly(next: ApiObject, old: ApiObject): boolean {
  const left = next.metadata.finalizers ?? [];
  const held = old.metadata.finalizers ?? [];
  if (left.length >= held.length || !left.every(finalizer => held.includes(finalizer))) return false;
  const withoutHolds = ({ metadata, ...rest }: ApiObject) => {
    const { finalizers: _held, managedFields: _owners, resourceVersion: _version, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };
  return equal(withoutHolds(next), withoutHolds(old));
}

function put(
  parts: ResourceParts,
  key: string,
  next: ApiObject,
  expect: number,
  options: StoreOptions,
): Promise<Entry> {
  const { subresource, guards, frees, mayForgetOwners = false, context } = options;
  const write = (value: Uint8Array) =>
    parts.backend.write(
      {
        type: 'update',
        key,
        value,
        expect,
        ...(subresource && { subresource }),
        ...(frees && { frees }),
      },
      guards,
    );
  return writeWithOwners(parts.codec, next, { mayForgetOwners, context, write });
}
