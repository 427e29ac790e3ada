import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { percentile } from '../bench/client.ts';
import { eventually } from '../e2e/client.ts';
import { type Credential, networkSets } from './attack.ts';

/** How a good client fared for a while. */
export interface Fare {
  sent: number;
  answered: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  worst: number;
  /** How often each other answer came; 0 stands for none. */
  refused: Record<string, number>;
}

interface Listed {
  metadata: { resourceVersion: string };
  items: { metadata: { name: string; resourceVersion: string } }[];
}

interface Reply {
  status: number;
  text: string;
}

const path = networkSets('good');
const intervalMs = 20;
const kept = 20;
/** A client gives up after so long. */
const patienceMs = 10_000;

/**
 * A client that does nothing wrong: fifty requests a second over a connection of its own (creates, reads, pages of a list,
 * patches, deletes), and one watch. It remembers what was acknowledged, and what its watch was told.
 */
export class GoodClient {
  readonly #url: string;
  readonly #tls: { ca: string } & Credential;
  #session: ClientHttp2Session | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #underWay = new Set<Promise<void>>();
  /** The version of each object that is there, undefined while a write of it is under way. */
  readonly #known = new Map<string, string | undefined>();
  /** Events that the watch must tell, each once. */
  readonly #acknowledged = new Set<string>();
  readonly #told = new Set<string>();
  /** Names of which a write was not answered: nobody knows what became of them. */
  readonly #unknown = new Set<string>();
  #faults: string[] = [];
  #position = '';
  #turn = 0;
  #stopped = false;
  #phase = newPhase();
  watches = 0;

  /** Starts at once. */
  constructor(target: { url: string; ca: string; good: Credential }) {
    this.#url = target.url;
    this.#tls = { ca: target.ca, ...target.good };
    this.#timer = setInterval(() => this.#next(), intervalMs);
  }

  /** How the requests fared that were sent since this was last asked; waits for their answers. */
  async fare(): Promise<Fare> {
    const { sent, times, refused } = this.#phase;
    this.#phase = newPhase();
    await Promise.all(this.#underWay);
    return {
      sent: sent.count,
      answered: times.length,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      worst: percentile(times, 1),
      refused,
    };
  }

  /** Sends no more, and waits for the answers that are due. */
  async pause(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  /** Pauses, and checks that each acknowledged write is there, and that the watch was told each change once. */
  async finish(): Promise<void> {
    await this.pause();
    const end = await this.#ask('POST', path, object('end'));
    assert.equal(end.status, 201, end.text);
    this.#acknowledge('ADDED', end);
    await eventually(
      'the last event',
      async () => [...this.#acknowledged].filter(event => !this.#told.has(event)),
      missing => missing.length === 0,
      15_000,
    );
    this.#stopped = true;
    const { items } = JSON.parse((await this.#ask('GET', path)).text) as Listed;
    const there = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    for (const name of this.#unknown) there.delete(name);
    const sorted = (map: Map<string, string | undefined>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(there), sorted(this.#known), 'what is there, and what was acknowledged');
    assert.deepEqual(this.#faults, [], 'faults of the watch');
    this.close();
  }

  close(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#session?.destroy();
  }

  #next(): void {
    const turn = this.#turn++;
    const free = [...this.#known].filter(([, version]) => version !== undefined).map(([name]) => name);
    const [oldest] = free;
    const work = this.#work(turn, free, oldest);
    const promise = work.catch(() => {}).finally(() => this.#underWay.delete(promise));
    this.#underWay.add(promise);
  }

  #work(turn: number, free: string[], oldest: string | undefined): Promise<void> {
    if (turn === 1) return this.#follow();
    if (turn % 5 === 0 || oldest === undefined) return this.#write('ADDED', 'POST', `g-${turn}`);
    if (turn % 5 === 1) return this.#timed('GET', `${path}/${free.at(-1)}`).then(() => {});
    if (turn % 5 === 2) return this.#timed('GET', `${path}?limit=10`).then(() => {});
    if (turn % 5 === 3) return this.#write('MODIFIED', 'PATCH', free[turn % free.length]!);
    return this.#write('DELETED', 'DELETE', oldest, free.length > kept);
  }

  async #write(event: string, method: string, name: string, meant = true): Promise<void> {
    if (!meant) return;
    this.#known.set(name, undefined);
    const target = method === 'POST' ? path : `${path}/${name}`;
    const patch = JSON.stringify({ metadata: { annotations: { turn: String(this.#turn) } } });
    const body = { POST: object(name), PATCH: patch, DELETE: undefined }[method];
    const reply = await this.#timed(method, target, body);
    this.#known.delete(name);
    if (reply.status >= 300 || reply.status === 0) {
      this.#unknown.add(name);
      return;
    }
    if (event === 'DELETED') this.#acknowledged.add(`DELETED ${name}`);
    else this.#acknowledge(event, reply);
  }

  #acknowledge(event: string, reply: Reply): void {
    const { name, resourceVersion } = JSON.parse(reply.text).metadata;
    this.#known.set(name, resourceVersion);
    this.#acknowledged.add(`${event} ${name} ${resourceVersion}`);
  }

  async #timed(method: string, target: string, body?: string): Promise<Reply> {
    const startedAt = performance.now();
    const { sent, times, refused } = this.#phase;
    sent.count++;
    const reply = await this.#ask(method, target, body);
    if (reply.status >= 200 && reply.status < 300) times.push(performance.now() - startedAt);
    else refused[reply.status] = (refused[reply.status] ?? 0) + 1;
    return reply;
  }

  #connection(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.#session = connect(this.#url, { ...this.#tls, settings: { initialWindowSize: 1 << 20 } });
    this.#session.on('error', () => {});
    return this.#session;
  }

  /** Never throws: no answer is the status 0. */
  #ask(method: string, target: string, body?: string): Promise<Reply> {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { ':method': method, ':path': target, accept: 'application/json' };
    const stream = this.#connection().request(
      body === undefined ? headers : { ...headers, 'content-type': type },
      { endStream: body === undefined },
    );
    let status = 0;
    const chunks: Buffer[] = [];
    stream.on('response', headers => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve({ status, text: Buffer.concat(chunks).toString() }));
    stream.on('error', () => {});
    stream.on('close', () => resolve({ status: 0, text: 'no answer' }));
    const timer = setTimeout(() => stream.destroy(), patienceMs);
    if (body !== undefined) stream.end(body);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Watches from the start; goes on from where a stream ended. */
  async #follow(): Promise<void> {
    const listed = await this.#ask('GET', path);
    const { metadata, items } = JSON.parse(listed.text) as Listed;
    this.#position = metadata.resourceVersion;
    for (const item of items) {
      this.#told.add(`ADDED ${item.metadata.name} ${item.metadata.resourceVersion}`);
    }
    const again = async () => {
      while (!this.#stopped) await this.#watch();
    };
    void again();
  }

  #watch(): Promise<void> {
    this.watches++;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stream = this.#connection().request({
      ':path': `${path}?watch=1&resourceVersion=${this.#position}`,
      accept: 'application/json',
    });
    let rest = '';
    stream.setEncoding('utf8');
    let isOpen = false;
    stream.on('response', headers => {
      isOpen = headers[':status'] === 200;
    });
    stream.on('data', (chunk: string) => {
      if (!isOpen) return;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) this.#hear(line);
    });
    stream.on('error', () => {});
    // A server that refuses at once is asked again after a moment.
    stream.on('close', () => setTimeout(resolve, 100));
    return promise;
  }

  #hear(line: string): void {
    const { type, object } = JSON.parse(line);
    const { name, resourceVersion } = object.metadata ?? {};
    if (!name || !['ADDED', 'MODIFIED', 'DELETED'].includes(type)) {
      this.#faults.push(line.slice(0, 200));
      return;
    }
    if (Number(resourceVersion) <= Number(this.#position)) this.#faults.push(`again or late: ${line}`);
    this.#position = resourceVersion;
    this.#told.add(type === 'DELETED' ? `DELETED ${name}` : `${type} ${name} ${resourceVersion}`);
  }
}

function newPhase(): { sent: { count: number }; times: number[]; refused: Record<string, number> } {
  return { sent: { count: 0 }, times: [], refused: {} };
}

function object(name: string): string {
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name, namespace: 'good' },
    spec: { nets: ['192.0.2.0/24'] },
  });
}
