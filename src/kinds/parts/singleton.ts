import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { defineRule, type Rule } from '../../schema/rule.ts';
import { apiVersion } from '../kind.ts';

const detail = 'there is only one object of this kind, and its name is "default"';
const at = '.metadata.name';

function named(name: string): { value: Json; object: ApiObject } {
  const object = { apiVersion, kind: 'IPAMConfiguration', metadata: { name }, spec: {} };
  return { value: object, object };
}

/**
 * For the root of a kind that has one object, named default. One of another name that is there already can be changed, so
 * that its finalizers can be taken off.
 */
export const singletonRule: Rule = defineRule<Json>({
  id: 'singleton-name',
  says: 'There is one object of the kind, and its name is default.',
  source: 'kinds.md 0.2, Metadata rules (singleton)',
  ofMetadata: true,
  check: (_value, { object: { metadata }, old }) =>
    old || metadata.name === 'default' ? undefined : { at, value: metadata.name ?? '', detail },
  cases: {
    valid: [named('default'), { ...named('other'), old: named('other').object, why: 'it is there already' }],
    invalid: [{ ...named('other'), at, detail }],
  },
});
