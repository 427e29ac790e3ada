import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { networkSet, networkSets, type Started, startServer, temporaryFolder } from './server.ts';

const rounds = 4;
const writers = 8;
const watchers = 4;

interface WatchEvent {
  type: string;
  object: { code?: number; metadata: { name: string; resourceVersion: string } };
}

/** A client that follows the kind as a reflector does, over any number of servers that follow each other. */
class Follower {
  /** What it believes to be there: version by name. */
  readonly model = new Map<string, string>();
  /** Every change it was told, by version. */
  readonly told = new Map<string, string>();
  relists = 0;
  #position = 0;

  /** Lists once, then resumes where it was, until the server is gone. */
  async follow({ client }: Started): Promise<void> {
    if (this.#position === 0) await this.#list(client);
    const path = `${networkSets}?watch=1&resourceVersion=${this.#position}`;
    const stream = await client.stream(path);
    try {
      for await (const line of stream.lines) {
        const event: WatchEvent = JSON.parse(line);
        if (event.type === 'ERROR') {
          assert.equal(event.object.code, 410, line);
          this.relists++;
          return await this.#list(client);
        }
        this.#apply(event);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // The server was killed. A line that was cut off is told again.
    }
  }

  async #list(client: Started['client']): Promise<void> {
    const listed = (await client.request('GET', networkSets)).json<{
      metadata: { resourceVersion: string };
      items: WatchEvent['object'][];
    }>();
    this.model.clear();
    for (const { metadata } of listed.items) this.model.set(metadata.name, metadata.resourceVersion);
    this.#position = Number(listed.metadata.resourceVersion);
  }

  #apply({ type, object }: WatchEvent): void {
    const { name, resourceVersion } = object.metadata;
    const version = Number(resourceVersion);
    assert.ok(version > this.#position, `${type} ${name} at ${version}, after ${this.#position}`);
    assert.equal(type === 'ADDED', !this.model.has(name), `${type} ${name}`);
    if (type === 'DELETED') this.model.delete(name);
    else this.model.set(name, resourceVersion);
    this.told.set(resourceVersion, `${type} ${name}`);
    this.#position = version;
  }
}

test(`kill -9 under writes with ${watchers} open watches, ${rounds} times over: each sees every change once`, async t => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'data');
  const followers = Array.from({ length: watchers }, () => new Follower());
  /** Every acknowledged write but deletes, whose version the answer does not tell: what watches must have told, by version. */
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    const server = await startServer(t, { data, folder, args: ['-v=1'] });
    const following = followers.map(follower => follower.follow(server));
    let answered = 0;
    const writer = async (number: number) => {
      for (let index = 0; ; index++) {
        const name = `w${number}-${index % 5}`;
        const path = `${networkSets}/${name}`;
        const body = networkSet(name);
        const create = index % 5 === index % 10;
        const answer = create
          ? await server.client.request('POST', networkSets, { body })
          : await server.client.request('DELETE', path);
        if (answer.status === 201) {
          const { metadata } = answer.json<WatchEvent['object']>();
          acknowledged.set(metadata.resourceVersion, `ADDED ${name}`);
        }
        if (++answered === 200 + round * 70) server.process.signal('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: writers }, (_unused, number) => writer(number)));
    assert.equal(await server.process.exited, 'SIGKILL');
    await Promise.all(following);
    server.client.close();
  }

  const server = await startServer(t, { data, folder });
  const following = followers.map(follower => follower.follow(server));
  const last = await server.client.request('POST', networkSets, { body: networkSet('last') });
  acknowledged.set(last.json<WatchEvent['object']>().metadata.resourceVersion, 'ADDED last');
  const listed = (await server.client.request('GET', networkSets)).json<{ items: WatchEvent['object'][] }>();
  const { metadata } = last.json<WatchEvent['object']>();
  while (followers.some(({ told }) => !told.has(metadata.resourceVersion))) {
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  await server.process.stop();
  await Promise.all(following);
  const names = new Map(listed.items.map(item => [item.metadata.name, item.metadata.resourceVersion]));
  for (const follower of followers) {
    assert.deepEqual(new Map([...follower.model].sort()), new Map([...names].sort()));
    assert.equal(follower.relists, 0, 'the history outlives the server');
    for (const [version, change] of acknowledged) assert.equal(follower.told.get(version), change);
    assert.deepEqual(follower.told, followers[0]!.told, 'all were told the same');
  }
  assert.ok(acknowledged.size > 300, `${acknowledged.size} acknowledged`);
});
