import { limits } from '../limits.ts';
import { generateName } from '../machinery/metadata.ts';
import type { ApiObject } from '../machinery/object.ts';
import { alreadyExists, badRequest, conflict, StatusError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import type { Guard } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';
import { checkChange } from './admit.ts';
import { contended, writeWithOwners } from './change.ts';
import {
  groupResource,
  nameOf,
  pause,
  type ResourceParts,
  timestamp,
  type WriteContext,
  workOf,
} from './context.ts';
import type { Owners } from './ownership.ts';
import {
  dropDuplicateOwners,
  fillDefaultsAndOwners,
  settleNamespace,
  warnOf,
  wipeForCreate,
} from './prepare.ts';

interface NewOptions {
  dryRun: boolean;
  /** Whether the managedFields may go where the object is too large with them. */
  mayForgetOwners: boolean;
}

export interface CreateOptions extends NewOptions {
  owners: Owners;
}

/**
 * Stores a new object (machinery.md §3.1): wipes what the system sets, fills defaults, names it, checks it, writes it.
 * `sent` is changed on the way. Returns the object as stored; with `dryRun` as it would have been. Throws 400, 409 AlreadyExists, 422.
 */
export async function create(
  parts: ResourceParts,
  context: WriteContext,
  namespace: string,
  sent: ApiObject,
  options: CreateOptions,
): Promise<ApiObject> {
  const object = await workOf(prepareNew(parts, context, namespace, sent, options.owners), context);
  const base = object.metadata.name ? undefined : object.metadata.generateName;
  if (base === undefined) {
    return checkAndStore(parts, context, object, options);
  }
  for (let attempt = 1; ; attempt++) {
    object.metadata.name = generateName(base);
    try {
      return await checkAndStore(parts, context, object, options);
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.reason !== 'AlreadyExists') throw error;
      if (attempt === limits.maxGenerateNameAttempts) throw nameExhausted(parts, object);
    }
  }
}

function* prepareNew(
  parts: ResourceParts,
  context: WriteContext,
  namespace: string,
  object: ApiObject,
  owners: Owners,
): Steps<ApiObject> {
  const { metadata } = object;
  settleNamespace(parts, object, namespace);
  wipeForCreate(parts.kind, object);
  dropDuplicateOwners(object, context);
  metadata.uid = parts.newUid();
  metadata.creationTimestamp = timestamp(parts.now());
  metadata.generation = 1;
  yield* fillDefaultsAndOwners(parts, object, undefined, owners);
  return object;
}

/** Checks the object against the others as they are, and stores it while they are so. Throws as `create`. */
export async function checkAndStore(
  parts: ResourceParts,
  context: WriteContext,
  object: ApiObject,
  options: NewOptions,
): Promise<ApiObject> {
  const attempt = async () => {
    const guards = await checkChange(parts, context, 'create', object, undefined);
    await workOf(warnOf(parts, context, object, undefined), context);
    return store(parts, context, object, { ...options, guards });
  };
  for (let tries = 1; ; tries++) {
    try {
      return await (tries === 1 ? attempt() : parts.turns.take(attempt));
    } catch (error) {
      // A create has no expectation but that the key is free, which is another code: a conflict is always one of guards.
      if (!(error instanceof StorageError) || error.code !== 'Conflict') throw error;
    }
    if (tries === limits.maxPatchAttempts) {
      throw conflict(groupResource(parts.kind), nameOf(object), contended);
    }
  }
}

async function store(
  parts: ResourceParts,
  context: WriteContext,
  object: ApiObject,
  options: NewOptions & { guards: Guard[] },
): Promise<ApiObject> {
  const { backend, codec } = parts;
  const key = codec.keyFor(object);
  if (object.metadata.resourceVersion) {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  // The name may be taken by an object under another key, of which the write says nothing.
  const otherKeys = codec.candidateKeys(object.metadata.namespace, nameOf(object)).some(each => each !== key);
  if (options.dryRun || otherKeys) {
    const existing = await existingOf(parts, object);
    if (existing) throw exists(parts, object, existing);
  }
  if (options.dryRun) return object;
  try {
    const write = (value: Uint8Array) => backend.write({ type: 'create', key, value }, options.guards);
    const entry = await writeWithOwners(codec, object, { ...options, context, write });
    await pause(context);
    const stored = codec.decode(entry);
    await pause(context);
    return stored;
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'Exists') throw error;
    throw exists(parts, object, await existingOf(parts, object));
  }
}

/** The object that has the name already, as last acknowledged. */
async function existingOf({ cache }: ResourceParts, object: ApiObject): Promise<ApiObject | undefined> {
  const { namespace = '' } = object.metadata;
  const name = nameOf(object);
  await cache.fresh({ namespace, name });
  return cache.get(namespace, name)?.object();
}

function exists(parts: ResourceParts, object: ApiObject, existing: ApiObject | undefined): StatusError {
  const error = alreadyExists(groupResource(parts.kind), nameOf(object));
  if (!existing?.metadata.deletionTimestamp) return error;
  return new StatusError('AlreadyExists', `object is being deleted: ${error.message}`, error.status.details);
}

function nameExhausted(parts: ResourceParts, object: ApiObject): StatusError {
  const { message, status } = alreadyExists(groupResource(parts.kind), nameOf(object));
  return new StatusError(
    'AlreadyExists',
    `${message}, the server was not able to generate a unique name for the object`,
    { ...status.details, retryAfterSeconds: 1 },
  );
}
