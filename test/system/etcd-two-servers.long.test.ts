import { etcdTwoServers } from '../faults/etcd-two-servers.ts';

// Each takes a minute at least.
etcdTwoServers({ writes: 60_000, increments: 100 });
