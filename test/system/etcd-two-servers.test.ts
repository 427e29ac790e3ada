import { etcdTwoServers } from '../faults/etcd-two-servers.ts';

etcdTwoServers({ writes: 400, increments: 3 });
