import { array, boolean, type Infer, integer, object, oneOf, string } from '../schema/build.ts';
import { netRule } from '../schema/checks/net.ts';
import { selectorRule } from '../schema/checks/selector.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn } from './parts/column.ts';
import { conditionCell, conditions } from './parts/conditions.ts';
import {
  blockSizeStaysRule,
  canonicalRange,
  loadBalancerStaysRule,
  poolDefaults,
  rangeStaysRule,
} from './parts/pool.ts';
import { poolOverlap, poolOverlapSays } from './parts/pool-overlap.ts';
import { poolRelease, poolReleaseSays } from './parts/pool-release.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const kind = 'IPPool';
const description =
  'A range of addresses that Calico assigns to pods, tunnels or load balancers, and how traffic to and ' +
  'from these addresses is encapsulated, translated and advertised.';

const encapsulationModes = ['Never', 'Always', 'CrossSubnet'] as const;

/** The rules across the fields of a pool, as Calico's CRD has them. */
const specRules = [
  {
    rule:
      "!has(self.ipipMode) || !has(self.vxlanMode) || self.ipipMode == 'Never' || self.vxlanMode == " +
      "'Never' || size(self.ipipMode) == 0 || size(self.vxlanMode) == 0",
    message: 'ipipMode and vxlanMode cannot both be enabled',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      "!has(self.allowedUses) || !self.allowedUses.exists(u, u == 'LoadBalancer') || " +
      "(!has(self.ipipMode) || size(self.ipipMode) == 0 || self.ipipMode == 'Never') && " +
      "(!has(self.vxlanMode) || size(self.vxlanMode) == 0 || self.vxlanMode == 'Never')",
    message: 'a LoadBalancer pool has no tunnels: ipipMode and vxlanMode must be Never',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      "!has(self.allowedUses) || !self.allowedUses.exists(u, u == 'LoadBalancer') || " +
      "!self.allowedUses.exists(u, u == 'Workload' || u == 'Tunnel')",
    message: 'allowedUses cannot combine LoadBalancer with Workload or Tunnel',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      "cidr(self.cidr).ip().family() != 6 || !has(self.ipipMode) || self.ipipMode == 'Never' || " +
      'size(self.ipipMode) == 0',
    message: 'an IPv6 pool cannot use IPIP',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      "!has(self.allowedUses) || !self.allowedUses.exists(u, u == 'LoadBalancer') || " +
      '!has(self.disableBGPExport) || !self.disableBGPExport',
    message: 'a LoadBalancer pool cannot set disableBGPExport',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      "!has(self.allowedUses) || !self.allowedUses.exists(u, u == 'LoadBalancer') || self.nodeSelector " +
      "== 'all()'",
    message: 'the nodeSelector of a LoadBalancer pool must be all()',
    reason: 'FieldValueInvalid',
  },
  {
    rule:
      "!has(self.allowedUses) || !self.allowedUses.exists(u, u == 'Tunnel') || " +
      '!has(self.namespaceSelector) || size(self.namespaceSelector) == 0',
    message: 'a pool with Tunnel among its allowedUses cannot have a namespaceSelector',
    reason: 'FieldValueForbidden',
  },
  {
    rule: "!has(self.nodeSelector) || !self.nodeSelector.contains('global(')",
    message: 'nodeSelector cannot use global()',
    reason: 'FieldValueInvalid',
  },
  {
    rule: "!has(self.namespaceSelector) || !self.namespaceSelector.contains('global(')",
    message: 'namespaceSelector cannot use global()',
    reason: 'FieldValueInvalid',
  },
  {
    rule: 'cidr(self.cidr) == cidr(self.cidr).masked()',
    message: 'cidr must not have host bits set',
    reason: 'FieldValueInvalid',
  },
  {
    rule:
      "!cidr('169.254.0.0/16').containsIP(cidr(self.cidr).ip()) && " +
      "!cidr(self.cidr).containsIP('169.254.0.0')",
    message: 'cidr overlaps the IPv4 link-local range 169.254.0.0/16',
    reason: 'FieldValueInvalid',
  },
  {
    rule: "!cidr('fe80::/10').containsIP(cidr(self.cidr).ip()) && !cidr(self.cidr).containsIP('fe80::')",
    message: 'cidr overlaps the IPv6 link-local range fe80::/10',
    reason: 'FieldValueInvalid',
  },
  {
    rule:
      '!has(self.blockSize) || self.blockSize == 0 || (cidr(self.cidr).ip().family() == 4 ? ' +
      'self.blockSize >= 20 && self.blockSize <= 32 : self.blockSize >= 116 && self.blockSize <= 128)',
    message: 'blockSize must be 20 to 32 for an IPv4 pool and 116 to 128 for an IPv6 pool',
    reason: 'FieldValueInvalid',
  },
  {
    rule:
      '(has(self.disabled) && self.disabled) || cidr(self.cidr).prefixLength() <= (has(self.blockSize) ' +
      '&& self.blockSize != 0 ? self.blockSize : (cidr(self.cidr).ip().family() == 4 ? 26 : 122))',
    message: 'the pool is smaller than one of its blocks; widen cidr or raise blockSize',
    reason: 'FieldValueInvalid',
  },
] as const;

const spec = object(
  {
    allowedUses: array(
      oneOf(['Workload', 'Tunnel', 'LoadBalancer'], 'One use that the pool may be put to.'),
      'What addresses of the pool are for: Workload (pods), Tunnel (tunnel devices of nodes) or ' +
        'LoadBalancer (Services of that type; cannot be combined with the others). Default: Workload and ' +
        'Tunnel.',
      { maxItems: 10, 'x-kubernetes-list-type': 'set', rules: [loadBalancerStaysRule] },
    ),
    assignmentMode: oneOf(
      ['Automatic', 'Manual'],
      'Automatic: any workload that matches may get an address. Manual: only workloads that ask for ' +
        'this pool or address by annotation, e.g. cni.projectcalico.org/ipv4pools. Default: Automatic.',
      { default: 'Automatic' },
    ),
    blockSize: integer(
      'Prefix length of the blocks that nodes claim from the pool: 20 to 32 for IPv4 (default 26, which ' +
        'is 64 addresses), 116 to 128 for IPv6 (default 122). Cannot be changed later.',
      {
        minimum: 0,
        maximum: 128,
        rules: [blockSizeStaysRule],
      },
    ),
    cidr: string(
      'The range in CIDR notation without host bits, e.g. 10.48.0.0/16 or fd00:10:48::/64. It may not ' +
        'overlap another pool and cannot be changed later.',
      {
        format: 'cidr',
        maxLength: 48,
        rules: [netRule, rangeStaysRule],
        canonical: canonicalRange,
      },
    ),
    disableBGPExport: boolean(
      'Whether routes to this range are kept from being advertised over BGP. Default: false.',
    ),
    disabled: boolean(
      'Whether no more addresses are assigned from the pool; those already in use are kept. Default: false.',
    ),
    ipipMode: oneOf(
      encapsulationModes,
      'When traffic to this range is wrapped in IP-in-IP (IPv4 pools only): Always, CrossSubnet (only ' +
        'between nodes of different subnets) or Never. Cannot be combined with vxlanMode. Default: Never.',
    ),
    namespaceSelector: string(
      'Only pods of the namespaces that match this selector get addresses from the pool, e.g. team == ' +
        '"web". nodeSelector must match as well; allowedUses must then be [Workload].',
      { maxLength: 1024, rules: [selectorRule] },
    ),
    natOutgoing: boolean(
      'Whether packets from this range to destinations outside all pools leave with the address of ' +
        'their node (masquerade). Default: false.',
    ),
    nodeSelector: string(
      'Only nodes that match this selector assign addresses from the pool, e.g. zone == "west". ' +
        'Default: all().',
      { default: 'all()', maxLength: 1024, rules: [selectorRule] },
    ),
    vxlanMode: oneOf(
      encapsulationModes,
      'When traffic to this range is wrapped in VXLAN: Always, CrossSubnet (only between nodes of ' +
        'different subnets) or Never. Cannot be combined with ipipMode. Default: Never.',
    ),
  },
  'The range and how it is used.',
  { required: ['cidr'], 'x-kubernetes-validations': [...specRules] },
);

export type IPPoolSpec = Infer<typeof spec>;

const status = object(
  {
    conditions: conditions(
      'Allocatable says whether addresses can be assigned; when not, its reason is PoolDisabled, ' +
        'CIDROverlap or Terminating.',
    ),
  },
  'What Calico found about the pool.',
);

export type IPPoolStatus = Infer<typeof status>;

export const ipPool: Kind = {
  kind,
  plural: 'ippools',
  singular: 'ippool',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: true,
  storageClass: 'resource',
  description,
  schema: object({ spec, status }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({ name: 'CIDR', type: 'string', path: 'spec.cidr', description: 'The range of the pool.' }),
    fieldColumn({
      name: 'IPIP',
      type: 'string',
      path: 'spec.ipipMode',
      fallback: 'Never',
      description: 'When traffic to the pool is wrapped in IP-in-IP.',
    }),
    fieldColumn({
      name: 'VXLAN',
      type: 'string',
      path: 'spec.vxlanMode',
      fallback: 'Never',
      description: 'When traffic to the pool is wrapped in VXLAN.',
    }),
    fieldColumn({
      name: 'NAT',
      type: 'boolean',
      path: 'spec.natOutgoing',
      fallback: false,
      description: 'Whether traffic that leaves all pools is masqueraded.',
    }),
    fieldColumn({
      name: 'Block-Size',
      type: 'integer',
      path: 'spec.blockSize',
      priority: 1,
      description: 'Prefix length of the blocks of the pool.',
    }),
    fieldColumn({
      name: 'Selector',
      type: 'string',
      path: 'spec.nodeSelector',
      description: 'The nodes that assign from the pool.',
    }),
    fieldColumn({
      name: 'Disabled',
      type: 'boolean',
      path: 'spec.disabled',
      fallback: false,
      description: 'Whether new assignments are stopped.',
    }),
    {
      name: 'Allocatable',
      type: 'string',
      priority: 1,
      description: 'Whether Calico found that addresses can be assigned from the pool.',
      value: source => conditionCell(source, 'Allocatable', 'status'),
    },
    ageColumn,
  ],
  defaults: poolDefaults,
  admit: poolOverlap,
  retire: poolRelease,
  acrossObjects: [...poolOverlapSays, poolReleaseSays],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'west-web', labels: { zone: 'west' } },
        spec: {
          cidr: '10.48.0.0/16',
          blockSize: 26,
          ipipMode: 'Never',
          vxlanMode: 'CrossSubnet',
          natOutgoing: true,
          disabled: false,
          disableBGPExport: true,
          nodeSelector: 'zone == "west"',
          namespaceSelector: 'team in {"web", "shop"}',
          allowedUses: ['Workload'],
          assignmentMode: 'Automatic',
        } satisfies IPPoolSpec,
        status: {
          conditions: [
            {
              type: 'Allocatable',
              status: 'True',
              reason: 'OK',
              message: 'The pool is ready for assignments.',
              lastTransitionTime: '2026-08-22T09:15:00Z',
              observedGeneration: 1,
            },
          ],
        } satisfies IPPoolStatus,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'default-ipv6' },
        spec: { cidr: 'fd00:10:48::/64', blockSize: 122, vxlanMode: 'Always', natOutgoing: true },
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'load-balancers' },
        spec: { cidr: '192.0.2.0/24', blockSize: 28, allowedUses: ['LoadBalancer'], nodeSelector: 'all()' },
      },
    ],
    invalid: [
      {
        why: 'the range is missing',
        object: { apiVersion, kind, metadata: { name: 'no-range' }, spec: { blockSize: 26 } },
        errors: ['spec.cidr: Required value', rulesNotChecked],
      },
      {
        why: 'a mode that does not exist',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'sometimes' },
          spec: { cidr: '10.48.0.0/16', vxlanMode: 'Sometimes' },
        },
        errors: [
          'spec.vxlanMode: Unsupported value: "Sometimes": supported values: "Never", "Always", ' +
            '"CrossSubnet"',
          rulesNotChecked,
        ],
      },
      {
        why: 'an address in place of a range',
        object: { apiVersion, kind, metadata: { name: 'no-prefix' }, spec: { cidr: '10.48.0.1' } },
        errors: [
          'spec.cidr: Invalid value: "10.48.0.1": spec.cidr in body must be of type cidr: "10.48.0.1"',
          rulesNotChecked,
        ],
      },
      {
        why: 'host bits',
        object: { apiVersion, kind, metadata: { name: 'host-bits' }, spec: { cidr: '10.48.0.7/16' } },
        errors: [
          'spec: Invalid value: cidr must not have host bits set',
          'spec.cidr: Invalid value: "10.48.0.7/16": must be a CIDR with its host bits zero: 10.48.0.0/16',
        ],
      },
      {
        why: 'selectors that break off',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'half-selectors' },
          spec: {
            cidr: '10.48.0.0/16',
            nodeSelector: 'zone ==',
            namespaceSelector: 'team in {"web"',
            allowedUses: ['Workload'],
          },
        },
        errors: [
          'spec.nodeSelector: Invalid value: "zone ==": must parse as a selector: at position 8: expected a ' +
            'string in quotes, such as "web", found the end',
          'spec.namespaceSelector: Invalid value: "team in {\\"web\\"": must parse as a selector: at position ' +
            '15: expected another string in quotes or } to end the set, found the end',
        ],
      },
      {
        why: 'two kinds of tunnel',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'two-tunnels' },
          spec: { cidr: '10.48.0.0/16', ipipMode: 'Always', vxlanMode: 'CrossSubnet' },
        },
        errors: ['spec: Forbidden: ipipMode and vxlanMode cannot both be enabled'],
      },
      {
        why: 'IPIP for IPv6',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'ipip-v6' },
          spec: { cidr: 'fd00:10:48::/64', ipipMode: 'Always' },
        },
        errors: ['spec: Forbidden: an IPv6 pool cannot use IPIP'],
      },
      {
        why: 'a use given twice',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'twice' },
          spec: { cidr: '10.48.0.0/16', allowedUses: ['Workload', 'Workload'] },
        },
        errors: ['spec.allowedUses[1]: Duplicate value: "Workload"'],
      },
      {
        why: 'blocks smaller than an address',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'tiny-blocks' },
          spec: { cidr: '10.48.0.0/16', blockSize: 129 },
        },
        errors: [
          'spec.blockSize: Invalid value: 129: spec.blockSize in body should be less than or equal to 128',
          'spec: Invalid value: blockSize must be 20 to 32 for an IPv4 pool and 116 to 128 for an IPv6 pool',
        ],
      },
      {
        why: 'a pool smaller than its blocks',
        object: { apiVersion, kind, metadata: { name: 'tiny-pool' }, spec: { cidr: '10.48.0.0/28' } },
        errors: [
          'spec: Invalid value: the pool is smaller than one of its blocks; widen cidr or raise blockSize',
        ],
      },
      {
        why: 'link-local addresses',
        object: { apiVersion, kind, metadata: { name: 'link-local' }, spec: { cidr: '169.254.0.0/20' } },
        errors: ['spec: Invalid value: cidr overlaps the IPv4 link-local range 169.254.0.0/16'],
      },
      {
        why: 'a load-balancer pool with all that it may not have',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'bad-load-balancers' },
          spec: {
            cidr: '192.0.2.0/24',
            allowedUses: ['LoadBalancer', 'Workload'],
            disableBGPExport: true,
            vxlanMode: 'Always',
            nodeSelector: 'zone == "west"',
          },
        },
        errors: [
          'spec: Forbidden: a LoadBalancer pool has no tunnels: ipipMode and vxlanMode must be Never',
          'spec: Forbidden: allowedUses cannot combine LoadBalancer with Workload or Tunnel',
          'spec: Forbidden: a LoadBalancer pool cannot set disableBGPExport',
          'spec: Invalid value: the nodeSelector of a LoadBalancer pool must be all()',
        ],
      },
      {
        why: 'global() and a namespace selector for tunnels',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'selectors' },
          spec: {
            cidr: '10.48.0.0/16',
            allowedUses: ['Tunnel'],
            nodeSelector: 'global()',
            namespaceSelector: 'global()',
          },
        },
        errors: [
          'spec: Forbidden: a pool with Tunnel among its allowedUses cannot have a namespaceSelector',
          'spec: Invalid value: nodeSelector cannot use global()',
          'spec: Invalid value: namespaceSelector cannot use global()',
        ],
      },
    ],
  },
};
