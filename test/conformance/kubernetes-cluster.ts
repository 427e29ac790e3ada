import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { requireBinaries } from '../e2e/binaries.ts';
import { startCluster } from '../e2e/cluster.ts';
import type { RunningProcess } from '../e2e/process.ts';

const { binaries, skip } = await requireBinaries();

/** Why there is no cluster here, or false. */
export const noCluster = skip;

/** Starts a cluster before the tests of a file, prepares it, and stops it after them. */
export function withCluster(prepare: (kubeconfig: string) => Promise<void>): void {
  const processes: RunningProcess[] = [];
  let folder = '';
  before(async () => {
    if (skip) return;
    folder = await mkdtemp(join(tmpdir(), 'tortie-'));
    await prepare((await startCluster(binaries, folder, processes)).adminKubeconfig);
  });
  after(async () => {
    for (const running of processes.reverse()) await running.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
}
