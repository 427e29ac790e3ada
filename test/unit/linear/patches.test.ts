import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import type { PatchType } from '../../../src/registry/patch.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { of, openWorld, refusal } from '../registry/world.ts';
import { openStepCounter } from './steps.ts';

type Form = PatchType | 'application/apply-patch+yaml';

/** A patch of an object, both of which grow. */
interface Case {
  what: string;
  form: Form;
  object(size: number): JsonObject;
  patch(size: number): Json;
  /** Who patches; `test` when absent. */
  manager?: string;
}

const json = 'application/json-patch+json';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const apply = 'application/apply-patch+yaml';

const indexes = (size: number) => Array.from({ length: size }, (_, index) => index);
const names = (size: number, prefix = 'key') => indexes(size).map(index => `${prefix}${index}`);
const map = (size: number, prefix = 'key', value = 'v'): JsonObject =>
  Object.fromEntries(names(size, prefix).map(name => [name, value]));
const nets = (size: number) => indexes(size).map(index => `10.${index >> 8}.${index & 255}.0/24`);
const finalizers = (size: number) => names(size, 'example.com/f');
const owner = (uid: string): JsonObject => ({ apiVersion: 'v1', kind: 'Node', name: 'n', uid });
const owners = (size: number) => names(size, 'uid').map(owner);
const metadata = (fields: JsonObject): JsonObject => ({ metadata: fields });
const annotated = (size: number): JsonObject => metadata({ annotations: map(size) });
const listed = (size: number): JsonObject => ({ spec: { nets: nets(size) } });
const finalized = (size: number): JsonObject => metadata({ finalizers: finalizers(size) });
const owned = (size: number): JsonObject => metadata({ ownerReferences: owners(size) });
const entry = (manager: string, fields: JsonObject): JsonObject => ({
  manager,
  operation: 'Apply',
  apiVersion: 'projectcalico.org/v3',
  fieldsType: 'FieldsV1',
  fieldsV1: fields,
});
const annotation = (name: string): JsonObject => ({
  'f:metadata': { 'f:annotations': { [`f:${name}`]: {} } },
});
/** An object each of whose annotations another manager has applied. */
const shared = (size: number): JsonObject =>
  metadata({
    annotations: map(size),
    managedFields: names(size).map((name, index) => entry(`manager${index}`, annotation(name))),
  });
/** An object all of whose annotations one manager has applied. */
const applied = (size: number): JsonObject =>
  metadata({
    annotations: map(size),
    managedFields: [
      entry('test', {
        'f:metadata': {
          'f:annotations': Object.assign({}, ...names(size).map(name => ({ [`f:${name}`]: {} }))),
        },
      }),
    ],
  });
const configuration = (fields: JsonObject): JsonObject => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkSet',
  ...fields,
});

const cases: Case[] = [
  {
    what: 'tests of list items',
    form: json,
    object: listed,
    patch: size =>
      indexes(size).map(index => ({ op: 'test', path: `/spec/nets/${index}`, value: nets(size)[index]! })),
  },
  {
    what: 'replacements of list items',
    form: json,
    object: listed,
    patch: size =>
      indexes(size).map(index => ({ op: 'replace', path: `/spec/nets/${index}`, value: '192.0.2.0/24' })),
  },
  {
    what: 'items added at the end of a list',
    form: json,
    object: listed,
    patch: size => indexes(size).map(() => ({ op: 'add', path: '/spec/nets/-', value: '192.0.2.0/24' })),
  },
  {
    what: 'items removed at the end of a list',
    form: json,
    object: listed,
    patch: size => indexes(size).map(() => ({ op: 'remove', path: '/spec/nets/-1' })),
  },
  {
    what: 'fields added',
    form: json,
    object: annotated,
    patch: size =>
      names(size, 'new').map(name => ({ op: 'add', path: `/metadata/annotations/${name}`, value: 'v' })),
  },
  {
    what: 'fields moved',
    form: json,
    object: annotated,
    patch: size =>
      names(size).map(name => ({
        op: 'move',
        from: `/metadata/annotations/${name}`,
        path: `/metadata/annotations/moved-${name}`,
      })),
  },
  {
    what: 'fields copied',
    form: json,
    object: annotated,
    patch: size =>
      names(size).map(name => ({
        op: 'copy',
        from: `/metadata/annotations/${name}`,
        path: `/metadata/annotations/copied-${name}`,
      })),
  },
  {
    what: 'fields removed',
    form: json,
    object: annotated,
    patch: size => names(size).map(name => ({ op: 'remove', path: `/metadata/annotations/${name}` })),
  },
  {
    what: 'fields without meaning',
    form: json,
    object: annotated,
    patch: size => [{ op: 'test', path: '/kind', value: 'NetworkSet', ...map(size) }],
  },
  { what: 'fields', form: merge, object: annotated, patch: annotated },
  {
    what: 'fields taken away',
    form: merge,
    object: annotated,
    patch: size => metadata({ annotations: Object.fromEntries(names(size).map(name => [name, null])) }),
  },
  { what: 'a list', form: merge, object: listed, patch: listed },
  { what: 'unknown fields', form: merge, object: annotated, patch: size => ({ spec: map(size) }) },
  { what: 'fields', form: strategic, object: annotated, patch: annotated },
  {
    what: '$retainKeys',
    form: strategic,
    object: annotated,
    patch: size => metadata({ annotations: { $retainKeys: names(size), ...map(size) } }),
  },
  {
    what: '$deleteFromPrimitiveList',
    form: strategic,
    object: finalized,
    patch: size => metadata({ '$deleteFromPrimitiveList/finalizers': finalizers(size) }),
  },
  {
    what: '$deleteFromPrimitiveList of what is not there',
    form: strategic,
    object: finalized,
    patch: size => metadata({ '$deleteFromPrimitiveList/finalizers': names(size) }),
  },
  {
    what: '$deleteFromPrimitiveList of another list',
    form: strategic,
    object: listed,
    patch: size => ({ spec: { '$deleteFromPrimitiveList/nets': nets(size) } }),
  },
  {
    what: '$setElementOrder',
    form: strategic,
    object: finalized,
    patch: size => metadata({ '$setElementOrder/finalizers': finalizers(size).toReversed() }),
  },
  {
    what: '$setElementOrder of owners',
    form: strategic,
    object: owned,
    patch: size =>
      metadata({ ownerReferences: owners(size), '$setElementOrder/ownerReferences': owners(size) }),
  },
  { what: 'finalizers', form: strategic, object: finalized, patch: finalized },
  {
    what: 'new finalizers',
    form: strategic,
    object: finalized,
    patch: size => metadata({ finalizers: names(size, 'example.com/other') }),
  },
  { what: 'owners', form: strategic, object: owned, patch: owned },
  {
    what: 'new owners',
    form: strategic,
    object: owned,
    patch: size => metadata({ ownerReferences: names(size, 'other').map(owner) }),
  },
  {
    what: 'owners deleted',
    form: strategic,
    object: owned,
    patch: size => metadata({ ownerReferences: names(size, 'uid').map(uid => ({ $patch: 'delete', uid })) }),
  },
  {
    what: 'a list that is replaced',
    form: strategic,
    object: owned,
    patch: size => metadata({ ownerReferences: [...owners(size), { $patch: 'replace' }] }),
  },
  { what: 'fields', form: apply, object: annotated, patch: annotated },
  { what: 'a list', form: apply, object: listed, patch: listed },
  {
    what: 'finalizers',
    form: apply,
    object: finalized,
    patch: size => metadata({ finalizers: finalizers(size).toReversed() }),
  },
  { what: 'owners', form: apply, object: owned, patch: owned },
  { what: 'fields of many managers', form: apply, object: shared, patch: annotated },
  {
    what: 'other values for fields of many managers',
    form: apply,
    object: shared,
    patch: size => metadata({ annotations: map(size, 'key', 'other') }),
  },
  {
    what: 'a field given up beside many managers',
    form: apply,
    object: shared,
    patch: () => ({}),
    manager: 'manager0',
  },
  { what: 'all fields given up', form: apply, object: applied, patch: () => ({}) },
  { what: 'unknown fields', form: apply, object: annotated, patch: size => ({ spec: map(size) }) },
  {
    what: 'items that are there twice',
    form: apply,
    object: finalized,
    patch: size => metadata({ finalizers: indexes(size).map(() => 'example.com/f') }),
  },
  { what: 'managers of its own', form: merge, object: annotated, patch: shared },
];

suite('what a patch costs grows no faster than it and its object together', async () => {
  const counter = openStepCounter();
  const world = await openWorld(createMemoryBackend());
  after(() => {
    world.close();
    counter.close();
  });
  const resource = world.resources.byPlural.get('networksets')!;
  const context = { warn() {}, signal: new AbortController().signal };
  const options = { dryRun: true, fieldValidation: 'Strict', fieldManager: 'test' } as const;
  const body = (value: Json) => decode(Buffer.from(encode(value)), 'application/json');

  let made = 0;
  const stored = async (fields: JsonObject): Promise<string> => {
    const name = `set-${made++}`;
    const object = of('NetworkSet', name, (fields.spec as JsonObject | undefined) ?? {}, 'default');
    Object.assign(object.metadata, fields.metadata);
    await resource.create(context, 'default', body(object as unknown as Json), { ...options, dryRun: false });
    return name;
  };
  const send = async (name: string, { form, manager = 'test' }: Case, patch: Json) => {
    const target = { namespace: 'default', name, subresource: '' } as const;
    const write = { ...options, fieldManager: manager };
    if (form !== apply) return resource.patch(context, target, { type: form, body: body(patch) }, write);
    const config = configuration(patch as JsonObject);
    config.metadata = { ...(config.metadata as JsonObject | undefined), name };
    const authorizeCreate = async () => {};
    return resource.apply(context, target, body(config), { ...write, force: false, authorizeCreate });
  };
  const stepsOf = async (each: Case, size: number) => {
    const name = await stored(each.object(size));
    const patch = each.patch(size);
    return counter.count(async () => {
      try {
        await send(name, each, patch);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
      }
    });
  };

  for (const each of cases) {
    test(`${each.form}: ${each.what}`, async () => {
      await stepsOf(each, 10);
      const [one, two, three] = [
        await stepsOf(each, 300),
        await stepsOf(each, 600),
        await stepsOf(each, 900),
      ];
      const ratio = (three - two) / Math.max(two - one, 20_000);
      assert.ok(ratio < 1.25, `${one}, ${two}, ${three} steps`);
    });
  }

  test('a JSON patch that would move more items than its bound is refused', async () => {
    const size = 50_000;
    const name = await stored(listed(size));
    const count = Math.ceil(limits.maxJsonPatchMovedItems / size);
    const operations = indexes(count).map(() => ({ op: 'remove', path: '/spec/nets/0' }));
    const target = { namespace: 'default', name, subresource: '' } as const;
    const patched = (patch: Json) =>
      resource.patch(context, target, { type: json, body: body(patch) }, options);
    const few: ApiObject = await patched(operations.slice(0, 10));
    assert.equal((few.spec as { nets: string[] }).nets.length, size - 10);
    const status = await refusal(patched([...operations, ...operations]));
    assert.equal(status.code, 422);
    assert.match(status.details!.causes![0]!.message!, /move more than \d+ items of lists/);
  });
});
