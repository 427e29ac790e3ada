import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import type { Schema } from '../../../src/schema/schema.ts';

/** Paths of the nodes that say nothing of themselves, or in another form than kubectl explain shows well. */
function undescribed(at: string, schema: Schema): string[] {
  const own = /^\S[\s\S]*[.)]$/.test(schema.description ?? '') ? [] : [at];
  const inner = [
    ...Object.entries(schema.properties ?? {}).map(([name, each]) => undescribed(`${at}.${name}`, each)),
    ...(schema.items ? [undescribed(`${at}[]`, schema.items)] : []),
    ...(schema.additionalProperties ? [undescribed(`${at}{}`, schema.additionalProperties)] : []),
  ];
  return [...own, ...inner.flat()];
}

describe('facts of the kinds', () => {
  test('names, plurals and short names are taken once', () => {
    const names = kinds.flatMap(kind => [...new Set([kind.plural, kind.singular, ...kind.shortNames])]);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
    assert.deepEqual(
      names.filter(name => !/^[a-z]+$/.test(name)),
      [],
    );
  });

  test('kinds are sorted by plural', () => {
    const plurals = kinds.map(kind => kind.plural);
    assert.deepEqual(plurals, [...plurals].sort());
  });

  for (const kind of kinds) {
    test(`${kind.kind}: every field has a description that is a sentence`, () => {
      assert.match(kind.description, /^[A-Z][\s\S]*\.$/);
      assert.deepEqual(undescribed(kind.kind, kind.schema), []);
    });

    test(`${kind.kind}: the last column is the age`, () => {
      const last = kind.columns.at(-1);
      assert.equal(last?.name, 'Age');
      assert.equal(last?.type, 'date');
      const created = '2026-01-02T03:04:05Z';
      const dated = { apiVersion, kind: kind.kind, metadata: { name: 'x', creationTimestamp: created } };
      assert.equal(last?.value(dated), created);
    });

    test(`${kind.kind}: columns cope with an object that has nothing, and fit their type`, () => {
      const bare = { apiVersion, kind: kind.kind, metadata: { name: 'bare' } };
      for (const each of [bare, { ...bare, spec: {} }, ...kind.examples.valid]) {
        for (const column of kind.columns) {
          const cell = column.value(each);
          if (cell === undefined) continue;
          const expected =
            column.type === 'date' ? 'string' : column.type === 'integer' ? 'number' : column.type;
          assert.equal(typeof cell, expected, `${column.name} of ${each.metadata.name}`);
        }
      }
    });

    test(`${kind.kind}: examples and initial objects are of the kind`, () => {
      const all = [...kind.examples.valid, ...kind.examples.invalid.map(each => each.object)];
      for (const each of [...all, ...(kind.initial?.() ?? [])]) {
        assert.equal(each.apiVersion, apiVersion);
        assert.equal(each.kind, kind.kind);
        assert.ok(each.metadata.name);
        assert.equal(each.metadata.namespace !== undefined, kind.namespaced, each.metadata.name);
      }
      assert.ok(kind.examples.valid.length >= 2);
      assert.ok(kind.examples.invalid.length >= 3);
    });

    test(`${kind.kind}: selectable fields are fields`, () => {
      for (const path of kind.selectableFields) {
        const node = path
          .split('.')
          .reduce<Schema | undefined>((at, step) => at?.properties?.[step], kind.schema);
        assert.equal(node?.type, 'string', path);
      }
      assert.equal(kind.tiered, kind.selectableFields.includes('spec.tier'));
    });
  }
});
