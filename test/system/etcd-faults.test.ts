import { etcdFaults } from '../faults/etcd.ts';

etcdFaults({ rounds: 1, writes: 200 });
