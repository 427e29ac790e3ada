import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { isCommunity } from '../../schema/checks/community.ts';
import { familyOf } from '../../schema/checks/net.ts';
import { parsePeerAddress } from '../../schema/checks/peer-address.ts';
import { didYouMean } from '../../schema/checks/text.ts';
import { parseIp } from '../../schema/cidr.ts';
import { defineRule, type Problem, type Rule } from '../../schema/rule.ts';
import { apiVersion } from '../kind.ts';
import { objectIn } from './fill.ts';
import { isKept } from './kept.ts';
import { missing } from './missing.ts';

/** Rules of BGPConfiguration and BGPPeer across several fields. */

const configurationSource = 'kinds.md 3, BGPConfiguration';

/** On an item of spec.communities. */
export const communityCompleteRule: Rule = defineRule<JsonObject>({
  id: 'bgp-community-complete',
  says: 'name and value are needed.',
  source: `${configurationSource}, communities[]`,
  check: community => missing(community, ['name', 'value']),
  cases: {
    valid: [{ value: { name: 'west', value: '64512:120' } }],
    invalid: [
      { value: { name: 'west' }, at: '.value', detail: 'is needed' },
      { value: { name: '', value: '64512:120' }, at: '.name', detail: 'is needed' },
    ],
  },
});

/** On an item of spec.prefixAdvertisements. */
export const advertisementCompleteRule: Rule = defineRule<JsonObject>({
  id: 'bgp-advertisement-complete',
  says: 'cidr and communities are needed; the list of communities may be empty.',
  source: `${configurationSource}, prefixAdvertisements[]`,
  check: advertisement => missing(advertisement, ['cidr', 'communities']),
  cases: {
    valid: [
      { value: { cidr: '10.48.0.0/16', communities: ['64512:120'] } },
      { value: { cidr: '10.48.0.0/16', communities: [] } },
    ],
    invalid: [
      { value: { cidr: '10.48.0.0/16' }, at: '.communities', detail: 'is needed' },
      { value: { communities: [] }, at: '.cidr', detail: 'is needed' },
    ],
  },
});

interface Advertising {
  communities?: { name?: string }[];
  prefixAdvertisements?: { communities?: string[] }[];
}

const notDefined = 'must be a BGP community, such as 64512:120, or a name from communities';

/** How many problems say what may have been meant: each has to be compared with every name. */
const mostHints = 10;

function* undefinedCommunities({
  communities = [],
  prefixAdvertisements = [],
}: Advertising): Generator<Problem, void> {
  const names = new Set(communities.flatMap(({ name }) => (name ? [name] : [])));
  let hints = 0;
  for (const [index, advertisement] of prefixAdvertisements.entries()) {
    for (const [place, text] of (advertisement.communities ?? []).entries()) {
      if (names.has(text) || isCommunity(text)) continue;
      const at = `.prefixAdvertisements[${index}].communities[${place}]`;
      const hint = ++hints > mostHints ? '' : didYouMean(text, names);
      yield { at, value: text, detail: `${notDefined}${hint}` };
    }
  }
}

/** On spec: what prefixAdvertisements name must be defined. */
export const communitiesDefinedRule: Rule = defineRule<JsonObject>({
  id: 'bgp-communities-defined',
  says: 'Each community of prefixAdvertisements must be a community as such or a name from communities.',
  source: `${configurationSource}, prefixAdvertisements[]; kinds.md 0.3b, Struct checks (BGPConfigurationSpec)`,
  check: spec => undefinedCommunities(spec as Advertising),
  cases: {
    valid: [
      { value: {} },
      {
        value: {
          communities: [{ name: 'west', value: '64512:120' }],
          prefixAdvertisements: [{ cidr: '10.48.0.0/16', communities: ['west', '64512:300:100'] }],
        },
      },
    ],
    invalid: [
      {
        value: {
          communities: [{ name: 'west', value: '64512:120' }],
          prefixAdvertisements: [{ cidr: '10.48.0.0/16', communities: ['64512:120', 'wset'] }],
        },
        at: '.prefixAdvertisements[0].communities[1]',
        detail: `${notDefined}; did you mean "west"?`,
      },
      {
        value: { prefixAdvertisements: [{ cidr: '10.48.0.0/16', communities: ['65536:1'] }] },
        at: '.prefixAdvertisements[0].communities[0]',
        detail: notDefined,
      },
    ],
  },
});

function configuration(name: string, spec: JsonObject): { value: Json; object: ApiObject } {
  const object = { apiVersion, kind: 'BGPConfiguration', metadata: { name }, spec };
  return { value: object, object };
}

/** What Calico takes from the object named default only. */
const clusterWide = [
  'nodeToNodeMeshEnabled',
  'asNumber',
  'serviceLoadBalancerIPs',
  'serviceExternalIPs',
  'serviceClusterIPs',
  'nodeMeshPassword',
  'nodeMeshMaxRestartTime',
];

const onlyOnDefault = 'can be set on the object named "default" only';

/** On the root: settings that are those of the cluster stand on the object named default. */
export const clusterWideRule: Rule = defineRule<Json>({
  id: 'bgp-cluster-wide',
  says: `Only the object named default may set ${clusterWide.join(', ')}.`,
  source: `${configurationSource}, only on default`,
  check: (_value, situation) => {
    const { object } = situation;
    if (object.metadata.name === 'default') return undefined;
    const spec = objectIn(object, 'spec') ?? {};
    const isSet = (value: Json | undefined) =>
      value !== undefined && !(Array.isArray(value) && value.length === 0);
    return clusterWide
      .filter(field => isSet(spec[field]) && !isKept(situation, field))
      .map(field => ({ at: `.spec.${field}`, type: 'Forbidden', detail: onlyOnDefault }));
  },
  cases: {
    valid: [
      configuration('default', { asNumber: 64512, nodeToNodeMeshEnabled: false }),
      configuration('node.rack1-host1', { logSeverityScreen: 'Debug', serviceExternalIPs: [] }),
      {
        ...configuration('node.rack1-host1', { asNumber: 64512, logSeverityScreen: 'Debug' }),
        old: configuration('node.rack1-host1', { asNumber: 64512 }).object,
        why: 'it was there before the rule, and stays as it was',
      },
    ],
    invalid: [
      {
        ...configuration('node.rack1-host1', { asNumber: 64512 }),
        at: '.spec.asNumber',
        detail: onlyOnDefault,
      },
      {
        ...configuration('node.rack1-host1', { asNumber: 64513 }),
        old: configuration('node.rack1-host1', { asNumber: 64512 }).object,
        at: '.spec.asNumber',
        detail: onlyOnDefault,
      },
      {
        ...configuration('other', {
          nodeToNodeMeshEnabled: false,
          serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
        }),
        at: '.spec.nodeToNodeMeshEnabled',
        detail: onlyOnDefault,
      },
    ],
  },
});

const sameFamily = (family: 4 | 6) => `must be an IPv${family} address, as peerIP is`;

/** On spec of a BGPPeer: the gateway speaks the IP version of the peer. */
export const gatewayFamilyRule: Rule = defineRule<JsonObject>({
  id: 'bgp-gateway-family',
  says: 'reachableBy must be of the IP version of peerIP.',
  source: 'kinds.md 3, BGPPeer, reachableBy; kinds.md 0.3b, Struct checks (BGPPeerSpec)',
  check: ({ peerIP, reachableBy }) => {
    const peer = typeof peerIP === 'string' ? parsePeerAddress(peerIP) : undefined;
    const gateway = typeof reachableBy === 'string' ? parseIp(reachableBy) : undefined;
    if (!peer || !gateway || familyOf(gateway) === peer.family) return undefined;
    return { at: '.reachableBy', value: reachableBy!, detail: sameFamily(peer.family) };
  },
  cases: {
    valid: [
      { value: { peerIP: '192.0.2.1:1790', reachableBy: '198.51.100.1' } },
      { value: { peerIP: '[2001:db8::1]:1790', reachableBy: '2001:db8:1::1' } },
      { value: { peerIP: '192.0.2.1' } },
    ],
    invalid: [
      {
        value: { peerIP: '192.0.2.1', reachableBy: '2001:db8::1' },
        at: '.reachableBy',
        detail: sameFamily(4),
      },
      {
        value: { peerIP: '[2001:db8::1]:179', reachableBy: '198.51.100.1' },
        at: '.reachableBy',
        detail: sameFamily(6),
      },
    ],
  },
});
