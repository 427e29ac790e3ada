import { kubernetesCodec } from '../../src/storage/kubernetes/codec.ts';
import { crossObjectConformance } from './cross-object/races.ts';
import { noCluster, withCluster } from './kubernetes-cluster.ts';
import { calicoStores } from './kubernetes-store.ts';

let stores: Awaited<ReturnType<typeof calicoStores>>;
withCluster(async kubeconfig => {
  stores = await calicoStores(kubeconfig);
});

crossObjectConformance({
  name: 'kubernetes',
  open: () => stores.open(),
  another: store => stores.another(store),
  codecOf: kubernetesCodec,
  rounds: 30,
  spreadMs: 150,
  unavailable: noCluster,
});
