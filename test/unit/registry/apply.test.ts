import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { forbidden } from '../../../src/machinery/status.ts';
import type { ApplyOptions } from '../../../src/registry/apply.ts';
import type { Resource } from '../../../src/registry/resource.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { of, openWorld, refusal, type World, watched } from './world.ts';

const context = { warn() {}, signal: new AbortController().signal };
const place = (name: string, subresource: '' | 'status' = '') => ({ namespace: '', name, subresource });
const body = (value: Json) => decode(Buffer.from(encode(value)), 'application/yaml');

suite('server-side apply of a resource', () => {
  let world: World;
  let sets: Resource;
  let blocks: Resource;
  /** Done once, just before a write commits. */
  let meddle: (() => Promise<unknown>) | undefined;

  before(async () => {
    const backend = watched(createMemoryBackend(), async () => {
      const work = meddle;
      meddle = undefined;
      await work?.();
    });
    world = await openWorld(backend);
    sets = world.resources.byPlural.get('globalnetworksets')!;
    blocks = world.resources.byPlural.get('ipamblocks')!;
  });
  after(() => world.close());

  const set = (name: string, nets: string[], metadata: JsonObject = {}) => {
    const object = of('GlobalNetworkSet', name, { nets });
    return { ...object, metadata: { ...object.metadata, ...metadata } } as ApiObject;
  };

  const apply = (resource: Resource, object: ApiObject, options: Partial<ApplyOptions> = {}) =>
    resource.apply(context, place(object.metadata.name!), body(object as unknown as Json), {
      dryRun: false,
      fieldValidation: 'Strict',
      fieldManager: 'm',
      force: false,
      authorizeCreate: async () => {},
      ...options,
    });

  test('creates, and asks for the right to; changes without asking', async () => {
    let asked = 0;
    const authorizeCreate = async () => void asked++;
    const first = await apply(sets, set('right', ['10.0.0.0/8']), { authorizeCreate });
    assert.deepEqual([first.created, asked], [true, 1]);
    const second = await apply(sets, set('right', ['10.1.0.0/16']), { authorizeCreate });
    assert.deepEqual([second.created, asked], [false, 1]);
    assert.deepEqual((second.object.spec as JsonObject).nets, ['10.1.0.0/16']);
  });

  test('creates nothing without the right, nor for a dry run', async () => {
    const denied = apply(sets, set('denied', []), {
      authorizeCreate: async () => {
        throw forbidden(undefined, '', 'no');
      },
    });
    assert.equal((await refusal(denied)).code, 403);
    const dry = await apply(sets, set('denied', []), { dryRun: true });
    assert.deepEqual([dry.created, dry.object.metadata.resourceVersion], [true, undefined]);
    assert.equal(await world.read(set('denied', [])), undefined);
  });

  test('what changes nothing is not stored, nor is a change of a dry run', async () => {
    const { object } = await apply(sets, set('same', ['10.0.0.0/8']));
    const again = await apply(sets, set('same', ['10.0.0.0/8']));
    assert.deepEqual(again.object, object);
    const dry = await apply(sets, set('same', ['10.1.0.0/16']), { dryRun: true });
    assert.equal(dry.object.metadata.generation, 2);
    assert.deepEqual(await world.read(object), object);
  });

  test('a write in between is applied over', async () => {
    await apply(sets, set('raced', ['10.0.0.0/8']));
    meddle = () => apply(sets, set('raced', ['10.2.0.0/16']), { fieldManager: 'other' });
    const { object } = await apply(sets, set('raced', ['10.1.0.0/16']));
    assert.deepEqual((object.spec as JsonObject).nets, ['10.2.0.0/16', '10.1.0.0/16']);
  });

  test('one that is created in between is changed, one that is removed in between is created', async () => {
    meddle = () => apply(sets, set('born', ['10.2.0.0/16']), { fieldManager: 'other' });
    const born = await apply(sets, set('born', ['10.1.0.0/16']));
    assert.equal(born.created, false);
    assert.deepEqual((born.object.spec as JsonObject).nets, ['10.2.0.0/16', '10.1.0.0/16']);
    meddle = () => world.remove(set('born', []));
    const anew = await apply(sets, set('born', ['10.3.0.0/16']));
    assert.equal(anew.created, true);
    assert.notEqual(anew.object.metadata.uid, born.object.metadata.uid);
  });

  test('a stale version is a conflict; a status needs its object', async () => {
    await apply(sets, set('stale', []));
    const stale = await refusal(apply(sets, set('stale', ['10.0.0.0/8'], { resourceVersion: '1' })));
    assert.deepEqual([stale.code, stale.reason], [409, 'Conflict']);
    const pools = world.resources.byPlural.get('ippools')!;
    const status = body({ apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'none' } });
    const options = { dryRun: false, fieldValidation: 'Strict', fieldManager: 'm', force: false } as const;
    const missing = pools.apply(context, place('none', 'status'), status, {
      ...options,
      authorizeCreate: async () => assert.fail('a status is never created'),
    });
    assert.equal((await refusal(missing)).code, 404);
  });

  test('what is too large with its managers is stored without, but not when it is applied', async () => {
    // The set of addresses is there once as it is, and once with each of its items as a field.
    const nets = Array.from({ length: 48_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
    const large = set('large', nets.slice(0, 40_000));
    const options = { dryRun: false, fieldValidation: 'Strict', fieldManager: 'm' } as const;
    assert.ok(encode(large).length * 2.5 > limits.maxObjectBytes);
    const created = await sets.create(context, '', body(large as unknown as Json), options);
    assert.equal(created.metadata.managedFields, undefined);
    const { metadata: _, ...rest } = large;
    const applied = apply(sets, { ...rest, metadata: { name: 'larger' } } as ApiObject);
    await assert.rejects(applied, /TooLarge|more than/);
  });

  test('64-bit integers come through', async () => {
    const block = of('IPAMBlock', '10-0-0-0-26', {
      cidr: '10.0.0.0/26',
      allocations: [],
      unallocated: [],
      attributes: [],
      deleted: false,
      sequenceNumber: 1844674407370955161n as Json,
      strictAffinity: false,
    });
    const { object } = await apply(blocks, block);
    assert.equal((object.spec as JsonObject).sequenceNumber, 1844674407370955161n);
    const next = of('IPAMBlock', '10-0-0-0-26', { sequenceNumber: 1844674407370955162n as Json });
    const message = (await refusal(apply(blocks, next, { fieldManager: 'other' }))).message;
    assert.match(message!, /^Apply failed with 1 conflict: conflict with "m": \.spec\.sequenceNumber$/);
    const same = of('IPAMBlock', '10-0-0-0-26', { sequenceNumber: 1844674407370955161n as Json });
    const shared = await apply(blocks, same, { fieldManager: 'other' });
    assert.equal((shared.object.spec as JsonObject).sequenceNumber, 1844674407370955161n);
  });

  test('writes of the server itself are not tracked', async () => {
    const created = await world.create(set('own', []));
    assert.equal(created.metadata.managedFields, undefined);
    const { object } = await apply(sets, set('own', []));
    assert.deepEqual(
      object.metadata.managedFields?.map(({ manager }) => manager),
      ['before-first-apply'],
    );
  });
});
