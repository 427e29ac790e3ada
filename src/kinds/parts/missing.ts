import type { JsonObject } from '../../machinery/json.ts';
import type { Problem } from '../../schema/rule.ts';

/** The fields that are missing, as problems; the empty string counts as missing, as with Calico's `required`. */
export function missing(value: JsonObject, fields: readonly string[]): Problem[] {
  return fields
    .filter(field => value[field] === undefined || value[field] === null || value[field] === '')
    .map(field => ({ at: `.${field}`, type: 'Required', detail: 'is needed' }));
}
