import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type RunningProcess, startProcess } from './process.ts';

export interface EtcdOptions {
  binary: string;
  /** Where its log goes; its data too, unless `data` names a folder. */
  folder: string;
  data?: string;
  /** A port that was used before; a free one otherwise. */
  port?: number;
  /** Further flags. */
  args?: string[];
  /** `https` where the flags name a certificate. */
  scheme?: 'http' | 'https';
  /** The other members of a cluster, with this one: `name=http://127.0.0.1:port`, and this one's place among them. */
  cluster?: { name: string; peerPort: number; members: string };
}

/** A real etcd on loopback. */
export interface Etcd {
  url: string;
  port: number;
  process: RunningProcess;
  /** Starts it again after it has ended, on the same data and port. */
  restart(): Promise<Etcd>;
}

/**
 * Starts etcd and waits until it serves. It runs without fsync: nothing here has to survive a power cut, and what was
 * acknowledged survives a kill all the same.
 */
export async function startEtcd(options: EtcdOptions): Promise<Etcd> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePorts(1))[0]!;
    try {
      return await startAt(options, port);
    } catch (error) {
      // Somebody else may take a port between the look and the start.
      if (attempt === 3 || options.port || !/address already in use/.test(String(error))) throw error;
    }
  }
}

async function startAt(options: EtcdOptions, port: number): Promise<Etcd> {
  const { cluster, folder, scheme = 'http' } = options;
  const [freePeerPort] = (await freePorts(1)) as [number];
  const peerUrl = `http://127.0.0.1:${cluster?.peerPort ?? freePeerPort}`;
  const name = cluster?.name ?? 'default';
  const url = `${scheme}://127.0.0.1:${port}`;
  const process = await startProcess({
    name: 'etcd',
    command: options.binary,
    folder,
    args: [
      `--name=${name}`,
      `--data-dir=${options.data ?? join(folder, `etcd-${name}`)}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${cluster?.members ?? `${name}=${peerUrl}`}`,
      '--heartbeat-interval=20',
      '--election-timeout=200',
      '--unsafe-no-fsync',
      ...(options.args ?? []),
    ],
  });
  await process.waitForLine(/ready to serve client requests/);
  const again = {
    ...options,
    port,
    ...(!cluster && { cluster: { name, peerPort: freePeerPort, members: `${name}=${peerUrl}` } }),
  };
  return { url, port, process, restart: () => startAt(again, port) };
}

/** A folder in memory where there is one: an etcd that serves one test should not wait for a disk. */
export function folderForEtcd(): { folder: string; remove(): void } {
  const parent = process.platform === 'linux' ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(parent, 'tortie-etcd-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
