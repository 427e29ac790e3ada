import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Client } from '../e2e/client.ts';
import { Load } from './load.ts';

const api = '/apis/projectcalico.org/v3';
const sets = `${api}/globalnetworksets`;
const clientCount = 16;

interface Counter {
  metadata: { name: string; resourceVersion: string; labels?: Record<string, string> };
}

interface Page {
  metadata: { resourceVersion: string; continue?: string };
  items: Counter[];
}

/**
 * Two servers on one store: 16 clients that write through both lose nothing, see the same, and may ask one server for the rest of
 * a list that the other has begun. So many `writes` of objects of their own, and so many `increments` by each of one that they share.
 */
export async function twoServers(
  test: TestContext,
  clients: [Client, Client],
  { writes, increments }: { writes: number; increments: number },
): Promise<void> {
  const load = new Load(test, clients, { prefix: 'two', writers: clientCount, followers: 4 });
  await load.more(writes);
  await load.finish();
  assert.equal(load.refused, 0, 'writes were refused');
  for (const { relists } of load.followers) assert.equal(relists, 0);
  await count(clients, increments);
  await pages(clients);
}

/** Reads a number, adds one and writes it back with the version that was read, over and over. */
async function count(clients: [Client, Client], increments: number): Promise<void> {
  const path = `${sets}/counter`;
  const created = await clients[0].request('POST', sets, {
    body: JSON.stringify(networkSet('counter')),
  });
  assert.equal(created.status, 201, created.text);
  let conflicts = 0;
  const increment = async (index: number) => {
    for (let done = 0; done < increments; ) {
      const read = (await clients[(index + done) % 2]!.request('GET', path)).json<
        Counter & { spec: object }
      >();
      read.metadata.labels = { count: String(Number(read.metadata.labels!.count) + 1) };
      const answer = await clients[index % 2]!.request('PUT', path, { body: JSON.stringify(read) });
      assert.ok([200, 409].includes(answer.status), answer.text);
      if (answer.status === 200) done++;
      else conflicts++;
    }
  };
  await Promise.all(Array.from({ length: clientCount }, (_, index) => increment(index)));
  for (const client of clients) {
    const { metadata } = (await client.request('GET', path)).json<Counter & Record<string, unknown>>();
    assert.equal(metadata.labels!.count, String(clientCount * increments));
  }
  assert.ok(conflicts > 0, 'nobody met anybody');
}

/** A list in pages, each from the other server than the one before, with writes in between. */
async function pages(clients: [Client, Client]): Promise<void> {
  const names = Array.from({ length: 25 }, (_, index) => `page-${String(index).padStart(2, '0')}`);
  for (const name of names) {
    const body = JSON.stringify(networkSet(name));
    assert.equal((await clients[0].request('POST', sets, { body })).status, 201);
  }
  const found: string[] = [];
  let token: string | undefined = '';
  let revision: string | undefined;
  for (let page = 0; token !== undefined; page++) {
    const query: string = token ? `&continue=${encodeURIComponent(token)}` : '';
    const answer = await clients[page % 2]!.request('GET', `${sets}?limit=7${query}`);
    assert.equal(answer.status, 200, answer.text);
    const { metadata, items } = answer.json<Page & Record<string, unknown>>();
    revision ??= metadata.resourceVersion;
    assert.equal(metadata.resourceVersion, revision);
    found.push(...items.map(item => item.metadata.name));
    token = metadata.continue;
    const body = JSON.stringify(networkSet(`page-later-${page}`));
    assert.equal((await clients[(page + 1) % 2]!.request('POST', sets, { body })).status, 201);
    assert.equal((await clients[page % 2]!.request('DELETE', `${sets}/${names[24 - page]}`)).status, 200);
  }
  assert.deepEqual(found, ['counter', ...names]);
}

/** A GlobalNetworkSet that counts. */
export function networkSet(name: string, count = '0') {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkSet',
    metadata: { name, labels: { count } },
    spec: {},
  };
}
