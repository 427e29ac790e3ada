import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { kinds } from '../../src/kinds/index.ts';
import { parseStored } from '../../src/machinery/decode.ts';
import { encode } from '../../src/machinery/encode.ts';
import type { JsonObject } from '../../src/machinery/json.ts';
import type { ObjectMeta } from '../../src/machinery/object.ts';
import { customKind } from '../../src/storage/kubernetes/codec.ts';
import { convertUid } from '../../src/storage/kubernetes/uid.ts';
import { type CustomObject, samples } from '../unit/storage/kubernetes/samples.ts';
import { type Client, clientOf, eventually } from './client.ts';
import type { Kubectl } from './kubectl.ts';
import { endToEnd, root } from './suite.ts';
import { startStandalone } from './tortie.ts';

const calicosOwn = resolve(root, '../shared/data/crds/v1');
const annotation = 'projectcalico.org/metadata';
const group = '/apis/crd.projectcalico.org/v1';

/** What Calico's client was given when it wrote the samples, where that is not the spec that it stored. */
const inputs: Record<string, JsonObject> = {
  'BGPConfiguration default': { asNumber: 64512, nodeToNodeMeshEnabled: false },
  'FelixConfiguration default': { logSeverityScreen: 'Info', reportingInterval: '10s' },
  'GlobalNetworkPolicy default.gnp1': {},
  'GlobalNetworkPolicy gnp-full': { selector: 'all()' },
  'IPPool pool1': { cidr: '192.168.0.0/24', blockSize: 28, natOutgoing: true },
  'IPPool pool6': { cidr: 'fd00:10::/120' },
  'KubeControllersConfiguration default': { controllers: { node: { syncLabels: 'Enabled' } } },
  'NetworkPolicy np1': {
    selector: 'all()',
    egress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80, '1:2', 'dns'] } }],
  },
  'NetworkPolicy t1.np2': { tier: 't1', order: 5 },
  'StagedGlobalNetworkPolicy sgnp1': { stagedAction: 'Delete' },
  'StagedNetworkPolicy snp1': {},
  'StagedKubernetesNetworkPolicy sknp1': { podSelector: { matchLabels: { a: 'b' } } },
  'Tier t1': { order: 10.5 },
};

/** Members of the annotation that are otherwise than where Calico's own client wrote the object, and why. */
const otherwise: Partial<Record<keyof ObjectMeta, string>> = {
  creationTimestamp: 'the time of the test',
  generation: 'counted by the server; what a client sends is of no account',
  managedFields: 'kept by the server alone; what a client sends is of no account',
};

/** Members of the spec that Go writes though they are empty, which nothing stands for as well. */
const emptyInGo: Record<string, string> = { FelixConfiguration: 'bpfLogLevel' };

/** The kinds that only Calico's components write. */
const readOnly = new Set(['ClusterInformation', 'BlockAffinity', 'IPAMBlock', 'IPAMHandle']);
/** Created by the server itself at its start. */
const builtIn = new Set([
  'Tier default',
  'Tier kube-admin',
  'Tier kube-baseline',
  'ClusterInformation default',
]);

const nameOf = ({ kind, metadata }: CustomObject) => `${kind} ${metadata.name}`;
const kindOf = ({ kind }: CustomObject) => kinds.find(each => customKind(each) === kind)!;
const within = ({ metadata }: CustomObject) =>
  metadata.namespace ? `/namespaces/${metadata.namespace}` : '';
const customPath = (object: CustomObject) =>
  `${group}${within(object)}/${object.kind === 'IPAMConfig' ? 'ipamconfigs' : kindOf(object).plural}`;
const servedPath = (object: CustomObject) =>
  `/apis/projectcalico.org/v3${within(object)}/${kindOf(object).plural}/${object.metadata.name}`;

endToEnd("Calico's CRs and the server, both ways", {}, suite => {
  let cluster: Client;
  let tortie: Client;
  let kubectl: Kubectl;
  let clusterKubectl: Kubectl;
  const read = async (client: Client, path: string) => {
    const { status, text } = await client.request('GET', path);
    return { status, object: parseStored(Buffer.from(text), true) as unknown as CustomObject };
  };
  const stored = async (sample: CustomObject) =>
    (await read(cluster, `${customPath(sample)}/${sample.metadata.name}`)).object;
  before(async () => {
    const started = await suite.startCluster();
    cluster = await clientOf(started.adminKubeconfig);
    clusterKubectl = await suite.kubectl(started.adminKubeconfig);
    if (existsSync(calicosOwn)) {
      await clusterKubectl.ok(['apply', '--server-side', '-f', calicosOwn]);
    } else await applyOurs(clusterKubectl);
    await clusterKubectl.ok(['create', 'namespace', 'ns1']);
    const args = ['--datastore=kubernetes', `--datastore-kubeconfig=${started.adminKubeconfig}`];
    const server = await startStandalone(suite, { folder: join(suite.folder, 'data'), args });
    tortie = await clientOf(server.kubeconfig);
    kubectl = await suite.kubectl(server.kubeconfig);
  });

  test('the server starts an installation as Calico does', async () => {
    for (const sample of samples.filter(each => builtIn.has(nameOf(each)))) {
      const mine = await stored(sample);
      if (sample.kind === 'Tier') assert.deepEqual(mine.spec, sample.spec);
      else {
        assert.match(String(mine.spec.clusterGUID), /^[0-9a-f]{32}$/);
        assert.deepEqual([mine.spec.clusterType, mine.spec.datastoreReady], ['kdd', true]);
      }
    }
  });

  test("what Calico's client has stored is served right", async () => {
    for (const sample of samples) await put(cluster, sample);
    for (const sample of samples) {
      const custom = await stored(sample);
      const object = await eventually(
        nameOf(sample),
        async () => (await read(tortie, servedPath(sample))).object,
        ({ metadata }) => metadata?.resourceVersion === custom.metadata.resourceVersion,
      );
      assert.deepEqual(object, served(sample, custom), nameOf(sample));
    }
  });

  test('what kubectl writes is stored as Calico would', async () => {
    for (const sample of samples) {
      if (!builtIn.has(nameOf(sample)))
        assert.equal(
          (await cluster.request('DELETE', `${customPath(sample)}/${sample.metadata.name}`)).status,
          200,
        );
    }
    // Tiers and filters before what refers to them.
    const order = ['Tier', 'BGPFilter'];
    const written = samples
      .filter(each => !readOnly.has(each.kind) && !builtIn.has(nameOf(each)))
      .sort((a, b) => order.indexOf(b.kind) - order.indexOf(a.kind));
    for (const sample of written) {
      const input = encode(inputOf(sample));
      await kubectl.ok(['create', '-f', '-'], { input });
      const mine = await stored(sample);
      assert.deepEqual(comparable(mine), comparable(sample), nameOf(sample));
      assert.equal(mine.apiVersion, sample.apiVersion);
      const held = JSON.parse(mine.metadata.annotations![annotation]!) as ObjectMeta;
      assert.equal(held.generation, 1, nameOf(sample));
      assert.equal(held.creationTimestamp !== undefined, true, nameOf(sample));
    }
  });

  test('the kinds that Calico writes itself are read only', async () => {
    for (const sample of samples.filter(each => readOnly.has(each.kind))) {
      const { status } = await tortie.request('DELETE', servedPath(sample));
      assert.equal(status, 405, nameOf(sample));
    }
  });

  test('`tortie crds` over what is there changes no object, and all is served as before', async () => {
    const present = [...new Set(samples.map(kindOf))].map(
      kind => `/apis/projectcalico.org/v3/${kind.plural}`,
    );
    const customs = samples.filter(each => !readOnly.has(each.kind));
    const before = await Promise.all(customs.map(stored));
    const servedBefore = await Promise.all(present.map(async path => itemsOf(await read(tortie, path))));
    await applyOurs(clusterKubectl);
    assert.deepEqual(await Promise.all(customs.map(stored)), before);
    // kube-apiserver begins anew with each definition that changes; meanwhile an answer may be 503.
    for (const [index, path] of present.entries()) {
      const ask = () => read(tortie, path);
      const answer = await eventually(path, ask, ({ status }) => status === 200);
      assert.deepEqual(itemsOf(answer), servedBefore[index], path);
    }
    // And they can be written: a label more, for each.
    for (const sample of customs.filter(each => !builtIn.has(nameOf(each)))) {
      const body = JSON.stringify({ metadata: { labels: { again: 'yes' } } });
      const options = { body, contentType: 'application/merge-patch+json' };
      const ask = () => tortie.request('PATCH', servedPath(sample), options);
      const answer = await eventually(nameOf(sample), ask, ({ status }) => status !== 503);
      assert.equal(answer.status, 200, `${nameOf(sample)}: ${answer.text}`);
      assert.deepEqual(specOf(await stored(sample)), specOf(sample), nameOf(sample));
    }
  });

  async function applyOurs(target: Kubectl): Promise<void> {
    const { stdout, code } = await new Promise<{ stdout: string; code: number }>(done => {
      execFile(process.execPath, [join(root, 'src/main.ts'), 'crds'], (error, stdout) =>
        done({ stdout, code: error ? 1 : 0 }),
      );
    });
    assert.equal(code, 0);
    await target.ok(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: stdout });
  }
});

function itemsOf({ object }: { object: unknown }): unknown {
  return (object as { items: unknown }).items;
}

/** Stores a CR as it is, over one that is there. */
async function put(cluster: Client, sample: CustomObject): Promise<void> {
  const { uid: _, resourceVersion: __, ...metadata } = sample.metadata;
  const body = encode({ ...sample, metadata });
  const made = await cluster.request('POST', customPath(sample), { body });
  if (made.status === 201) return;
  assert.equal(made.status, 409, made.text);
  const path = `${customPath(sample)}/${sample.metadata.name}`;
  const { metadata: present } = (await cluster.request('GET', path)).json<CustomObject>();
  const resourceVersion = present.resourceVersion;
  const replaced = encode({ ...sample, metadata: { ...metadata, resourceVersion } });
  assert.equal((await cluster.request('PUT', path, { body: replaced })).status, 200);
}

/** The v3 object that clients are to see of a CR, put together by hand. */
function served(sample: CustomObject, custom: CustomObject): unknown {
  const { [annotation]: text, ...annotations } = sample.metadata.annotations!;
  const held = JSON.parse(text!) as ObjectMeta;
  const labels = { ...sample.metadata.labels, ...held.labels };
  const allAnnotations = { ...annotations, ...held.annotations };
  const owners = held.ownerReferences?.map(owner =>
    owner.kind === 'Tier'
      ? { ...owner, apiVersion: 'projectcalico.org/v3', uid: '01020304-0506-4708-890a-0b0c0d0e0f10' }
      : owner,
  );
  const { name, namespace, uid, resourceVersion, creationTimestamp } = custom.metadata;
  const spec = { ...sample.spec };
  if (sample.kind === 'BlockAffinity') spec.deleted = spec.deleted === 'true';
  return {
    kind: kindOf(sample).kind,
    apiVersion: 'projectcalico.org/v3',
    metadata: {
      ...held,
      name,
      ...(namespace && { namespace }),
      uid: convertUid(uid!),
      resourceVersion,
      creationTimestamp: held.creationTimestamp ?? creationTimestamp,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(allAnnotations).length > 0 && { annotations: allAnnotations }),
      ...(owners && { ownerReferences: owners }),
    },
    spec,
  };
}

/** What a user writes to get the sample. */
function inputOf(sample: CustomObject): unknown {
  const held = JSON.parse(sample.metadata.annotations![annotation]!) as ObjectMeta;
  const { 'projectcalico.org/tier': _, ...labels } = held.labels ?? {};
  const { name, namespace } = sample.metadata;
  const { ownerReferences, finalizers, annotations } = held;
  const owners = ownerReferences?.map(owner =>
    owner.kind === 'Tier'
      ? { ...owner, apiVersion: 'projectcalico.org/v3', uid: '01020304-0506-4708-890a-0b0c0d0e0f10' }
      : owner,
  );
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: kindOf(sample).kind,
    metadata: { name, namespace, labels, annotations, finalizers, ownerReferences: owners },
    spec: inputs[nameOf(sample)] ?? sample.spec,
  };
}

function specOf(custom: CustomObject): unknown {
  return (comparable(custom) as CustomObject).spec;
}

/** A CR with its annotation read, less what the cluster sets and what is otherwise by the table. */
function comparable(custom: CustomObject): unknown {
  const {
    uid: _,
    resourceVersion: __,
    creationTimestamp: ___,
    generation: ____,
    managedFields: _____,
    ...metadata
  } = custom.metadata;
  const held = JSON.parse(metadata.annotations![annotation]!) as ObjectMeta;
  for (const field of Object.keys(otherwise) as (keyof ObjectMeta)[]) delete held[field];
  const spec = { ...custom.spec };
  const empty = emptyInGo[custom.kind];
  if (empty !== undefined && spec[empty] === '') delete spec[empty];
  return {
    ...custom,
    spec,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation]: held } },
  };
}
