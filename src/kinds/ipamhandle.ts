import { boolean, type Infer, integer, map, object, string } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, valueAt } from './parts/column.ts';

const kind = 'IPAMHandle';
const description =
  'Groups the addresses that were assigned together, e.g. to one pod, so that they can be released ' +
  'together. Written by Calico IPAM; edit only to repair.';

const spec = object(
  {
    block: map(
      integer('How many addresses of this block the handle holds.'),
      'The blocks that the handle has addresses in: range of the block to number of addresses, e.g. ' +
        '"10.48.12.64/26": 1.',
    ),
    deleted: boolean('Marks a handle that is being removed. Set by IPAM; leave it false.'),
    handleID: string(
      'The identifier as IPAM uses it, upper and lower case kept (metadata.name is the same in lower ' +
        'case), e.g. k8s-pod-network.4E1c9d0F7ab2.',
    ),
  },
  'The handle and what it holds.',
  { required: ['block', 'handleID'] },
);

export type IPAMHandleSpec = Infer<typeof spec>;

export const ipamHandle: Kind = {
  kind,
  plural: 'ipamhandles',
  singular: 'ipamhandle',
  shortNames: [],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'ipam-handle',
  description,
  schema: object({ spec }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'ID',
      type: 'string',
      path: 'spec.handleID',
      description: 'The identifier as IPAM uses it.',
    }),
    {
      name: 'Addresses',
      type: 'integer',
      description: 'How many addresses the handle holds.',
      value: source => {
        const counts = Object.values(
          (valueAt(source, 'spec.block') as Record<string, number> | undefined) ?? {},
        );
        return counts.reduce((sum, count) => sum + Number(count), 0);
      },
    },
    ageColumn,
  ],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'k8s-pod-network.4e1c9d0f7ab2' },
        spec: {
          handleID: 'k8s-pod-network.4E1c9d0F7ab2',
          block: { '192.168.0.112/28': 2, 'fd00:10::80/122': 1 },
          deleted: false,
        } satisfies IPAMHandleSpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'vxlan-tunnel-addr-node1' },
        spec: { handleID: 'vxlan-tunnel-addr-node1', block: { '192.168.0.112/28': 1 } },
      },
    ],
    invalid: [
      {
        why: 'an empty spec',
        object: { apiVersion, kind, metadata: { name: 'empty' }, spec: {} },
        errors: ['spec.block: Required value', 'spec.handleID: Required value'],
      },
      {
        why: 'a count as text',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'count-as-text' },
          spec: { handleID: 'count-as-text', block: { '192.168.0.112/28': 'one' } },
        },
        errors: [
          'spec.block.192.168.0.112/28: Invalid value: "string": spec.block.192.168.0.112/28 in body ' +
            'must be of type integer: "string"',
        ],
      },
      {
        why: 'deleted as text',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'deleted-as-text' },
          spec: { handleID: 'deleted-as-text', block: {}, deleted: 'false' },
        },
        errors: [
          'spec.deleted: Invalid value: "string": spec.deleted in body must be of type boolean: "string"',
        ],
      },
    ],
  },
};
