import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { exportObjects } from '../../src/cli/export.ts';
import { importFile } from '../../src/cli/import.ts';
import { kinds } from '../../src/kinds/index.ts';
import { decode } from '../../src/machinery/decode.ts';
import { encode } from '../../src/machinery/encode.ts';
import { equal } from '../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../src/machinery/json.ts';
import type { ApiObject } from '../../src/machinery/object.ts';
import { oneOfEach, type Run, runCommand } from '../unit/cli/move/commands.ts';
import { clientOf } from './client.ts';
import { startEtcd } from './etcd.ts';
import type { Kubectl } from './kubectl.ts';
import { root, type Suite } from './suite.ts';
import { type Standalone, startStandalone } from './tortie.ts';

const main = join(root, 'src/main.ts');

/** How much a run does. */
export interface Scale {
  /** Objects beside one of each kind and example. */
  objects: number;
  /** Times that each migration is killed. */
  kills: number;
}

/** A datastore of the chain, and the flags that name it. */
interface Store {
  name: 'embedded' | 'etcd' | 'kubernetes';
  flags: Record<string, string>;
}

/** Runs the command line in a process of its own, to its end. */
function tortie(args: string[]): Promise<Run> {
  return new Promise(resolve => {
    const options = { maxBuffer: 1 << 28, env: { PATH: process.env.PATH } };
    const child = execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? (child.exitCode ?? -1) : 0, stdout, stderr }),
    );
  });
}

const flagsOf = ({ name, flags }: Store, side = ''): string[] => [
  `--${side}datastore=${name}`,
  ...Object.entries(flags).map(([flag, value]) => `--${side}${flag}=${value}`),
];

/** What a store holds: as a stream, and by kind and name. */
interface Content {
  text: string;
  objects: Map<string, ApiObject>;
}

async function contentOf(store: Store): Promise<Content> {
  const { code, stdout, stderr } = await runCommand(exportObjects, flagsOf(store));
  assert.equal(code, 0, stderr);
  const objects = stdout
    .split('\n')
    .slice(0, -1)
    .map(line => decode(Buffer.from(line), 'application/json').value as unknown as ApiObject);
  return { text: stdout, objects: new Map(objects.map(object => [titleOf(object), object])) };
}

const putInto = (store: Store, text: string): Promise<Run> =>
  runCommand(importFile, ['-', ...flagsOf(store)], { stdin: text });

function titleOf({ kind, metadata: { namespace, name } }: ApiObject): string {
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}

/** What IPAM writes always, and stands for nothing. */
const sameAsAbsent: Record<string, JsonObject> = {
  BlockAffinity: { type: 'host', deleted: false },
  IPAMBlock: { deleted: false, sequenceNumber: 0, strictAffinity: false },
  IPAMHandle: { deleted: false },
};

const ipamKinds = new Set(['BlockAffinity', 'IPAMBlock', 'IPAMHandle', 'IPAMConfiguration']);

/**
 * The part of an object that every store keeps: not the metadata of what IPAM keeps, nor UIDs on the way through a cluster. What is
 * empty is as good as absent; Calico's own client adds the label of the tier on every read, and an affinity is of a host if it
 * does not say, and the level of a log that is empty is none.
 */
function keptOf({ kind, metadata, ...content }: ApiObject, { uids }: { uids: boolean }): JsonObject {
  const { uid, generation: _, deletionGracePeriodSeconds: __, ...rest } = metadata;
  if (kind === 'FelixConfiguration') {
    const { bpfLogLevel, ...spec } = content.spec as JsonObject;
    content.spec = { ...spec, ...(bpfLogLevel !== '' && { bpfLogLevel: bpfLogLevel! }) };
  }
  const absent = sameAsAbsent[kind];
  if (absent) content.spec = { ...absent, ...(content.spec as JsonObject) };
  const { 'projectcalico.org/tier': ___, ...labels } = rest.labels ?? {};
  const kept = ipamKinds.has(kind) ? { name: metadata.name } : { ...rest, labels, ...(uids && { uid }) };
  return withoutEmpty({ kind, metadata: kept, ...content } as unknown as JsonObject) as JsonObject;
}

function withoutEmpty(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, withoutEmpty(field)] as const);
  return Object.fromEntries(
    fields.filter(([, field]) => {
      return field !== null && !(typeof field === 'object' && Object.keys(field).length === 0);
    }),
  );
}

/** Clients that write all the time, and what they know to be there. */
class Writers {
  /** The net that each set has, by title; undefined where it is deleted. */
  readonly known = new Map<string, string | undefined>();
  acknowledged = 0;
  #writing = true;
  readonly #running: Promise<void>[];

  constructor(server: Standalone, random: () => number, known: Map<string, string | undefined>) {
    for (const [title, net] of known) this.known.set(title, net);
    // Each has names of its own, so that it knows what became of them.
    this.#running = [0, 1].map(number => this.#write(server, random, number));
  }

  async stop(): Promise<void> {
    this.#writing = false;
    await Promise.all(this.#running);
  }

  async #write({ kubeconfig }: Standalone, random: () => number, number: number): Promise<void> {
    const client = await clientOf(kubeconfig);
    for (let step = 0; this.#writing; step++) {
      const name = `w${number}-${Math.floor(random() * 30)}`;
      const title = `NetworkSet default/${name}`;
      const path = '/apis/projectcalico.org/v3/namespaces/default/networksets';
      const net = `10.${number}.${step % 250}.0/24`;
      const body = JSON.stringify({ metadata: { name }, spec: { nets: [net] } });
      const patch = {
        body: JSON.stringify({ spec: { nets: [net] } }),
        contentType: 'application/merge-patch+json',
      };
      const isThere = this.known.get(title) !== undefined;
      const remove = isThere && random() < 0.4;
      const answer = remove
        ? await client.request('DELETE', `${path}/${name}`)
        : isThere
          ? await client.request('PATCH', `${path}/${name}`, patch)
          : await client.request('POST', path, { body });
      assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
      this.known.set(title, remove ? undefined : net);
      this.acknowledged++;
      await setTimeout(2);
    }
    client.close();
  }
}

/** Runs a migration until its journal has grown by so many lines, then kills it; whether it came to that. */
async function killed(args: string[], journal: string, lines: number): Promise<boolean> {
  const sizeOf = () => {
    try {
      return statSync(journal).size;
    } catch {
      return 0;
    }
  };
  const child = spawn(process.execPath, [main, ...args], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH },
  });
  let code: number | string | undefined;
  child.on('exit', (status, signal) => {
    code = signal ?? status ?? -1;
  });
  let start: number | undefined;
  while (code === undefined) {
    const size = sizeOf();
    // It is written anew at the start: what counts is how much it grows from then on.
    if (start === undefined || size < start) start = size;
    if (size > start + lines * bytesOfLine) child.kill('SIGKILL');
    await setTimeout(5);
  }
  assert.ok(code === 'SIGKILL' || code === 0 || code === 1, `ended with ${code}`);
  return code === 'SIGKILL';
}

const bytesOfLine = 70;

/** One store into the next one, under writes, killed and repeated; then, with the writers gone, to the end. */
async function migrateUnderWrites(
  t: TestContext,
  run: { from: Store; to: Store; server: Standalone; journal: string; kills: number; random: () => number },
  known: Map<string, string | undefined>,
): Promise<number> {
  const { from, to, journal, random } = run;
  const args = ['migrate', ...flagsOf(from, 'from-'), ...flagsOf(to, 'to-'), `--journal=${journal}`];
  const writers = new Writers(run.server, random, known);
  let kills = 0;
  for (let round = 0; round < run.kills; round++) {
    if (await killed(args, journal, Math.floor(random() * 25))) kills++;
  }
  await writers.stop();
  for (const [title, net] of writers.known) known.set(title, net);
  const { code, stdout, stderr } = await tortie(args);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  t.diagnostic(
    `${from.name} → ${to.name}: killed ${kills} times, ${writers.acknowledged} writes, ${encode(report)}`,
  );
  assert.equal(code, 0, stdout + stderr);
  assert.ok(writers.acknowledged > 0, 'there were writes');
  assert.equal(report.event, 'report');
  assert.equal(report.stillChanging, 0);
  const again = await tortie(args);
  const second = JSON.parse(again.stdout.trimEnd().split('\n').at(-1)!);
  assert.deepEqual([second.created, second.updated, second.deleted], [0, 0, 0], 'nothing is left to do');
  return kills;
}

/** The embedded store → etcd → a cluster → another etcd, each while a server on the source is written to. */
export function migrationTests(suite: Suite, scale: Scale): void {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  const random = randomOf(seed);
  const known = new Map<string, string | undefined>();
  let stores: Store[];
  let kills = 0;
  /** What each store held last, by its place in the chain. */
  const contents: Content[] = [];
  let kubectl: Kubectl;

  before(async () => {
    const cluster = await suite.startCluster();
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
    await kubectl.ok(['apply', '--server-side', '-f', '-'], { input: (await tortie(['crds'])).stdout });
    await kubectl.ok(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
    const etcds: Store[] = [];
    for (const name of ['etcd-a', 'etcd-b']) {
      const folder = join(suite.folder, name);
      mkdirSync(folder);
      const etcd = await startEtcd({ binary: suite.binaries.etcd, folder });
      suite.processes.push(etcd.process);
      etcds.push({ name: 'etcd', flags: { 'etcd-endpoints': etcd.url } });
    }
    stores = [
      { name: 'embedded', flags: { 'data-dir': join(suite.folder, 'data') } },
      etcds[0]!,
      { name: 'kubernetes', flags: { 'datastore-kubeconfig': cluster.adminKubeconfig } },
      etcds[1]!,
    ];
    const namespaces = new Set(oneOfEach().map(({ metadata }) => metadata.namespace ?? 'default'));
    for (const namespace of namespaces) {
      if (namespace !== 'default') await kubectl.ok(['create', 'namespace', namespace]);
    }
  });

  test('the first store is filled from a file', async t => {
    t.diagnostic(`SEED=${seed}`);
    const objects = oneOfEach();
    for (let index = 0; index < scale.objects; index++) {
      const metadata = { name: `bulk-${index}`, namespace: 'default', labels: { number: `${index}` } };
      const spec = { nets: [`10.${index % 250}.0.0/16`] };
      objects.push({ apiVersion: 'projectcalico.org/v3', kind: 'NetworkSet', metadata, spec });
    }
    const { code, stderr } = await putInto(stores[0]!, objects.map(object => `${encode(object)}\n`).join(''));
    assert.equal(code, 0, stderr);
    contents[0] = await contentOf(stores[0]!);
    // What every installation has is there beside.
    assert.deepEqual(
      objects.map(titleOf).filter(title => !contents[0]!.objects.has(title)),
      [],
    );
  });

  for (const [index, step] of ['embedded → etcd', 'etcd → kubernetes', 'kubernetes → etcd'].entries()) {
    test(`${step}, under writes, killed and repeated at random points: nothing is lost`, async t => {
      const [from, to] = [stores[index]!, stores[index + 1]!];
      const folder = join(suite.folder, index === 0 ? 'data' : `server-${index}`);
      const server = await startStandalone(suite, { folder, args: index === 0 ? [] : flagsOf(from) });
      const journal = join(suite.folder, `journal-${index}`);
      kills += await migrateUnderWrites(t, { from, to, server, journal, kills: scale.kills, random }, known);
      assert.equal(await server.process.stop(), 0);
      const before = contents[index]!.objects;
      contents[index] = await contentOf(from);
      contents[index + 1] = await contentOf(to);
      const [source, target] = [contents[index]!.objects, contents[index + 1]!.objects];

      // Profiles are a cluster's own, and one is everywhere where Calico is.
      const isOwn = (title: string) =>
        to.name === 'kubernetes' ? title.startsWith('Profile ') : title === defaultAllow;
      const moved = [...source.keys()].filter(title => !isOwn(title)).sort();
      assert.deepEqual([...target.keys()].filter(title => !isOwn(title)).sort(), moved);
      for (const title of moved) sameObject(target, source, title, { uids: to.name !== 'kubernetes' });
      for (const [title, net] of known) {
        const spec = target.get(title)?.spec as JsonObject | undefined;
        assert.deepEqual(spec?.nets, net === undefined ? undefined : [net], title);
      }
      // What nobody has written to is still there.
      for (const title of before.keys()) {
        if (!title.startsWith('NetworkSet default/w') && !isOwn(title)) assert.ok(target.has(title), title);
      }
    });
  }

  test('every kind has come all the way, and 64-bit integers are what they were', () => {
    assert.ok(kills > 0, 'a migration was killed');
    const [first, last] = [contents[0]!.objects, contents[3]!.objects];
    const found = new Set([...last.values()].map(({ kind }) => kind));
    assert.deepEqual(
      kinds.map(({ kind }) => kind).filter(kind => !found.has(kind)),
      [],
    );
    const numbers = (objects: Map<string, ApiObject>) =>
      [...objects.values()]
        .filter(({ kind }) => kind === 'IPAMBlock')
        .map(({ metadata, spec }) => `${metadata.name} ${(spec as JsonObject).sequenceNumber}`);
    assert.deepEqual(numbers(last), numbers(first));
    assert.ok(
      numbers(last).some(text => /\d{17}/.test(text)),
      `${numbers(last)}`,
    );
  });

  test('an export of each store can be imported into an empty one, and is the same there', async () => {
    for (const [index, store] of stores.entries()) {
      const { text, objects } = contents[index]!;
      const copy: Store = { name: 'embedded', flags: { 'data-dir': join(suite.folder, `copy-${index}`) } };
      const { code, stderr } = await putInto(copy, text);
      assert.equal(code, 0, stderr);
      const copied = (await contentOf(copy)).objects;
      assert.deepEqual([...copied.keys()].sort(), [...objects.keys()].sort());
      for (const title of objects.keys()) {
        // Calico shows this one without a time, and whatever is stored has one.
        if (title !== defaultAllow) sameObject(copied, objects, title, { uids: true });
      }
      // And back into its own store, which has it all.
      const back = await putInto(store, text);
      assert.equal(back.code, 0, back.stderr);
      assert.match(back.stderr, /^0 created, 0 replaced, /, back.stderr);
    }
  });
}

const defaultAllow = 'Profile projectcalico-default-allow';

function sameObject(
  target: Map<string, ApiObject>,
  source: Map<string, ApiObject>,
  title: string,
  how: { uids: boolean },
): void {
  const [there, here] = [target, source].map(objects => keptOf(objects.get(title)!, how));
  assert.ok(equal(there, here), `${title}\n${encode(there)}\n${encode(here)}`);
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
