import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { equal } from '../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../src/machinery/json.ts';
import { EtcdClient } from '../../src/storage/etcd/client.ts';
import { methods } from '../../src/storage/etcd/messages.ts';
import { type Client, clientOf } from './client.ts';
import { type Etcd, startEtcd } from './etcd.ts';
import { etcdSamples } from './etcd-samples.ts';
import { endToEnd, type Suite } from './suite.ts';
import { startStandalone } from './tortie.ts';

const root = '/calico/resources/v3/projectcalico.org/';

/** Keys of Calico that no kind of the API stands for, and v3 kinds whose truth is in IPAM's own keys. */
const notServed = /^\/calico\/(felix|v1)\/|\/(nodes|workloadendpoints|blockaffinities|ipamconfigurations)\//;

/**
 * What Tortie stores beside what Calico does, by its path; docs/reference/datastores.md says why. Calico's libraries keep all of
 * it when they change an object.
 */
const ownMembers = ['metadata.generation', 'metadata.managedFields'];

/** What cannot be equal: random names, and times. */
const normalised: Record<string, RegExp> = {
  'metadata.uid': /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'metadata.creationTimestamp': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  'spec.clusterGUID': /^[0-9a-f]{32}$/,
};

function memberAt(object: JsonObject, path: string): { holder: JsonObject; name: string } | undefined {
  const names = path.split('.');
  const name = names.pop()!;
  let holder: Json | undefined = object;
  for (const step of names) holder = (holder as JsonObject | undefined)?.[step];
  return holder && name in (holder as JsonObject) ? { holder: holder as JsonObject, name } : undefined;
}

/** A value in a form to compare: members in order, numbers beyond 2^53 as they stand, what differs by nature replaced. */
function comparable(value: string, own: readonly string[] = []): JsonObject {
  const exact = value.replaceAll(/(?<=[:,[])(\d{16,})(?=[,\]}])/g, '"number $1"');
  const object = JSON.parse(exact) as JsonObject;
  for (const [path, form] of Object.entries(normalised)) {
    const member = memberAt(object, path);
    if (!member) continue;
    assert.match(String(member.holder[member.name]), form, path);
    member.holder[member.name] = '…';
  }
  for (const path of own) {
    const member = memberAt(object, path);
    if (member) delete member.holder[member.name];
  }
  return object;
}

const apiVersion = 'projectcalico.org/v3';
const thing = (kind: string, name: string, spec: JsonObject, more: JsonObject = {}): JsonObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(more.metadata as JsonObject) },
  spec,
  ...(more.status !== undefined && { status: more.status }),
});
const inNs1 = { metadata: { namespace: 'ns1' } };
const full = {
  metadata: {
    labels: { 'projectcalico.org/x': 'y', team: 'a' },
    annotations: { note: 'n', 'operator.tigera.io/z': 'w' },
    finalizers: ['example.com/f'],
    ownerReferences: [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'cm', uid: '11111111-2222-4333-8444-555555555555' },
      { apiVersion, kind: 'Tier', name: 'default', uid: '01020304-0506-4708-890a-0b0c0d0e0f10' },
    ],
  },
};
const owner = {
  handle_id: 'k8s-pod-network.AbC123',
  secondary: { namespace: 'ns1', node: 'node1', pod: 'p' },
};

/** What a user has to write for the samples to be stored, in an order in which each finds what it refers to. */
const written: JsonObject[] = [
  thing('Tier', 't1', { order: 10.5 }),
  thing('BGPConfiguration', 'default', { asNumber: 64512, nodeToNodeMeshEnabled: false }),
  thing('BGPFilter', 'f1', { exportV4: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In' }] }),
  thing('BGPPeer', 'peer1', { peerIP: '10.0.0.9', asNumber: 64513, filters: ['f1'] }),
  thing('CalicoNodeStatus', 'st1', { node: 'node1', classes: ['BGP'], updatePeriodSeconds: 10 }),
  thing('FelixConfiguration', 'default', { logSeverityScreen: 'Info', reportingInterval: '10s' }),
  thing('GlobalNetworkPolicy', 'default.gnp1', { types: ['Ingress'] }),
  thing('GlobalNetworkPolicy', 'gnp-full', { selector: 'all()' }, full),
  thing('GlobalNetworkSet', 'gns-full', { nets: ['10.0.0.0/8'] }, full),
  thing('GlobalNetworkSet', 'gns1', { nets: ['10.1.0.0/16'] }),
  thing('HostEndpoint', 'hep1', { node: 'node1', interfaceName: 'eth0', expectedIPs: ['10.0.0.1'] }),
  thing('IPPool', 'pool1', { cidr: '192.168.0.0/24', blockSize: 28, natOutgoing: true }),
  thing('IPPool', 'pool6', { cidr: 'fd00:10::/120' }),
  thing('IPReservation', 'res1', { reservedCIDRs: ['192.168.0.1/32'] }),
  thing('KubeControllersConfiguration', 'default', {
    healthChecks: 'Enabled',
    controllers: { node: { syncLabels: 'Enabled' } },
  }),
  thing(
    'NetworkPolicy',
    'np1',
    {
      selector: 'all()',
      egress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80, '1:2', 'dns'] } }],
    },
    inNs1,
  ),
  thing('NetworkPolicy', 't1.np2', { tier: 't1', order: 5 }, inNs1),
  thing('NetworkSet', 'ns-a', { nets: ['10.1.0.0/16'] }, inNs1),
  thing('Profile', 'prof1', { ingress: [{ action: 'Allow' }], labelsToApply: { a: 'b' } }),
  thing('StagedGlobalNetworkPolicy', 'sgnp1', { stagedAction: 'Delete' }),
  thing('StagedKubernetesNetworkPolicy', 'sknp1', { podSelector: { matchLabels: { a: 'b' } } }, inNs1),
  thing('StagedNetworkPolicy', 'snp1', { stagedAction: 'Set' }, inNs1),
  thing('IPAMConfiguration', 'default', {
    strictAffinity: true,
    autoAllocateBlocks: true,
    maxBlocksPerHost: 2,
  }),
  ...['192.168.0.112/28', 'fd00:10::80/122'].map(cidr =>
    thing('BlockAffinity', `node1-${cidr.replaceAll(/[.:/]/g, '-')}`, {
      cidr,
      node: 'node1',
      state: 'confirmed',
      deleted: false,
    }),
  ),
  thing('IPAMHandle', 'k8s-pod-network.abc123', {
    handleID: 'k8s-pod-network.AbC123',
    block: { '192.168.0.112/28': 2, 'fd00:10::80/122': 1 },
  }),
];

/** Blocks as text: their numbers are too long for JSON.stringify. */
function block(cidr: string, size: number, taken: number, sequence: string, before: string): string {
  const numbers = Array.from({ length: taken }, (_, index) => `"${index}":${before}`).join();
  const spec = JSON.stringify({
    cidr,
    affinity: 'host:node1',
    affinityClaimTime: '2026-11-23T15:23:14Z',
    allocations: Array.from({ length: size }, (_, index) => (index < taken ? 0 : null)),
    unallocated: Array.from({ length: size - taken }, (_, index) => index + taken),
    attributes: [owner],
    strictAffinity: false,
    deleted: false,
  });
  const exact = `,"sequenceNumber":${sequence},"sequenceNumberForAllocation":{${numbers}}}`;
  return `{"apiVersion":"${apiVersion}","kind":"IPAMBlock","metadata":{"name":"${cidr.replaceAll(
    /[.:/]/g,
    '-',
  )}"},"spec":${spec.slice(0, -1)}${exact}}`;
}

const blocks = [
  block('192.168.0.112/28', 16, 2, '1795447394212775992', '1795447394212775991'),
  block('fd00:10::80/122', 64, 1, '1795447394220473156', '1795447394220473155'),
];

/** All that is stored under Calico's root, as it stands. */
async function stored(etcd: EtcdClient): Promise<Map<string, string>> {
  const range = { key: Buffer.from('/calico/'), rangeEnd: Buffer.from('/calico0') };
  const { kvs } = await etcd.call(methods.range, range);
  return new Map(kvs.map(({ key, value }) => [String(key), String(value)]));
}

async function startServer(
  suite: Suite,
  name: string,
  prepare: (etcd: EtcdClient) => Promise<void> = async () => {},
): Promise<{ etcd: Etcd; raw: EtcdClient; client: Client; kubeconfig: string }> {
  const etcd = await startEtcd({
    binary: suite.binaries.etcd,
    folder: suite.folder,
    data: join(suite.folder, `${name}-etcd`),
  });
  suite.processes.push(etcd.process);
  const raw = new EtcdClient({ endpoints: [etcd.url] });
  await prepare(raw);
  const { kubeconfig } = await startStandalone(suite, {
    folder: join(suite.folder, name),
    args: ['--datastore=etcd', `--etcd-endpoints=${etcd.url}`],
  });
  return { etcd, raw, kubeconfig, client: await clientOf(kubeconfig) };
}

endToEnd("Calico's own values in etcd", {}, suite => {
  test('what kubectl writes is stored as Calico stores it, key by key', async () => {
    const { raw, client, kubeconfig } = await startServer(suite, 'write');
    const kubectl = await suite.kubectl(kubeconfig);
    for (const object of [...written.map(each => JSON.stringify(each)), ...blocks]) {
      await kubectl.ok(['create', '--validate=strict', '-f', '-'], { input: object });
    }
    const patch = JSON.stringify({ spec: { calicoVersion: 'v3.99.0', clusterType: 'lab' } });
    await kubectl.ok(['patch', 'clusterinformation', 'default', '--type=merge', '-p', patch]);

    const found = await stored(raw);
    const samples = new Map(etcdSamples().map(({ key, value }) => [key, value]));
    const wanted = [...samples.keys()].filter(key => !notServed.test(key));
    assert.deepEqual([...found.keys()].sort(), wanted.sort());
    for (const key of wanted) {
      const sample = comparable(samples.get(key)!, ownMembers);
      assert.deepEqual(comparable(found.get(key)!, ownMembers), sample, key);
    }
    client.close();
    raw.close();
  });

  test('what Calico has stored is served as it means it', async () => {
    const samples = etcdSamples();
    const { raw, client } = await startServer(suite, 'read', async etcd => {
      for (const { key, value } of samples) {
        const put = { key: Buffer.from(key), value: Buffer.from(value) };
        await etcd.call(methods.txn, { success: [{ put }] });
      }
    });
    const ready = await client.request('GET', '/readyz?verbose');
    assert.match(ready.text, /\[\+\]stored-values ok/);
    for (const { key, value } of samples) {
      if (!key.startsWith(root) || notServed.test(key)) continue;
      const { kind, metadata, spec, status } = JSON.parse(value);
      const [plural, ...path] = key.slice(root.length).split('/');
      const place = path.length > 1 ? `namespaces/${path[0]}/${plural}/${path[1]}` : `${plural}/${path[0]}`;
      const answer = await client.request('GET', `/apis/projectcalico.org/v3/${place}`);
      assert.equal(answer.status, 200, `${place}: ${answer.text}`);
      const object = answer.json<{ kind: string; metadata: JsonObject; spec: JsonObject; status: Json }>();
      const { 'projectcalico.org/metadata': _, ...annotations } = metadata.annotations ?? {};
      const { resourceVersion, ...rest } = object.metadata;
      assert.match(String(resourceVersion), /^\d+$/);
      const { annotations: _all, ...others } = metadata;
      assert.deepEqual(
        rest,
        Object.keys(annotations).length > 0 ? { ...others, annotations } : others,
        place,
      );
      assert.equal(object.kind, kind);
      const { bpfLogLevel, ...ofSpec } = spec;
      assert.deepEqual(object.spec, bpfLogLevel ? spec : ofSpec, place);
      if (object.status !== undefined) assert.ok(equal(object.status, status), place);
    }
    await servedIpam(client);
    const profiles = await client.request('GET', '/apis/projectcalico.org/v3/profiles');
    const names = profiles
      .json<{ items: { metadata: { name: string } }[] }>()
      .items.map(item => item.metadata.name);
    assert.deepEqual(names.sort(), ['prof1', 'projectcalico-default-allow']);
    // Nothing was written but what an installation without them would have been given.
    const after = await stored(raw);
    for (const { key, value } of samples) assert.equal(after.get(key), value, key);
    assert.equal(after.size, samples.length);
    client.close();
    raw.close();
  });
});

/** IPAM's values as v3 objects; the numbers of blocks to the last digit. */
async function servedIpam(client: Client): Promise<void> {
  const get = async (path: string) => {
    const answer = await client.request('GET', `/apis/projectcalico.org/v3/${path}`);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    return answer;
  };
  const specOf = async (path: string) => (await get(path)).json<{ spec: JsonObject }>().spec;
  const block = await get('ipamblocks/192-168-0-112-28');
  assert.match(block.text, /"sequenceNumber":1795447394212775992[,}]/);
  assert.match(
    block.text,
    /"sequenceNumberForAllocation":\{"0":1795447394212775991,"1":1795447394212775991\}/,
  );
  assert.match(block.text, /"creationTimestamp":"2026-11-23T15:23:14Z"/);
  assert.deepEqual(await specOf('ipamhandles/k8s-pod-network.abc123'), {
    block: { '192.168.0.112/28': 2, 'fd00:10::80/122': 1 },
    deleted: false,
    handleID: 'k8s-pod-network.AbC123',
  });
  assert.deepEqual(await specOf('ipamconfigurations/default'), {
    autoAllocateBlocks: true,
    maxBlocksPerHost: 2,
    strictAffinity: true,
  });
  const affinities = await get('blockaffinities?labelSelector=projectcalico.org/ip-version%3D6');
  const { items } = affinities.json<{ items: { metadata: JsonObject; spec: JsonObject }[] }>();
  assert.deepEqual(
    items.map(({ metadata, spec }) => [metadata.name, spec]),
    [
      [
        'node1-fd00-10--80-122',
        { cidr: 'fd00:10::80/122', deleted: false, node: 'node1', state: 'confirmed', type: 'host' },
      ],
    ],
  );
}
