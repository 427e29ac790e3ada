import { boolean, type Infer, object, oneOf, string } from '../schema/build.ts';
import { defineRule } from '../schema/rule.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn } from './parts/column.ts';

const kind = 'BlockAffinity';
const description =
  'Records that a node holds an IPAM block, so that it assigns its addresses from there. Written by ' +
  'Calico IPAM; edit only to repair.';

const notDeleted =
  'must be false: IPAM sets it on an affinity that it removes, and no new one is born removed';

/**
 * Calico's validator refuses true on updates too, but only people go through it; its IPAM writes true past it, and that
 * is how it deletes.
 */
const notBornDeletedRule = defineRule<boolean>({
  id: 'block-affinity-not-deleted',
  says: 'Must be false when the object is created.',
  source: 'kinds.md 3, BlockAffinity; kinds.md 0.3b, Struct checks (BlockAffinitySpec)',
  check: (deleted, { old }) => (deleted && !old ? { detail: notDeleted } : undefined),
  cases: {
    valid: [
      { value: false },
      {
        value: true,
        old: { apiVersion, kind, metadata: { name: 'node1-10-48-0-0-26' } },
        why: 'IPAM deletes',
      },
    ],
    invalid: [{ value: true, detail: notDeleted }],
  },
});

const spec = object(
  {
    cidr: string('Range of the block, e.g. 10.48.12.64/26.', { format: 'cidr' }),
    deleted: boolean(
      'Marks an affinity that is being removed: readers treat it as gone. Set by IPAM; leave it false. ' +
        'Default: false.',
      { default: false, rules: [notBornDeletedRule] },
    ),
    node: string('Name of the node that holds the block.'),
    state: oneOf(
      ['', 'confirmed', 'pending', 'pendingDeletion'],
      'How far the claim has come: pending (block not yet claimed), confirmed (in use) or ' +
        'pendingDeletion (being given back). Empty in very old objects.',
    ),
    type: string(
      'What holds the block: host (a node) or virtual (e.g. the load-balancer controller). Empty means host.',
    ),
  },
  'The block, its holder and the state of the claim.',
  { required: ['cidr', 'deleted', 'node', 'state'] },
);

export type BlockAffinitySpec = Infer<typeof spec>;

export const blockAffinity: Kind = {
  kind,
  plural: 'blockaffinities',
  singular: 'blockaffinity',
  shortNames: ['affinity', 'affinities', 'blockaffinity'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'affinity',
  description,
  schema: object({ spec }, description, { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({ name: 'CIDR', type: 'string', path: 'spec.cidr', description: 'Range of the block.' }),
    fieldColumn({
      name: 'Node',
      type: 'string',
      path: 'spec.node',
      description: 'The node that holds the block.',
    }),
    fieldColumn({
      name: 'Type',
      type: 'string',
      path: 'spec.type',
      description: 'Whether a node or something virtual holds the block.',
    }),
    fieldColumn({
      name: 'State',
      type: 'string',
      path: 'spec.state',
      description: 'How far the claim has come.',
    }),
    ageColumn,
  ],
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: {
          name: 'node1-192-168-0-112-28',
          labels: {
            'projectcalico.org/affinity-type': 'host',
            'projectcalico.org/hostname-hash': '7DS2CCNJGGLTHBDQLLFO6SX24SY2YDDEG3W2VN556FA2W4DLLV5A',
            'projectcalico.org/ip-version': '4',
          },
        },
        spec: {
          cidr: '192.168.0.112/28',
          node: 'node1',
          type: 'host',
          state: 'confirmed',
          deleted: false,
        } satisfies BlockAffinitySpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'node1-fd00-10--80-122' },
        spec: { cidr: 'fd00:10::80/122', node: 'node1', state: 'pending', deleted: false },
      },
    ],
    invalid: [
      {
        why: 'neither node nor state',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node1-192-168-0-112-28' },
          spec: { cidr: '192.168.0.112/28' },
        },
        errors: ['spec.node: Required value', 'spec.state: Required value'],
      },
      {
        why: 'a state that does not exist',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node1-192-168-0-112-28' },
          spec: { cidr: '192.168.0.112/28', node: 'node1', state: 'claimed' },
        },
        errors: [
          'spec.state: Unsupported value: "claimed": supported values: "", "confirmed", "pending", ' +
            '"pendingDeletion"',
        ],
      },
      {
        why: 'an address in place of a range',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node1-192-168-0-112-28' },
          spec: { cidr: '192.168.0.112', node: 'node1', state: 'confirmed' },
        },
        errors: [
          'spec.cidr: Invalid value: "192.168.0.112": spec.cidr in body must be of type cidr: ' +
            '"192.168.0.112"',
        ],
      },
      {
        why: 'born deleted',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node1-192-168-0-112-28' },
          spec: { cidr: '192.168.0.112/28', node: 'node1', state: 'confirmed', deleted: true },
        },
        errors: [`spec.deleted: Invalid value: true: ${notDeleted}`],
      },
      {
        why: 'deleted as text, as Calico stores it elsewhere',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'node1-192-168-0-112-28' },
          spec: { cidr: '192.168.0.112/28', node: 'node1', state: 'confirmed', deleted: 'false' },
        },
        errors: [
          'spec.deleted: Invalid value: "string": spec.deleted in body must be of type boolean: "string"',
        ],
      },
    ],
  },
};
