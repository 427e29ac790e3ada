import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client } from '../e2e/client.ts';
import { Load } from '../faults/load.ts';
import { type Started, startServer, temporaryFolder } from './server.ts';

const rounds = 4;

test(`kill -9 under writes with open watches, ${rounds} times over: each sees every change once`, async t => {
  const folder = temporaryFolder(t);
  const start = () => startServer(t, { data: join(folder, 'data'), folder, args: ['-v=1'] });
  let server: Started = await start();
  // Every start is at a port of its own.
  const client: Client = {
    url: server.url,
    request: (...asked) => server.client.request(...asked),
    stream: (...asked) => server.client.stream(...asked),
    close: () => server.client.close(),
  };
  const load = new Load(t, [client], { prefix: 'crash', writers: 8, followers: 4 });
  for (let round = 0; round < rounds; round++) {
    await load.more(200 + round * 70);
    server.process.signal('SIGKILL');
    assert.equal(await server.process.exited, 'SIGKILL');
    server = await start();
  }
  await load.more(200);
  await load.finish();
  assert.ok(load.refused > 0, 'nothing was cut off: this was no fault');
  for (const { relists } of load.followers) assert.equal(relists, 0, 'the history outlives the server');
});
