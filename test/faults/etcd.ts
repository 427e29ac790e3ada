import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { EtcdClient } from '../../src/storage/etcd/client.ts';
import { methods, statusRequest } from '../../src/storage/etcd/messages.ts';
import { bytes, integer, many, message, one } from '../../src/storage/etcd/protobuf.ts';
import { type Answer, type Client, clientOf, eventually } from '../e2e/client.ts';
import { type Etcd, startEtcd } from '../e2e/etcd.ts';
import { freePorts, type RunningProcess } from '../e2e/process.ts';
import { endToEnd, type Suite } from '../e2e/suite.ts';
import { startStandalone } from '../e2e/tortie.ts';
import { clockJumps, settableClock } from './clock.ts';
import { Load } from './load.ts';

/** How much of each fault: rounds, and writes between its steps. */
export interface Extent {
  rounds: number;
  writes: number;
}

interface Setting {
  etcds: Etcd[];
  raw: EtcdClient;
  server: RunningProcess;
  client: Client;
}

const api = '/apis/projectcalico.org/v3';
const someLoad = { writers: 8, followers: 4 };

/** A server on an etcd of its own; what is started ends with the suite. */
async function open(
  suite: Suite,
  name: string,
  etcds: Etcd[],
  env: NodeJS.ProcessEnv = {},
): Promise<Setting> {
  const endpoints = etcds.map(({ url }) => url);
  const { kubeconfig, process } = await startStandalone(suite, {
    folder: join(suite.folder, name),
    env,
    args: ['--datastore=etcd', `--etcd-endpoints=${endpoints.join()}`],
  });
  return { etcds, raw: new EtcdClient({ endpoints }), server: process, client: await clientOf(kubeconfig) };
}

async function start(suite: Suite, name: string, args: string[] = []): Promise<Etcd> {
  const folder = join(suite.folder, `etcd-${name}`);
  await mkdir(folder, { recursive: true });
  const etcd = await startEtcd({ binary: suite.binaries.etcd, folder, args });
  suite.processes.push(etcd.process);
  return etcd;
}

async function again(suite: Suite, etcd: Etcd): Promise<Etcd> {
  const next = await etcd.restart();
  suite.processes.push(next.process);
  return next;
}

/** Three members on loopback. */
async function startCluster(suite: Suite): Promise<Etcd[]> {
  const ports = await freePorts(3);
  const members = ports.map((port, index) => `m${index}=http://127.0.0.1:${port}`).join();
  const started = ports.map(async (peerPort, index) => {
    const folder = join(suite.folder, `member-${index}`);
    await mkdir(folder);
    const cluster = { name: `m${index}`, peerPort, members };
    return startEtcd({ binary: suite.binaries.etcd, folder, cluster });
  });
  const etcds = await Promise.all(started);
  suite.processes.push(...etcds.map(({ process }) => process));
  return etcds;
}

function readyz(client: Client): Promise<Answer> {
  return client.request('GET', '/readyz?verbose');
}

async function untilReady({ client }: Setting): Promise<void> {
  await eventually(
    '/readyz',
    () => readyz(client),
    ({ status }) => status === 200,
  );
}

/** Not ready, for this reason and within seconds; what needs no store is served all the same. */
async function isTroubled({ client, server }: Setting, reason: RegExp): Promise<void> {
  const logged = server.waitForNext(reason);
  const answer = await eventually(
    '/readyz that fails',
    () => readyz(client),
    ({ status }) => status !== 200,
    20_000,
  );
  assert.match(answer.text, /\[-\]datastore failed/);
  await logged;
  for (const path of ['/livez', api, '/openapi/v2', '/openapi/v3/apis/projectcalico.org/v3']) {
    assert.equal((await client.request('GET', path)).status, 200, path);
  }
}

function close({ raw, client }: Setting): void {
  raw.close();
  client.close();
}

/** What happens to etcd, and what of it clients see. */
export function etcdFaults({ rounds, writes }: Extent): void {
  endToEnd('faults of etcd', { minutes: 30 }, suite => {
    test('killed and restarted under load', async t => {
      const setting = await open(suite, 'killed', [await start(suite, 'killed')]);
      const load = new Load(t, [setting.client], { prefix: 'killed', ...someLoad });
      for (let round = 0; round < rounds; round++) {
        await load.more(writes);
        const [etcd] = setting.etcds;
        etcd!.process.signal('SIGKILL');
        await etcd!.process.exited;
        await isTroubled(setting, /ECONNREFUSED/);
        setting.etcds = [await again(suite, etcd!)];
        await untilReady(setting);
      }
      await load.more(writes);
      await load.finish();
      assert.ok(load.refused > 0, 'nothing was cut off: this was no fault');
      for (const { relists } of load.followers) assert.equal(relists, 0, 'nobody had to begin anew');
      close(setting);
    });

    test('frozen and resumed', async t => {
      const setting = await open(suite, 'frozen', [await start(suite, 'frozen')]);
      const load = new Load(t, [setting.client], { prefix: 'frozen', ...someLoad });
      for (let round = 0; round < rounds; round++) {
        await load.more(writes);
        setting.etcds[0]!.process.signal('SIGSTOP');
        await isTroubled(setting, /does not answer/);
        setting.etcds[0]!.process.signal('SIGCONT');
        await untilReady(setting);
      }
      await load.more(writes);
      await load.finish();
      assert.ok(load.refused > 0);
      close(setting);
    });

    test('history compacted under watches that keep up', async t => {
      const setting = await open(suite, 'compacted', [await start(suite, 'compacted')]);
      const load = new Load(t, [setting.client], { prefix: 'compacted', ...someLoad });
      for (let round = 0; round < 10 * rounds; round++) {
        await load.more(Math.ceil(writes / 10));
        const { header } = await setting.raw.call(methods.range, { key: Buffer.from('/calico/') });
        await setting.raw.call(methods.compact, { revision: header!.revision });
      }
      await load.finish();
      assert.equal(load.refused, 0);
      close(setting);
    });

    test('history compacted under watches that are behind: 410, and all anew', async t => {
      const setting = await open(suite, 'behind', [await start(suite, 'behind')]);
      const load = new Load(t, [setting.client], { prefix: 'behind', ...someLoad });
      for (let round = 0; round < rounds; round++) {
        await load.more(writes);
        await behind(suite, setting, `behind-${round}`);
        await untilReady(setting);
      }
      await load.more(writes);
      await load.finish();
      for (const { relists } of load.followers) assert.ok(relists >= rounds, `${relists} relists`);
      close(setting);
    });

    test('out of space: reads go on, writes are refused with the reason, until there is room', async () => {
      const quota = `--quota-backend-bytes=${8 * 1024 * 1024}`;
      await outOfSpace(await open(suite, 'full', [await start(suite, 'full', [quota])]));
    });

    test('a leader that dies, and one that freezes', async t => {
      const setting = await open(suite, 'cluster', await startCluster(suite));
      const load = new Load(t, [setting.client], { prefix: 'cluster', ...someLoad });
      for (let round = 0; round < rounds; round++) {
        await load.more(writes);
        const dead = await leaderOf(setting.etcds);
        dead.process.signal('SIGKILL');
        await dead.process.exited;
        await load.more(writes);
        setting.etcds[setting.etcds.indexOf(dead)] = await again(suite, dead);
        const frozen = await leaderOf(setting.etcds);
        frozen.process.signal('SIGSTOP');
        await load.more(writes);
        await untilReady(setting);
        frozen.process.signal('SIGCONT');
      }
      await load.more(writes);
      await load.finish();
      close(setting);
    });

    test('a wall clock that jumps a day ahead, and back', async t => {
      const setting = await open(suite, 'clock', [await start(suite, 'clock')], settableClock);
      await clockJumps(t, { client: setting.client, process: setting.server }, { rounds, writes });
      close(setting);
    });

    test('values that are none: passed over and told of, and the others served', async () => {
      const setting = await open(suite, 'corrupt', [await start(suite, 'corrupt')]);
      await corrupt(setting);
      close(setting);
    });
  });
}

/** Cuts the server off while somebody else writes and compacts. */
async function behind(suite: Suite, setting: Setting, name: string): Promise<void> {
  setting.server.signal('SIGSTOP');
  const [etcd] = setting.etcds;
  etcd!.process.signal('SIGKILL');
  await etcd!.process.exited;
  setting.etcds = [await again(suite, etcd!)];
  const raw = new EtcdClient({ endpoints: [setting.etcds[0]!.url] });
  const key = Buffer.from(`/calico/resources/v3/projectcalico.org/networksets/default/${name}`);
  const value = Buffer.from(JSON.stringify({ metadata: { name, namespace: 'default' }, spec: {} }));
  await raw.call(methods.txn, { success: [{ put: { key, value } }] });
  const { header } = await raw.call(methods.txn, { success: [{ put: { key, value } }] });
  await raw.call(methods.compact, { revision: header!.revision });
  raw.close();
  setting.server.signal('SIGCONT');
}

const alarms = {
  path: '/etcdserverpb.Maintenance/Alarm',
  request: message({}),
  response: message({ alarms: many(bytes(2)) }),
};

/** Ends the NOSPACE alarm. The member's number, which no double can hold, is taken over byte by byte. */
async function disarm(raw: EtcdClient): Promise<void> {
  const [alarm] = (await raw.call(alarms, {})).alarms;
  const member = alarm!.subarray(1, -2);
  const request = Buffer.from([0x08, 2, 0x10, ...member, 0x18, 1]);
  await raw.call({ ...alarms, request: { ...alarms.request, encode: () => request } }, {});
}

const defragment = {
  path: '/etcdserverpb.Maintenance/Defragment',
  request: message({}),
  response: message({}),
};

async function outOfSpace(setting: Setting): Promise<void> {
  const { client, raw } = setting;
  const path = `${api}/globalnetworksets`;
  const bulk = (name: string) =>
    JSON.stringify({
      apiVersion: 'projectcalico.org/v3',
      kind: 'GlobalNetworkSet',
      metadata: { name, annotations: { bulk: 'x'.repeat(200_000) } },
      spec: {},
    });
  let stored = 0;
  let answer: Answer;
  do answer = await client.request('POST', path, { body: bulk(`bulk-${stored++}`) });
  while (answer.status === 201 && stored < 200);
  assert.equal(answer.status, 503, answer.text);
  assert.match(answer.text, /etcd is out of space \(NOSPACE alarm\)/);
  await isTroubled(setting, /NOSPACE/);
  const list = await client.request('GET', path);
  const { items } = list.json<{ items: { metadata: { name: string } }[] }>();
  // Of the write that raises the alarm etcd says that there is no space, and has done it.
  assert.ok([stored - 1, stored].includes(items.length), `${items.length} of ${stored}`);
  // Deletes make no room before etcd has compacted and defragmented, but they are taken.
  for (const { metadata } of items) {
    assert.equal((await client.request('DELETE', `${path}/${metadata.name}`)).status, 200);
  }
  const { header } = await raw.call(methods.range, { key: Buffer.from('/calico/') });
  await raw.call(methods.compact, { revision: header!.revision });
  await eventually(
    'room',
    () => defragmented(raw),
    room => room,
  );
  await disarm(raw);
  await untilReady(setting);
  assert.equal((await client.request('POST', path, { body: bulk('again') })).status, 201);
  close(setting);
}

const sizes = {
  path: methods.status.path,
  request: statusRequest,
  response: message({ dbSize: integer(3), dbSizeInUse: integer(9) }),
};

async function defragmented(raw: EtcdClient): Promise<boolean> {
  await raw.call(defragment, {});
  const { dbSize } = await raw.call(sizes, {});
  return dbSize < 2 * 1024 * 1024;
}

const leadership = {
  path: methods.status.path,
  request: statusRequest,
  response: message({
    header: one(1, message({ clusterId: integer(1), memberId: integer(2), revision: integer(3) })),
    leader: integer(4),
  }),
};

/** The member that the others call their leader. */
async function leaderOf(etcds: Etcd[]): Promise<Etcd> {
  const ask = async (etcd: Etcd) => {
    const client = new EtcdClient({ endpoints: [etcd.url] });
    try {
      const { header, leader } = await client.call(leadership, {}, { timeoutMs: 1_000 });
      return header?.memberId === leader && leader !== 0;
    } catch {
      return false;
    } finally {
      client.close();
    }
  };
  const find = async () => {
    const leads = await Promise.all(etcds.map(ask));
    return etcds.find((_, index) => leads[index]);
  };
  return (await eventually('a leader', find, found => found !== undefined))!;
}

async function corrupt(setting: Setting): Promise<void> {
  const { client, raw, server } = setting;
  const put = (key: string, value: string) =>
    raw.call(methods.txn, {
      success: [{ put: { key: Buffer.from(key), value: Buffer.from(value) } }],
    });
  const tiers = '/calico/resources/v3/projectcalico.org/tiers/';
  const names = async () => {
    const answer = await client.request('GET', `${api}/tiers`);
    return answer.json<{ items: { metadata: { name: string } }[] }>().items.map(item => item.metadata.name);
  };
  const before = await names();
  const logged = server.waitForNext(/tiers\/foreign/);
  await put(`${tiers}foreign`, 'neither JSON nor ours');
  await put(`${tiers}kube-admin`, '{"kind":"Tier","metadata":{"name":"other"}}');
  await put('/calico/ipam/v2/handle/half', '{"block":');
  await logged;
  assert.deepEqual(
    await names(),
    before.filter(name => name !== 'kube-admin'),
  );
  assert.equal((await client.request('GET', `${api}/ipamhandles`)).status, 200);
  const ready = await readyz(client);
  assert.equal(ready.status, 200, ready.text);
  assert.match(ready.text, /\[\+\]stored-values ok: .*1 of ipamhandles, 2 of tiers/);

  // Whoever has broken a value may mend it, and another may write what we have never seen.
  const value = (name: string) =>
    JSON.stringify({
      kind: 'Tier',
      apiVersion: 'projectcalico.org/v3',
      metadata: {
        name,
        uid: '63374dfc-c632-4a44-977f-e40d1eab88fd',
        creationTimestamp: '2026-11-23T15:23:14Z',
      },
      spec: { order: 5, defaultAction: 'Deny' },
      status: {},
    });
  await put(`${tiers}foreign`, value('foreign'));
  assert.deepEqual(await names(), [...before.filter(name => name !== 'kube-admin'), 'foreign'].sort());
  const patch = { body: '{"spec":{"order":6}}', contentType: 'application/merge-patch+json' };
  assert.equal((await client.request('PATCH', `${api}/tiers/foreign`, patch)).status, 200);
}
