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

/** What a rule may look at beyond the object: a bounded read of other objects. */
export interface RuleContext {
  lookup(plural: string, options: { namespace?: string; name?: string }): Promise<ApiObject[]>;
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
  /** Objects that exist once the server has started. */
  initial?: ApiObject[];
  /** Defaults that the schema cannot say. Changes `object` in place; runs before `rules`. */
  defaults?(object: ApiObject, old: ApiObject | undefined): void;
  /** Rules that the schema cannot say: every problem of `object`, which replaces `old` on an update. */
  rules?(
    object: ApiObject,
    old: ApiObject | undefined,
    context: RuleContext,
  ): Promise<FieldError[]> | FieldError[];
  /** Valid objects, the first of them the richest, and invalid ones with the field errors they give (`<field>: <text>`). */
  examples: { valid: ApiObject[]; invalid: { why: string; object: ApiObject; errors: string[] }[] };
}
