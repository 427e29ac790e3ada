import { join } from 'node:path';
import { requireBinaries } from '../e2e/binaries.ts';
import { freePorts } from '../e2e/process.ts';
import { type Running, start } from './process.ts';

/** A store under the server, and the arguments that choose it. */
export interface Store {
  args: string[];
  /** What runs beside the server for it. */
  process?: Running;
}

export const stores: Record<string, (folder: string) => Promise<Store>> = {
  embedded: async () => ({ args: ['--datastore=embedded'] }),
  memory: async () => ({ args: ['--datastore=memory'] }),
  etcd: startEtcd,
};

/** One member that syncs each commit to the disk, as the embedded store does. */
async function startEtcd(folder: string): Promise<Store> {
  const { binaries, skip } = await requireBinaries();
  if (skip) throw new Error(skip);
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
  return { args: ['--datastore=etcd', `--etcd-endpoints=${url}`], process };
}
