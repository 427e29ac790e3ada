/**
 * `npm run bench [-- scenario …]`: throughput and CPU per operation of the server, on its embedded store or on the one that
 * `--datastore` names, and the same of a bare Node server in the same run (floor-server.ts), as JSON on stdout. Figures of a shared
 * machine vary; the ratios hold. The scenarios `validate` and `apply` need no server (validate.ts, apply.ts); `loop`, which
 * runs only when it is named, tells for how long single requests hold the event loop (loop.ts).
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureApply } from './apply.ts';
import { type Connection, inParallel, open, percentile, type Target } from './client.ts';
import { type LoopFigures, measureLoop } from './loop.ts';
import { type Running, start, usage } from './process.ts';
import { type Store, stores } from './store.ts';
import { measureValidation } from './validate.ts';

const root = resolve(import.meta.dirname, '../..');
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datastore: { type: 'string', default: 'embedded' },
    objects: { type: 'string', default: '5000' },
    lists: { type: 'string', default: '40' },
    watchers: { type: 'string', default: '500' },
    events: { type: 'string', default: '400' },
    checks: { type: 'string', default: '2000' },
    applies: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
  },
});
const objects = Number(flags.objects);
const collection = '/apis/projectcalico.org/v3/namespaces/default/networkpolicies';
const connectionsCount = 10;

function openStore(folder: string): Promise<Store> {
  const open = Object.hasOwn(stores, flags.datastore) ? stores[flags.datastore] : undefined;
  if (!open) throw new Error(`there is no datastore ${flags.datastore} to measure`);
  return open(folder);
}

interface Server extends Running {
  target: Target;
  /** What runs beside it for its store. */
  beside: { pid: number }[];
}

interface Figures {
  operations: number;
  perSecond: number;
  serverCpuMicrosPerOperation: number;
  storeCpuMicrosPerOperation?: number;
  p50Ms: number;
  p99Ms: number;
  serverRssMiB: number;
}

/** A policy of about 1 KB: three rules, as people write them. */
function policy(index: number): string {
  const rule = (port: number) => ({
    action: 'Allow',
    protocol: 'TCP',
    source: { selector: `app == 'client-${index}' && env in { 'prod', 'stage' }`, nets: ['10.0.0.0/8'] },
    destination: { ports: [port, '8000:8999'] },
  });
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkPolicy',
    metadata: { name: `bench-${index}`, labels: { app: 'bench', shard: String(index % 10) } },
    spec: {
      tier: 'default',
      order: index,
      selector: `app == 'server-${index}'`,
      types: ['Ingress', 'Egress'],
      ingress: [rule(80), rule(443)],
      egress: [rule(53)],
    },
  });
}

async function startTortie(folder: string, store: Store): Promise<Server> {
  const data = join(folder, 'data');
  const main = join(root, 'src/main.ts');
  const { pid, said, stop } = await start({
    name: 'tortie',
    command: process.execPath,
    args: [main, 'serve', `--data-dir=${data}`, '--secure-port=0', '-v=1', ...store.args],
    folder,
    pattern: /https:\/\/127\.0\.0\.1:(\d+)/,
  });
  const read = (file: string) => readFileSync(join(data, file), 'utf8');
  const target = {
    url: `https://127.0.0.1:${said}`,
    ca: read('ca.crt'),
    cert: read('admin.crt'),
    key: read('admin.key'),
  };
  const stopBoth = async () => {
    await stop();
    await store.stop();
  };
  return { pid, target, stop: stopBoth, beside: store.processes };
}

async function startFloor(folder: string, from: string): Promise<Server> {
  for (const file of ['serving.crt', 'serving.key']) cpSync(join(from, file), join(folder, file));
  const script = join(import.meta.dirname, 'floor-server.ts');
  const { pid, said, stop } = await start({
    name: 'floor',
    command: process.execPath,
    args: [script, folder],
    folder,
    pattern: /ready (\d+)/,
  });
  return {
    pid,
    target: { url: `https://127.0.0.1:${said}`, ca: readFileSync(join(from, 'ca.crt'), 'utf8') },
    beside: [],
    stop,
  };
}

async function measure(server: Server, operations: number, work: () => Promise<number[]>): Promise<Figures> {
  const cpuOf = (processes: { pid: number }[]) =>
    processes.reduce((sum, { pid }) => sum + usage(pid).cpuMicros, 0);
  const before = { server: cpuOf([server]), beside: cpuOf(server.beside) };
  const start = performance.now();
  const times = await work();
  const seconds = (performance.now() - start) / 1000;
  const round = (value: number) => Math.round(value * 100) / 100;
  const cpu = round((cpuOf([server]) - before.server) / operations);
  const besideCpu = round((cpuOf(server.beside) - before.beside) / operations);
  return {
    operations,
    perSecond: Math.round(operations / seconds),
    serverCpuMicrosPerOperation: cpu,
    ...(server.beside.length > 0 && { storeCpuMicrosPerOperation: besideCpu }),
    p50Ms: round(percentile(times, 0.5)),
    p99Ms: round(percentile(times, 0.99)),
    serverRssMiB: Math.round(usage(server.pid).rssMiB),
  };
}

function mustBe(status: number, wanted: number, what: string): void {
  if (status !== wanted) throw new Error(`${what}: ${status}, not ${wanted}`);
}

type Scenario = (server: Server, connections: Connection[]) => Promise<Figures>;

const scenarios: Record<string, Scenario> = {
  create: (server, connections) =>
    measure(server, objects, () =>
      inParallel(objects, 64, async index => {
        const answer = await connections[index % connections.length]!.request(
          'POST',
          collection,
          policy(index),
        );
        mustBe(answer.status, 201, `create ${index}`);
      }),
    ),
  get: (server, connections) =>
    measure(server, objects, () =>
      inParallel(objects, 64, async index => {
        const answer = await connections[index % connections.length]!.request(
          'GET',
          `${collection}/bench-${index}`,
        );
        mustBe(answer.status, 200, `get ${index}`);
      }),
    ),
  list: (server, connections) => {
    const count = Number(flags.lists);
    return measure(server, count, () =>
      inParallel(count, 4, async index => {
        const answer = await connections[index % connections.length]!.request('GET', collection);
        mustBe(answer.status, 200, `list ${index}`);
        if (answer.body.length < objects * 500) throw new Error(`list ${index} is short`);
      }),
    );
  },
  watch: async (server, connections) => {
    const watchers = Number(flags.watchers);
    const events = Number(flags.events);
    const revision = await currentRevision(connections[0]!);
    let delivered = 0;
    let done = () => {};
    const all = new Promise<void>(resolve => {
      done = resolve;
    });
    const onData = (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) delivered++;
      if (delivered >= watchers * events) done();
    };
    const path = `${collection}?watch=true&resourceVersion=${revision}`;
    for (let index = 0; index < watchers; index++) {
      await connections[index % connections.length]!.stream(path, onData);
    }
    const writer = connections[0]!;
    return measure(server, watchers * events, async () => {
      const times = await inParallel(events, 4, async index => {
        mustBe((await writer.request('POST', collection, policy(objects + index))).status, 201, 'create');
      });
      await all;
      return times;
    });
  },
};

async function currentRevision(connection: Connection): Promise<string> {
  const { body } = await connection.request('GET', `${collection}?limit=1`);
  return /"resourceVersion":"(\d+)"/.exec(body.toString())?.[1] ?? '0';
}

async function runAll(server: Server, names: string[]): Promise<Record<string, Figures>> {
  const connections = await Promise.all(Array.from({ length: connectionsCount }, () => open(server.target)));
  const figures: Record<string, Figures> = {};
  // The others are about the objects that this one makes.
  if (!names.includes('create')) await scenarios.create!(server, connections);
  for (const name of names) figures[name] = await scenarios[name]!(server, connections);
  for (const connection of connections) connection.close();
  return figures;
}

/** The scenarios on both servers, with what tortie takes in proportion. */
async function compare(names: string[]): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'tortie-bench-'));
  const tortieServer = await startTortie(folder, await openStore(folder));
  const tortie = await runAll(tortieServer, names);
  await tortieServer.stop();
  const floorServer = await startFloor(folder, join(folder, 'data'));
  const floor = await runAll(floorServer, names);
  await floorServer.stop();
  rmSync(folder, { recursive: true });
  const micros = (of: Record<string, Figures>, name: string) => of[name]!.serverCpuMicrosPerOperation;
  const ratio = (name: string) => Math.round((100 * micros(tortie, name)) / micros(floor, name)) / 100;
  return {
    datastore: flags.datastore,
    objects,
    tortie,
    floor,
    cpuRatioToFloor: Object.fromEntries(names.map(name => [name, ratio(name)])),
  };
}

/** How long single requests hold the event loop of a server of their own. */
async function measureLoopOfServer(): Promise<LoopFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'tortie-bench-'));
  const server = await startTortie(folder, await openStore(folder));
  const connection = await open(server.target);
  const figures = await measureLoop(connection, { objects, rounds: Number(flags.rounds) });
  connection.close();
  await server.stop();
  rmSync(folder, { recursive: true });
  return figures;
}

const alone = ['validate', 'apply', 'loop'];
const usual = [...Object.keys(scenarios), 'validate', 'apply'];
const wanted = positionals.length > 0 ? positionals : usual;
const onServers = Object.keys(scenarios).filter(name => wanted.includes(name));
const unknown = wanted.find(name => !Object.hasOwn(scenarios, name) && !alone.includes(name));
if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}`);
const validate = wanted.includes('validate') ? measureValidation(Number(flags.checks)) : undefined;
const apply = wanted.includes('apply') ? await measureApply(Number(flags.applies)) : undefined;
const loop = wanted.includes('loop') ? await measureLoopOfServer() : undefined;
const compared = onServers.length > 0 ? await compare(onServers) : {};
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
const date = new Date().toISOString().slice(0, 10);
process.stdout.write(`${JSON.stringify({ date, machine, ...compared, validate, apply, loop }, null, 2)}\n`);
