import { noEtcd, openEtcdStore, reopenEtcdStore } from './etcd-store.ts';
import { sameAsMemory } from './histories.ts';

sameAsMemory({
  name: 'etcd',
  runs: 60,
  open: () => openEtcdStore(),
  reopen: reopenEtcdStore,
  distant: true,
  unavailable: noEtcd,
});
