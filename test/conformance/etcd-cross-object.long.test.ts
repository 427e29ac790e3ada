import { crossObjectConformance } from './cross-object/races.ts';
import { noEtcd, openEtcdStore } from './etcd-store.ts';

crossObjectConformance({
  name: 'etcd',
  open: () => openEtcdStore(),
  spreadMs: 8,
  unavailable: noEtcd,
});
