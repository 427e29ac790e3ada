import { kinds } from '../../kinds/index.ts';
import { createMetrics } from '../../observability/metrics.ts';
import type { Log } from '../../observability/observability.ts';
import { hasInt64 } from '../../schema/int64.ts';
import type { Datastore } from '../datastore.ts';
import { openResources, type Resources } from '../resources.ts';
import type { Carrier } from './carry.ts';
import type { Lane } from './lane.ts';
import { Migration, type Progress, type Result } from './migration.ts';
import { inOrderOfCreation } from './order.ts';

interface Run extends Omit<Carrier, 'backend'> {
  log: Log;
  signal: AbortSignal;
  tell(progress: Progress): void;
  /** With it the migration goes on, once it has caught up, until the promise resolves; then it verifies everything again. */
  follow?: { until: Promise<unknown>; caughtUp(result: Result): void };
}

/**
 * Copies everything that one store holds into another, verifies it, and follows the first for as long as it is asked to. Throws
 * StorageError when a store fails for long, the signal's reason when that comes.
 */
export async function runMigration(source: Datastore, target: Datastore, run: Run): Promise<Result> {
  const { log, signal, tell, follow, ...how } = run;
  const open = ({ backend, codecOf }: Datastore) =>
    openResources({ kinds, backend, codecOf, log, metrics: createMetrics({ processMetrics: false }) });
  const from = open(source);
  const to = open(target);
  try {
    await Promise.all([from.loaded, to.loaded]);
    const lanes = lanesOf({ source, target }, from, to);
    const carrier = { ...how, backend: target.backend };
    const migration = new Migration({ source, target, lanes, carrier, signal, tell });
    const result = await migration.run();
    if (!follow) return result;
    follow.caughtUp(result);
    await migration.follow(follow.until);
    return await migration.run();
  } finally {
    from.close();
    to.close();
  }
}

function lanesOf(
  { source, target }: { source: Datastore; target: Datastore },
  from: Resources,
  to: Resources,
): Lane[] {
  return inOrderOfCreation(kinds).map(kind => {
    const decided = target.decides?.(kind) ?? [];
    const fields = decided === 'objects' ? [] : decided;
    // What a store decides about its own objects lasts, but for a time that it does not keep.
    const madeUp = source.decides?.(kind).includes('creationTimestamp')
      ? (['creationTimestamp'] as const)
      : [];
    return {
      kind,
      source: from.caches.get(kind.plural)!,
      target: to.caches.get(kind.plural)!,
      codec: target.codecOf({ ...kind, hasInt64: hasInt64(kind.schema) }),
      decided: fields,
      madeUp,
      decidedPaths: new Set([...fields, ...madeUp].map(field => `metadata.${field}`)),
      derived: decided === 'objects',
    };
  });
}
