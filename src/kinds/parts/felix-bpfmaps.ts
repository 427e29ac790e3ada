import { integer } from '../../schema/build.ts';
import { maglevSizeRule } from '../../schema/checks/number.ts';
import { anyCase } from './felix-value.ts';

/** Fields of FelixConfiguration: sizes of the eBPF maps. */
export const felixBpfMaps = {
  bpfMaglevMaxEndpointsPerService: integer(
    'Most endpoints expected for a Service with Maglev load balancing, 1 to 3000; sets the size of its ' +
      'table. Default: 100.',
    { rules: [maglevSizeRule] },
  ),
  bpfMaglevMaxServices: integer(
    'Most Services expected with Maglev load balancing, 1 to 3000. Default: 100.',
    { rules: [maglevSizeRule] },
  ),
  bpfMapSizeConntrack: integer(
    'Entries for connections: one for each open one. Changing it can interrupt connections. Default: 512000.',
  ),
  bpfMapSizeConntrackCleanupQueue: integer(
    'Entries for translated connections that wait to be removed, at least 1: as many as end between two ' +
      'cleanups. Default: 100000.',
    { minimum: 1 },
  ),
  bpfMapSizeConntrackScaling: anyCase(
    ['Disabled', 'DoubleIfFull'],
    'DoubleIfFull doubles the map for connections when it stays full after a cleanup; Disabled keeps ' +
      'its size. Default: DoubleIfFull.',
  ),
  bpfMapSizeIPSets: integer(
    'Entries for selectors in policy: one for each endpoint that each selector matches. Default: 1048576.',
  ),
  bpfMapSizeIfState: integer(
    'Entries for interfaces: one for each of the host and its workloads. Default: 1000.',
  ),
  bpfMapSizeNATAffinity: integer('Entries for clients of Services with session affinity. Default: 65536.'),
  bpfMapSizeNATBackend: integer('Entries for endpoints of all Services together. Default: 262144.'),
  bpfMapSizeNATFrontend: integer(
    'Entries for Services: one for each port of each cluster, external and load-balancer IP, and each ' +
      'node port. Default: 65536.',
  ),
  bpfMapSizePerCpuConntrack: integer(
    'Entries for connections for each CPU of the host; wins over bpfMapSizeConntrack unless 0. Default: 0.',
  ),
  bpfMapSizeRoute: integer(
    'Entries for routes: one for each workload and some for each host. Default: 262144.',
  ),
};
