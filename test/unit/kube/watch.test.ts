import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import type { ClusterClient } from '../../../src/kube/client.ts';
import type { Watch, WatchEvent, WatchOptions } from '../../../src/kube/watch.ts';
import { type Answer, clientOf, json, type StandIn, standIn } from './standin.ts';

let server: StandIn;
let client: ClusterClient;
let watch: Watch | undefined;

afterEach(async () => {
  watch?.close();
  await client.close();
  server.close();
});

interface Seen {
  events: string[];
  faults: string[];
  expired: number;
  waits: number[];
  /** Resolves when so many events have come. */
  reachEvents(count: number): Promise<void>;
  /** Resolves when so many faults have come. */
  reachFaults(count: number): Promise<void>;
  ended: Promise<void>;
}

/** Runs a watch on a stand-in; `onEvent` may throw. */
async function run(
  answer: Answer,
  options: Partial<WatchOptions> = {},
  onEvent?: (event: WatchEvent) => void,
) {
  server = await standIn(answer);
  const made = clientOf(server, { token: 'x' });
  client = made.client;
  const waiters: { list: string[]; count: number; resolve: () => void }[] = [];
  const notify = () => {
    for (const { list, count, resolve } of waiters) if (list.length >= count) resolve();
  };
  const reach = (list: string[], count: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters.push({ list, count, resolve });
    notify();
    return promise;
  };
  const ended = Promise.withResolvers<void>();
  const seen: Seen = {
    events: [],
    faults: [],
    expired: 0,
    waits: made.waits,
    reachEvents: count => reach(seen.events, count),
    reachFaults: count => reach(seen.faults, count),
    ended: ended.promise,
  };
  watch = client.watch(
    '/api/v1/configmaps?fieldSelector=x',
    {
      event: event => {
        onEvent?.(event);
        const { resourceVersion } = event.object.metadata as { resourceVersion: string };
        seen.events.push(`${event.type} ${resourceVersion}`);
        notify();
      },
      expired: () => {
        seen.expired++;
        ended.resolve();
      },
      fault: error => {
        seen.faults.push(error.message);
        notify();
      },
    },
    { resourceVersion: '10', ...options },
  );
  return seen;
}

function event(type: string, resourceVersion: number, name = 'a'): string {
  const metadata = { name, resourceVersion: String(resourceVersion) };
  return `${JSON.stringify({ type, object: { metadata } })}\n`;
}

function open(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

function startOf(url: string): string | null {
  return new URL(url, 'https://x').searchParams.get('resourceVersion');
}

describe('watch', { timeout: 30_000 }, () => {
  it('asks for bookmarks from where it stands, with an end', async () => {
    const seen = await run((_received, response) => response.end(event('ADDED', 11)), { timeoutSeconds: 77 });
    await seen.reachEvents(1);
    const url = new URL(server.received[0]!.url, 'https://x');
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      fieldSelector: 'x',
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '77',
    });
    assert.equal(server.received[0]!.headers.authorization, 'Bearer x');
  });

  it('resumes behind the last event, bookmarks included, without loss or repeat', async () => {
    const parts = [
      event('ADDED', 11) + event('MODIFIED', 12),
      event('BOOKMARK', 20),
      '',
      event('DELETED', 21),
    ];
    const seen = await run((_received, response, index) => {
      open(response);
      if (index < parts.length) response.end(parts[index]);
    });
    await seen.reachEvents(4);
    assert.deepEqual(seen.events, ['ADDED 11', 'MODIFIED 12', 'BOOKMARK 20', 'DELETED 21']);
    assert.deepEqual(
      server.received.slice(0, 4).map(({ url }) => startOf(url)),
      ['10', '12', '20', '20'],
    );
    assert.deepEqual(seen.faults, []);
  });

  it('reads lines however they are cut, and text beyond ASCII', async () => {
    const all = Buffer.from(event('ADDED', 11, 'zoë€') + event('ADDED', 12) + event('ADDED', 13));
    const names: unknown[] = [];
    const seen = await run(
      (_received, response, index) => {
        open(response);
        if (index > 0) return;
        let at = 0;
        const step = () => {
          if (at >= all.length) return;
          response.write(all.subarray(at, at + 7), () => setImmediate(step));
          at += 7;
        };
        step();
      },
      {},
      ({ object }) => names.push((object.metadata as { name: string }).name),
    );
    await seen.reachEvents(3);
    assert.deepEqual(seen.events, ['ADDED 11', 'ADDED 12', 'ADDED 13']);
    assert.deepEqual(names, ['zoë€', 'a', 'a']);
  });

  it('drops a line that was cut off, and gets it again', async () => {
    const seen = await run((_received, response, index) => {
      open(response);
      if (index > 0) return void response.write(event('ADDED', 12));
      response.write(event('ADDED', 11) + event('ADDED', 12).slice(0, 20));
      setTimeout(() => response.destroy(), 20);
    });
    await seen.reachEvents(2);
    assert.deepEqual(seen.events, ['ADDED 11', 'ADDED 12']);
    assert.equal(startOf(server.received[1]!.url), '11');
    assert.equal(seen.faults.length, 1);
  });

  const gone: [string, (response: ServerResponse) => void][] = [
    ['a 410 to the request', response => json(response, 410, { kind: 'Status', code: 410 })],
    [
      'an ERROR event with 410',
      response => {
        const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
        response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      },
    ],
  ];
  for (const [name, answer] of gone) {
    it(`${name} ends it as expired, once`, async () => {
      const seen = await run((_received, response) => answer(response));
      await seen.ended;
      assert.deepEqual([seen.expired, seen.faults, server.received.length], [1, [], 1]);
    });
  }

  it('another ERROR event is a fault, and the watch goes on', async () => {
    const status = { kind: 'Status', code: 500, message: 'etcd is away' };
    const seen = await run((_received, response, index) => {
      open(response);
      if (index === 0)
        response.end(`${event('ADDED', 11)}${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      else if (index === 1) response.write(event('ADDED', 12));
    });
    await seen.reachEvents(2);
    assert.deepEqual(seen.faults, ['watch: etcd is away']);
    assert.equal(startOf(server.received[1]!.url), '11');
  });

  it('waits longer and longer between refusals', async () => {
    const seen = await run((_received, response) => json(response, 403, {}));
    await seen.reachFaults(5);
    assert.match(seen.faults[0]!, /HTTP 403/);
    assert.ok(seen.waits.slice(0, 4).every((ms, i) => ms > (seen.waits[i - 1] ?? 0)));
    assert.equal(seen.expired, 0);
  });

  it('what is no JSON is a fault', async () => {
    const seen = await run((_received, response, index) => {
      open(response);
      response.end(index === 0 ? 'not json\n' : event('ADDED', 11));
    });
    await seen.reachEvents(1);
    assert.equal(seen.faults.length, 1);
  });

  it('an event that could not be handled comes again', async () => {
    let failed = false;
    const seen = await run(
      (received, response) => {
        open(response);
        const from = Number(startOf(received.url));
        for (const revision of [11, 12, 13]) if (revision > from) response.write(event('ADDED', revision));
      },
      {},
      ({ object }) => {
        const { resourceVersion } = object.metadata as { resourceVersion: string };
        if (resourceVersion !== '12' || failed) return;
        failed = true;
        throw new Error('busy');
      },
    );
    await seen.reachEvents(3);
    assert.deepEqual([seen.events, seen.faults], [['ADDED 11', 'ADDED 12', 'ADDED 13'], ['busy']]);
  });

  it('uses the reader it is given', async () => {
    const seen = await run((_received, response) => response.end('anything\n'), {
      parse: () => ({ type: 'ADDED', object: { metadata: { resourceVersion: '99' } } }),
    });
    await seen.reachEvents(1);
    assert.equal(seen.events[0], 'ADDED 99');
  });

  it('tells nothing after close', async () => {
    let response: ServerResponse | undefined;
    const seen = await run((_received, opened) => {
      open(opened);
      opened.write(event('ADDED', 11));
      response = opened;
    });
    await seen.reachEvents(1);
    const cut = new Promise(resolve => response!.on('close', resolve));
    watch!.close();
    await cut;
    assert.deepEqual([seen.events, seen.faults, seen.expired], [['ADDED 11'], [], 0]);
  });

  it('does not take a connection away from requests', async () => {
    const seen = await run((received, response) => {
      if (received.url.includes('watch=')) {
        open(response);
        response.write(event('ADDED', 11));
      } else json(response, 200, {});
    });
    const more = Array.from({ length: 40 }, () =>
      client.watch('/other', { event: () => {}, expired: () => {} }, { resourceVersion: '1' }),
    );
    await seen.reachEvents(1);
    assert.equal((await client.request('GET', '/x')).status, 200);
    for (const each of more) each.close();
  });
});
