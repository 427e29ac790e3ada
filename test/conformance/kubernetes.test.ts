import { noCluster, withCluster } from './kubernetes-cluster.ts';
import { type KubernetesStores, kubernetesStores } from './kubernetes-store.ts';
import { storageConformance } from './storage.ts';

let stores: KubernetesStores;
withCluster(async kubeconfig => {
  stores = await kubernetesStores(kubeconfig);
});

storageConformance({
  name: 'kubernetes',
  open: () => stores.open(),
  reopen: backend => stores.reopen(backend),
  many: 1_500,
  unavailable: noCluster,
  shared: true,
  // Base64 within the 1.5 MiB of etcd.
  largestBytes: 1_100_000,
  notPromised: {
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
