import { etcdTwoServers } from '../faults/etcd-two-servers.ts';

etcdTwoServers(400);
