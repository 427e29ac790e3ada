import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../e2e/client.ts';

const collection = '/apis/projectcalico.org/v3/globalnetworksets';
const counter = 'count';

interface NetworkSet {
  apiVersion: string;
  kind: string;
  metadata: { name: string; resourceVersion?: string; annotations?: Record<string, string> };
  spec: object;
}

const countOf = ({ metadata }: NetworkSet) => Number(metadata.annotations?.[counter]);

/** What became of the increments of one object. */
interface Tally {
  acknowledged: number;
  /** Answered with an error that does not say whether it was stored. */
  unknown: number;
}

/** Clients that read an object, add one to its count and write it, over and over: a lost update shows in the sum. */
export class CountingClients {
  readonly tallies = new Map<string, Tally>();
  readonly #clients: Client[];
  #running: Promise<void>[] = [];
  #stopping = false;

  constructor(clients: Client[], names: string[]) {
    this.#clients = clients;
    for (const name of names) this.tallies.set(name, { acknowledged: 0, unknown: 0 });
  }

  /** Creates the objects, and begins to count: each client on all of them in turn. */
  async start(): Promise<void> {
    for (const name of this.tallies.keys()) {
      const body = {
        apiVersion: 'projectcalico.org/v3',
        kind: 'GlobalNetworkSet',
        metadata: { name },
        spec: {},
      };
      const counted = { ...body, metadata: { name, annotations: { [counter]: '0' } } };
      const answer = await this.#clients[0]!.request('POST', collection, { body: JSON.stringify(counted) });
      assert.equal(answer.status, 201, answer.text);
    }
    this.#running = this.#clients.map((client, index) => this.#count(client, index));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  /** How many writes were acknowledged so far. */
  get acknowledged(): number {
    return [...this.tallies.values()].reduce((sum, tally) => sum + tally.acknowledged, 0);
  }

  async #count(client: Client, first: number): Promise<void> {
    const names = [...this.tallies.keys()];
    for (let turn = first; !this.#stopping; turn++) {
      const name = names[turn % names.length]!;
      const outcome = await this.#increment(client, `${collection}/${name}`);
      if (outcome === 'stored') this.tallies.get(name)!.acknowledged++;
      else if (outcome === 'unknown') this.tallies.get(name)!.unknown++;
      // A server that has lost its store answers at once.
      if (outcome !== 'stored') await sleep(20);
    }
  }

  async #increment(client: Client, path: string): Promise<'stored' | 'not stored' | 'unknown'> {
    const read = await client.request('GET', path).catch(() => undefined);
    if (read?.status !== 200) return 'not stored';
    const object = read.json<NetworkSet & Record<string, unknown>>();
    object.metadata.annotations![counter] = String(countOf(object) + 1);
    const answer = await client.request('PUT', path, { body: JSON.stringify(object) }).catch(() => undefined);
    if (answer?.status === 200) return 'stored';
    return answer?.status === 409 ? 'not stored' : 'unknown';
  }
}

/** A client that follows the objects as an informer does: resumes where it was, and lists anew where it is told to. */
export class Follower {
  /** The counts that were seen, by object, in order. */
  readonly seen = new Map<string, number[]>();
  readonly state = new Map<string, number>();
  relists = 0;
  readonly #client: Client;
  #stream: { close(): void } | undefined;
  #closed = false;
  readonly ended: Promise<void>;

  constructor(client: Client) {
    this.#client = client;
    this.ended = this.#follow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stream?.close();
    await this.ended;
  }

  async #follow(): Promise<void> {
    let position = '';
    while (!this.#closed) {
      try {
        position ||= await this.#list();
        position = await this.#watch(position);
      } catch {
        await sleep(50);
      }
    }
  }

  async #list(): Promise<string> {
    const answer = await this.#client.request('GET', collection);
    if (answer.status !== 200) throw new Error(answer.text);
    const list = answer.json<{ metadata: { resourceVersion: string }; items: NetworkSet[] }>();
    this.relists++;
    this.state.clear();
    for (const item of list.items) this.#put(item);
    return list.metadata.resourceVersion;
  }

  /** Returns where to go on, '' for a new list. */
  async #watch(from: string): Promise<string> {
    let position = from;
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${from}`;
    const stream = await this.#client.stream(`${collection}?${query}`);
    this.#stream = stream;
    if (this.#closed) stream.close();
    if (stream.status === 410) return '';
    try {
      for await (const line of stream.lines) {
        if (line === '') continue;
        const { type, object } = JSON.parse(line) as { type: string; object: NetworkSet & { code?: number } };
        if (type === 'ERROR') return object.code === 410 ? '' : position;
        position = object.metadata.resourceVersion!;
        if (type === 'BOOKMARK') continue;
        if (type === 'DELETED') this.state.delete(object.metadata.name);
        else this.#put(object);
      }
    } catch (error) {
      if (!this.#closed) await sleep(50);
      else if (!(error instanceof Error)) throw error;
    }
    return position;
  }

  #put(item: NetworkSet): void {
    const { name } = item.metadata;
    const count = countOf(item);
    if (Number.isNaN(count)) return;
    this.state.set(name, count);
    const counts = this.seen.get(name) ?? [];
    if (counts.length === 0) this.seen.set(name, counts);
    counts.push(count);
  }
}

/** The counts as a server lists them. */
export async function countsAt(client: Client): Promise<Record<string, number>> {
  const answer = await client.request('GET', collection);
  assert.equal(answer.status, 200, answer.text);
  const { items } = answer.json<{ items: NetworkSet[] }>();
  return Object.fromEntries(
    items.filter(item => !Number.isNaN(countOf(item))).map(item => [item.metadata.name, countOf(item)]),
  );
}
