import type { Schema } from './schema.ts';

/**
 * Builders of structural schemas. The TypeScript type of a value is inferred from its schema: `Infer<typeof schema>`.
 * Every builder takes the description first, since `kubectl explain` shows it, then the constraints.
 */

declare const shape: unique symbol;

/** A schema that knows the type of its values. */
export type Typed<T> = Schema & { readonly [shape]?: T };

/** The type of the values that a schema describes. */
export type Infer<S> = S extends Typed<infer T> ? T : never;

type Constraints = Omit<
  Schema,
  'type' | 'description' | 'properties' | 'required' | 'items' | 'additionalProperties'
>;

export function string(description: string, constraints: Constraints = {}): Typed<string> {
  return { type: 'string', description, ...constraints };
}

/** A string that is one of the values. */
export function oneOf<const V extends readonly string[]>(
  values: V,
  description: string,
  constraints: Constraints = {},
): Typed<V[number]> {
  return { type: 'string', description, enum: [...values], ...constraints };
}

export function integer(description: string, constraints: Constraints = {}): Typed<number> {
  return { type: 'integer', description, ...constraints };
}

/** A 64-bit integer; values beyond 2^53 are held as bigint. */
export function int64(description: string, constraints: Constraints = {}): Typed<number | bigint> {
  return { type: 'integer', description, format: 'int64', ...constraints };
}

export function number(description: string, constraints: Constraints = {}): Typed<number> {
  return { type: 'number', description, ...constraints };
}

export function boolean(description: string, constraints: Constraints = {}): Typed<boolean> {
  return { type: 'boolean', description, ...constraints };
}

export function intOrString(description: string, constraints: Constraints = {}): Typed<number | string> {
  return {
    description,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    ...constraints,
  };
}

export function array<T>(items: Typed<T>, description: string, constraints: Constraints = {}): Typed<T[]> {
  return { type: 'array', description, items, ...constraints };
}

/** An object with free keys and values of one schema. */
export function map<T>(
  values: Typed<T>,
  description: string,
  constraints: Constraints = {},
): Typed<Record<string, T>> {
  return { type: 'object', description, additionalProperties: values, ...constraints };
}

type Properties = Record<string, Typed<unknown>>;
type ObjectOf<P extends Properties, R extends keyof P> = { [K in R]: Infer<P[K]> } & {
  [K in Exclude<keyof P, R>]?: Infer<P[K]>;
};

/** An object with fixed fields; those named in `required` must be there. */
export function object<P extends Properties, R extends keyof P & string = never>(
  properties: P,
  description: string,
  constraints: Constraints & { required?: readonly R[] } = {},
): Typed<ObjectOf<P, R>> {
  const { required, ...rest } = constraints;
  return {
    type: 'object',
    description,
    properties,
    ...(required && required.length > 0 && { required: [...required] }),
    ...rest,
  };
}
