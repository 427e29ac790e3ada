import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, clientOf, eventually } from './client.ts';
import { freePorts } from './process.ts';
import { endToEnd } from './suite.ts';
import { type Standalone, startStandalone } from './tortie.ts';

const path = '/apis/projectcalico.org/v3/globalnetworksets';

interface WatchEvent {
  type: string;
  object: { metadata: { name: string; resourceVersion: string }; code?: number };
}

/**
 * A client that does what an informer does: when its stream ends, it goes on from the last resourceVersion it
 * saw.
 */
interface Follower {
  events: WatchEvent[];
  /** Times that a stream was opened. */
  streams: number;
  stop(): void;
}

function follow(client: Client, from: string): Follower {
  const follower: Follower = { events: [], streams: 0, stop: () => {} };
  let stopped = false;
  let resourceVersion = from;
  const run = async () => {
    while (!stopped) {
      try {
        const stream = await client.stream(`${path}?watch=true&resourceVersion=${resourceVersion}`);
        // A server that has just started may not have read its store yet.
        if (stream.status !== 200) {
          stream.close();
          await sleep(20);
          continue;
        }
        follower.streams++;
        follower.stop = () => {
          stopped = true;
          stream.close();
        };
        for await (const line of stream.lines) {
          const event: WatchEvent = JSON.parse(line);
          follower.events.push(event);
          resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        }
      } catch {
        // The server is away: a client tries again after a moment.
        await sleep(20);
      }
    }
  };
  void run();
  return follower;
}

/**
 * Creates objects one after the other until told to stop; each is tried again until the server has answered.
 */
function write(client: Client, prefix: string): { acknowledged: string[]; stop(): Promise<void> } {
  const acknowledged: string[] = [];
  let stopped = false;
  const run = async () => {
    for (let index = 0; !stopped; index++) {
      const name = `${prefix}-${index}`;
      const body = JSON.stringify({
        apiVersion: 'projectcalico.org/v3',
        kind: 'GlobalNetworkSet',
        metadata: { name },
        spec: { nets: ['192.0.2.0/24'] },
      });
      await eventually(
        `creation of ${name}`,
        () => client.request('POST', path, { body }),
        // Conflict: an attempt whose answer was lost had been stored.
        ({ status }) => status === 201 || status === 409,
      );
      acknowledged.push(name);
    }
  };
  const done = run();
  return {
    acknowledged,
    stop: () => {
      stopped = true;
      return done;
    },
  };
}

endToEnd('a watch outlives a restart of the server', {}, suite => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    describe(`by ${signal}`, () => {
      test('it resumes from its resourceVersion with nothing lost and nothing twice', async () => {
        const [port] = (await freePorts(1)) as [number];
        const folder = join(suite.folder, signal);
        const start = (): Promise<Standalone> =>
          startStandalone(suite, { folder, args: [`--secure-port=${port}`] });
        let server = await start();
        const client = await clientOf(server.kubeconfig);
        const list = (await client.request('GET', path)).json<{ metadata: { resourceVersion: string } }>();
        const follower = follow(client, list.metadata.resourceVersion);
        await eventually(
          'a first stream',
          async () => follower.streams,
          streams => streams === 1,
        );

        const writer = write(client, signal.toLowerCase());
        for (let restarts = 1; restarts <= 3; restarts++) {
          const before = writer.acknowledged.length;
          await eventually(
            'twenty writes',
            async () => writer.acknowledged.length,
            count => count > before + 20,
          );
          server.process.signal(signal);
          const code = await server.process.exited;
          assert.equal(code, signal === 'SIGTERM' ? 0 : 'SIGKILL', server.process.tail());
          server = await start();
          await eventually(
            'the next stream',
            async () => follower.streams,
            streams => streams > restarts,
          );
        }
        await writer.stop();
        const { acknowledged } = writer;
        await eventually(
          'the last event',
          async () => follower.events,
          events => events.length >= acknowledged.length,
        );
        follower.stop();

        assert.deepEqual(
          follower.events.filter(({ type }) => type !== 'ADDED'),
          [],
        );
        assert.deepEqual(
          follower.events.map(({ object }) => object.metadata.name),
          acknowledged,
          'each creation once, in order',
        );
        const versions = follower.events.map(({ object }) => Number(object.metadata.resourceVersion));
        assert.deepEqual(
          versions,
          [...new Set(versions)].sort((a, b) => a - b),
          'versions rise',
        );
        client.close();
      });
    });
  }
});
