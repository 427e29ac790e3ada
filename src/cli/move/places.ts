import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Options } from '../../config/options.ts';
import { OptionError } from '../../config/parse.ts';
import type { Log } from '../../observability/observability.ts';
import { StorageError } from '../../storage/errors.ts';
import { type Datastore, openDatastore } from '../datastore.ts';

/** What people call the store that the options name, and how it is told from others. */
export function placeOf(options: Options): string {
  switch (options.datastore) {
    case 'embedded':
      return `the embedded store in ${resolve(options.dataDir)}`;
    default:
      return `the ${options.datastore} store`;
  }
}

/**
 * Opens a store to copy from or into. Throws OptionError for one that cannot hold anything for others, and for an embedded
 * store to read from that is not there; StorageError for one that cannot be reached or is in use.
 */
export async function openPlace(
  options: Options,
  { log, use }: { log: Log; use: 'read' | 'write' },
): Promise<Datastore> {
  if (options.datastore === 'memory') {
    throw new OptionError('a memory store is empty at its start and lost at its end; name another datastore');
  }
  if (use === 'read' && options.datastore === 'embedded') mustExist(options);
  const datastore = await openDatastore(options, log).catch(error => {
    throw options.datastore === 'embedded' ? withAdvice(error) : error;
  });
  try {
    // One that cannot be reached is told now, not after the first retries.
    await datastore.backend.revision();
  } catch (error) {
    await datastore.backend.close();
    throw error;
  }
  return datastore;
}

function mustExist({ dataDir }: Options): void {
  if (existsSync(join(dataDir, 'store', 'store.db'))) return;
  throw new OptionError(`there is no embedded store in ${dataDir} (--data-dir)`);
}

/** A running server holds its directory; what it serves can be had over the API. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof StorageError) || !/ is in use by /.test(error.message)) return error;
  const advice =
    'stop that server first, or go through its API: kubectl get … -o yaml reads what it serves, kubectl apply -f writes';
  return new StorageError(error.code, `${error.message}; ${advice}`, { cause: error });
}
