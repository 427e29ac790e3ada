import fc from 'fast-check';
import type { FieldSet } from '../../../../src/machinery/apply/field-set.ts';
import { setOf } from '../../../../src/machinery/apply/field-set.ts';
import type { Step } from '../../../../src/machinery/apply/step.ts';
import { fieldStep, keyStep, valueStep } from '../../../../src/machinery/apply/step.ts';
import { resetFields, type Tracking } from '../../../../src/machinery/apply/track.ts';
import type { Json, JsonObject } from '../../../../src/machinery/json.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import { array, boolean, integer, map, object, string } from '../../../../src/schema/build.ts';
import { objectShape } from '../../../../src/schema/merge-shape.ts';

export const apiVersion = 'example.org/v1';

const port = object(
  { name: string('Name.'), port: integer('Port.'), protocol: string('Protocol.', { default: 'TCP' }) },
  'Port.',
);

/** A kind that has each sort of list and of map. */
export const schema = object(
  {
    spec: object(
      {
        note: string('Note.'),
        count: integer('Count.'),
        on: boolean('On.'),
        whole: array(integer('Item.'), 'Taken as one.'),
        distinct: array(string('Item.'), 'A set.', { 'x-kubernetes-list-type': 'set' }),
        ports: array(port, 'By port and protocol.', {
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
        }),
        free: map(string('Value.'), 'By key.'),
        one: object({ a: string('A.'), b: string('B.') }, 'Taken as one.', {
          'x-kubernetes-map-type': 'atomic',
        }),
        inner: object({ a: string('A.'), b: string('B.') }, 'Merged.'),
      },
      'Spec.',
    ),
    status: object({ ready: boolean('Ready.') }, 'Status.'),
  },
  'For tests.',
);

export const shape = objectShape(schema);

/** What tracking knows of a write by a manager to an object of that kind. */
export function by(manager: string, rest: Partial<Tracking> = {}): Tracking {
  return {
    shape,
    apiVersion,
    kind: 'Thing',
    reset: resetFields.status,
    subresource: '',
    manager,
    now: '2026-01-01T00:00:00Z',
    ...rest,
  };
}

/** An object of that kind. */
export function thing(spec: JsonObject, metadata: JsonObject = {}): ApiObject {
  return { apiVersion, kind: 'Thing', metadata: { name: 'a', ...metadata }, spec } as ApiObject;
}

const texts = fc.constantFrom('a', 'b', 'c');

/** Specs of that kind that are valid: no item is there twice. */
export const specs: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      note: texts,
      count: fc.integer({ min: 0, max: 2 }),
      on: fc.boolean(),
      whole: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      distinct: fc.uniqueArray(texts),
      ports: fc.uniqueArray(
        fc.record(
          { port: fc.integer({ min: 1, max: 2 }), protocol: fc.constantFrom('TCP', 'UDP'), name: texts },
          { requiredKeys: ['port'] },
        ),
        { selector: item => `${item.port}/${item.protocol ?? 'TCP'}` },
      ),
      free: fc.dictionary(texts, texts, { maxKeys: 2 }),
      one: fc.record({ a: texts, b: texts }, { requiredKeys: [] }),
      inner: fc.record({ a: texts, b: texts }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  )
  .map(spec => structuredClone(spec) as JsonObject);

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom('a', 'b', '', '.', '__proto__', '1', 'ä', '\u{1f600}').map(fieldStep),
  fc
    .record({
      name: fc.constantFrom('x', 'y<'),
      port: fc.oneof(fc.integer(), fc.constant(9007199254740993n)),
    })
    .map(keys => keyStep(keys as JsonObject)),
  fc
    .oneof(fc.constantFrom<Json>('t', true, null, 1.5, -3, 18446744073709551615n), fc.string())
    .map(valueStep),
  fc.integer({ min: 0, max: 3 }).map(index => `i:${index}`),
);

/** Sets of paths of all sorts of steps. */
export const fieldSets: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(steps, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map(paths => setOf(...paths));
