import { limits } from '../../limits.ts';
import { cutJson } from '../../machinery/cut.ts';
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
function* failsafeWarnings(list: Json[], path: string): Generator<string, void> {
  for (const [index, port] of list.entries()) {
    if (!isJsonObject(port)) continue;
    const { protocol, net } = port;
    const at = `${path}[${index}]`;
    if (typeof protocol === 'string' && !/^(|tcp|udp|sctp)$/i.test(protocol)) {
      yield `${at}.protocol: ${cutJson(protocol)} is no protocol with ports; tcp, udp and sctp are`;
    }
    if (typeof net === 'string' && net !== '' && !parseCidr(net) && !parseIp(net)) {
      yield `${at}.net: ${cutJson(net)} is no CIDR, such as 192.0.2.0/24`;
    }
  }
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
      // Of more, no answer would tell.
      failsafeWarnings(listAt(object, path), path).take(limits.maxWarnings).toArray(),
    ),
  ];
}
