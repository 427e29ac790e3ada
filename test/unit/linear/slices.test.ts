import assert from 'node:assert/strict';
import { after, mock, suite, test } from 'node:test';
import { decodeInSteps } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { Slice } from '../../../src/machinery/slice.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { inSlices } from '../../../src/machinery/steps.ts';
import type { Resource } from '../../../src/registry/resource.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { of, openWorld } from '../registry/world.ts';
import { openStepCounter } from './steps.ts';

const items = 250;
/**
 * What a pass over the object costs that is not stopped, such as that of JSON.parse or of the schema: up to three steps for each
 * byte of the body, of the object in it, and of what is stored then. All passes of a write together cost twice that and more.
 */
const mostStepsPerByte = 4;

const many = <T>(make: (index: number) => T) => Array.from({ length: items }, (_unused, n) => make(n));
const names = (start: number) => many(n => `n${start + n}`);

const set = (metadata: object, nets: Json = []): ApiObject => {
  const object = of('NetworkSet', 'large', { nets }, 'default');
  return { ...object, metadata: { ...object.metadata, ...metadata } };
};

/** Bodies with as many items as they can have; those of another start have other items. */
const bodies: Record<string, (start: number) => ApiObject> = {
  networks: start =>
    set(
      {},
      many(n => `10.${(start + n) >> 8}.${(start + n) & 255}.0/24`),
    ),
  'networks, the last of which is none': start =>
    set({}, [...many(n => `10.${(start + n) >> 8}.${(start + n) & 255}.0/24`), 'x']),
  labels: start => set({ labels: Object.fromEntries(names(start).map(name => [name, 'v'])) }),
  annotations: start => set({ annotations: Object.fromEntries(names(start).map(name => [name, 'v'])) }),
  finalizers: start => set({ finalizers: names(start) }),
  owners: start =>
    set({ ownerReferences: names(start).map(uid => ({ apiVersion: 'v1', kind: 'Pod', name: uid, uid })) }),
  'managed fields': start =>
    set({
      managedFields: [
        {
          manager: 'm',
          operation: 'Update',
          apiVersion: 'projectcalico.org/v3',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': Object.fromEntries(names(start).map(name => [`f:${name}`, {}])) },
        },
      ] as JsonObject[],
    }),
};

suite('a long write lets others in between', async () => {
  const counter = openStepCounter();
  const world = await openWorld(createMemoryBackend());
  const resource = world.resources.byPlural.get('networksets')!;
  // Each look at the clock finds the slice over, so that the work stops wherever it may.
  let nowMs = 0;
  const clock = mock.method(performance, 'now', () => (nowMs += 1_000));
  after(() => {
    clock.mock.restore();
    world.close();
    counter.close();
  });

  const context = { warn() {}, signal: new AbortController().signal };
  const write = { dryRun: false, fieldValidation: 'Strict', fieldManager: 'test' } as const;
  const target = { namespace: 'default', name: 'large', subresource: '' } as const;
  const read = (text: Buffer) => inSlices(decodeInSteps(text, 'application/json'), new Slice());

  const verbs: Record<string, (resource: Resource, body: (start: number) => Buffer) => Promise<unknown>> = {
    create: async (to, body) => to.create(context, 'default', await read(body(0)), write),
    update: async (to, body) => to.update(context, target, await read(body(7)), write),
    'merge patch': async (to, body) =>
      to.patch(context, target, { type: 'application/merge-patch+json', body: await read(body(14)) }, write),
    apply: async (to, body) =>
      to.apply(context, target, await read(body(21)), {
        ...write,
        fieldManager: 'applier',
        force: true,
        authorizeCreate: async () => {},
      }),
    'apply in conflict': async (to, body) =>
      to.apply(context, target, await read(body(28)), {
        ...write,
        fieldManager: 'other',
        force: false,
        authorizeCreate: async () => {},
      }),
  };

  for (const [name, make] of Object.entries(bodies)) {
    test(name, async () => {
      const slow: string[] = [];
      for (const [verb, work] of Object.entries(verbs)) {
        const stored = await world.read(make(0));
        const body = (start: number) => {
          const object = make(start);
          const { resourceVersion } = stored?.metadata ?? {};
          if (verb === 'update' && resourceVersion) object.metadata.resourceVersion = resourceVersion;
          return Buffer.from(encode(object));
        };
        const steps = await counter.longest(async () => {
          try {
            await work(resource, body);
          } catch (error) {
            if (!(error instanceof StatusError)) throw error;
          }
        });
        const kept = Buffer.byteLength(encode((await world.read(make(0))) ?? {}));
        const ratio = steps / (2 * body(0).length + kept);
        if (ratio > mostStepsPerByte) slow.push(`${verb}: ${ratio.toFixed(1)} steps a byte`);
      }
      assert.deepEqual(slow, []);
      const stored = await world.read(make(0));
      if (stored) await world.remove(stored);
    });
  }
});
