import { createHash, randomUUID } from 'node:crypto';
import { kinds } from '../../src/kinds/index.ts';
import { createClusterClient } from '../../src/kube/client.ts';
import { loadKubeconfig } from '../../src/kube/kubeconfig.ts';
import type { JsonObject } from '../../src/machinery/json.ts';
import type { ObjectMeta } from '../../src/machinery/object.ts';
import { hasInt64 } from '../../src/schema/int64.ts';
import type { Backend } from '../../src/storage/backend.ts';
import { createKubernetesBackend } from '../../src/storage/kubernetes/backend.ts';
import { customResourceDefinitions } from '../../src/storage/kubernetes/definitions.ts';
import { calicoResources } from '../../src/storage/kubernetes/layout.ts';
import { type ClusterResource, metadataOf } from '../../src/storage/kubernetes/resource.ts';
import { clientOf, eventually } from '../e2e/client.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const groupPath = '/apis/conformance.tortie.example/v1';
const keyAnnotation = 'conformance.tortie.example/key';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'entries.conformance.tortie.example' },
  spec: {
    group: 'conformance.tortie.example',
    names: { kind: 'Entry', listKind: 'EntryList', plural: 'entries', singular: 'entry' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { value: { type: 'string' } } } },
          },
        },
      },
    ],
  },
};

/** Stores of any keys and bytes on one real cluster: each is a namespace, each entry an object of one CRD. */
export interface KubernetesStores {
  open(): Promise<Backend>;
  reopen(backend: Backend): Promise<Backend>;
  /** A second server on the store of a first one. */
  another(backend: Backend): Promise<Backend>;
}

/** Prepares the cluster of a kubeconfig. */
export async function kubernetesStores(kubeconfig: string): Promise<KubernetesStores> {
  const admin = await clientOf(kubeconfig);
  const post = (path: string, body: object) => admin.request('POST', path, { body: JSON.stringify(body) });
  await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  await eventually(
    'the CRD',
    () => admin.request('GET', `${groupPath}/entries`),
    ({ status }) => status === 200,
  );
  const namespaces = new WeakMap<Backend, string>();
  const openIn = async (namespace: string) => {
    const client = createClusterClient(await loadKubeconfig(kubeconfig, { log }), {
      log,
      userAgent: 'conformance',
    });
    const backend = createKubernetesBackend({
      client,
      resources: [entriesIn(namespace)],
      leaseNamespace: namespace,
    });
    namespaces.set(backend, namespace);
    return backend;
  };
  return {
    open: async () => {
      const name = `store-${randomUUID().slice(0, 8)}`;
      await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      return openIn(name);
    },
    reopen: async backend => {
      await backend.close();
      return openIn(namespaces.get(backend)!);
    },
    another: async backend => openIn(namespaces.get(backend)!),
  };
}

/** Stores of the kinds on one real cluster with Calico's CRDs: each is the cluster, emptied. */
export async function calicoStores(kubeconfig: string): Promise<Omit<KubernetesStores, 'reopen'>> {
  const admin = await clientOf(kubeconfig);
  const definitions = customResourceDefinitions(kinds);
  const paths = definitions.map(({ spec }) => {
    const { names } = spec as { names: { plural: string } };
    return `/apis/crd.projectcalico.org/v1/${names.plural}`;
  });
  for (const definition of definitions) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await admin.request('POST', path, { body: JSON.stringify(definition) });
  }
  const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  await admin.request('POST', '/api/v1/namespaces', { body: JSON.stringify(shop) });
  for (const path of paths) {
    await eventually(
      path,
      () => admin.request('GET', path),
      ({ status }) => status === 200,
    );
  }
  const another = async () =>
    createKubernetesBackend({
      client: createClusterClient(await loadKubeconfig(kubeconfig, { log }), {
        log,
        userAgent: 'conformance',
      }),
      resources: calicoResources(kinds.map(kind => ({ ...kind, hasInt64: hasInt64(kind.schema) }))),
      leaseNamespace: 'default',
    });
  return {
    open: async () => {
      for (const path of paths) {
        const { items } = (await admin.request('GET', path)).json<{ items: { metadata: ObjectMeta }[] }>();
        for (const { metadata } of items) {
          const { namespace, name } = metadata;
          const within = namespace ? path.replace(/[^/]+$/, `namespaces/${namespace}/$&`) : path;
          await admin.request('DELETE', `${within}/${name}`);
        }
      }
      return another();
    },
    another,
  };
}

/** Keys lie in an annotation, since they are no names; the name is their hash. Values lie in the spec. */
function entriesIn(namespace: string): ClusterResource {
  return {
    root: '',
    groupPath,
    plural: 'entries',
    hasInt64: false,
    metadataOnly: false,
    guarded: true,
    place: key => ({ namespace, name: createHash('sha256').update(key).digest('hex') }),
    namespaceOf: () => namespace,
    keyOf: object => String((metadataOf(object).annotations as JsonObject)[keyAnnotation]),
    valueOf: object => Buffer.from(String((object.spec as JsonObject).value), 'base64'),
    objectOf(key, value) {
      const name = createHash('sha256').update(key).digest('hex');
      return {
        apiVersion: 'conformance.tortie.example/v1',
        kind: 'Entry',
        metadata: { name, namespace, annotations: { [keyAnnotation]: key } },
        spec: { value: Buffer.from(value).toString('base64') },
      };
    },
  };
}
