import { equal } from '../../machinery/equal.ts';
import type { Situation } from '../../schema/rule.ts';
import { objectIn } from './fill.ts';

/**
 * Whether an update leaves a field of spec as it was: rules on the whole object do not hold it against the update then,
 * as rules on the field itself do not.
 */
export function isKept({ object, old }: Situation, field: string): boolean {
  const before = objectIn(old, 'spec')?.[field];
  return before !== undefined && equal(before, objectIn(object, 'spec')?.[field]);
}
