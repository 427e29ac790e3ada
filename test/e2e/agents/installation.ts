import { join } from 'node:path';
import type { Backend } from '../../../src/storage/backend.ts';
import { openEtcd } from '../../../src/storage/etcd/backend.ts';
import { openSqliteBackend } from '../../../src/storage/sqlite/backend.ts';
import { type Client, clientOf } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { Suite } from '../suite.ts';
import { type Deployed, deployBase } from '../tortie.ts';
import { type AgentName, createAgents } from './roles.ts';

/** A store with which Calico's components can have the server as their datastore. */
export interface Datastore {
  name: string;
  /** The arguments that choose it. */
  args(cluster: Cluster): string[];
  /** Opens it, while no server is running on it. */
  open(cluster: Cluster, deployed: Deployed): Promise<Backend> | Backend;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export const datastores: Datastore[] = [
  {
    name: 'sqlite',
    args: () => ['--datastore=embedded'],
    open: (_cluster, { dataDirectory }) => openSqliteBackend({ directory: join(dataDirectory, 'store') }),
  },
  {
    // The cluster's own etcd, beside what kube-apiserver keeps there.
    name: 'etcd',
    args: ({ etcdUrl }) => ['--datastore=etcd', `--etcd-endpoints=${etcdUrl}`],
    open: ({ etcdUrl }) => openEtcd({ endpoints: [etcdUrl], log: silent }),
  },
];

/** A cluster without Calico's CRDs, in which the server is what Calico's components take for their datastore. */
export interface Installation {
  cluster: Cluster;
  deployed: Deployed;
  /** A client through kube-apiserver, with the rights of the component. */
  clientFor(who: AgentName | 'admin', maxSockets?: number): Promise<Client>;
  /** Ends the server and starts it again; `forgetUpTo` takes the history up to a revision from the store meanwhile. */
  restart(options?: { forgetUpTo?: number | 'now' }): Promise<void>;
}

/** Starts etcd, kube-apiserver and, on this datastore, the server behind it. The suite stops them. */
export async function install(suite: Suite, datastore: Datastore): Promise<Installation> {
  const cluster = await suite.startCluster();
  const args = datastore.args(cluster);
  const deployed = await deployBase(suite, cluster, args);
  const agents = await createAgents(cluster, await suite.kubectl(cluster.adminKubeconfig));
  const forgetHistory = async (upTo: number | 'now') => {
    const backend = await datastore.open(cluster, deployed);
    await backend.compact(upTo === 'now' ? await backend.revision() : upTo);
    await backend.close();
  };
  return {
    cluster,
    deployed,
    clientFor: (who, maxSockets) =>
      clientOf(who === 'admin' ? cluster.adminKubeconfig : agents[who], maxSockets),
    restart: ({ forgetUpTo } = {}) =>
      deployed.restart(args, forgetUpTo === undefined ? undefined : () => forgetHistory(forgetUpTo)),
  };
}
