import { randomInt } from 'node:crypto';
import { limits } from '../limits.ts';
import { equal } from './equal.ts';
import { fieldManagerErrors } from './field-manager.ts';
import { goQuote } from './go-text.ts';
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from './names.ts';
import type { ApiObject, ObjectMeta, OwnerReference } from './object.ts';
import type { FieldError } from './status.ts';

export { metadataSiblings, metadataTypeErrors, pruneMetadata } from './metadata-shape.ts';

/** Bytes of all annotations of an object together. */
export const maxAnnotationBytes = 256 * 1024;
const maxSubresourceBytes = 256;

/** Finalizers by which the garbage collector treats dependents; they exclude each other. */
const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/** Errors as they are found: whoever asks for them takes as many as it wants. */
type Found = Generator<FieldError, void>;

function* invalidValues(field: string, value: unknown, details: string[]): Found {
  for (const detail of details) yield { type: 'Invalid', field, value, detail };
}

function first(found: Found): FieldError[] {
  return found.take(limits.maxFieldErrors).toArray();
}

/**
 * Every rule of apimachinery's ValidateObjectMeta on the metadata of an object whose name has been generated and
 * whose metadata has the right types (metadataTypeErrors): name, namespace, labels, annotations, owners,
 * finalizers, managed fields. Names are DNS subdomains; kinds with other names have rules of their own beside this.
 * At most limits.maxFieldErrors of them: it looks no further.
 */
export function validateObjectMeta(object: ApiObject, options: { namespaced: boolean }): FieldError[] {
  return first(objectMetaErrors(object.metadata, options));
}

function* objectMetaErrors(metadata: ObjectMeta, options: { namespaced: boolean }): Found {
  yield* nameErrors(metadata);
  yield* namespaceErrors(metadata.namespace ?? '', options.namespaced);
  if ((metadata.generation ?? 0) < 0) {
    yield* invalidValues('metadata.generation', metadata.generation, ['must be greater than or equal to 0']);
  }
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = metadata;
  const counts = {
    labels: Object.keys(labels).length,
    annotations: Object.keys(annotations).length,
    ownerReferences: ownerReferences.length,
    finalizers: finalizers.length,
  };
  for (const [name, count] of Object.entries(counts)) yield* countErrors(`metadata.${name}`, count);
  if (Object.values(counts).some(count => count > limits.maxMetadataEntries)) return;
  yield* labelErrors(labels);
  yield* annotationErrors(annotations);
  yield* ownerErrors(ownerReferences);
  yield* finalizerErrors(finalizers);
  yield* managedFieldsErrors(metadata.managedFields ?? []);
}

/** Ours: Kubernetes has no such bound, but what reads an object with so many names at once would hold all others up. */
function* countErrors(field: string, count: number): Found {
  const { maxMetadataEntries } = limits;
  if (count <= maxMetadataEntries) return;
  yield { type: 'TooMany', field, value: count, detail: `must have at most ${maxMetadataEntries} items` };
}

function* nameErrors({ name = '', generateName = '' }: ObjectMeta): Found {
  if (generateName !== '') {
    const problems = dnsSubdomainErrors(maskTrailingDash(generateName));
    yield* invalidValues('metadata.generateName', generateName, problems);
  }
  if (name === '') {
    yield { type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' };
  } else {
    yield* invalidValues('metadata.name', name, dnsSubdomainErrors(name));
  }
}

/** A prefix may end in a dash, since more follows. Upstream replaces the last two characters, and so does this. */
function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

function* namespaceErrors(namespace: string, namespaced: boolean): Found {
  const field = 'metadata.namespace';
  if (!namespaced) {
    if (namespace !== '') yield { type: 'Forbidden', field, detail: 'not allowed on this type' };
  } else if (namespace === '') {
    yield { type: 'Required', field };
  } else {
    yield* invalidValues(field, namespace, dnsLabelErrors(namespace));
  }
}

function* labelErrors(labels: Record<string, string>): Found {
  const field = 'metadata.labels';
  for (const key of Object.keys(labels)) {
    const value = labels[key]!;
    const ofKey = qualifiedNameErrors(key);
    if (ofKey.length > 0) yield* invalidValues(field, key, ofKey);
    const ofValue = labelValueErrors(value);
    if (ofValue.length > 0) yield* invalidValues(field, value, ofValue);
  }
}

function* annotationErrors(annotations: Record<string, string>): Found {
  const field = 'metadata.annotations';
  let bytes = 0;
  for (const key of Object.keys(annotations)) {
    const ofKey = qualifiedNameErrors(key.toLowerCase());
    if (ofKey.length > 0) yield* invalidValues(field, key, ofKey);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key]!);
  }
  if (bytes > maxAnnotationBytes) {
    yield { type: 'TooLong', field, detail: `may not be more than ${maxAnnotationBytes} bytes` };
  }
}

function* ownerErrors(owners: OwnerReference[]): Found {
  const field = 'metadata.ownerReferences';
  let controller: string | undefined;
  for (const owner of owners) {
    yield* oneOwnerErrors(owner, field);
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      const detail =
        'Only one reference can have Controller set to true. ' +
        `Found "true" in references for ${controller} and ${name}`;
      yield { type: 'Invalid', field, value: owners, detail };
    }
    controller ??= name;
  }
}

function* oneOwnerErrors(owner: OwnerReference, field: string): Found {
  const { apiVersion = '', kind = '' } = owner;
  if (apiVersion === '' || apiVersion.endsWith('/') || apiVersion.split('/', 3).length > 2) {
    yield* invalidValues(`${field}.apiVersion`, apiVersion, ['version must not be empty']);
  }
  for (const name of ['kind', 'name', 'uid'] as const) {
    const value = owner[name] ?? '';
    if (value === '') yield* invalidValues(`${field}.${name}`, value, ['must not be empty']);
  }
  if (/^\/?v1$/.test(apiVersion) && kind === 'Event') {
    yield* invalidValues(field, owner, ['/v1, Kind=Event is disallowed from being an owner']);
  }
}

function* finalizerErrors(finalizers: string[]): Found {
  const field = 'metadata.finalizers';
  for (const name of finalizers) {
    const problems = qualifiedNameErrors(name);
    if (problems.length > 0) yield* invalidValues(field, name, problems);
  }
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    const detail = `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`;
    yield { type: 'Invalid', field, value: finalizers, detail };
  }
}

/** Finalizers of Kubernetes itself that no domain owns. */
const standardFinalizers = new Set(['kubernetes', orphanFinalizer, foregroundFinalizer]);

/** A word on each new finalizer whose name others may use too (apiextensions WarningsOnCreate and -Update). */
export function finalizerWarnings(next: ApiObject, old: ApiObject | undefined): string[] {
  const known = new Set(old?.metadata.finalizers);
  const added = new Set(next.metadata.finalizers?.filter(name => !known.has(name) && !name.includes('/')));
  return [...added]
    .filter(name => !standardFinalizers.has(name))
    .sort()
    .map(name => {
      const path = name.includes('.') ? ' including a path (/)' : '';
      return (
        `metadata.finalizers: ${goQuote(name)}: prefer a domain-qualified finalizer name${path} ` +
        'to avoid accidental conflicts with other finalizer writers'
      );
    });
}

function* managedFieldsErrors(entries: NonNullable<ObjectMeta['managedFields']>): Found {
  for (const [index, entry] of entries.entries()) {
    const field = `metadata.managedFields[${index}]`;
    const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : '');
    const [operation, fieldsType] = [text('operation'), text('fieldsType')];
    if (operation !== 'Apply' && operation !== 'Update') {
      yield* invalidValues(`${field}.operation`, operation, ['must be `Apply` or `Update`']);
    }
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
      yield* invalidValues(`${field}.fieldsType`, fieldsType, ['must be `FieldsV1`']);
    }
    yield* fieldManagerErrors(text('manager'), `${field}.manager`);
    if (Buffer.byteLength(text('subresource')) > maxSubresourceBytes) {
      const detail = `may not be more than ${maxSubresourceBytes} bytes`;
      yield { type: 'TooLong', field: `${field}.subresource`, detail };
    }
  }
}

const immutableFields = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/**
 * What an update may not change in metadata (apimachinery ValidateObjectMetaUpdate); validateObjectMeta is the
 * other half and is to be called too. Fields that an update keeps silently (machinery.md §3.3) are expected to
 * have been filled in, and the resourceVersion to have been compared.
 */
export function validateObjectMetaUpdate(next: ApiObject, old: ApiObject): FieldError[] {
  return first(objectMetaUpdateErrors(next, old));
}

function* objectMetaUpdateErrors(next: ApiObject, old: ApiObject): Found {
  if (old.metadata.deletionTimestamp) {
    const known = new Set(old.metadata.finalizers);
    const added = [...new Set(next.metadata.finalizers)].filter(name => !known.has(name)).sort();
    if (added.length > 0) {
      const detail =
        'no new finalizers can be added if the object is being deleted, ' +
        `found new finalizers []string{${added.map(goQuote).join(', ')}}`;
      yield { type: 'Forbidden', field: 'metadata.finalizers', detail };
    }
  }
  if ((next.metadata.generation ?? 0) < (old.metadata.generation ?? 0)) {
    const value = next.metadata.generation ?? 0;
    yield* invalidValues('metadata.generation', value, ['must not be decremented']);
  }
  for (const name of immutableFields) {
    const [value, before] = [next.metadata[name], old.metadata[name]];
    if (equal(value, before)) continue;
    const printed = value ?? (name.endsWith('p') || name.endsWith('s') ? null : '');
    yield* invalidValues(`metadata.${name}`, printed, ['field is immutable']);
  }
}

const generatedCharacters = 'bcdfghjklmnpqrstvwxz2456789';
const generatedLength = 5;
const maxGeneratedNameLength = 63;

/**
 * A name for generateName: the prefix, cut so that the whole stays within 63 characters, and five random
 * characters of an alphabet that spells no words (apiserver SimpleNameGenerator).
 */
export function generateName(base: string): string {
  let name = base.slice(0, maxGeneratedNameLength - generatedLength);
  for (let i = 0; i < generatedLength; i++)
    name += generatedCharacters[randomInt(generatedCharacters.length)];
  return name;
}
