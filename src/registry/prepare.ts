import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import { equal } from '../machinery/equal.ts';
import { finalizerWarnings, validateObjectMeta, validateObjectMetaUpdate } from '../machinery/metadata.ts';
import type { ApiObject, OwnerReference } from '../machinery/object.ts';
import { badRequest, type FieldError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import { applyDefaults } from '../schema/default.ts';
import { canonicalize } from '../schema/semantics.ts';
import { validate } from '../schema/validate.ts';
import type { RequestContext, ResourceParts } from './context.ts';
import { type Owners, setOwners } from './ownership.ts';

type KindOnly = Pick<ResourceParts, 'kind'>;

/** Fills the namespace from the URL, or refuses another one (rest.BeforeCreate; machinery.md §3.1 step 3). */
export function settleNamespace(parts: KindOnly, object: ApiObject, namespace: string): void {
  if (!parts.kind.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (object.metadata.namespace && object.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = namespace;
}

/** Drops owner references that are there twice, with a warning (apimachinery dedupOwnerReferences). */
export function dropDuplicateOwners(object: ApiObject, context: Pick<RequestContext, 'warn'>): void {
  const owners = object.metadata.ownerReferences;
  if (!owners) return;
  const kept: OwnerReference[] = [];
  const seen = new Set<string>();
  for (const owner of owners) {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner;
    const identity = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
    if (!seen.has(identity)) {
      seen.add(identity);
      kept.push(owner);
      continue;
    }
    context.warn(
      `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${owner.uid}`,
    );
  }
  object.metadata.ownerReferences = kept;
}

/** Takes from a sent object what only the system may say of a new one (rest.BeforeCreate, machinery.md §3.1). */
export function wipeForCreate(kind: Kind, object: ApiObject): void {
  const { metadata } = object;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (kind.statusSubresource) delete object.status;
}

/** Sets what neither the user nor the schema said. */
export function fillDefaults(parts: KindOnly, object: ApiObject, old: ApiObject | undefined): void {
  fillSchemaDefaults(parts, object);
  parts.kind.defaults?.(object, old);
}

/** Brings values into the form that is stored, and sets what the schema says of fields that are absent. */
export function fillSchemaDefaults({ kind }: KindOnly, object: ApiObject): void {
  canonicalize(kind.schema, object);
  applyDefaults(kind.schema, object);
}

/**
 * Fills the defaults, and writes down who owns what in between: what the schema sets belongs to the writer, as it does where
 * kube-apiserver serves a CRD; what Calico's own rules set belongs to nobody, as in Calico's Go server.
 */
export function* fillDefaultsAndOwners(
  parts: KindOnly,
  object: ApiObject,
  old: ApiObject | undefined,
  owners: Owners,
): Steps<void> {
  fillSchemaDefaults(parts, object);
  yield;
  setOwners(object, yield* owners(object, old));
  parts.kind.defaults?.(object, old);
}

/** Every problem of an object by itself, whose defaults are filled: metadata, schema, CEL, the rules of Calico. */
export function* objectErrors(
  kind: Kind,
  object: ApiObject,
  old: ApiObject | undefined,
): Steps<FieldError[]> {
  yield;
  const ofMetadata = [
    ...validateObjectMeta(object, { namespaced: kind.namespaced }),
    ...(old ? validateObjectMetaUpdate(object, old) : []),
  ];
  yield;
  // There is no need to look for what would not be told.
  const others = ofMetadata.length < limits.maxFieldErrors ? yield* validate(kind.schema, object, old) : [];
  return [...ofMetadata, ...others].slice(0, limits.maxFieldErrors);
}

/** Tells what is legal but probably wrong in an object that has been checked (rest.RESTCreateStrategy WarningsOnCreate). */
export function* warnOf(
  parts: ResourceParts,
  context: RequestContext,
  object: ApiObject,
  old: ApiObject | undefined,
): Steps<void> {
  yield;
  for (const text of finalizerWarnings(object, old)) context.warn(text);
  yield;
  for (const text of parts.kind.warnings?.(object, old) ?? []) context.warn(text);
  yield;
}

/** Whether anything outside metadata and, where it is a subresource, status differs: what generation counts. */
export function specChanged(parts: ResourceParts, next: ApiObject, old: ApiObject): boolean {
  const { metadata: _nextMetadata, ...nextRest } = next;
  const { metadata: _oldMetadata, ...oldRest } = old;
  if (parts.kind.statusSubresource) {
    delete nextRest.status;
    delete oldRest.status;
  }
  return !equal(nextRest, oldRest);
}
