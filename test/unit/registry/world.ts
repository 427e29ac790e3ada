import assert from 'node:assert/strict';
import { openResources, type Resources } from '../../../src/cli/resources.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion, type Kind } from '../../../src/kinds/kind.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { type Status, StatusError } from '../../../src/machinery/status.ts';
import type { Metrics } from '../../../src/observability/observability.ts';
import type { DeleteRequest } from '../../../src/registry/delete.ts';
import { Resource } from '../../../src/registry/resource.ts';
import type { Backend, Codec } from '../../../src/storage/backend.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const meter = { inc() {}, set() {}, observe() {} };
const metrics: Metrics = {
  counter: () => meter,
  gauge: () => meter,
  histogram: () => meter,
  render: async () => '',
};

/** All kinds on one store, as a server has them, and short ways to ask for what clients ask for. */
export interface World {
  backend: Backend;
  resources: Resources;
  /** How often a delete has waited for assignments under way. */
  pauses: number[];
  create(object: ApiObject, options?: { dryRun?: boolean }): Promise<ApiObject>;
  update(object: ApiObject, options?: { dryRun?: boolean }): Promise<ApiObject>;
  merge(object: ApiObject, patch: Json, options?: { dryRun?: boolean }): Promise<ApiObject>;
  remove(object: ApiObject, options?: Partial<DeleteRequest>): Promise<ApiObject>;
  removeAll(kind: string, options?: Partial<DeleteRequest>): Promise<ApiObject[]>;
  /** The object as stored; undefined where there is none. */
  read(object: ApiObject): Promise<ApiObject | undefined>;
  close(): void;
}

/** Opens the kinds on a store. A delete that waits goes on at once. */
export async function openWorld(
  backend: Backend,
  codecOf: (kind: Kind & { hasInt64: boolean }) => Codec = v3Codec,
): Promise<World> {
  const resources = openResources({ kinds, backend, codecOf, log, metrics });
  await resources.loaded;
  const pauses: number[] = [];
  const { byPlural, caches } = resources;
  const pools = byPlural.get('ippools')!;
  byPlural.set(
    'ippools',
    new Resource({
      kind: pools.kind,
      backend,
      codec: codecOf({ ...pools.kind, hasInt64: false }),
      cache: caches.get('ippools')!,
      others: plural => byPlural.get(plural),
      pause: async durationMs => void pauses.push(durationMs),
    }),
  );
  const context = { warn() {}, signal: new AbortController().signal };
  const resourceOf = (kind: string) => [...byPlural.values()].find(each => each.kind.kind === kind)!;
  const write = (options?: { dryRun?: boolean }) =>
    ({ dryRun: false, fieldValidation: 'Strict', ...options }) as const;
  const placeOf = ({ metadata: { namespace = '', name = '' } }: ApiObject) =>
    ({ namespace, name, subresource: '' }) as const;
  return {
    backend,
    resources,
    pauses,
    create: (object, options) =>
      resourceOf(object.kind).create(context, placeOf(object).namespace, body(object), write(options)),
    update: (object, options) =>
      resourceOf(object.kind).update(context, placeOf(object), body(object), write(options)),
    merge: (object, patch, options) =>
      resourceOf(object.kind).patch(
        context,
        placeOf(object),
        { type: 'application/merge-patch+json', body: body(patch) },
        write(options),
      ),
    remove: async (object, options) => {
      const { namespace, name } = placeOf(object);
      const removal = resourceOf(object.kind).delete(namespace, name, { dryRun: false, ...options });
      return (await removal).object;
    },
    removeAll: async (kind, options) => {
      const all = { labelSelector: '', fieldSelector: '', limit: 0, continue: '', resourceVersion: '' };
      const rest = { resourceVersionMatch: '', watch: false, allowWatchBookmarks: false } as const;
      const request = { dryRun: false, ...options };
      const list = await resourceOf(kind).deleteCollection(context, '', request, { ...all, ...rest });
      return list.entries.map(entry => entry.object());
    },
    read: async object => {
      const { namespace, name } = placeOf(object);
      try {
        return (await resourceOf(object.kind).get(namespace, name, { resourceVersion: '' })).object();
      } catch (error) {
        if (error instanceof StatusError && error.status.code === 404) return undefined;
        throw error;
      }
    },
    close: () => resources.close(),
  };
}

function body(value: unknown) {
  return decode(Buffer.from(encode(value)), 'application/json');
}

/** An object to send. */
export function of(kind: string, name: string, spec: JsonObject, namespace?: string): ApiObject {
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, spec };
}

/** The Status that a call is refused with. */
export async function refusal(work: Promise<unknown>): Promise<Status> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  assert.fail('was not refused');
}

/** A store that a test looks into just before a write commits. */
export function watched(backend: Backend, before: (write: Parameters<Backend['write']>[0]) => Promise<void>) {
  return new Proxy(backend, {
    get(target, property) {
      if (property === 'write') {
        return async (...args: Parameters<Backend['write']>) => {
          await before(args[0]);
          return target.write(...args);
        };
      }
      const value = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
