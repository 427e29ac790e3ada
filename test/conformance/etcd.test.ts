import { noEtcd, openEtcdStore, reopenEtcdStore } from './etcd-store.ts';
import { storageConformance } from './storage.ts';

storageConformance({
  name: 'etcd',
  open: () => openEtcdStore(),
  reopen: reopenEtcdStore,
  agesByRevisions: true,
  unavailable: noEtcd,
});
