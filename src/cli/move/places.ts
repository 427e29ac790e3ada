import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Options } from '../../config/options.ts';
import { OptionError } from '../../config/parse.ts';
import type { Log } from '../../observability/observability.ts';
import { StorageError } from '../../storage/errors.ts';
import { openSqliteFollower } from '../../storage/sqlite/follower.ts';
import { v3Codec } from '../../storage/v3-codec.ts';
import { type Datastore, openDatastore } from '../datastore.ts';

/** What people call the store that the options name, and how it is told from others. */
export function placeOf(options: Options): string {
  switch (options.datastore) {
    case 'embedded':
      return `the embedded store in ${resolve(options.dataDir)}`;
    case 'etcd':
      return `etcd at ${options.etcdEndpoints.toSorted().join(', ')}`;
    case 'kubernetes': {
      const kubeconfig = options.datastoreKubeconfig ?? options.kubeconfig;
      return kubeconfig === undefined ? 'the cluster of this pod' : `the cluster of ${resolve(kubeconfig)}`;
    }
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
  const embedded = options.datastore === 'embedded';
  const datastore =
    embedded && use === 'read'
      ? openToRead(options)
      : await openDatastore(options, log).catch(error => {
          throw embedded ? withAdvice(error) : error;
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

/** Whether a server has it open or not. */
function openToRead({ dataDir }: Options): Datastore {
  const directory = join(dataDir, 'store');
  if (!existsSync(join(directory, 'store.db'))) {
    throw new OptionError(`there is no embedded store in ${dataDir} (--data-dir)`);
  }
  return { backend: openSqliteFollower(directory), codecOf: v3Codec };
}

/** A running server holds its directory; what is to be written there goes through it. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof StorageError) || !/ is in use by /.test(error.message)) return error;
  const advice = 'stop that server first, or go through its API with kubectl apply -f';
  return new StorageError(error.code, `${error.message}; ${advice}`, { cause: error });
}
