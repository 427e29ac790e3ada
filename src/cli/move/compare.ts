import { createHash } from 'node:crypto';
import type { Kind } from '../../kinds/kind.ts';
import { copy, equal } from '../../machinery/equal.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { fillDefaults } from '../../registry/prepare.ts';

/** An object as it is compared over two stores: `metadata.labels`, `spec.nets` and so on, each with its value. */
export type Form = Map<string, Json>;

/**
 * What an object says, whichever store it lies in and whoever has written it: its fields to the second level, with the defaults of
 * the kind, without its version and without what is empty and may as well be absent.
 */
export function formOf(kind: Kind, object: ApiObject): Form {
  const filled = copy(object);
  fillDefaults({ kind }, filled, undefined);
  delete filled.metadata.resourceVersion;
  const form: Form = new Map();
  for (const [field, value] of Object.entries(filled as unknown as JsonObject)) {
    if (field === 'apiVersion' || field === 'kind') continue;
    if (!isJsonObject(value)) form.set(field, value);
    else for (const [name, inner] of Object.entries(value)) form.set(`${field}.${name}`, inner);
  }
  for (const [path, value] of form) if (isEmpty(value)) form.delete(path);
  return form;
}

function isEmpty(value: Json): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The fields in which two forms differ, sorted. */
export function differences(a: Form, b: Form): string[] {
  const paths = new Set([...a.keys(), ...b.keys()]);
  return [...paths].filter(path => !equal(a.get(path), b.get(path))).sort();
}

/** The same text for forms that are equal but for the fields left out, and for no others. */
export function fingerprint(form: Form, leftOut: ReadonlySet<string>): string {
  const hash = createHash('sha256');
  for (const path of [...form.keys()].sort()) {
    if (!leftOut.has(path)) hash.update(`${path} ${canonical(form.get(path)!)}\n`);
  }
  return hash.digest('base64url').slice(0, 22);
}

/** JSON with sorted fields, in which a number looks the same whatever type holds it. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isJsonObject(value)) return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map(field => `${JSON.stringify(field)}:${canonical(value[field]!)}`).join()}}`;
}
