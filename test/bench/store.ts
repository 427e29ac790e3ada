import { join } from 'node:path';
import { kinds } from '../../src/kinds/index.ts';
import { customResourceDefinitions } from '../../src/storage/kubernetes/definitions.ts';
import { type Binaries, requireBinaries } from '../e2e/binaries.ts';
import { clientOf, eventually } from '../e2e/client.ts';
import { startCluster } from '../e2e/cluster.ts';
import { freePorts, type RunningProcess } from '../e2e/process.ts';
import { start } from './process.ts';

/** A store under the server, and the arguments that choose it. */
export interface Store {
  args: string[];
  /** What runs beside the server for it; their CPU is told too. */
  processes: { pid: number }[];
  stop(): Promise<void>;
}

export const stores: Record<string, (folder: string) => Promise<Store>> = {
  embedded: async () => within('embedded'),
  memory: async () => within('memory'),
  etcd: startEtcd,
  kubernetes: startKubernetes,
};

/** A store in the server's own process. */
function within(name: string): Store {
  return { args: [`--datastore=${name}`], processes: [], stop: async () => {} };
}

async function realBinaries(): Promise<Binaries> {
  const { binaries, skip } = await requireBinaries();
  if (skip) throw new Error(skip);
  return binaries;
}

/** One member that syncs each commit to the disk, as the embedded store does. */
async function startEtcd(folder: string): Promise<Store> {
  const binaries = await realBinaries();
  const [port, peerPort] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const process = await start({
    name: 'etcd',
    command: binaries.etcd,
    folder,
    pattern: /ready to serve client requests/,
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--log-level=info',
    ],
  });
  const args = ['--datastore=etcd', `--etcd-endpoints=${url}`];
  return { args, processes: [process], stop: () => process.stop() };
}

/** kube-apiserver with the CRDs, and its etcd, which does not wait for the disk. */
async function startKubernetes(folder: string): Promise<Store> {
  const processes: RunningProcess[] = [];
  const cluster = await startCluster(await realBinaries(), folder, processes);
  const client = await clientOf(cluster.adminKubeconfig);
  for (const definition of customResourceDefinitions(kinds)) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const { status, text } = await client.request('POST', path, { body: JSON.stringify(definition) });
    if (status !== 201) throw new Error(text);
  }
  await eventually(
    'the CRDs are served',
    () => client.request('GET', '/apis/crd.projectcalico.org/v1/networkpolicies'),
    ({ status }) => status === 200,
  );
  client.close();
  return {
    args: ['--datastore=kubernetes', `--datastore-kubeconfig=${cluster.adminKubeconfig}`],
    processes,
    stop: async () => {
      for (const process of processes.reverse()) await process.stop();
    },
  };
}
