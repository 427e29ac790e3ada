import type { Schema } from './schema.ts';

/** Whether values of the schema may hold 64-bit integers, which a plain JSON.parse would round beyond 2^53. */
export function hasInt64(schema: Schema): boolean {
  if (schema.type === 'integer' && schema.format === 'int64') return true;
  // What the schema does not know may be anything.
  if (schema['x-kubernetes-preserve-unknown-fields']) return true;
  const below = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
  return below.some(child => child !== undefined && hasInt64(child));
}
