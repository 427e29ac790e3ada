import { group } from '../kinds/kind.ts';
import { cut } from '../machinery/cut.ts';
import { copy } from '../machinery/equal.ts';
import { goQuote } from '../machinery/go-text.ts';
import type { ApiObject } from '../machinery/object.ts';
import {
  badRequest,
  conflict,
  type FieldError,
  fieldErrorBody,
  StatusError,
  staleWrite,
} from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import { checkChange } from './admit.ts';
import { type Current, retryOnConflict, storeChange } from './change.ts';
import { groupResource, pause, type ResourceParts, type WriteContext, workOf } from './context.ts';
import { alreadyKnown, type Owners, ownersAfterUpdate } from './ownership.ts';
import {
  dropDuplicateOwners,
  fillDefaultsAndOwners,
  objectErrors,
  settleNamespace,
  warnOf,
} from './prepare.ts';

export type Subresource = '' | 'status';

/**
 * Replaces an object (PUT, machinery.md §3.3), or its status. Returns it as stored.
 * Throws 400 (names differ), 404, 409 (stale resourceVersion or another uid), 422.
 */
export async function update(
  parts: ResourceParts,
  context: WriteContext,
  target: { namespace: string; name: string; subresource: Subresource },
  sent: ApiObject,
  options: { dryRun: boolean; fieldManager?: string },
): Promise<ApiObject> {
  const owners = ownersAfterUpdate(parts, target.subresource, options.fieldManager);
  return retryOnConflict(parts, target.namespace, target.name, async current => {
    checkUid(parts, target.name, sent, current.object);
    await pause(context);
    return replace(parts, context, target, current, copy(sent), {
      dryRun: options.dryRun,
      owners,
      mayForgetOwners: true,
    });
  });
}

export interface ReplaceOptions {
  dryRun: boolean;
  owners: Owners;
  /** Whether the managedFields may go where the object is too large with them. */
  mayForgetOwners: boolean;
}

/** Checks `sent` as the successor of `current` and stores it: what PUT and the patches have in common. */
export async function replace(
  parts: ResourceParts,
  context: WriteContext,
  target: { namespace: string; name: string; subresource: Subresource },
  current: Current,
  sent: ApiObject,
  options: ReplaceOptions,
): Promise<ApiObject> {
  checkIdentity(parts, target, sent);
  if (isNoVersion(sent.metadata.resourceVersion)) throw versionMissing(parts, target.name);
  if (sent.metadata.resourceVersion !== current.object.metadata.resourceVersion) {
    throw conflict(groupResource(parts.kind), target.name, staleWrite);
  }
  const { owners, dryRun, mayForgetOwners } = options;
  await pause(context);
  const next = await workOf(successor(parts, context, target, sent, current.object, owners), context);
  const guards = await checkChange(parts, context, 'update', next, current.object);
  if (target.subresource === '') await workOf(warnOf(parts, context, next, current.object), context);
  const { subresource } = target;
  return storeChange(parts, current, next, { dryRun, mayForgetOwners, subresource, guards, context });
}

/** Every problem that `sent` has by itself as the successor of `old`. Neither is changed. */
export function* problemsAsUpdate(
  parts: ResourceParts,
  target: { subresource: Subresource },
  sent: ApiObject,
  old: ApiObject,
): Steps<FieldError[]> {
  const unknownOwners: Owners = () => alreadyKnown(undefined);
  const next = yield* successor(parts, { warn: () => {} }, target, copy(sent), old, unknownOwners);
  if (old.metadata.namespace) next.metadata.namespace = old.metadata.namespace;
  return yield* objectErrors(parts.kind, next, old);
}

/** Checks that an object is the one that the URL names; fills in its namespace. Throws 400. */
export function checkIdentity(
  parts: ResourceParts,
  target: { namespace: string; name: string },
  sent: ApiObject,
): void {
  const { name } = sent.metadata;
  if (!name) {
    throw badRequest(
      `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== target.name) {
    throw badRequest(
      `the name of the object (${cut(name)}) does not match the name on the URL (${target.name})`,
    );
  }
  settleNamespace(parts, sent, target.namespace);
}

/** The uid in the body of a PUT is a precondition; in the result of a patch it is a field that may not change. */
function checkUid(parts: ResourceParts, name: string, sent: ApiObject, old: ApiObject): void {
  const { uid } = sent.metadata;
  if (!uid || uid === old.metadata.uid || sent.metadata.name !== name) return;
  const why =
    `StorageError: invalid object, Code: 4, Key: ${name}, ResourceVersion: 0, AdditionalErrorMsg: ` +
    `Precondition failed: UID in precondition: ${cut(uid)}, UID in object meta: ${old.metadata.uid}`;
  throw conflict(groupResource(parts.kind), name, why);
}

function isNoVersion(resourceVersion: string | undefined): boolean {
  return !resourceVersion || /^0+$/.test(resourceVersion);
}

/** The object to be stored: what the request may set from `sent`, the rest from `old` (rest.BeforeUpdate). */
function* successor(
  parts: ResourceParts,
  context: Pick<WriteContext, 'warn'>,
  target: { subresource: Subresource },
  sent: ApiObject,
  old: ApiObject,
  owners: Owners,
): Steps<ApiObject> {
  if (target.subresource === 'status') {
    const next = copy(old);
    delete next.status;
    if (sent.status !== undefined) next.status = sent.status;
    yield* fillDefaultsAndOwners(parts, next, old, owners);
    return next;
  }
  const { metadata } = sent;
  const kept = old.metadata;
  keep(metadata, 'uid', metadata.uid ?? kept.uid);
  keep(metadata, 'creationTimestamp', kept.creationTimestamp);
  keep(metadata, 'generation', kept.generation);
  // What the client says of them stands where there is nothing to keep, and is refused as a change.
  keep(metadata, 'deletionTimestamp', kept.deletionTimestamp ?? metadata.deletionTimestamp);
  keep(
    metadata,
    'deletionGracePeriodSeconds',
    metadata.deletionGracePeriodSeconds ?? kept.deletionGracePeriodSeconds,
  );
  dropDuplicateOwners(sent, context);
  if (parts.kind.statusSubresource) {
    delete sent.status;
    if (old.status !== undefined) sent.status = copy(old.status);
  }
  yield* fillDefaultsAndOwners(parts, sent, old, owners);
  return sent;
}

/** Sets the field to the value that the system keeps, or takes it away. */
function keep<K extends keyof ApiObject['metadata']>(
  metadata: ApiObject['metadata'],
  field: K,
  value: ApiObject['metadata'][K] | undefined,
): void {
  if (value === undefined) delete metadata[field];
  else metadata[field] = value;
}

/** 422 for an update without a version; the resource stands where the kind usually does, as upstream prints it. */
function versionMissing(parts: ResourceParts, name: string): StatusError {
  const error = {
    type: 'Invalid',
    field: 'metadata.resourceVersion',
    value: 0,
    detail: 'must be specified for an update',
  } as const;
  const body = fieldErrorBody(error);
  const message = `${parts.kind.plural}.${group} ${goQuote(name)} is invalid: ${error.field}: ${body}`;
  return new StatusError('Invalid', message, {
    name,
    group,
    kind: parts.kind.plural,
    causes: [{ reason: 'FieldValueInvalid', message: body, field: error.field }],
  });
}
