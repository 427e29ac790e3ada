import type { Options } from '../config/options.ts';
import type { ClusterClient } from '../kube/client.ts';
import type { Log } from '../observability/observability.ts';
import { versionInfo } from './version.ts';

/** The clusters that are asked who callers are and what they may do: mostly one and the same. */
export interface Clusters {
  authentication: ClusterClient;
  authorization: ClusterClient;
  close(): Promise<void>;
}

/**
 * Opens the clusters that the options name, or the pod's own; undefined where there is none, as on a laptop.
 * Throws when a kubeconfig cannot be read, or when Calico's agents in the cluster would not see this server's store.
 */
export async function openClusters(options: Options, log: Log): Promise<Clusters | undefined> {
  const inPod = process.env.KUBERNETES_SERVICE_HOST !== undefined;
  const main = options.kubeconfig;
  const named = [options.authenticationKubeconfig ?? main, options.authorizationKubeconfig ?? main];
  if (named.every(path => path === undefined) && !inPod) return undefined;
  const clients = new Map<string | undefined, ClusterClient>();
  for (const path of named) {
    if (clients.has(path)) continue;
    clients.set(path, await openCluster(path, log));
  }
  const clusters = {
    authentication: clients.get(named[0])!,
    authorization: clients.get(named[1])!,
    close: async () => {
      await Promise.all([...clients.values()].map(client => client.close()));
    },
  };
  await refuseSeparateStore(options, clusters.authorization, log);
  return clusters;
}

/** A client of the cluster of a kubeconfig. `path` undefined: the service account of the pod. Loaded when needed: a server on a laptop has no cluster. */
export async function openCluster(path: string | undefined, log: Log): Promise<ClusterClient> {
  const { loadInCluster, loadKubeconfig } = await import('../kube/kubeconfig.ts');
  const { createClusterClient } = await import('../kube/client.ts');
  const access = path === undefined ? await loadInCluster({ log }) : await loadKubeconfig(path, { log });
  return createClusterClient(access, { log, userAgent: `tortie/${versionInfo().gitVersion}` });
}

/**
 * Where a cluster has Calico's own CRDs, its agents read those: what is written here would be stored, and never enforced. A cluster
 * that does not answer now is not held against the server: the question is asked at the next start.
 */
async function refuseSeparateStore(options: Options, client: ClusterClient, log: Log): Promise<void> {
  if (options.allowSeparateDatastore || options.datastore === 'kubernetes') return;
  const path = '/apis/crd.projectcalico.org/v1';
  let answer: number | string;
  try {
    answer = (await client.request('GET', path)).status;
  } catch (error) {
    answer = String(error);
  }
  if (answer === 404) return;
  if (answer !== 200) {
    log.warn('whether the cluster has CRDs of Calico is not known', { answer });
    return;
  }
  throw new Error(
    `the cluster serves crd.projectcalico.org/v1, which Calico's agents read: what is written to the ${options.datastore} ` +
      'datastore of this server would never be enforced. --allow-separate-datastore starts it all the same',
  );
}
