import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { asCalicoStores, type Content } from './calico-defaults.ts';
import { type Answer, type Client, clientOf } from './client.ts';
import type { Kubectl } from './kubectl.ts';
import { manifestFolder, noSharedData, startOracle } from './oracle.ts';
import { servedKinds } from './served-kinds.ts';
import { endToEnd } from './suite.ts';
import { startStandalone } from './tortie.ts';

/** One document of a file, as text, with what a kube-apiserver with Calico's CRDs once said to it. */
interface Manifest {
  file: string;
  text: string;
  kind: string;
  name: string;
  namespace: string;
  accepted: boolean;
}

interface Verdict {
  file: string;
  document: number;
  /** Place in the document, where that is a list. */
  item?: number;
  accepted: boolean;
}

interface Difference {
  file: string;
  /** Of one object; all of the file when absent. */
  name?: string;
  status: number;
  /** The fields that the answer refuses, each once. */
  fields: string[];
  reason: string;
}

/** Documents that get another answer from us, on purpose. */
const differences: Difference[] = [
  ...Object.entries({
    master1: ['k8s-master', 'k8s-worker'],
    worker1: ['k8s-worker'],
    worker2: ['k8s-worker'],
  }).map(([name, labels]) => ({
    file: 'foundation-4-3-host-endpoint.yaml',
    name,
    status: 422,
    fields: labels.map(label => `metadata.labels.${label}`),
    reason:
      'a wrong type in metadata is told together with all other errors, where Kubernetes stops at decoding',
  })),
  {
    file: 'docs-services-cluster-ips.yaml',
    name: 'allow-cluster-ips',
    status: 422,
    fields: ['spec.ingress[0].destination.nets[0]', 'spec.ingress[1].destination.nets[0]'],
    reason: 'kinds.md 2, nets: a network with a comment behind it is no network',
  },
  {
    file: 'docs-services-cluster-ips.yaml',
    name: 'allow-to-pods',
    status: 422,
    fields: ['spec.ingress[0].destination.nets[0]'],
    reason: 'kinds.md 2, nets: a network with a comment behind it is no network',
  },
  {
    file: 'host-segmentation-hep.yaml',
    status: 422,
    fields: ['spec.expectedIPs[0]'],
    reason: 'kinds.md 3, HostEndpoint: a placeholder in a template is no address',
  },
  {
    file: 'k8s-lab-ssh-gpolicy.yaml',
    status: 422,
    fields: ['spec.ingress[0].destination.ports[0]'],
    reason: 'kinds.md 2, ports: without protocol, only named ports',
  },
  {
    file: 'k8s-bc-bgpconfig.yaml',
    status: 201,
    fields: [],
    reason: 'kinds.md 0.4, ASNumber: a number in a string is one, as in calico-apiserver',
  },
];

const builtInTiers = ['default', 'kube-admin', 'kube-baseline'];

const manifests = noSharedData ? [] : await readManifests();

endToEnd('manifests that people use', { skip: noSharedData }, suite => {
  let ours: Client;
  let oracle: Client;
  let kubectl: Kubectl;
  before(async () => {
    const cluster = await startOracle(suite);
    oracle = await clientOf(cluster.adminKubeconfig);
    const namespaces = new Set(manifests.map(({ namespace }) => namespace).filter(Boolean));
    for (const name of namespaces) {
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      await oracle.request('POST', '/api/v1/namespaces', { body });
    }
    const server = await startStandalone(suite, { folder: join(suite.folder, 'data') });
    ours = await clientOf(server.kubeconfig);
    kubectl = await suite.kubectl(server.kubeconfig);
  });

  /** Deletes the object from both, whether it is there or not: the next document may have its name. */
  async function forget(path: string, name: string): Promise<void> {
    for (const server of [oracle, ours])
      await server.request('DELETE', `${path}/${encodeURIComponent(name)}`);
  }

  for (const [index, manifest] of manifests.entries()) {
    test(title(manifest, index), async t => {
      const path = pathOf(manifest);
      const options = { body: manifest.text, contentType: 'application/yaml' };
      for (const needed of neededBy(manifest)) {
        const made = await ours.request('POST', needed.path, { body: JSON.stringify(needed.object) });
        assert.equal(made.status, 201, made.text);
        t.after(() => ours.request('DELETE', `${needed.path}/${needed.object.metadata.name}`));
      }
      const [theirs, answer] = await Promise.all([
        oracle.request('POST', `${path}?fieldValidation=Strict`, options),
        ours.request('POST', `${path}?fieldValidation=Strict`, options),
      ]);
      await forget(path, manifest.name);
      if (manifest.kind === 'Profile') {
        assert.equal(theirs.status, 404, 'there is no CRD for profiles');
        assert.equal(answer.status, 201, answer.text);
        return;
      }
      assert.equal(theirs.status === 201, manifest.accepted, theirs.text);
      const difference = differenceOf(manifest);
      assert.equal(
        answer.status,
        difference?.status ?? theirs.status,
        `we: ${answer.text}\nthe oracle: ${theirs.text}`,
      );
      if (difference) {
        const { details } = answer.json<{ details?: { causes: { field: string }[] } }>();
        assert.deepEqual([...new Set(details?.causes.map(({ field }) => field))], difference.fields);
        return;
      }
      const stored = contentOf(theirs);
      assert.deepEqual(contentOf(answer), stored && asCalicoStores(stored));
    });
  }

  test('kubectl apply takes all that is accepted', async () => {
    const folder = join(suite.folder, 'accepted');
    await mkdir(folder);
    const accepted = manifests.filter(
      one => (differenceOf(one)?.status ?? 201) === 201 && (one.accepted || differenceOf(one)),
    );
    const needed = new Map(
      accepted.flatMap(neededBy).map(one => [`${one.path}/${one.object.metadata.name}`, one]),
    );
    for (const { path, object } of needed.values()) {
      const made = await ours.request('POST', path, { body: JSON.stringify(object) });
      assert.equal(made.status, 201, made.text);
    }
    for (const [index, { text }] of accepted.entries()) {
      await writeFile(join(folder, `${String(index).padStart(3, '0')}.yaml`), text);
    }
    // Several documents have one name: nothing is stored, so that each is a creation.
    const output = await kubectl.ok(['apply', '--dry-run=server', '-f', folder]);
    assert.equal(output.trim().split('\n').length, accepted.length);
  });
});

/** What must be equal on both sides: the object that is stored, or nothing of an error. */
function contentOf({ status, json }: Answer): Content | undefined {
  if (status !== 201) return undefined;
  const { kind, apiVersion, metadata, spec, status: state } = json<Record<string, Record<string, unknown>>>();
  const { name, namespace, labels, annotations } = metadata!;
  return {
    kind,
    apiVersion,
    metadata: { name, namespace, labels, annotations },
    spec,
    status: state,
  } as unknown as Content;
}

function differenceOf({ file, name }: Manifest): Difference | undefined {
  return differences.find(one => one.file === file && (one.name ?? name) === name);
}

interface Needed {
  path: string;
  object: { apiVersion: string; kind: string; metadata: { name: string }; spec: object };
}

/** What has to be there before the object can be: its tier, its filters. A kube-apiserver does not ask. */
function neededBy({ text }: Manifest): Needed[] {
  const { spec } = parse(text) as { spec?: { tier?: string; filters?: string[] } | null };
  const tier = spec?.tier && !builtInTiers.includes(spec.tier) ? [spec.tier] : [];
  const need = (kind: string, plural: string, name: string): Needed => ({
    path: `/apis/projectcalico.org/v3/${plural}`,
    object: { apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec: {} },
  });
  return [
    ...tier.map(name => need('Tier', 'tiers', name)),
    ...(spec?.filters ?? []).map(name => need('BGPFilter', 'bgpfilters', name)),
  ];
}

function pathOf({ kind, namespace }: Manifest): string {
  const served = servedKinds.find(one => one.kind === kind);
  assert.ok(served, `no kind ${kind}`);
  const within = served.namespaced ? `namespaces/${namespace || 'default'}/` : '';
  return `/apis/projectcalico.org/v3/${within}${served.plural}`;
}

function title({ file, kind, name }: Manifest, index: number): string {
  return `${index} ${file} ${kind} ${name}`;
}

async function readManifests(): Promise<Manifest[]> {
  const verdicts: Verdict[] = JSON.parse(await readFile(join(manifestFolder, 'verdicts.json'), 'utf8'));
  const read: Manifest[] = [];
  for (const file of (await readdir(manifestFolder)).filter(name => name.endsWith('.yaml')).sort()) {
    const texts = (await readFile(join(manifestFolder, file), 'utf8')).split(/^---.*$/m);
    for (const [document, items] of texts
      .map(itemsOf)
      .filter(list => list.length > 0)
      .entries()) {
      for (const [item, text] of items.entries()) {
        const { kind, metadata } = parse(text) as { kind: string; metadata: Record<string, string> };
        const verdict = verdicts.find(
          one => one.file === file && one.document === document && (one.item ?? 0) === item,
        );
        assert.ok(verdict, `no verdict on document ${document}, item ${item} of ${file}`);
        const { name = '', namespace = '' } = metadata;
        read.push({ file, text: asSent(text), kind, name, namespace, accepted: verdict.accepted });
      }
    }
  }
  assert.equal(read.length, verdicts.length);
  return read;
}

/** The objects of one YAML document: none, the document itself, or the items of a list. */
function itemsOf(text: string): string[] {
  const document = parse(text) as { items?: object[] } | null;
  if (document === null) return [];
  return document.items ? document.items.map(item => stringify(item)) : [text];
}

/**
 * Some were copied out of a cluster: as kubectl does before it creates an object, this takes the
 * resourceVersion out.
 */
function asSent(text: string): string {
  return text.replace(/^ +resourceVersion:.*\n/m, '');
}
