import { randomUUID } from 'node:crypto';
import { boolean, type Infer, object, string } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn } from './parts/column.ts';
import { singletonRule } from './parts/singleton.ts';

const kind = 'ClusterInformation';
const description =
  'What this Calico installation is: its version, its identity and whether its datastore may be used. ' +
  'There is one object, named default, which Calico keeps up to date.';

const spec = object(
  {
    calicoVersion: string('Version of Calico that the nodes run, e.g. v3.32.0. Set by calico-node.'),
    clusterGUID: string('Identifier of the installation, made once: 32 hexadecimal digits.'),
    clusterType: string('Comma-separated words on where Calico runs, e.g. k8s,bgp,kubeadm,kdd.'),
    datastoreReady: boolean(
      'Whether Calico may use the datastore. While it is false, e.g. during a migration, agents wait ' +
        'and no pod gets a network.',
    ),
    variant: string('Edition of Calico that is installed, e.g. Calico.'),
  },
  'Facts about the installation.',
);

export type ClusterInformationSpec = Infer<typeof spec>;

export const clusterInformation: Kind = {
  kind,
  plural: 'clusterinformations',
  singular: 'clusterinformation',
  shortNames: ['clusterinfo', 'clusterinfos'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description,
  schema: object({ spec }, description, { required: ['spec'], rules: [singletonRule] }),
  selectableFields: [],
  columns: [
    fieldColumn({
      name: 'Version',
      type: 'string',
      path: 'spec.calicoVersion',
      description: 'Version of Calico that the nodes run.',
    }),
    fieldColumn({
      name: 'Ready',
      type: 'boolean',
      path: 'spec.datastoreReady',
      description: 'Whether Calico may use the datastore.',
    }),
    fieldColumn({
      name: 'Type',
      type: 'string',
      path: 'spec.clusterType',
      description: 'Where Calico runs.',
    }),
    fieldColumn({
      name: 'GUID',
      type: 'string',
      path: 'spec.clusterGUID',
      priority: 1,
      description: 'Identifier of the installation.',
    }),
    ageColumn,
  ],
  // As Calico's own start-up makes it (datastore.md 5.1); the version and the type are for those who know them.
  initial: () => [
    {
      apiVersion,
      kind,
      metadata: { name: 'default' },
      spec: { clusterGUID: randomUUID().replaceAll('-', ''), datastoreReady: true },
    },
  ],
  // Felix ends when it goes. calico-apiserver refuses all writes; here agents write it, and none of them deletes it.
  permanent: true,
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: {
          calicoVersion: 'v3.32.0',
          clusterGUID: 'b20a58d5f5c34578ac10934e87a70494',
          clusterType: 'k8s,bgp,kubeadm,kdd',
          datastoreReady: true,
          variant: 'Calico',
        } satisfies ClusterInformationSpec,
      },
      { apiVersion, kind, metadata: { name: 'default' }, spec: { datastoreReady: false } },
    ],
    invalid: [
      {
        why: 'a word in place of a boolean',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { datastoreReady: 'yes' } },
        errors: [
          'spec.datastoreReady: Invalid value: "string": spec.datastoreReady in body must be of type ' +
            'boolean: "string"',
        ],
      },
      {
        why: 'a version that YAML reads as a number',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { calicoVersion: 3.32 } },
        errors: [
          'spec.calicoVersion: Invalid value: "number": spec.calicoVersion in body must be of type ' +
            'string: "number"',
        ],
      },
      {
        why: 'another name',
        object: { apiVersion, kind, metadata: { name: 'west' }, spec: { datastoreReady: true } },
        errors: [
          'metadata.name: Invalid value: "west": there is only one object of this kind, and its name is ' +
            '"default"',
        ],
      },
      {
        why: 'no spec',
        object: { apiVersion, kind, metadata: { name: 'default' } },
        errors: ['spec: Required value'],
      },
    ],
  },
};
