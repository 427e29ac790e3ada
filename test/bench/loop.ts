import { setTimeout } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Connection } from './client.ts';

const group = '/apis/projectcalico.org/v3';
const sets = `${group}/namespaces/default/networksets`;
const dryRun = `${sets}?dryRun=All`;

/** A request that is as long as one may be, or asks for much. */
interface Attempt {
  name: string;
  method: string;
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

/** How long the event loop of the server was held at most, in ms, in each of a few rounds. */
export type LoopFigures = Record<string, { leastMs: number; medianMs: number; mostMs: number }>;

function networkSet(
  name: string,
  labels: Record<string, string>,
  nets: string[],
  metadata: object = {},
): object {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name, namespace: 'default', labels, ...metadata },
    spec: { nets },
  };
}

const many = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_unused, n) => make(n));
const nets = (count: number) => many(count, n => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}/32`);

function attempts(): Attempt[] {
  const selector = encodeURIComponent(many(1_000, n => `key-${n}!=v`).join());
  const large = `${sets}/large`;
  const yaml = { accept: 'application/yaml' };
  const table = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };
  const post = (name: string, body: object, headers?: Record<string, string>): Attempt => {
    const isYaml = headers?.['content-type'] === 'application/yaml';
    const text = isYaml ? stringify(body) : JSON.stringify(body);
    return { name, method: 'POST', path: dryRun, body: text, ...(headers && { headers }) };
  };
  const asYaml = { 'content-type': 'application/yaml' };
  const owners = many(10_000, n => ({ apiVersion: 'v1', kind: 'Pod', name: `p${n}`, uid: `${n}` }));
  const configuration = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BGPConfiguration',
    metadata: { name: 'default' },
    spec: {
      communities: many(20_000, n => ({ name: `c${n}`, value: `${n}:1` })),
      prefixAdvertisements: many(20_000, n => ({
        cidr: `10.${n >> 8}.${n & 255}.0/24`,
        communities: [`c${n}`],
      })),
    },
  };
  return [
    { name: 'list of all', method: 'GET', path: sets },
    { name: 'a page of 500', method: 'GET', path: `${sets}?limit=500` },
    {
      name: 'a selector of 1,000 requirements',
      method: 'GET',
      path: `${sets}?limit=1&labelSelector=${selector},none`,
    },
    { name: 'list of all as a Table', method: 'GET', path: sets, headers: table },
    { name: 'list of all as YAML', method: 'GET', path: `${sets}?limit=500`, headers: yaml },
    { name: 'list of all, indented', method: 'GET', path: `${sets}?pretty=true` },
    { name: '1 MB object', method: 'GET', path: large },
    { name: '1 MB object, indented', method: 'GET', path: `${large}?pretty=true` },
    { name: '1 MB object as YAML', method: 'GET', path: large, headers: yaml },
    { name: '1 MB object as a Table', method: 'GET', path: large, headers: table },
    post('300 KB of YAML', networkSet('y', {}, nets(15_000)), asYaml),
    post('2 MB of YAML', networkSet('y', {}, nets(100_000)), asYaml),
    post('1 MB of JSON', networkSet('j', {}, nets(60_000))),
    post('3 MB of bad items', networkSet('b', {}, many(300_000, n => `bad-${n}`).slice(0, 230_000))),
    post('10,000 owners', networkSet('o', {}, [], { ownerReferences: owners })),
    post('50,000 labels', networkSet('l', Object.fromEntries(many(50_000, n => [`l${n}`, 'v'])), [])),
    {
      name: '20,000 communities and advertisements',
      method: 'POST',
      path: `${group}/bgpconfigurations?dryRun=All`,
      body: JSON.stringify(configuration),
    },
    { name: 'delete of all (dry run)', method: 'DELETE', path: dryRun },
  ];
}

/**
 * Sends each request a few times by itself, and reads from the server's metrics for how long its event loop was held meanwhile. The
 * least of the rounds says most on a machine that has other work: the rest is the time that the server had to wait for a core.
 */
export async function measureLoop(
  connection: Connection,
  { objects, rounds }: { objects: number; rounds: number },
): Promise<LoopFigures> {
  for (let index = 0; index < objects; index += 32) {
    const group = many(Math.min(32, objects - index), n => index + n);
    await Promise.all(
      group.map(n =>
        connection.request(
          'POST',
          sets,
          JSON.stringify(networkSet(`s-${n}`, { app: `a${n % 10}` }, nets(4))),
        ),
      ),
    );
  }
  await connection.request('POST', sets, JSON.stringify(networkSet('large', {}, nets(55_000))));
  const figures: LoopFigures = {};
  for (const { name, method, path, body, headers } of attempts()) {
    const held: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await lagMs(connection);
      const { status } = await connection.request(method, path, body, headers);
      if (status >= 500) throw new Error(`${name}: ${status}`);
      held.push(await lagMs(connection));
    }
    held.sort((a, b) => a - b);
    figures[name] = { leastMs: held[0]!, medianMs: held[rounds >> 1]!, mostMs: held.at(-1)! };
  }
  return figures;
}

/** The longest delay of the loop since it was asked for last. */
async function lagMs(connection: Connection): Promise<number> {
  // The monitor looks every 10 ms, and counts a delay once it is over.
  await setTimeout(50);
  const { body } = await connection.request('GET', '/metrics');
  const seconds = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(body.toString())?.[1];
  if (seconds === undefined) throw new Error('the server does not tell of its event loop');
  return Math.round(Number(seconds) * 1000);
}
