import { etcdFaults } from '../faults/etcd.ts';

etcdFaults({ rounds: 6, writes: 2_000 });
