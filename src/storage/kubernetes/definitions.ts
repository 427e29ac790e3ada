import type { Kind } from '../../kinds/kind.ts';
import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { unpublished } from '../../schema/schema.ts';
import { customKind } from './codec.ts';

type Schema = Kind['schema'];

const group = 'crd.projectcalico.org';

const unchangeable = (what: string): JsonObject => ({
  'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: `${what} cannot be changed` }],
});

/**
 * Where a definition must be other than the v3 schema: what is stored has another form, or Calico's components write what the
 * schema would refuse or fill in. A keyword that is null is left out.
 */
const differences: Record<string, Record<string, { [keyword: string]: Json }>> = {
  BlockAffinity: {
    'spec.cidr': { format: null },
    'spec.deleted': { type: 'string', default: null },
    'spec.state': { enum: null },
  },
  FelixConfiguration: {
    '': {
      'x-kubernetes-validations': [
        {
          rule: "self.metadata.name == 'default' || self.metadata.name.startsWith('node.') ? !has(self.spec.nodeSelector) : true",
          message: 'spec.nodeSelector is for configurations other than default and node.<name>',
        },
      ],
    },
  },
  IPAMBlock: { 'spec.affinity': { pattern: null }, 'spec.cidr': { format: null } },
  IPAMConfiguration: {
    'spec.autoAllocateBlocks': { default: null },
    'spec.ipCooldownSeconds': { format: null },
    'spec.maxBlocksPerHost': { default: null, format: null, maximum: 2147483647 },
    'spec.strictAffinity': { default: null },
  },
  IPPool: { 'spec.blockSize': unchangeable('the block size'), 'spec.cidr': unchangeable('the range') },
};

/**
 * The CustomResourceDefinitions that the kinds are stored under, made of their own schemas. What Calico's definitions take, these
 * take too, and they fill in nothing else, so that either may take the place of the other.
 */
export function customResourceDefinitions(kinds: Kind[]): JsonObject[] {
  return kinds.filter(({ storageClass }) => storageClass !== 'profile').map(definitionOf);
}

function definitionOf(kind: Kind): JsonObject {
  const name = customKind(kind);
  const isConfig = kind.storageClass === 'ipam-config';
  const plural = isConfig ? 'ipamconfigs' : kind.plural;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind: name,
        listKind: `${name}List`,
        plural,
        singular: isConfig ? 'ipamconfig' : kind.singular,
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          ...(kind.statusSubresource && { subresources: { status: {} } }),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}

function rootSchema(kind: Kind): JsonObject {
  // Calico's definitions do without a spec.
  const { required: _, properties, ...schema } = published(kind.schema, '', differences[kind.kind] ?? {});
  return {
    ...schema,
    description: kind.description,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...(isJsonObject(properties) && properties),
    },
  };
}

/** The schema as a definition has it, with the differences whose path begins here. */
function published(
  schema: Schema,
  path: string,
  changes: Record<string, { [keyword: string]: Json }>,
): JsonObject {
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  const result: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (unpublished.has(keyword)) continue;
    if (keyword === 'properties') {
      const fields = Object.entries(value as Record<string, Schema>);
      result[keyword] = Object.fromEntries(
        fields.map(([name, field]) => [name, published(field, below(name), changes)]),
      );
    } else if (keyword === 'items' || keyword === 'additionalProperties' || keyword === 'not') {
      result[keyword] = published(value as Schema, below('[]'), changes);
    } else if (keyword === 'allOf' || keyword === 'anyOf' || keyword === 'oneOf') {
      result[keyword] = (value as Schema[]).map(each => published(each, below('|'), changes));
    } else {
      result[keyword] = value as Json;
    }
  }
  for (const [keyword, value] of Object.entries(changes[path] ?? {})) {
    if (value === null) delete result[keyword];
    else result[keyword] = value;
  }
  return result;
}
