import type { Json } from '../../machinery/json.ts';
import { parseAsNumber } from '../as-number.ts';
import { defineRule, type Rule } from '../rule.ts';

export { canonicalAsNumber } from '../as-number.ts';

const wanted = 'must be an AS number from 0 to 4294967295, or two halves from 0 to 65535, such as "1.10"';

/** An AS number. Goes with `canonicalAsNumber`. */
export const asNumberRule: Rule = defineRule<Json>({
  id: 'as-number',
  says: 'Must be a number from 0 to 4294967295, also as a string, or two halves from 0 to 65535 such as "1.10".',
  source: 'kinds.md 0.4, numorstring values (ASNumber)',
  check: value => (parseAsNumber(value) === undefined ? { detail: wanted } : undefined),
  cases: {
    valid: [
      { value: 0 },
      { value: 64512 },
      { value: 4294967295 },
      { value: '64512', why: 'it is stored as the number' },
      { value: '1.10', why: 'it is stored as 65546' },
      { value: '65535.65535' },
    ],
    invalid: [
      { value: 4294967296, detail: wanted },
      { value: -1, detail: wanted },
      { value: '4294967296', detail: wanted },
      { value: '1.65536', detail: wanted },
      { value: '65536.0', detail: wanted },
      { value: '1.2.3', detail: wanted },
      { value: 'AS64512', detail: wanted },
      { value: '', detail: wanted },
    ],
  },
});
