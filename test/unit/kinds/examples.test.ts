import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { fieldErrorBody } from '../../../src/machinery/status.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { prune } from '../../../src/schema/prune.ts';
import { canonicalize } from '../../../src/schema/semantics.ts';
import { validate } from '../../../src/schema/validate.ts';

/** The way of a write through a kind: unknown fields go, defaults come, then everything is checked. */
function through(kind: Kind, object: ApiObject): { unknown: string[]; errors: string[]; stored: ApiObject } {
  const stored = structuredClone(object);
  const unknown = prune(kind.schema, stored);
  canonicalize(kind.schema, stored);
  applyDefaults(kind.schema, stored);
  kind.defaults?.(stored, undefined);
  const errors = atOnce(validate(kind.schema, stored, undefined));
  return { unknown, errors: errors.map(each => `${each.field}: ${fieldErrorBody(each)}`), stored };
}

for (const kind of kinds) {
  describe(`${kind.kind}: examples`, () => {
    for (const object of kind.examples.valid) {
      test(`valid: ${object.metadata.name}`, () => {
        const { unknown, errors, stored } = through(kind, object);
        assert.deepEqual(unknown, []);
        assert.deepEqual(errors, []);
        // A tiered policy carries its tier as a label; nothing else of metadata is touched.
        const { tier } = (stored.spec ?? {}) as { tier?: string };
        const labels = kind.tiered && {
          labels: { ...object.metadata.labels, 'projectcalico.org/tier': tier },
        };
        assert.deepEqual(stored.metadata, { ...object.metadata, ...labels });
      });

      test(`valid: ${object.metadata.name}, written as it was stored, is stored the same`, () => {
        const { stored } = through(kind, object);
        const again = through(kind, stored);
        assert.deepEqual(again.unknown, []);
        assert.deepEqual(again.stored, stored);
        assert.deepEqual(atOnce(validate(kind.schema, structuredClone(stored), stored)), []);
      });
    }

    for (const { why, object, errors } of kind.examples.invalid) {
      test(`invalid: ${why}`, () => {
        const found = through(kind, object);
        assert.deepEqual(found.unknown, []);
        assert.notEqual(errors.length, 0);
        assert.deepEqual([...found.errors].sort(), [...errors].sort());
      });
    }

    for (const object of kind.initial?.() ?? []) {
      test(`initial: ${object.metadata.name}`, () => {
        const { unknown, errors, stored } = through(kind, object);
        assert.deepEqual(unknown, []);
        assert.deepEqual(errors, []);
        assert.deepEqual(stored, object, 'an initial object leaves nothing to defaults');
      });
    }
  });
}
