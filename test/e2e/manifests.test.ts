import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse, stringify } from 'yaml';
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

/** Files whose documents get another answer from us, on purpose: the status, and the reason. */
const differences: Record<string, { status: number; reason: string }> = {
  'foundation-4-3-host-endpoint.yaml': {
    status: 422,
    reason:
      'a wrong type in metadata is told together with all other errors, where Kubernetes stops at decoding',
  },
};

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

  for (const [index, manifest] of manifests.entries()) {
    test(title(manifest, index), async () => {
      const path = pathOf(manifest);
      const options = { body: manifest.text, contentType: 'application/yaml' };
      const [theirs, answer] = await Promise.all([
        oracle.request('POST', `${path}?fieldValidation=Strict`, options),
        ours.request('POST', `${path}?fieldValidation=Strict`, options),
      ]);
      if (manifest.kind === 'Profile') {
        assert.equal(theirs.status, 404, 'there is no CRD for profiles');
        assert.equal(answer.status, 201, answer.text);
        return;
      }
      assert.equal(theirs.status === 201, manifest.accepted, theirs.text);
      const expected = differences[manifest.file]?.status ?? theirs.status;
      assert.equal(answer.status, expected, `we: ${answer.text}\nthe oracle: ${theirs.text}`);
      assert.deepEqual(contentOf(answer), contentOf(theirs));
      if (!manifest.accepted) return;
      for (const server of [oracle, ours]) {
        const deletion = await server.request('DELETE', `${path}/${encodeURIComponent(manifest.name)}`);
        assert.equal(deletion.status, 200, deletion.text);
      }
    });
  }

  test('kubectl apply takes all that is accepted', async () => {
    const folder = join(suite.folder, 'accepted');
    await mkdir(folder);
    const accepted = manifests.filter(one => one.accepted);
    for (const [index, { text }] of accepted.entries()) {
      await writeFile(join(folder, `${String(index).padStart(3, '0')}.yaml`), text);
    }
    // Several documents have one name: nothing is stored, so that each is a creation.
    const output = await kubectl.ok(['apply', '--dry-run=server', '-f', folder]);
    assert.equal(output.trim().split('\n').length, accepted.length);
  });
});

/** What must be equal on both sides: the object that is stored, or nothing of an error. */
function contentOf({ status, json }: Answer): unknown {
  if (status !== 201) return undefined;
  const { kind, apiVersion, metadata, spec, status: state } = json<Record<string, Record<string, unknown>>>();
  const { name, namespace, labels, annotations } = metadata!;
  return { kind, apiVersion, metadata: { name, namespace, labels, annotations }, spec, status: state };
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
