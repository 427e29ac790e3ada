import { crossObjectConformance } from './cross-object/races.ts';
import { noEtcd, openEtcdStore } from './etcd-store.ts';

crossObjectConformance({
  name: 'etcd',
  open: () => openEtcdStore(),
  rounds: 100,
  spreadMs: 8,
  unavailable: noEtcd,
});
