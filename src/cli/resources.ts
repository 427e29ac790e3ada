import { setTimeout } from 'node:timers/promises';
import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { StatusError } from '../machinery/status.ts';
import { defaultTotalBytes, memoryPlan } from '../memory/plan.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import { Resource } from '../registry/resource.ts';
import { hasInt64 } from '../schema/int64.ts';
import type { Backend, Codec } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';
import { WatchCache } from '../watch/cache.ts';
import { HistoryPool } from '../watch/history.ts';
import { addClusterType, completeClusterInformation } from './cluster-information.ts';

const initialRetryMs = 1_000;

/** All kinds, served from one backend. */
export interface Resources {
  byPlural: Map<string, Resource>;
  caches: Map<string, WatchCache>;
  histories: HistoryPool;
  /** Resolves once every kind has been read, however long the store cannot be reached. */
  loaded: Promise<void>;
  close(): void;
}

/** Opens a cache and a resource for each kind. The caches are read in the background. */
export function openResources(options: {
  kinds: Kind[];
  backend: Backend;
  codecOf(kind: Kind & { hasInt64: boolean }): Codec;
  log: Log;
  metrics: Metrics;
  /** The bytes of history that all kinds share. */
  historyBytes?: number;
}): Resources {
  const { kinds, backend, codecOf, log, metrics } = options;
  const histories = new HistoryPool(options.historyBytes ?? memoryPlan(defaultTotalBytes).history);
  const objectCount = metrics.gauge('apiserver_storage_objects', 'Objects stored, by resource.', [
    'resource',
  ]);
  const unreadableCount = metrics.gauge(
    'tortie_unreadable_values',
    'Stored values that are passed over, since they cannot be read as an object of the kind or share its name with another.',
    ['resource'],
  );
  const slowStreams = metrics.counter(
    'tortie_slow_watches_ended_total',
    'Watches ended because their client read too slowly.',
    ['resource'],
  );
  const caches = new Map<string, WatchCache>();
  const byPlural = new Map<string, Resource>();
  for (const kind of kinds) {
    const facts = { ...kind, hasInt64: hasInt64(kind.schema) };
    const codec = codecOf(facts);
    const cache = new WatchCache({
      backend,
      codec,
      hasInt64: facts.hasInt64,
      plural: kind.plural,
      fieldsOf: object => selectableValues(kind, object),
      bounds: {
        historyMs: limits.watchHistoryMs,
        historyEvents: limits.maxWatchHistoryEvents,
        bookmarkIntervalMs: limits.bookmarkIntervalMs,
        maxBufferBytes: limits.maxWatchBufferBytes,
      },
      histories,
      log,
      objectCount,
      unreadableCount,
      slowStreams,
    });
    caches.set(kind.plural, cache);
    const others = (plural: string) => byPlural.get(plural);
    byPlural.set(kind.plural, new Resource({ kind, backend, codec, cache, others }));
  }
  const loaded = Promise.all([...caches.values()].map(cache => cache.start()));
  return {
    byPlural,
    caches,
    histories,
    loaded: loaded.then(() => undefined),
    close: () => {
      for (const cache of caches.values()) cache.close();
    },
  };
}

/**
 * Creates the objects that every installation has, where they are not there yet, once all kinds are loaded, and completes what
 * ClusterInformation says of the store. Tries again while the store does not answer; throws what else goes wrong.
 */
export async function createInitialObjects(
  resources: Resources,
  log: Log,
  clusterType?: string,
): Promise<void> {
  await resources.loaded;
  for (;;) {
    try {
      await createMissing(resources, clusterType);
      return await completeClusterInformation(resources.byPlural.get('clusterinformations'), clusterType);
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'Unavailable') throw error;
      log.warn('initial objects not created, trying again', { error: error.message });
    }
    await setTimeout(initialRetryMs, undefined, { ref: false });
  }
}

async function createMissing(resources: Resources, clusterType?: string): Promise<void> {
  const context = { warn: () => {}, signal: new AbortController().signal };
  for (const resource of resources.byPlural.values()) {
    for (const object of resource.kind.initial?.() ?? []) {
      try {
        if (clusterType && object.kind === 'ClusterInformation') addClusterType(object, clusterType);
        const body = { value: object as unknown as Json, duplicates: [], position: () => undefined };
        await resource.create(context, '', body, { dryRun: false, fieldValidation: 'Strict' });
      } catch (error) {
        if (!(error instanceof StatusError) || error.status.reason !== 'AlreadyExists') throw error;
      }
    }
  }
}

/** The values of the kind's own field selectors; an absent field selects as ''. */
function selectableValues(kind: Kind, object: ApiObject): Record<string, string> {
  const values: Record<string, string> = {};
  for (const path of kind.selectableFields) {
    let value: unknown = object;
    for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step];
    values[path] = value === undefined || value === null ? '' : String(value);
  }
  return values;
}
