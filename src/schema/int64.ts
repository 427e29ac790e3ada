import type { Schema } from './schema.ts';

/** Whether values of the schema may hold 64-bit integers, which a plain JSON.parse would round beyond 2^53. */
export function hasInt64(schema: Schema): boolean {
  return (
    (schema.type === 'integer' && schema.format === 'int64') ||
    Object.values(schema.properties ?? {}).some(hasInt64) ||
    (schema.items !== undefined && hasInt64(schema.items)) ||
    (schema.additionalProperties !== undefined && hasInt64(schema.additionalProperties))
  );
}
