import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { requireBinaries } from '../e2e/binaries.ts';
import { startCluster } from '../e2e/cluster.ts';
import type { RunningProcess } from '../e2e/process.ts';
import { type KubernetesStores, kubernetesStores } from './kubernetes-store.ts';
import { storageConformance } from './storage.ts';

const { binaries, skip } = await requireBinaries();
const processes: RunningProcess[] = [];
let folder = '';
let stores: KubernetesStores;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'tortie-'));
  const kubeconfig =
    process.env.DEV_KUBECONFIG ?? (await startCluster(binaries, folder, processes)).adminKubeconfig;
  stores = await kubernetesStores(kubeconfig);
});

after(async () => {
  for (const running of processes.reverse()) await running.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

storageConformance({
  name: 'kubernetes',
  open: () => stores.open(),
  reopen: backend => stores.reopen(backend),
  many: 1_500,
  unavailable: skip,
  shared: true,
  // Base64 within the 1.5 MiB of etcd.
  largestBytes: 1_100_000,
  skip: {
    'an update with the same value is a write like any other':
      'kube-apiserver does not store an update that changes nothing',
    'three thousand watches':
      'each is a stream of its own to kube-apiserver, and the server opens one a kind',
    'history beyond the window is Compacted, history within it is kept':
      'how long history is kept is for the cluster to say',
    'what is compacted stays so over a restart':
      "compact() binds the one server: the history is the cluster's",
  },
});
