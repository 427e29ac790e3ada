import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { defineRule, type Rule } from '../../schema/rule.ts';
import { apiVersion } from '../kind.ts';

const says = 'There is one object of the kind, and its name is default.';
const source = 'kinds.md 0.2, Metadata rules (singleton)';
const detail = 'there is only one object of this kind, and its name is "default"';
const at = '.metadata.name';

function named(name: string): { value: Json; object: ApiObject } {
  const object = { apiVersion, kind: 'IPAMConfiguration', metadata: { name }, spec: {} };
  return { value: object, object };
}

function check({ metadata }: ApiObject) {
  return metadata.name === 'default' ? undefined : { at, value: metadata.name ?? '', detail };
}

/** For the root of a kind that has one object, named default. */
export const singletonRule: Rule = defineRule<Json>({
  id: 'singleton-name',
  says,
  source,
  check: (_value, { object }) => check(object),
  cases: { valid: [named('default')], invalid: [{ ...named('other'), at, detail }] },
});

/** The same, for kinds where Calico asks only when the object is created. */
export const singletonAtCreationRule: Rule = defineRule<Json>({
  id: 'singleton-name-at-creation',
  says,
  source,
  check: (_value, { object, old }) => (old ? undefined : check(object)),
  cases: {
    valid: [named('default'), { ...named('other'), old: named('other').object, why: 'it is there already' }],
    invalid: [{ ...named('other'), at, detail }],
  },
});
