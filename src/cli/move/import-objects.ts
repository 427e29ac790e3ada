import { kinds } from '../../kinds/index.ts';
import type { Kind } from '../../kinds/kind.ts';
import { limits } from '../../limits.ts';
import type { TextPosition } from '../../machinery/decode.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { StatusError } from '../../machinery/status.ts';
import { createMetrics } from '../../observability/metrics.ts';
import type { Log } from '../../observability/observability.ts';
import type { OnExisting, Restored } from '../../registry/restore.ts';
import { StorageError } from '../../storage/errors.ts';
import type { Datastore } from '../datastore.ts';
import { openResources, type Resources } from '../resources.ts';
import type { FileObject } from './manifest.ts';
import { inOrderOfCreation } from './order.ts';

/** What became of one object. */
export interface Told {
  outcome: Restored['outcome'] | 'derived' | 'refused';
  title: string;
  /** Why it was refused, and where that is in the file. */
  problems: (TextPosition & { message: string })[];
}

export type Counts = Record<Told['outcome'] | 'otherUid', number>;

interface Run {
  onExisting: OnExisting;
  log: Log;
  tell(told: Told): void;
  progress(done: number): void;
}

/**
 * Stores objects, those first that others refer to, many at once. What every installation has is made where neither the
 * objects nor the store have it. One that is refused does not keep the others. Throws StorageError where the store fails.
 */
export async function importObjects(place: Datastore, objects: FileObject[], run: Run): Promise<Counts> {
  const { log } = run;
  const metrics = createMetrics({ processMetrics: false });
  const { backend, codecOf } = place;
  const resources = openResources({ kinds, backend, codecOf, log, metrics });
  const counts: Counts = {
    created: 0,
    replaced: 0,
    unchanged: 0,
    skipped: 0,
    derived: 0,
    refused: 0,
    otherUid: 0,
  };
  let done = 0;
  try {
    await resources.loaded;
    for (const kind of inOrderOfCreation(kinds)) {
      const own = objects.filter(object => object.kind === kind);
      if (place.decides?.(kind) === 'objects') {
        counts.derived += own.length;
        continue;
      }
      await makeInitial(resources, kind, own);
      for (const wave of wavesOf(own)) {
        await Promise.all(
          wave.map(async object => {
            const told = await importOne(resources, object, run, counts);
            counts[told.outcome]++;
            run.tell(told);
            run.progress(++done);
          }),
        );
      }
    }
  } finally {
    resources.close();
  }
  return counts;
}

/** The objects that the kind has everywhere, unless the file brings its own. */
async function makeInitial(resources: Resources, kind: Kind, own: FileObject[]): Promise<void> {
  const brought = new Set(own.map(({ object }) => object.metadata.name));
  for (const initial of kind.initial?.() ?? []) {
    if (brought.has(initial.metadata.name)) continue;
    await resources.byPlural.get(kind.plural)!.restore(initial, { onExisting: 'skip' });
  }
}

/** Parts small enough to be written at once, in none of which a name comes twice: the later one must find the earlier. */
function* wavesOf(objects: FileObject[]): Generator<FileObject[]> {
  let wave: FileObject[] = [];
  let names = new Set<string>();
  for (const object of objects) {
    const name = titleOf(object);
    if (wave.length === limits.movesInFlight || names.has(name)) {
      yield wave;
      wave = [];
      names = new Set();
    }
    wave.push(object);
    names.add(name);
  }
  if (wave.length > 0) yield wave;
}

async function importOne(
  resources: Resources,
  { kind, object, place }: FileObject,
  { onExisting }: Run,
  counts: Counts,
): Promise<Told> {
  const title = titleOf({ kind, object });
  const { uid, name } = object.metadata;
  const refused = (...problems: Told['problems']): Told => ({ outcome: 'refused', title, problems });
  if (!name) return refused({ ...place('metadata'), message: 'metadata.name is needed' });
  try {
    const restored = await resources.byPlural.get(kind.plural)!.restore(object, { onExisting });
    if (uid && restored.object.metadata.uid !== uid) counts.otherUid++;
    return { outcome: restored.outcome, title, problems: [] };
  } catch (error) {
    if (error instanceof StorageError && !['TooLarge', 'Refused'].includes(error.code)) throw error;
    if (!(error instanceof StatusError)) return refused({ ...place(''), message: messageOf(error) });
    const causes = error.status.details?.causes ?? [];
    if (causes.length === 0) return refused({ ...place(''), message: error.message });
    return refused(
      ...causes.map(({ field = '', message = '' }) => ({
        ...place(field),
        message: message.startsWith(field) ? message : `${field}: ${message}`,
      })),
    );
  }
}

function titleOf({ kind, object }: { kind: Kind; object: ApiObject }): string {
  const { namespace, name = '' } = object.metadata;
  return `${kind.kind} ${kind.namespaced ? `${namespace ?? 'default'}/` : ''}${name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
