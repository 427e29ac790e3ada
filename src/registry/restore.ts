import { copy, equal } from '../machinery/equal.ts';
import type { ApiObject, ObjectMeta } from '../machinery/object.ts';
import { alreadyExists, StatusError } from '../machinery/status.ts';
import { checkChange } from './admit.ts';
import { retryOnConflict, storeChange } from './change.ts';
import {
  groupResource,
  nameOf,
  type ResourceParts,
  timestamp,
  type WriteContext,
  writing,
} from './context.ts';
import { checkAndStore } from './create.ts';
import { dropDuplicateOwners, fillDefaults, settleNamespace } from './prepare.ts';

/** What becomes of an object that is there already with other content. */
export type OnExisting = 'fail' | 'skip' | 'replace';

export interface Restored {
  outcome: 'created' | 'replaced' | 'unchanged' | 'skipped';
  /** As it is stored now. */
  object: ApiObject;
}

const silent = { warn() {}, signal: new AbortController().signal };

/** What an object is put into when it does not say. */
const defaultNamespace = 'default';

/**
 * Stores an object as it was elsewhere, with its own UID, times, generation and status, after every check that a create makes.
 * One that is there with the same content stays as it is, whatever its UID; one that is replaced keeps its UID and creation
 * time. `sent` is changed on the way. Throws StatusError: AlreadyExists, Invalid and what else a rule says; StorageError.
 */
export async function restore(
  parts: ResourceParts,
  sent: ApiObject,
  { onExisting }: { onExisting: OnExisting },
): Promise<Restored> {
  const context = writing(silent);
  const hasStatus = sent.status !== undefined;
  const object = prepare(parts, sent);
  const { namespace = '' } = object.metadata;
  await parts.cache.fresh({ namespace, name: nameOf(object) });
  const existing = parts.cache.get(namespace, nameOf(object))?.object();
  if (!existing) {
    const stored = await checkAndStore(parts, context, copy(object), {
      dryRun: false,
      mayForgetOwners: true,
    });
    return { outcome: 'created', object: await storeStatus(parts, object, stored) };
  }
  if (!hasStatus) keepStatus(object, existing);
  if (equal(contentOf(parts, object), contentOf(parts, existing))) {
    return { outcome: 'unchanged', object: existing };
  }
  if (onExisting === 'skip') return { outcome: 'skipped', object: existing };
  if (onExisting === 'fail') throw differs(parts, object);
  return { outcome: 'replaced', object: await replaceStored(parts, context, object) };
}

function prepare(parts: ResourceParts, object: ApiObject): ApiObject {
  const { metadata } = object;
  settleNamespace(parts, object, metadata.namespace ?? defaultNamespace);
  dropDuplicateOwners(object, silent);
  delete metadata.resourceVersion;
  metadata.uid ||= parts.newUid();
  metadata.creationTimestamp ||= timestamp(parts.now());
  metadata.generation ??= 1;
  if (!metadata.finalizers?.length || parts.kind.permanent) {
    // Nothing would ever remove it.
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
  }
  fillDefaults(parts, object, undefined);
  return object;
}

/** Fields of metadata that tell which object it is and how it came to be, rather than what it says. */
const identity = new Set<keyof ObjectMeta>([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
  'managedFields',
]);

function contentOf(parts: ResourceParts, object: ApiObject): unknown {
  const filled = copy(object);
  fillDefaults(parts, filled, undefined);
  const metadata = Object.entries(filled.metadata).filter(
    ([field, value]) => !identity.has(field as keyof ObjectMeta) && !isEmpty(value),
  );
  return { ...filled, metadata: Object.fromEntries(metadata) };
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function keepStatus(object: ApiObject, existing: ApiObject): void {
  if (existing.status === undefined) delete object.status;
  else object.status = existing.status;
}

async function replaceStored(
  parts: ResourceParts,
  context: WriteContext,
  object: ApiObject,
): Promise<ApiObject> {
  const { namespace = '' } = object.metadata;
  const stored = await retryOnConflict(parts, namespace, nameOf(object), async current => {
    const old = current.object;
    const next = copy(object);
    for (const field of identity) {
      const kept = old.metadata[field];
      if (kept === undefined) delete next.metadata[field];
      else Object.assign(next.metadata, { [field]: kept });
    }
    const guards = await checkChange(parts, context, 'update', next, old);
    return storeChange(parts, current, next, { dryRun: false, subresource: '', guards, context });
  });
  return storeStatus(parts, object, stored);
}

/** The status, in a write of its own, where the store keeps it apart and so has not taken it with the rest. */
async function storeStatus(parts: ResourceParts, wanted: ApiObject, stored: ApiObject): Promise<ApiObject> {
  if (wanted.status === undefined || equal(wanted.status, stored.status)) return stored;
  const { namespace = '' } = wanted.metadata;
  return retryOnConflict(parts, namespace, nameOf(wanted), current => {
    const next = { ...copy(current.object), status: wanted.status };
    return storeChange(parts, current, next, { dryRun: false, subresource: 'status', guards: [] });
  });
}

function differs(parts: ResourceParts, object: ApiObject): StatusError {
  const { message, status } = alreadyExists(groupResource(parts.kind), nameOf(object));
  return new StatusError('AlreadyExists', `${message}, with other content`, status.details);
}
