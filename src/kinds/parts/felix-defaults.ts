import type { ApiObject } from '../../machinery/object.ts';
import { fill, objectIn } from './fill.ts';

/**
 * Fills what Calico's client fills (clientv3, create and update). The deprecated switch, where it is set, overrides its
 * two successors, whatever they say.
 */
export function felixDefaults(object: ApiObject): void {
  const spec = objectIn(object, 'spec');
  if (!spec) return;
  const { bpfConnectTimeLoadBalancingEnabled: enabled } = spec;
  if (typeof enabled === 'boolean') {
    spec.bpfConnectTimeLoadBalancing = enabled ? 'Enabled' : 'Disabled';
    spec.bpfHostNetworkedNATWithoutCTLB = 'Disabled';
  }
  fill(spec, 'floatingIPs', 'Disabled', { keepEmpty: true });
  fill(spec, 'bpfConnectTimeLoadBalancing', 'TCP', { keepEmpty: true });
  fill(spec, 'bpfHostNetworkedNATWithoutCTLB', 'Enabled', { keepEmpty: true });
}
