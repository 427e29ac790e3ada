import type { Json } from '../machinery/json.ts';
import type { Rule } from './rule.ts';

/** A CEL rule of a schema node (apiextensions/v1 ValidationRule). */
export interface ValidationRule {
  rule: string;
  message?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  fieldPath?: string;
}

/** The name of a type in Calico's API, and what it is where the description of the node is that of one field. */
export interface Definition {
  name: string;
  description?: string;
}

/** A Kubernetes structural schema node (apiextensions/v1 JSONSchemaProps, the part that Calico's kinds use). */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
  enum?: Json[];
  default?: Json;
  nullable?: boolean;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-validations'?: ValidationRule[];
  /** The definition that the OpenAPI documents publish this under. */
  definition?: Definition;
  /** Rules of Calico beyond what OpenAPI can say. */
  rules?: readonly Rule[];
  /** Brings a value into the form that is stored; leaves what it does not know as it is. */
  canonical?: (value: Json) => Json;
}

/** What a schema holds for the server alone: no document and no CustomResourceDefinition has it. */
export const unpublished: ReadonlySet<string> = new Set<keyof Schema>(['definition', 'rules', 'canonical']);
