import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { copy, equal } from '../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { isJsonObject } from '../../../src/machinery/own-field.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { schemaNode } from '../../../src/schema/node.ts';
import { passes } from '../../../src/schema/passes.ts';
import { prune } from '../../../src/schema/prune.ts';
import type { Schema } from '../../../src/schema/schema.ts';
import { canonicalize } from '../../../src/schema/semantics.ts';
import { findProblems } from '../../../src/schema/validate.ts';
import { allMutations } from './mutations.ts';

/** Every example of a kind, right or wrong, and every object that differs from the richest one in one field. */
const objects: [Kind, ApiObject][] = [
  ...kinds.flatMap(kind =>
    [...kind.examples.valid, ...kind.examples.invalid.map(({ object }) => object)].map(
      object => [kind, object] as [Kind, ApiObject],
    ),
  ),
  // What has no metadata does not come as far.
  ...allMutations()
    .filter(({ field }) => /^(spec|status)\b/.test(field))
    .map(({ kind, object }) => [kind, object as unknown as ApiObject] as [Kind, ApiObject]),
];

/** What `canonicalize` does, in its plainest form. */
function canonical(schema: Schema, value: Json): Json {
  if (value === null) return value;
  let next = value;
  if (Array.isArray(value)) next = value.map(item => (schema.items ? canonical(schema.items, item) : item));
  else if (isJsonObject(value)) {
    const fields = Object.entries(value).map(([name, field]) => {
      const properties: Record<string, Schema> = schema.properties ?? {};
      const child = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
      return [name, child ? canonical(child, field) : field];
    });
    next = Object.fromEntries(fields) as JsonObject;
  }
  return schema.canonical ? schema.canonical(next) : next;
}

/** The same with numbers as texts, which is how some write ports and protocols. */
function inTexts(value: Json): Json {
  if (Array.isArray(value)) return value.map(inTexts);
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, inTexts(field)]));
  }
  return typeof value === 'number' ? `${value}` : value;
}

/** An object as it is when it is checked. */
function settled(kind: Kind, object: ApiObject): ApiObject {
  const next = copy(object);
  prune(kind.schema, next);
  canonicalize(kind.schema, next);
  applyDefaults(kind.schema, next);
  return next;
}

suite('examples and mutations of them', () => {
  test('have no problems where they pass at once, by themselves and beside the example', () => {
    let passed = 0;
    const examples = new Map(kinds.map(kind => [kind, settled(kind, kind.examples.valid[0]!)]));
    for (const [kind, object] of objects) {
      const next = settled(kind, object);
      for (const before of [undefined, examples.get(kind)!]) {
        if (!passes(schemaNode(kind.schema), { object: next, old: before })) continue;
        passed++;
        const problems = atOnce(findProblems(kind.schema, next, before));
        if (problems.length > 0) assert.deepEqual({ problems, next }, { problems: [], next });
      }
    }
    assert.ok(passed > 1000, `${passed} passed`);
  });

  test('get the canonical form that a walk over all their fields gives', () => {
    let changed = 0;
    for (const [kind, given] of objects) {
      const object = inTexts(given as unknown as Json) as unknown as ApiObject;
      const expected = canonical(kind.schema, object as unknown as Json);
      const found = copy(object);
      canonicalize(kind.schema, found);
      assert.deepEqual(found, expected);
      if (!equal(found, object)) changed++;
    }
    assert.ok(changed > 0);
  });
});
