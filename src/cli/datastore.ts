import { join } from 'node:path';
import { followFiles } from '../access/file-reload.ts';
import type { Options } from '../config/options.ts';
import { kinds } from '../kinds/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import type { ObjectMeta } from '../machinery/object.ts';
import type { MemoryPlan } from '../memory/plan.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import { hasInt64 } from '../schema/int64.ts';
import type { Backend, Codec } from '../storage/backend.ts';
import type { Access, EtcdClient } from '../storage/etcd/client.ts';
import { createMemoryBackend } from '../storage/memory/backend.ts';
import { openSqliteBackend } from '../storage/sqlite/backend.ts';
import type { IntegrityOptions } from '../storage/sqlite/integrity.ts';
import { v3Codec } from '../storage/v3-codec.ts';
import { openCluster } from './clusters.ts';

/** A store, and how each kind is laid out in it. */
export interface Datastore {
  backend: Backend;
  codecOf(kind: Kind & { hasInt64: boolean }): Codec;
  /**
   * What of a kind the store decides by itself, whatever is written: fields of metadata, or that there are these objects at all.
   * Nothing when absent.
   */
  decides?(kind: Kind): readonly (keyof ObjectMeta)[] | 'objects';
  /** The word in spec.clusterType of ClusterInformation by which Calico's components know the store. */
  clusterType?: string;
  /** What should be known of the store though `check` of its backend holds. */
  note?(): string | undefined;
}

/**
 * Opens the datastore that the options name. Throws what keeps it from being opened for good, such as a locked directory; one
 * that merely cannot be reached just now says so at each call.
 */
export async function openDatastore(
  options: Options,
  log: Log,
  metrics?: Metrics,
  plan?: MemoryPlan,
): Promise<Datastore> {
  switch (options.datastore) {
    case 'memory':
      return { backend: createMemoryBackend(), codecOf: v3Codec };
    case 'etcd':
      return openEtcd(options, log);
    case 'kubernetes':
      return openKubernetes(options, log, metrics);
    default:
      return openEmbedded(options, log, { metrics, heapBytes: plan?.workers.store });
  }
}

/** Its modules are loaded only here: whoever does without etcd does not pay for them. */
async function openEtcd(options: Options, log: Log): Promise<Datastore> {
  const [{ openEtcd }, { EtcdClient }, { decidedByEtcd, etcdCodec }] = await Promise.all([
    import('../storage/etcd/backend.ts'),
    import('../storage/etcd/client.ts'),
    import('../storage/etcd/codecs/codec.ts'),
  ]);
  const { etcdEndpoints: endpoints, etcdUsername, etcdPassword } = options;
  const files = Object.entries({
    ca: options.etcdCaCert,
    cert: options.etcdCert,
    key: options.etcdKey,
    password: options.etcdPasswordFile,
  }).filter((file): file is [string, string] => Boolean(file[1]));
  let client: EtcdClient | undefined;
  const apply = (contents: Buffer[]) => {
    const read = Object.fromEntries(files.map(([name], index) => [name, contents[index]!]));
    const { password: passwordFile, ...tls } = read;
    const password = passwordFile ? passwordFile.toString().trimEnd() : etcdPassword!;
    const access: Access = { tls, ...(etcdUsername && { user: { name: etcdUsername, password } }) };
    if (client) client.renew(access);
    else client = new EtcdClient({ endpoints, log, ...access });
  };
  const paths = files.map(([, path]) => path);
  const followed = await followFiles(paths, apply, { log });
  const store = openEtcd({ endpoints }, client!);
  const close = () => {
    followed.close();
    return store.close();
  };
  return { backend: { ...store, close }, codecOf: etcdCodec, decides: decidedByEtcd };
}

/** Its modules are loaded only here: whoever does without a cluster does not pay for them. */
async function openKubernetes(options: Options, log: Log, metrics?: Metrics): Promise<Datastore> {
  const { createKubernetesBackend } = await import('../storage/kubernetes/backend.ts');
  const { calicoResources } = await import('../storage/kubernetes/layout.ts');
  const { decidedByCluster, kubernetesCodec } = await import('../storage/kubernetes/codec.ts');
  const foreignWrites = metrics?.counter(
    'tortie_foreign_writes_total',
    'Writes past every Tortie server that broke a rule across objects while one was being checked.',
    ['resource'],
  );
  const backend = createKubernetesBackend({
    client: await openCluster(options.datastoreKubeconfig ?? options.kubeconfig, log),
    resources: calicoResources(kinds.map(kind => ({ ...kind, hasInt64: hasInt64(kind.schema) }))),
    leaseNamespace: options.datastoreLeaseNamespace,
    log,
    ...(foreignWrites && { foreignWrites }),
  });
  return { backend, codecOf: kubernetesCodec, decides: decidedByCluster, clusterType: 'kdd' };
}

function integrityOptions(): IntegrityOptions {
  return {
    firstMs: limits.storeFirstCheckMs,
    everyMs: limits.storeCheckMs,
    ...(process.env.TORTIE_BUNDLED && { workerUrl: new URL('./integrity-worker.mjs', import.meta.url) }),
  };
}

async function openEmbedded(
  { dataDir, acceptStore }: Options,
  log: Log,
  { metrics, heapBytes }: { metrics: Metrics | undefined; heapBytes: number | undefined },
): Promise<Datastore> {
  const backend = await openSqliteBackend({
    directory: join(dataDir, 'store'),
    // Not with the file that it tells of: so it is noticed when all of that is missing.
    markerFile: join(dataDir, 'store.id'),
    log,
    ...(acceptStore && { acceptStore }),
    // A command that ends soon has no metrics, and no use for it.
    ...(metrics && { metrics, integrity: integrityOptions() }),
    ...(heapBytes && { heapBytes }),
    ...(process.env.TORTIE_BUNDLED && { workerUrl: new URL('./worker.mjs', import.meta.url) }),
  });
  return { backend, codecOf: v3Codec, note: () => backend.note() };
}
