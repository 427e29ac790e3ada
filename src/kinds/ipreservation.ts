import { array, type Infer, object, string } from '../schema/build.ts';
import { cidrRule } from '../schema/checks/net.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { listAt, listCell } from './parts/column.ts';

const kind = 'IPReservation';
const description =
  'Addresses that Calico never assigns, e.g. because devices outside the cluster use them. Addresses ' +
  'already assigned are not taken back.';

const spec = object(
  {
    reservedCIDRs: array(
      string('A range in CIDR notation; a single address is written 10.48.0.1/32 or fd00:10:48::1/128.', {
        format: 'cidr',
        rules: [cidrRule],
      }),
      'Ranges to leave out of new assignments. Keep them small against their pool: IPAM passes over ' +
        'reserved addresses one by one.',
      { 'x-kubernetes-list-type': 'set' },
    ),
  },
  'The addresses that are reserved.',
);

export type IPReservationSpec = Infer<typeof spec>;

export const ipReservation: Kind = {
  kind,
  plural: 'ipreservations',
  singular: 'ipreservation',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description,
  schema: object({ spec }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    {
      name: 'CIDRs',
      type: 'string',
      description: 'The ranges that are reserved; the first three of them.',
      value: source => listCell(listAt(source, 'spec.reservedCIDRs')),
    },
    ageColumn,
  ],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'network-gear' },
        spec: {
          reservedCIDRs: ['10.48.0.0/30', '10.48.255.255/32', '10.48.7.64/28', 'fd00:10:48::/126'],
        } satisfies IPReservationSpec,
      },
      { apiVersion, kind, metadata: { name: 'nothing-yet' }, spec: {} },
    ],
    invalid: [
      {
        why: 'an address in place of a range',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'bare-address' },
          spec: { reservedCIDRs: ['10.48.0.0/30', '10.48.0.9'] },
        },
        errors: [
          'spec.reservedCIDRs[1]: Invalid value: "10.48.0.9": spec.reservedCIDRs[1] in body must be of ' +
            'type cidr: "10.48.0.9"',
        ],
      },
      {
        why: 'an octet with a leading zero',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'leading-zero' },
          spec: { reservedCIDRs: ['10.48.010.0/30'] },
        },
        errors: [
          'spec.reservedCIDRs[0]: Invalid value: "10.48.010.0/30": must be a CIDR or an address, such as ' +
            '10.0.0.0/8 or 192.0.2.1: IPv4 field has octet with leading zero',
        ],
      },
      {
        why: 'a range given twice',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'twice' },
          spec: { reservedCIDRs: ['10.48.0.0/30', '10.48.0.8/30', '10.48.0.0/30'] },
        },
        errors: ['spec.reservedCIDRs[2]: Duplicate value: "10.48.0.0/30"'],
      },
      {
        why: 'one range in place of a list',
        object: { apiVersion, kind, metadata: { name: 'no-list' }, spec: { reservedCIDRs: '10.48.0.0/30' } },
        errors: [
          'spec.reservedCIDRs: Invalid value: "string": spec.reservedCIDRs in body must be of type ' +
            'array: "string"',
        ],
      },
      {
        why: 'no spec',
        object: { apiVersion, kind, metadata: { name: 'no-spec' } },
        errors: ['spec: Required value'],
      },
    ],
  },
};
