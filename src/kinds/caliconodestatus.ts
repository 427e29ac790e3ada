import type { JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { array, type Infer, integer, object, oneOf, string, type Typed } from '../schema/build.ts';
import { nameRule } from '../schema/checks/name.ts';
import { secondsOfADayRule } from '../schema/checks/number.ts';
import { orEmpty } from '../schema/checks/text.ts';
import { defineRule } from '../schema/rule.ts';
import { apiVersion, type Column, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, listAt, valueAt } from './parts/column.ts';
import { missing } from './parts/missing.ts';

const kind = 'CalicoNodeStatus';
const description =
  'Asks a node to report on its BGP daemon, BGP sessions and routes; the report appears in status and ' +
  'is renewed at the interval asked for. Delete the object to end the reports.';

/** The schema of Calico requires none of these, its validator all. */
const reportCompleteRule = defineRule<JsonObject>({
  id: 'node-status-complete',
  says: 'node, classes and updatePeriodSeconds are needed; the list of classes may be empty.',
  source: 'kinds.md 3, CalicoNodeStatus',
  check: value => missing(value, ['node', 'classes', 'updatePeriodSeconds']),
  cases: {
    valid: [
      { value: { node: 'rack1-host1', classes: ['BGP'], updatePeriodSeconds: 10 } },
      { value: { node: 'rack1-host1', classes: [], updatePeriodSeconds: 0 } },
    ],
    invalid: [
      { value: { node: '', classes: ['BGP'], updatePeriodSeconds: 10 }, at: '.node', detail: 'is needed' },
      { value: { node: 'rack1-host1', updatePeriodSeconds: 10 }, at: '.classes', detail: 'is needed' },
      { value: { node: 'rack1-host1', classes: [] }, at: '.updatePeriodSeconds', detail: 'is needed' },
    ],
  },
});

const spec = object(
  {
    classes: array(
      oneOf(['Agent', 'BGP', 'Routes'], 'One part of the report.'),
      'What to report: Agent (state of the BGP daemon BIRD), BGP (sessions) and Routes (routes that ' +
        'BIRD knows).',
      { 'x-kubernetes-list-type': 'set' },
    ),
    node: string('Name of the node that is to report.', { rules: [orEmpty(nameRule)] }),
    updatePeriodSeconds: integer('Seconds between two reports, 0 to 86400 (a day). 0 stops the reports.', {
      format: 'int32',
      rules: [secondsOfADayRule],
    }),
  },
  'Which node is to report, what and how often. All three fields are needed.',
  { rules: [reportCompleteRule] },
);

export type CalicoNodeStatusSpec = Infer<typeof spec>;

function daemon(text: string) {
  return object(
    {
      lastBootTime: string(
        'When the daemon started, in its own format and time zone, e.g. 2026-08-22 09:23:19.',
      ),
      lastReconfigurationTime: string(
        'When the daemon last read its configuration, e.g. 2026-08-22 09:23:19.',
      ),
      routerID: string('Router ID of the node, e.g. 192.0.2.10.'),
      state: oneOf(['Ready', 'NotReady'], 'Whether the daemon answers and is up.'),
      version: string('Version of the daemon, e.g. v0.3.3+birdv1.6.8.'),
    },
    text,
    { definition: { name: 'BGPDaemonStatus', description: 'State of a BGP daemon.' } },
  );
}

function peers(text: string) {
  const peer = object(
    {
      peerIP: string('Address of the peer.'),
      since: string('When the session came into this state: a time of today, e.g. 09:23:22, or a date.'),
      state: oneOf(
        ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established', 'Close'],
        'State of the session. Only Established exchanges routes.',
      ),
      type: oneOf(
        ['NodeMesh', 'NodePeer', 'GlobalPeer'],
        'Where the session comes from: the node-to-node mesh (NodeMesh), a BGPPeer for this node ' +
          '(NodePeer) or one for all nodes (GlobalPeer).',
      ),
    },
    'One BGP session.',
    { definition: { name: 'CalicoNodePeer' } },
  );
  return array(peer, text, { 'x-kubernetes-list-type': 'atomic' });
}

function routes(text: string) {
  const route = object(
    {
      destination: string('Range that the route leads to, e.g. 10.48.12.64/26.'),
      gateway: string('Address of the next hop; N/A if there is none.'),
      interface: string('Interface that packets leave by.'),
      learnedFrom: object(
        {
          peerIP: string('Address of the router that sent the route, for NodeMesh and BGPPeer.'),
          sourceType: oneOf(
            ['Kernel', 'Static', 'Direct', 'NodeMesh', 'BGPPeer'],
            'What kind of source it was.',
          ),
        },
        'Where the route comes from.',
        { definition: { name: 'CalicoNodeRouteLearnedFrom' } },
      ),
      type: oneOf(['FIB', 'RIB'], 'FIB: the route is in use for forwarding. RIB: it is only known.'),
    },
    'One route.',
    { definition: { name: 'CalicoNodeRoute' } },
  );
  return array(route, text, { 'x-kubernetes-list-type': 'atomic' });
}

const status = object(
  {
    agent: object(
      { birdV4: daemon('The daemon for IPv4.'), birdV6: daemon('The daemon for IPv6.') },
      'State of the BGP daemons (class Agent).',
      { definition: { name: 'CalicoNodeAgentStatus' } },
    ),
    bgp: object(
      {
        numberEstablishedV4: integer('Number of IPv4 sessions that are established.'),
        numberEstablishedV6: integer('Number of IPv6 sessions that are established.'),
        numberNotEstablishedV4: integer('Number of IPv4 sessions that are not established.'),
        numberNotEstablishedV6: integer('Number of IPv6 sessions that are not established.'),
        peersV4: peers('The IPv4 sessions.'),
        peersV6: peers('The IPv6 sessions.'),
      },
      'BGP sessions of the node (class BGP).',
      {
        definition: { name: 'CalicoNodeBGPStatus' },
        required: [
          'numberEstablishedV4',
          'numberEstablishedV6',
          'numberNotEstablishedV4',
          'numberNotEstablishedV6',
        ],
      },
    ),
    lastUpdated: string('When the node wrote this report (RFC 3339). Empty until it has.', {
      format: 'date-time',
      nullable: true,
    }) as Typed<string | null>,
    routes: object(
      { routesV4: routes('The IPv4 routes.'), routesV6: routes('The IPv6 routes.') },
      'Routes that the BGP daemons know (class Routes).',
      { definition: { name: 'CalicoNodeBGPRouteStatus' } },
    ),
  },
  'The report of the node. Parts that were not asked for are empty.',
);

export type CalicoNodeStatusStatus = Infer<typeof status>;

function statusOf(source: ApiObject): CalicoNodeStatusStatus {
  return (source.status as CalicoNodeStatusStatus | undefined) ?? {};
}

/** Established sessions of all sessions, e.g. `2/3`; empty before the first report. */
function sessionsColumn(family: 'V4' | 'V6'): Column {
  return {
    name: `Established-${family}`,
    type: 'string',
    priority: 1,
    description: `IP${family.toLowerCase()} sessions that are established, of all sessions.`,
    value: source => {
      const bgp = statusOf(source).bgp;
      if (!bgp) return undefined;
      const established = bgp[`numberEstablished${family}`];
      return `${established}/${established + bgp[`numberNotEstablished${family}`]}`;
    },
  };
}

/** The routes that came over BGP; those of the kernel and the like are no news. */
function routesColumn(family: 'V4' | 'V6'): Column {
  return {
    name: `Num-${family}-Routes`,
    type: 'integer',
    priority: 1,
    description: `Number of IP${family.toLowerCase()} routes learned over BGP.`,
    value: source => {
      const known = statusOf(source).routes?.[`routes${family}`] ?? [];
      const overBgp = known.filter(route =>
        ['NodeMesh', 'BGPPeer'].includes(route.learnedFrom?.sourceType ?? ''),
      );
      return overBgp.length;
    },
  };
}

export const calicoNodeStatus: Kind = {
  kind,
  plural: 'caliconodestatuses',
  singular: 'caliconodestatus',
  shortNames: ['caliconodestatus'],
  namespaced: false,
  tiered: false,
  statusSubresource: true,
  storageClass: 'resource',
  description,
  schema: object({ spec, status }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({ name: 'Node', type: 'string', path: 'spec.node', description: 'The node that reports.' }),
    {
      name: 'Classes',
      type: 'string',
      description: 'What it reports.',
      value: source => listAt(source, 'spec.classes').join(','),
    },
    {
      name: 'Update Interval',
      type: 'string',
      description: 'Time between two reports.',
      value: source => {
        const seconds = valueAt(source, 'spec.updatePeriodSeconds');
        return seconds === undefined ? undefined : `${seconds}s`;
      },
    },
    fieldColumn({
      name: 'Last Updated',
      type: 'date',
      path: 'status.lastUpdated',
      description: 'How long ago the node reported.',
    }),
    {
      name: 'Agent State',
      type: 'string',
      priority: 1,
      description: 'State of the BGP daemons for IPv4 and IPv6.',
      value: source => {
        const agent = statusOf(source).agent;
        return agent && `v4(${agent.birdV4?.state ?? ''}) v6(${agent.birdV6?.state ?? ''})`;
      },
    },
    sessionsColumn('V4'),
    sessionsColumn('V6'),
    routesColumn('V4'),
    routesColumn('V6'),
    ageColumn,
  ],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'rack1-host1' },
        spec: {
          node: 'rack1-host1',
          classes: ['Agent', 'BGP', 'Routes'],
          updatePeriodSeconds: 10,
        } satisfies CalicoNodeStatusSpec,
        status: {
          lastUpdated: '2026-08-22T13:22:03Z',
          agent: {
            birdV4: {
              state: 'Ready',
              version: 'v0.3.3+birdv1.6.8',
              routerID: '192.0.2.10',
              lastBootTime: '2026-08-22 09:23:19',
              lastReconfigurationTime: '2026-08-22 09:23:19',
            },
            birdV6: { state: 'NotReady' },
          },
          bgp: {
            numberEstablishedV4: 1,
            numberNotEstablishedV4: 1,
            numberEstablishedV6: 0,
            numberNotEstablishedV6: 1,
            peersV4: [
              { peerIP: '192.0.2.11', type: 'NodeMesh', state: 'Established', since: '09:23:22' },
              { peerIP: '192.0.2.1', type: 'NodePeer', state: 'OpenSent', since: '09:23:22' },
            ],
            peersV6: [{ peerIP: '2001:db8::1', type: 'GlobalPeer', state: 'Idle', since: '09:23:19' }],
          },
          routes: {
            routesV4: [
              {
                type: 'FIB',
                destination: '0.0.0.0/0',
                gateway: '192.0.2.1',
                interface: 'eth0',
                learnedFrom: { sourceType: 'Kernel' },
              },
              {
                type: 'FIB',
                destination: '10.48.12.64/26',
                gateway: '192.0.2.11',
                interface: 'eth0',
                learnedFrom: { sourceType: 'NodeMesh', peerIP: '192.0.2.11' },
              },
            ],
            routesV6: [
              { type: 'RIB', destination: 'fd00:10:48::/64', learnedFrom: { sourceType: 'Static' } },
            ],
          },
        } satisfies CalicoNodeStatusStatus,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'rack1-host2-sessions' },
        spec: { node: 'rack1-host2', classes: ['BGP'], updatePeriodSeconds: 0 },
      },
    ],
    invalid: [
      {
        why: 'nothing that is needed',
        object: { apiVersion, kind, metadata: { name: 'empty' }, spec: {} },
        errors: [
          'spec.node: Required value: is needed',
          'spec.classes: Required value: is needed',
          'spec.updatePeriodSeconds: Required value: is needed',
        ],
      },
      {
        why: 'more than a day between reports, and no name of a node',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'too-rare' },
          spec: { node: 'rack1_host1', classes: ['BGP'], updatePeriodSeconds: 86401 },
        },
        errors: [
          'spec.node: Invalid value: "rack1_host1": must be a name of lower case letters, digits, \'-\' and ' +
            "'.', with a letter or digit at both ends and around each '.', such as node-1.example.com",
          'spec.updatePeriodSeconds: Invalid value: 86401: must be 0 to 86400',
        ],
      },
      {
        why: 'a class that does not exist',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'wrong-class' },
          spec: { node: 'rack1-host1', classes: ['Agent', 'Bird'], updatePeriodSeconds: 10 },
        },
        errors: ['spec.classes[1]: Unsupported value: "Bird": supported values: "Agent", "BGP", "Routes"'],
      },
      {
        why: 'a class given twice',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'twice' },
          spec: { node: 'rack1-host1', classes: ['BGP', 'BGP'], updatePeriodSeconds: 10 },
        },
        errors: ['spec.classes[1]: Duplicate value: "BGP"'],
      },
      {
        why: 'an interval as text',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'interval-as-text' },
          spec: { node: 'rack1-host1', classes: ['BGP'], updatePeriodSeconds: '10s' },
        },
        errors: [
          'spec.updatePeriodSeconds: Invalid value: "string": spec.updatePeriodSeconds in body must be ' +
            'of type integer: "string"',
        ],
      },
      {
        why: 'a report without its counts',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'half-report' },
          spec: { node: 'rack1-host1', classes: ['BGP'], updatePeriodSeconds: 10 },
          status: { lastUpdated: null, bgp: { numberEstablishedV4: 1, numberNotEstablishedV4: 0 } },
        },
        errors: [
          'status.bgp.numberEstablishedV6: Required value',
          'status.bgp.numberNotEstablishedV6: Required value',
        ],
      },
    ],
  },
};
