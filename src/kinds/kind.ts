import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { FieldError } from '../machinery/status.ts';
import type { Schema } from '../schema/schema.ts';

export const group = 'projectcalico.org';
export const version = 'v3';
export const apiVersion = `${group}/${version}`;

/** Which codec a backend uses for the kind (design: storage classes). */
export type StorageClass = 'resource' | 'profile' | 'ipam-block' | 'ipam-handle' | 'affinity' | 'ipam-config';

/** A column of `kubectl get`. The Name column is always there and always first; it is not listed here. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  priority?: 0 | 1;
  /** The cell; undefined prints as an empty cell. A `date` column returns an RFC 3339 time and is printed as an age. */
  value(object: ApiObject): Json | undefined;
}

/** A write that is about to happen. */
export interface Change {
  operation: 'create' | 'update' | 'delete';
  /** The object to be stored; the one to go, for a delete. */
  object: ApiObject;
  /** What it replaces, for an update. */
  old: ApiObject | undefined;
}

/**
 * Reads of other objects for rules across objects. The write commits only if nothing that was read here has changed meanwhile;
 * else the rule is asked again. Of objects listed, one that has gone meanwhile may be missed: a rule must not rest on there
 * being one in a list, for that it gets it.
 */
export interface View {
  get(plural: string, name: string, namespace?: string): Promise<ApiObject | undefined>;
  /** All objects of a kind, of all namespaces; with `where` those whose selectable fields have these values. */
  list(plural: string, options?: { where?: Record<string, string> }): Promise<ApiObject[]>;
}

/** A view whose objects can be written. What is written must have been read here. */
export interface Workspace extends View {
  /** The object as stored, or undefined where the one that was read has been changed or removed meanwhile. */
  update(plural: string, object: ApiObject): Promise<ApiObject | undefined>;
  /** Removes the object, or marks it where finalizers hold it. False where it has been changed or removed meanwhile. */
  remove(plural: string, object: ApiObject): Promise<boolean>;
}

/**
 * What a delete does before it removes an object. A delete that was cut short is taken up by the next one, so both steps
 * must do nothing where they have been done.
 */
export interface Retirement {
  /** The object as it must be stored first, so that nobody begins to use it; undefined where it is so already. */
  close(object: ApiObject): ApiObject | undefined;
  /**
   * Brings the objects that depend on this one in order; returns how many it found to do. It is called again, with a fresh
   * workspace, until there are none, and the object goes only if none has come up since.
   */
  release(object: ApiObject, workspace: Workspace): Promise<number>;
}

/** Everything the server knows of one kind. The whole of a kind is one file that exports one of these. */
export interface Kind {
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories?: string[];
  namespaced: boolean;
  /** Whether objects belong to a tier (spec.tier). */
  tiered: boolean;
  statusSubresource: boolean;
  storageClass: StorageClass;
  /** What the kind is for; the first line of `kubectl explain`. */
  description: string;
  /** Schema of the whole object less apiVersion, kind and metadata, which every kind has. */
  schema: Schema;
  /** Field selectors beyond metadata.name and metadata.namespace, e.g. `spec.tier`. */
  selectableFields: string[];
  columns: Column[];
  /** Objects that exist once the server has started, as they are created where they are not there yet. */
  initial?(): ApiObject[];
  /** Whether its objects stay for good, since agents end when one goes: a delete is answered 405. */
  permanent?: true;
  /** Defaults that the schema cannot say. Changes `object` in place; a second time changes nothing. */
  defaults?(object: ApiObject, old: ApiObject | undefined): void;
  /** What is legal but probably wrong, one sentence each, for Warning headers. */
  warnings?(object: ApiObject, old: ApiObject | undefined): string[];
  /**
   * Rules across objects: every problem of the change (422). Throws StatusError for what is another code. Runs where no
   * field is of a wrong type; required ones may be missing.
   */
  admit?(change: Change, view: View): Promise<FieldError[]>;
  /** What `admit` and `retire` see to, for the reference pages. */
  acrossObjects?: { at: string; says: string; source: string }[];
  /** What goes before the removal of an object. */
  retire?: Retirement;
  /** Valid objects, the first of them the richest, and invalid ones with the field errors they give (`<field>: <text>`). */
  examples: { valid: ApiObject[]; invalid: { why: string; object: ApiObject; errors: string[] }[] };
}
