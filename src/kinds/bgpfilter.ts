import { array, type Infer, integer, object, oneOf, string } from '../schema/build.ts';
import { bgpFilterInterfaceRule } from '../schema/checks/interface.ts';
import { net4Rule, net6Rule } from '../schema/checks/net.ts';
import { orEmpty } from '../schema/checks/text.ts';
import type { Rule } from '../schema/rule.ts';
import { apiVersion, type Column, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { asNumber, community, routePriority } from './parts/bgp.ts';
import { filterWarnings } from './parts/bgp-warnings.ts';
import { listAt } from './parts/column.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const kind = 'BGPFilter';
const description =
  'Decides which routes nodes import from and export to a BGP peer, and changes them on the way. Takes ' +
  'effect through filters of a BGPPeer.';

const atomicMap = { 'x-kubernetes-map-type': 'atomic' } as const;
const atomicList = { 'x-kubernetes-list-type': 'atomic' } as const;

const operations = array(
  object(
    {
      addCommunity: object(
        { value: community('The community, e.g. 64512:120 or 64512:300:100.') },
        'Adds a BGP community to the route.',
        { definition: { name: 'BGPFilterAddCommunity' }, required: ['value'], ...atomicMap },
      ),
      prependASPath: object(
        {
          prefix: array(
            asNumber('An AS number.'),
            'The AS numbers in the order in which they stand in the path afterwards, 1 to 10 of them.',
            {
              minItems: 1,
              maxItems: 10,
              ...atomicList,
            },
          ),
        },
        'Puts AS numbers in front of the AS path, e.g. to make the route less attractive.',
        { definition: { name: 'BGPFilterPrependASPath' }, required: ['prefix'], ...atomicMap },
      ),
      setPriority: object(
        {
          value: routePriority(
            'The priority (metric), 1 to 2147483646; the lower number wins, as with the route ' +
              'priorities of FelixConfiguration.',
          ),
        },
        'Sets the priority of the route.',
        { definition: { name: 'BGPFilterSetPriority' }, required: ['value'], ...atomicMap },
      ),
    },
    'One change to the route; exactly one of the fields must be set.',
    { definition: { name: 'BGPFilterOperation' }, minProperties: 1, maxProperties: 1, ...atomicMap },
  ),
  'Changes to make to the route, in order, before it is accepted (1 to 10). Only with action Accept.',
  { minItems: 1, maxItems: 10, ...atomicList },
);

/** The rules of one direction and IP version. */
function rules(
  family: { name: 'V4' | 'V6'; longest: 32 | 128; cidrMaxLength: number; example: string; net: Rule },
  text: string,
) {
  const length = { format: 'int32', minimum: 0, maximum: family.longest };
  const rule = object(
    {
      action: oneOf(
        ['Accept', 'Reject'],
        'What happens to a route that matches: Accept or Reject. No later rule is tried.',
      ),
      asPathPrefix: array(
        asNumber('An AS number.'),
        'Matches routes whose AS path begins with these AS numbers.',
        atomicList,
      ),
      cidr: string(
        `Matches routes by their range, e.g. ${family.example}, no host bits. Needs matchOperator.`,
        {
          format: 'cidr',
          maxLength: family.cidrMaxLength,
          rules: [family.net],
        },
      ),
      communities: object(
        {
          values: array(
            community('The community, e.g. 64512:120 or 64512:300:100.'),
            'The community to look for; exactly one.',
            { minItems: 1, maxItems: 1, ...atomicList },
          ),
        },
        'Matches routes that carry this BGP community, received or added by an earlier rule.',
        { definition: { name: 'BGPFilterCommunityMatch' }, required: ['values'], ...atomicMap },
      ),
      interface: string(
        'Matches routes that go out over this interface; * is a wildcard, e.g. *.calico (1 to 15 ' +
          'characters).',
        { maxLength: 15, rules: [orEmpty(bgpFilterInterfaceRule)] },
      ),
      matchOperator: oneOf(
        ['Equal', 'NotEqual', 'In', 'NotIn'],
        'How the range of the route compares with cidr: Equal (the same), In (within it or the same), ' +
          'NotEqual or NotIn. Set if and only if cidr is.',
      ),
      operations,
      peerType: oneOf(
        ['eBGP', 'iBGP'],
        'Applies the rule only to peers of another AS (eBGP) or of the same AS (iBGP). Default: both.',
      ),
      prefixLength: object(
        {
          max: integer(
            `Longest prefix that matches, 0 to ${family.longest}. Default: ${family.longest}.`,
            length,
          ),
          min: integer(
            `Shortest prefix that matches, 0 to ${family.longest}. Default: the prefix length of cidr.`,
            length,
          ),
        },
        'Narrows cidr to routes whose prefix length lies in this range. Needs cidr.',
        { definition: { name: `BGPFilterPrefixLength${family.name}` }, ...atomicMap },
      ),
      priority: routePriority(
        'Matches routes of this priority (metric), 1 to 2147483646, as in the route priorities of ' +
          'FelixConfiguration.',
      ),
      source: oneOf(
        ['RemotePeers'],
        'RemotePeers: matches only routes learned from BGP peers, not those of the node itself. Changes ' +
          'nothing on import.',
      ),
    },
    'A route must meet all conditions that are set; a rule without any matches every route.',
    {
      definition: { name: `BGPFilterRule${family.name}` },
      required: ['action'],
      ...atomicMap,
      'x-kubernetes-validations': [
        {
          rule:
            '(has(self.cidr) && size(self.cidr) > 0) == (has(self.matchOperator) && ' +
            'size(self.matchOperator) > 0)',
          message: 'cidr and matchOperator must be set together or not at all',
          reason: 'FieldValueInvalid',
        },
        {
          rule: '!has(self.prefixLength) || (has(self.cidr) && size(self.cidr) > 0)',
          message: 'prefixLength needs a cidr',
          reason: 'FieldValueInvalid',
        },
        {
          rule: "!has(self.operations) || size(self.operations) == 0 || self.action == 'Accept'",
          message: 'operations need action Accept',
        },
      ],
    },
  );
  return array(rule, text, atomicList);
}

const ipv4 = { name: 'V4', longest: 32, cidrMaxLength: 18, example: '10.48.0.0/16', net: net4Rule } as const;
const ipv6 = {
  name: 'V6',
  longest: 128,
  cidrMaxLength: 43,
  example: 'fd00:10:48::/64',
  net: net6Rule,
} as const;
const order =
  'The first rule that matches decides; a route that none matches is treated as without a filter.';

const spec = object(
  {
    exportV4: rules(ipv4, `Rules for IPv4 routes sent to the peer. ${order}`),
    exportV6: rules(ipv6, `Rules for IPv6 routes sent to the peer. ${order}`),
    importV4: rules(ipv4, `Rules for IPv4 routes received from the peer. ${order}`),
    importV6: rules(ipv6, `Rules for IPv6 routes received from the peer. ${order}`),
  },
  'The rules, by direction and IP version.',
);

export type BGPFilterSpec = Infer<typeof spec>;

function countColumn(name: string, field: keyof BGPFilterSpec, text: string): Column {
  return {
    name,
    type: 'integer',
    description: text,
    value: source => listAt(source, `spec.${field}`).length,
  };
}

export const bgpFilter: Kind = {
  kind,
  plural: 'bgpfilters',
  singular: 'bgpfilter',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description,
  schema: object({ spec }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    countColumn('Import-V4', 'importV4', 'Number of rules for IPv4 routes received.'),
    countColumn('Export-V4', 'exportV4', 'Number of rules for IPv4 routes sent.'),
    countColumn('Import-V6', 'importV6', 'Number of rules for IPv6 routes received.'),
    countColumn('Export-V6', 'exportV6', 'Number of rules for IPv6 routes sent.'),
    ageColumn,
  ],
  warnings: filterWarnings,
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'only-pods' },
        spec: {
          exportV4: [
            {
              action: 'Accept',
              cidr: '10.48.0.0/16',
              matchOperator: 'In',
              prefixLength: { min: 16, max: 26 },
              source: 'RemotePeers',
              peerType: 'eBGP',
              communities: { values: ['64512:120'] },
              asPathPrefix: [64513, 64514],
              priority: 1024,
              operations: [
                { addCommunity: { value: '64512:300:100' } },
                { prependASPath: { prefix: [64512, 64512] } },
                { setPriority: { value: 512 } },
              ],
            },
            { action: 'Reject', interface: '*.calico' },
            { action: 'Accept', cidr: '192.0.2.0/24', matchOperator: 'Equal' },
            { action: 'Reject' },
          ],
          importV4: [{ action: 'Reject', cidr: '10.48.0.0/16', matchOperator: 'In', peerType: 'iBGP' }],
          exportV6: [
            {
              action: 'Accept',
              cidr: 'fd00:10:48::/64',
              matchOperator: 'In',
              prefixLength: { max: 122 },
            },
            { action: 'Reject' },
          ],
          importV6: [{ action: 'Reject', cidr: 'fe80::/10', matchOperator: 'NotIn' }],
        } satisfies BGPFilterSpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'drop-default' },
        spec: { importV4: [{ action: 'Reject', cidr: '0.0.0.0/0', matchOperator: 'Equal' }] },
      },
    ],
    invalid: [
      {
        why: 'a rule without an action',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'no-action' },
          spec: { importV4: [{ cidr: '10.48.0.0/16', matchOperator: 'In' }] },
        },
        errors: ['spec.importV4[0].action: Required value', rulesNotChecked],
      },
      {
        why: 'an action in lower case',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'lower-case' },
          spec: { exportV4: [{ action: 'accept' }] },
        },
        errors: [
          'spec.exportV4[0].action: Unsupported value: "accept": supported values: "Accept", "Reject"',
          rulesNotChecked,
        ],
      },
      {
        why: 'a range without an operator, and lengths without a range',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'half' },
          spec: {
            exportV4: [
              { action: 'Accept', cidr: '10.48.0.0/16' },
              { action: 'Accept', prefixLength: { min: 16 } },
            ],
          },
        },
        errors: [
          'spec.exportV4[0]: Invalid value: cidr and matchOperator must be set together or not at all',
          'spec.exportV4[1]: Invalid value: prefixLength needs a cidr',
        ],
      },
      {
        why: 'an IPv6 length for IPv4',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'long-prefix' },
          spec: {
            importV4: [
              { action: 'Reject', cidr: '10.48.0.0/16', matchOperator: 'In', prefixLength: { max: 33 } },
            ],
          },
        },
        errors: [
          'spec.importV4[0].prefixLength.max: Invalid value: 33: spec.importV4[0].prefixLength.max in ' +
            'body should be less than or equal to 32',
        ],
      },
      {
        why: 'host bits, the other IP version, and an interface and a community that are none',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'ranges' },
          spec: {
            exportV4: [{ action: 'Accept', cidr: '10.48.0.1/16', matchOperator: 'In' }],
            exportV6: [{ action: 'Accept', cidr: '10.48.0.0/16', matchOperator: 'In' }],
            importV4: [{ action: 'Reject', interface: 'eth0+' }],
          },
        },
        errors: [
          'spec.exportV4[0].cidr: Invalid value: "10.48.0.1/16": must be an IPv4 CIDR with its host bits ' +
            'zero: 10.48.0.0/16',
          'spec.exportV6[0].cidr: Invalid value: "10.48.0.0/16": must be an IPv6 CIDR with its host bits ' +
            'zero, such as 2001:db8::/32',
          'spec.importV4[0].interface: Invalid value: "eth0+": must be the name of an interface (1 to 15 ' +
            "letters, digits, '_', '.' and '-'), with \"*\" for any characters",
        ],
      },
      {
        why: 'changes to a route that is rejected',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'rejected' },
          spec: { exportV6: [{ action: 'Reject', operations: [{ setPriority: { value: 512 } }] }] },
        },
        errors: ['spec.exportV6[0]: Invalid value: operations need action Accept'],
      },
      {
        why: 'two changes in one, a change without content, and one that adds nothing',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'changes' },
          spec: {
            exportV4: [
              {
                action: 'Accept',
                operations: [
                  { setPriority: { value: 512 }, prependASPath: { prefix: [64512] } },
                  { prependASPath: { prefix: [] } },
                  {},
                ],
              },
            ],
          },
        },
        errors: [
          'spec.exportV4[0].operations[0]: Too many: 2: must have at most 1 item',
          'spec.exportV4[0].operations[1].prependASPath.prefix: Invalid value: 0: ' +
            'spec.exportV4[0].operations[1].prependASPath.prefix in body should have at least 1 items',
          'spec.exportV4[0].operations[2]: Invalid value: 0: spec.exportV4[0].operations[2] in body ' +
            'should have at least 1 properties',
          rulesNotChecked,
        ],
      },
    ],
  },
};
