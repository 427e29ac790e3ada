import {
  array,
  boolean,
  type Infer,
  int64,
  integer,
  map,
  object,
  string,
  type Typed,
} from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, listAt } from './parts/column.ts';

const kind = 'IPAMBlock';
const description =
  'A block of addresses cut from an IPPool: which of them are assigned, and to whom. Written by Calico ' +
  'IPAM; edit only to repair.';

const attribute = object(
  {
    alternateOwnerAttrs: map(
      string('Value of the property.'),
      'Who takes the address over while it moves, e.g. the target pod of a live migration; same keys as ' +
        'secondary.',
    ),
    handle_id: string('Identifier of the IPAMHandle that the addresses belong to.'),
    releasedAt: string(
      'When the address was released (RFC 3339). It rests for ipCooldownSeconds of the ' +
        'IPAMConfiguration before it is free again.',
      { format: 'date-time' },
    ),
    secondary: map(
      string('Value of the property.'),
      'Who holds the address: pod, namespace and node for a pod, or type, e.g. vxlanTunnelAddress, for ' +
        'a tunnel.',
    ),
  },
  'Owner of one or more addresses of the block.',
  { definition: { name: 'AllocationAttribute' } },
);

const ordinalOrFree = integer('Index into attributes, or null for a free address.', {
  nullable: true,
}) as Typed<number | null>;

const spec = object(
  {
    affinity: string(
      'Who assigns from the block first: host:<node> or virtual:<name>, e.g. host:node1. Absent when ' +
        'nobody holds it.',
      {
        pattern: String.raw`^(host|virtual):[a-zA-Z0-9\.\-_]+$`,
      },
    ),
    affinityClaimTime: string('When the holder claimed the block (RFC 3339).', { format: 'date-time' }),
    allocations: array(
      ordinalOrFree,
      'One entry for each address of the block, in order: null if it is free, else the index of its ' +
        'owner in attributes.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
    attributes: array(attribute, 'The owners that allocations refer to by index.', {
      'x-kubernetes-list-type': 'atomic',
    }),
    cidr: string('Range of the block, e.g. 10.48.12.64/26.', { format: 'cidr' }),
    deleted: boolean('Marks a block that is being removed. Set by IPAM; leave it false.'),
    sequenceNumber: int64(
      'Counter that grows with each write of the block, so that a late release cannot free an address ' +
        'that was assigned again; it starts from the nanosecond clock. Default: 0.',
      { default: 0 },
    ),
    sequenceNumberForAllocation: map(
      int64('The sequenceNumber of the block at the time.'),
      'For each assigned address (its position in the block, as a string): the sequenceNumber when it ' +
        'was assigned.',
    ),
    strictAffinity: boolean('No longer read; strictAffinity of the IPAMConfiguration counts.'),
    unallocated: array(
      integer('Position of a free address within the block, counted from 0.'),
      'The free addresses in the order in which they will be assigned; a released address goes to the end.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
  },
  'The block and its assignments.',
  { required: ['allocations', 'attributes', 'cidr', 'strictAffinity', 'unallocated'] },
);

export type IPAMBlockSpec = Infer<typeof spec>;

const emptyBlock: IPAMBlockSpec = {
  cidr: '192.168.0.112/30',
  allocations: [null, null, null, null],
  unallocated: [0, 1, 2, 3],
  attributes: [],
  strictAffinity: false,
};

export const ipamBlock: Kind = {
  kind,
  plural: 'ipamblocks',
  singular: 'ipamblock',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'ipam-block',
  description,
  schema: object({ spec }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({ name: 'CIDR', type: 'string', path: 'spec.cidr', description: 'Range of the block.' }),
    fieldColumn({
      name: 'Affinity',
      type: 'string',
      path: 'spec.affinity',
      description: 'Who assigns from the block first.',
    }),
    {
      name: 'In-Use',
      type: 'string',
      priority: 1,
      description: 'Assigned addresses of all addresses of the block.',
      value: source => {
        const allocations = listAt(source, 'spec.allocations');
        return `${allocations.filter(entry => entry !== null).length}/${allocations.length}`;
      },
    },
    ageColumn,
  ],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: '192-168-0-112-29' },
        spec: {
          cidr: '192.168.0.112/29',
          affinity: 'host:node1',
          affinityClaimTime: '2026-11-23T15:23:14Z',
          allocations: [0, 0, 1, 2, null, null, null, null],
          unallocated: [4, 5, 6, 7],
          attributes: [
            {
              handle_id: 'k8s-pod-network.4E1c9d0F7ab2',
              secondary: { pod: 'web-0', namespace: 'shop', node: 'node1' },
              alternateOwnerAttrs: { pod: 'web-0-target', namespace: 'shop', node: 'node2' },
            },
            {
              handle_id: 'vxlan-tunnel-addr-node1',
              secondary: { type: 'vxlanTunnelAddress', node: 'node1' },
            },
            { releasedAt: '2026-11-23T15:40:02Z' },
          ],
          sequenceNumber: 1796372884516230233n,
          sequenceNumberForAllocation: {
            '0': 1796372884516230229n,
            '1': 1796372884516230229n,
            '2': 1796372884516230231n,
            '3': 1796372884516230232n,
          },
          deleted: false,
          strictAffinity: false,
        } satisfies IPAMBlockSpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'fd00-10--80-126' },
        spec: {
          cidr: 'fd00:10::80/126',
          allocations: [null, null, null, null],
          unallocated: [0, 1, 2, 3],
          attributes: [],
          strictAffinity: false,
        },
      },
    ],
    invalid: [
      {
        why: 'an affinity without its kind',
        object: {
          apiVersion,
          kind,
          metadata: { name: '192-168-0-112-30' },
          spec: { ...emptyBlock, affinity: 'node1' },
        },
        errors: [
          'spec.affinity: Invalid value: "node1": spec.affinity in body should match ' +
            "'^(host|virtual):[a-zA-Z0-9\\.\\-_]+$'",
        ],
      },
      {
        why: 'no lists',
        object: {
          apiVersion,
          kind,
          metadata: { name: '192-168-0-112-30' },
          spec: { cidr: '192.168.0.112/30' },
        },
        errors: [
          'spec.allocations: Required value',
          'spec.attributes: Required value',
          'spec.strictAffinity: Required value',
          'spec.unallocated: Required value',
        ],
      },
      {
        why: 'a sequence number as text',
        object: {
          apiVersion,
          kind,
          metadata: { name: '192-168-0-112-30' },
          spec: { ...emptyBlock, sequenceNumber: '1796372884516230233' },
        },
        errors: [
          'spec.sequenceNumber: Invalid value: "string": spec.sequenceNumber in body must be of type ' +
            'integer: "string"',
        ],
      },
      {
        why: 'a word in place of a position',
        object: {
          apiVersion,
          kind,
          metadata: { name: '192-168-0-112-30' },
          spec: { ...emptyBlock, allocations: [null, 'free', null, null] },
        },
        errors: [
          'spec.allocations[1]: Invalid value: "string": spec.allocations[1] in body must be of type ' +
            'integer: "string"',
        ],
      },
      {
        why: 'a time that is none',
        object: {
          apiVersion,
          kind,
          metadata: { name: '192-168-0-112-30' },
          spec: { ...emptyBlock, affinityClaimTime: 'yesterday' },
        },
        errors: [
          'spec.affinityClaimTime: Invalid value: "yesterday": spec.affinityClaimTime in body must be ' +
            'of type date-time: "yesterday"',
        ],
      },
    ],
  },
};
