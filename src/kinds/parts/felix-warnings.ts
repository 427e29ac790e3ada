import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { parseCidr, parseIp } from '../../schema/cidr.ts';
import { parseSelector, SelectorSyntaxError } from '../../schema/selector/parse.ts';
import { listAt, valueAt } from './column.ts';
import { deprecatedFields } from './deprecated.ts';

const deprecated = {
  'spec.bpfConnectTimeLoadBalancingEnabled': 'spec.bpfConnectTimeLoadBalancing',
  'spec.dataplaneWatchdogTimeout': 'spec.healthTimeoutOverrides',
  'spec.routeTableRange': 'spec.routeTableRanges',
};

/** Calico has a check of these that it never reaches; a port that is left closed can lock people out. */
function failsafeWarnings(list: Json[], path: string): string[] {
  return list.flatMap((port, index) => {
    if (!isJsonObject(port)) return [];
    const { protocol, net } = port;
    const at = `${path}[${index}]`;
    const warnings: string[] = [];
    if (typeof protocol === 'string' && !/^(|tcp|udp|sctp)$/i.test(protocol)) {
      warnings.push(
        `${at}.protocol: ${JSON.stringify(protocol)} is no protocol with ports; tcp, udp and sctp are`,
      );
    }
    if (typeof net === 'string' && net !== '' && !parseCidr(net) && !parseIp(net)) {
      warnings.push(`${at}.net: ${JSON.stringify(net)} is no CIDR, such as 192.0.2.0/24`);
    }
    return warnings;
  });
}

/** Neither Calico's validator nor its schema looks at how the selector is written. */
function selectorWarnings(selector: Json | undefined): string[] {
  if (typeof selector !== 'string') return [];
  try {
    parseSelector(selector);
    return [];
  } catch (error) {
    if (!(error instanceof SelectorSyntaxError)) throw error;
    return [`spec.nodeSelector: selects no node, since it does not parse: ${error.message}`];
  }
}

/** What Felix would ignore or trip over, although Calico lets it pass. */
export function felixWarnings(object: ApiObject): string[] {
  return [
    ...deprecatedFields(object, deprecated),
    ...selectorWarnings(valueAt(object, 'spec.nodeSelector')),
    ...['spec.failsafeInboundHostPorts', 'spec.failsafeOutboundHostPorts'].flatMap(path =>
      failsafeWarnings(listAt(object, path), path),
    ),
  ];
}
