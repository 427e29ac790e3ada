import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Client, eventually } from '../e2e/client.ts';
import { Follower } from './follower.ts';

const path = '/apis/projectcalico.org/v3/namespaces/default/networksets';
const namesPerWriter = 5;
/** Longer than any fault takes. */
const settledMs = 180_000;
/** So many writes take less than a minute on any machine. */
const step = 500;
/** What a server may answer while its store is away. */
const troubled = new Set([429, 503, 504]);

/** What a writer knows of one of its objects: nobody else writes it. */
interface Known {
  version: string;
  count: number;
}

interface NetworkSet {
  metadata: { name: string; resourceVersion: string; labels?: Record<string, string> };
}

/**
 * Clients that create, change and delete objects, and others that follow, while something breaks. Each writer has objects of its
 * own, so that it knows what must be there; one whose write was not answered is nobody's from then on.
 */
export class Load {
  /** The version of each create and change that was acknowledged. */
  readonly acknowledged = new Set<string>();
  /** Writes that were not done, or whose outcome the answer did not tell. */
  refused = 0;
  readonly followers: Follower[];
  readonly #clients: Client[];
  readonly #known = new Map<string, Known | undefined>();
  readonly #writers: Promise<void>[];
  readonly #prefix: string;
  #stopped = false;

  /** Starts at once, and ends with the test at the latest. The clients, which may be of several servers, share the work. */
  constructor(
    test: Pick<TestContext, 'after'>,
    clients: Client[],
    options: { prefix: string; writers: number; followers: number },
  ) {
    this.#clients = clients;
    this.#prefix = options.prefix;
    this.followers = Array.from(
      { length: options.followers },
      (_, index) => new Follower(this.#client(index), path),
    );
    this.#writers = Array.from({ length: options.writers }, (_, index) => this.#write(index));
    for (const writer of this.#writers) writer.catch(() => {});
    test.after(() => {
      this.#stopped = true;
      return Promise.allSettled([...this.#writers, ...this.followers.map(follower => follower.stop())]);
    });
  }

  /** Waits until so many more writes have been acknowledged. Throws when nothing is for a minute. */
  async more(count: number): Promise<void> {
    const failed = Promise.race([...this.#writers, ...this.followers.map(({ done }) => done)]);
    for (let left = count; left > 0; left -= step) {
      const wanted = Math.min(left, step);
      const target = this.acknowledged.size + wanted;
      const enough = eventually(
        `${wanted} more writes`,
        async () => this.acknowledged.size,
        size => size >= target,
      );
      await Promise.race([enough, failed.then(() => enough)]);
    }
  }

  /**
   * Ends the writers, then checks: what was acknowledged is there, every server lists the same, each follower was told every
   * change once or had to begin anew, and has come to the same end.
   */
  async finish(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
    const end = `${this.#prefix}-end`;
    const created = await this.#settled(this.#clients[0]!, 'POST', path, body(end, 0));
    assert.ok([201, 409].includes(created.status), created.text);
    const lists = await Promise.all(this.#clients.map(client => this.#list(client)));
    for (const list of lists) assert.deepEqual(list, lists[0], 'the servers list the same');
    const expected = new Map(lists[0]);
    for (const [name, known] of this.#known) {
      assert.equal(expected.get(name), known?.version, `${name} as it was acknowledged`);
    }
    for (const follower of this.followers) {
      await eventually(
        'the last event',
        async () => follower.model,
        model => model.has(end) && model.get(end) === expected.get(end),
      );
      await follower.stop();
      assert.deepEqual(sorted(follower.model), sorted(expected), 'what a follower believes to be there');
      const missed = [...this.acknowledged].filter(
        version => Number(version) > follower.missedUpTo && !follower.told.has(version),
      );
      assert.deepEqual(missed, [], 'acknowledged, and not told');
    }
  }

  #client(index: number): Client {
    return this.#clients[index % this.#clients.length]!;
  }

  async #list(client: Client): Promise<Map<string, string>> {
    const answer = await this.#settled(client, 'GET', path);
    const { items } = answer.json<{ items: NetworkSet[] }>();
    return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  }

  /** The answer, once it is none of trouble. */
  #settled(client: Client, method: string, target: string, content?: string): Promise<Answer> {
    return eventually(
      `${method} ${target}`,
      () => client.request(method, target, content === undefined ? {} : { body: content }),
      ({ status }) => !troubled.has(status),
      settledMs,
    );
  }

  async #write(writer: number): Promise<void> {
    const lives: number[] = new Array(namesPerWriter).fill(0);
    for (let index = 0; !this.#stopped; index++) {
      const slot = index % namesPerWriter;
      const name = `${this.#prefix}-${writer}-${slot}-${lives[slot]}`;
      const client = this.#client(writer + index);
      const known = this.#known.get(name);
      const count = (known?.count ?? 0) + 1;
      const gone = known !== undefined && index % 3 === 2;
      const answer = await this.#send(client, name, known, count, gone);
      if (answer && answer.status < 300) {
        if (gone) this.#known.set(name, undefined);
        else this.#note(name, answer);
        continue;
      }
      if (answer) assert.ok(troubled.has(answer.status), `${name}: ${answer.text}`);
      this.refused++;
      // What was not answered may be done at any later time, by a member that was frozen: the name is left alone from now on.
      this.#known.delete(name);
      lives[slot]!++;
      await sleep(20);
      await this.#settled(client, 'GET', path);
    }
  }

  #note(name: string, answer: Answer): void {
    const known = knownOf(answer);
    this.#known.set(name, known);
    this.acknowledged.add(known.version);
  }

  /** Undefined where the connection was lost. */
  async #send(
    client: Client,
    name: string,
    known: Known | undefined,
    count: number,
    gone: boolean,
  ): Promise<Answer | undefined> {
    try {
      if (gone) return await client.request('DELETE', `${path}/${name}`);
      if (!known) return await client.request('POST', path, { body: body(name, count) });
      return await client.request('PUT', `${path}/${name}`, { body: body(name, count, known.version) });
    } catch {
      return undefined;
    }
  }
}

function knownOf(answer: Answer): Known {
  const { metadata } = answer.json<NetworkSet & Record<string, unknown>>();
  return { version: metadata.resourceVersion, count: Number(metadata.labels?.count) };
}

function body(name: string, count: number, resourceVersion?: string): string {
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name, namespace: 'default', labels: { count: String(count) }, resourceVersion },
    spec: { nets: ['192.0.2.0/24'] },
  });
}

function sorted(map: Map<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
