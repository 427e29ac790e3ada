import type { ApiObject } from '../machinery/object.ts';
import { boolean, type Infer, integer, object, oneOf } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn } from './parts/column.ts';
import { singletonRule } from './parts/singleton.ts';

const kind = 'IPAMConfiguration';
const description =
  'How Calico IPAM assigns addresses across the whole cluster. There is one object, named default.';

const spec = object(
  {
    autoAllocateBlocks: boolean(
      'Whether a node may claim a further block of addresses by itself when its own blocks are full. ' +
        'Default: true.',
      { default: true },
    ),
    ipCooldownSeconds: integer(
      'Seconds that a released address rests before it is assigned again, 0 to 1200. 0 does without a ' +
        'rest, though the address released longest ago comes first. Default: 0.',
      { format: 'int32', minimum: 0, maximum: 1200 },
    ),
    kubeVirtVMAddressPersistence: oneOf(
      ['Enabled', 'Disabled'],
      'Enabled: a KubeVirt virtual machine keeps its address when its pod is replaced, which live ' +
        'migration needs. Disabled: each new pod gets a new address. Default: Enabled.',
    ),
    maxBlocksPerHost: integer(
      'Most blocks that may be affine to one node, 0 to 1000000. 0 leaves it to IPAM, which stops at ' +
        '20. Default: 0.',
      {
        format: 'int32',
        minimum: 0,
        maximum: 1000000,
        default: 0,
      },
    ),
    strictAffinity: boolean(
      'Whether nodes are kept from borrowing single addresses from the blocks of other nodes. Needed ' +
        'where routes cannot be set per address, e.g. on Windows. Default: false.',
      { default: false },
    ),
  },
  'The switches of IPAM.',
  { required: ['autoAllocateBlocks', 'strictAffinity'] },
);

export type IPAMConfigurationSpec = Infer<typeof spec>;

/** What Calico's own IPAM would refuse to write (SetIPAMConfig). */
function allocationWarnings(object: ApiObject): string[] {
  const {
    strictAffinity,
    autoAllocateBlocks,
    maxBlocksPerHost = 0,
  } = (object.spec ?? {}) as unknown as IPAMConfigurationSpec;
  const warnings: string[] = [];
  if (!strictAffinity && !autoAllocateBlocks) {
    warnings.push('spec: no node gets addresses of its own; set strictAffinity or autoAllocateBlocks');
  }
  if (!strictAffinity && maxBlocksPerHost > 0) {
    warnings.push(
      'spec.maxBlocksPerHost: takes no effect without strictAffinity, since nodes borrow addresses',
    );
  }
  return warnings;
}

export const ipamConfiguration: Kind = {
  kind,
  plural: 'ipamconfigurations',
  singular: 'ipamconfiguration',
  shortNames: ['ipamconfig', 'ipamconfigs'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'ipam-config',
  description,
  schema: object({ spec }, description, { required: ['spec'], rules: [singletonRule] }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'Strict-Affinity',
      type: 'boolean',
      path: 'spec.strictAffinity',
      description: 'Whether nodes are kept from borrowing addresses.',
    }),
    fieldColumn({
      name: 'Auto-Allocate-Blocks',
      type: 'boolean',
      path: 'spec.autoAllocateBlocks',
      description: 'Whether nodes claim further blocks by themselves.',
    }),
    fieldColumn({
      name: 'Max-Blocks-Per-Host',
      type: 'integer',
      path: 'spec.maxBlocksPerHost',
      description: 'Most blocks that one node may hold; 0 sets no limit.',
    }),
    fieldColumn({
      name: 'Cooldown-Seconds',
      type: 'integer',
      path: 'spec.ipCooldownSeconds',
      fallback: 0,
      priority: 1,
      description: 'How long a released address rests.',
    }),
    fieldColumn({
      name: 'VM-Persistence',
      type: 'string',
      path: 'spec.kubeVirtVMAddressPersistence',
      fallback: 'Enabled',
      priority: 1,
      description: 'Whether KubeVirt virtual machines keep their addresses.',
    }),
    ageColumn,
  ],
  warnings: allocationWarnings,
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: {
          strictAffinity: true,
          autoAllocateBlocks: true,
          maxBlocksPerHost: 4,
          ipCooldownSeconds: 30,
          kubeVirtVMAddressPersistence: 'Enabled',
        } satisfies IPAMConfigurationSpec,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: { strictAffinity: false, autoAllocateBlocks: false },
      },
    ],
    invalid: [
      {
        why: 'a rest of more than 20 minutes',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { ipCooldownSeconds: 1201 } },
        errors: [
          'spec.ipCooldownSeconds: Invalid value: 1201: spec.ipCooldownSeconds in body should be less ' +
            'than or equal to 1200',
        ],
      },
      {
        why: 'another name',
        object: { apiVersion, kind, metadata: { name: 'west' }, spec: { strictAffinity: true } },
        errors: [
          'metadata.name: Invalid value: "west": there is only one object of this kind, and its name is ' +
            '"default"',
        ],
      },
      {
        why: 'fewer than no blocks',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { maxBlocksPerHost: -1 } },
        errors: [
          'spec.maxBlocksPerHost: Invalid value: -1: spec.maxBlocksPerHost in body should be greater ' +
            'than or equal to 0',
        ],
      },
      {
        why: 'a switch that is neither on nor off',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { kubeVirtVMAddressPersistence: 'true' },
        },
        errors: [
          'spec.kubeVirtVMAddressPersistence: Unsupported value: "true": supported values: "Enabled", ' +
            '"Disabled"',
        ],
      },
      {
        why: 'a word in place of a boolean',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { strictAffinity: 'yes' } },
        errors: [
          'spec.strictAffinity: Invalid value: "string": spec.strictAffinity in body must be of type ' +
            'boolean: "string"',
        ],
      },
    ],
  },
};
