import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ObjectMeta, OwnerReference } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { type FieldError, invalid } from '../../machinery/status.ts';
import { convertUid, isUid } from './uid.ts';

/** The group of Calico's CRs, and the one that clients see. */
export const customVersion = 'crd.projectcalico.org/v1';
const servedVersion = 'projectcalico.org/v3';

/** The annotation that holds the metadata of the v3 object. */
export const metadataAnnotation = 'projectcalico.org/metadata';

/** Labels and annotations that are on the CR too, for readers that select by them. */
const alsoOnCustom = /projectcalico\.org\/|operator\.tigera\.io\//;

/**
 * The metadata of the CR that holds a v3 object: Calico's readers take it from an annotation (datastore.md 3.2). `keepName` for the
 * kinds whose name the annotation repeats. Throws 422 for an owner that Calico could not read.
 */
export function toCustomMetadata(kind: string, metadata: ObjectMeta, keepName: boolean): JsonObject {
  const { namespace, name, uid, resourceVersion: _, annotations, ownerReferences, ...rest } = metadata;
  const own = { ...annotations };
  delete own[metadataAnnotation];
  const held = withoutEmpty({
    ...(keepName && { name }),
    ...rest,
    annotations: own,
    ownerReferences: toCustomOwners(kind, metadata, ownerReferences),
  });
  const labels = chosen(metadata.labels);
  return {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    ...(isUid(uid) && { uid: convertUid(uid) }),
    ...(Object.keys(labels).length > 0 && { labels }),
    annotations: { ...chosen(own), [metadataAnnotation]: JSON.stringify(held) },
  };
}

/** The metadata of the v3 object that a CR holds (datastore.md 3.3). Throws where its annotation is no JSON object. */
export function toServedMetadata(custom: JsonObject, nameOf: (held: ObjectMeta) => string): ObjectMeta {
  const { uid, name: _, namespace, ...shown } = custom as ObjectMeta;
  const place = { ...(namespace && { namespace }), ...(isUid(uid) && { uid: convertUid(uid) }) };
  const { [metadataAnnotation]: text, ...annotations } = shown.annotations ?? {};
  if (text === undefined) return { name: nameOf({}), ...place, ...shown };
  const held = heldMetadata(text);
  const labels = { ...shown.labels, ...held.labels };
  const allAnnotations = { ...annotations, ...held.annotations };
  const owners = held.ownerReferences?.map(toServedOwner);
  return withoutEmpty({
    ...held,
    name: nameOf(held),
    ...place,
    creationTimestamp: held.creationTimestamp ?? shown.creationTimestamp,
    labels,
    annotations: allAnnotations,
    ownerReferences: owners,
  });
}

function heldMetadata(text: string): ObjectMeta {
  let held: Json;
  try {
    held = JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`annotation ${metadataAnnotation}: ${(error as Error).message}`);
  }
  if (!isJsonObject(held)) throw new Error(`annotation ${metadataAnnotation}: no object`);
  const { namespace: _, uid: __, resourceVersion: ___, ...rest } = held;
  return rest as ObjectMeta;
}

function toCustomOwners(
  kind: string,
  { name = '' }: ObjectMeta,
  owners: OwnerReference[] = [],
): OwnerReference[] {
  const errors: FieldError[] = [];
  const converted = owners.map((owner, index) => {
    if (owner.apiVersion !== servedVersion) return owner;
    if (isUid(owner.uid)) return { ...owner, apiVersion: customVersion, uid: convertUid(owner.uid) };
    const field = `metadata.ownerReferences[${index}].uid`;
    errors.push({ type: 'Invalid', field, value: owner.uid, detail: 'must be a UID' });
    return owner;
  });
  if (errors.length > 0) throw invalid('projectcalico.org', kind, name, errors);
  return converted;
}

function toServedOwner(owner: OwnerReference): OwnerReference {
  if (owner.apiVersion !== customVersion && owner.apiVersion !== servedVersion) return owner;
  return { ...owner, apiVersion: servedVersion, uid: isUid(owner.uid) ? convertUid(owner.uid) : owner.uid };
}

function chosen(entries: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => alsoOnCustom.test(key)));
}

/** As Go leaves out what is zero. */
function withoutEmpty(
  metadata: { [Field in keyof ObjectMeta]: ObjectMeta[Field] | null | undefined },
): ObjectMeta {
  const kept = Object.entries(metadata).filter(([, value]) => {
    if (value === undefined || value === null || value === '' || value === 0) return false;
    return typeof value !== 'object' || Object.keys(value).length > 0;
  });
  return Object.fromEntries(kept);
}
