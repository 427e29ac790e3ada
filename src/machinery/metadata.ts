import { randomInt } from 'node:crypto';
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

function invalidValues(field: string, value: unknown, details: string[]): FieldError[] {
  return details.map(detail => ({ type: 'Invalid', field, value, detail }));
}

/**
 * Every rule of apimachinery's ValidateObjectMeta on the metadata of an object whose name has been generated and
 * whose metadata has the right types (metadataTypeErrors): name, namespace, labels, annotations, owners,
 * finalizers, managed fields. Names are DNS subdomains; kinds with other names have rules of their own beside this.
 */
export function validateObjectMeta(object: ApiObject, options: { namespaced: boolean }): FieldError[] {
  const { metadata } = object;
  return [
    ...nameErrors(metadata),
    ...namespaceErrors(metadata.namespace ?? '', options.namespaced),
    ...((metadata.generation ?? 0) < 0
      ? invalidValues('metadata.generation', metadata.generation, ['must be greater than or equal to 0'])
      : []),
    ...labelErrors(metadata.labels ?? {}),
    ...annotationErrors(metadata.annotations ?? {}),
    ...ownerErrors(metadata.ownerReferences ?? []),
    ...finalizerErrors(metadata.finalizers ?? []),
    ...managedFieldsErrors(metadata.managedFields ?? []),
  ];
}

function nameErrors(metadata: ObjectMeta): FieldError[] {
  const { name = '', generateName = '' } = metadata;
  const errors: FieldError[] = [];
  if (generateName !== '') {
    errors.push(
      ...invalidValues(
        'metadata.generateName',
        generateName,
        dnsSubdomainErrors(maskTrailingDash(generateName)),
      ),
    );
  }
  if (name === '') {
    errors.push({ type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' });
  } else {
    errors.push(...invalidValues('metadata.name', name, dnsSubdomainErrors(name)));
  }
  return errors;
}

/** A prefix may end in a dash, since more follows. Upstream replaces the last two characters, and so does this. */
function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

function namespaceErrors(namespace: string, namespaced: boolean): FieldError[] {
  const field = 'metadata.namespace';
  if (!namespaced)
    return namespace === '' ? [] : [{ type: 'Forbidden', field, detail: 'not allowed on this type' }];
  if (namespace === '') return [{ type: 'Required', field }];
  return invalidValues(field, namespace, dnsLabelErrors(namespace));
}

function labelErrors(labels: Record<string, string>): FieldError[] {
  const field = 'metadata.labels';
  return Object.entries(labels).flatMap(([key, value]) => [
    ...invalidValues(field, key, qualifiedNameErrors(key)),
    ...invalidValues(field, value, labelValueErrors(value)),
  ]);
}

function annotationErrors(annotations: Record<string, string>): FieldError[] {
  const field = 'metadata.annotations';
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    errors.push(...invalidValues(field, key, qualifiedNameErrors(key.toLowerCase())));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxAnnotationBytes) {
    errors.push({ type: 'TooLong', field, detail: `may not be more than ${maxAnnotationBytes} bytes` });
  }
  return errors;
}

function ownerErrors(owners: OwnerReference[]): FieldError[] {
  const field = 'metadata.ownerReferences';
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const owner of owners) {
    errors.push(...oneOwnerErrors(owner, field));
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      const detail =
        'Only one reference can have Controller set to true. ' +
        `Found "true" in references for ${controller} and ${name}`;
      errors.push({ type: 'Invalid', field, value: owners, detail });
    }
    controller ??= name;
  }
  return errors;
}

function oneOwnerErrors(owner: OwnerReference, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const { apiVersion = '', kind = '' } = owner;
  const needed = (name: 'kind' | 'name' | 'uid') => {
    const value = owner[name] ?? '';
    if (value === '') errors.push(...invalidValues(`${field}.${name}`, value, ['must not be empty']));
  };
  if (apiVersion === '' || apiVersion.endsWith('/') || apiVersion.split('/').length > 2) {
    errors.push(...invalidValues(`${field}.apiVersion`, apiVersion, ['version must not be empty']));
  }
  needed('kind');
  needed('name');
  needed('uid');
  if (/^\/?v1$/.test(apiVersion) && kind === 'Event') {
    errors.push(...invalidValues(field, owner, ['/v1, Kind=Event is disallowed from being an owner']));
  }
  return errors;
}

function finalizerErrors(finalizers: string[]): FieldError[] {
  const field = 'metadata.finalizers';
  const errors = finalizers.flatMap(name => invalidValues(field, name, qualifiedNameErrors(name)));
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    const detail = `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`;
    errors.push({ type: 'Invalid', field, value: finalizers, detail });
  }
  return errors;
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

function managedFieldsErrors(entries: NonNullable<ObjectMeta['managedFields']>): FieldError[] {
  return entries.flatMap((entry, index) => {
    const field = `metadata.managedFields[${index}]`;
    const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : '');
    const errors: FieldError[] = [];
    const [operation, fieldsType] = [text('operation'), text('fieldsType')];
    if (operation !== 'Apply' && operation !== 'Update') {
      errors.push(...invalidValues(`${field}.operation`, operation, ['must be `Apply` or `Update`']));
    }
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
      errors.push(...invalidValues(`${field}.fieldsType`, fieldsType, ['must be `FieldsV1`']));
    }
    errors.push(...fieldManagerErrors(text('manager'), `${field}.manager`));
    if (Buffer.byteLength(text('subresource')) > maxSubresourceBytes) {
      const detail = `may not be more than ${maxSubresourceBytes} bytes`;
      errors.push({ type: 'TooLong', field: `${field}.subresource`, detail });
    }
    return errors;
  });
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
  const errors: FieldError[] = [];
  if (old.metadata.deletionTimestamp) {
    const known = new Set(old.metadata.finalizers);
    const added = [...new Set(next.metadata.finalizers)].filter(name => !known.has(name)).sort();
    if (added.length > 0) {
      const detail =
        'no new finalizers can be added if the object is being deleted, ' +
        `found new finalizers []string{${added.map(goQuote).join(', ')}}`;
      errors.push({ type: 'Forbidden', field: 'metadata.finalizers', detail });
    }
  }
  if ((next.metadata.generation ?? 0) < (old.metadata.generation ?? 0)) {
    const value = next.metadata.generation ?? 0;
    errors.push(...invalidValues('metadata.generation', value, ['must not be decremented']));
  }
  for (const name of immutableFields) {
    const [value, before] = [next.metadata[name], old.metadata[name]];
    if (equal(value, before)) continue;
    const printed = value ?? (name.endsWith('p') || name.endsWith('s') ? null : '');
    errors.push(...invalidValues(`metadata.${name}`, printed, ['field is immutable']));
  }
  return errors;
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
