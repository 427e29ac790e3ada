import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Entry } from '../../../../src/storage/backend.ts';
import { directoryOf, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails, Recorder } from '../../../conformance/storage/recorder.ts';

const workerUrl = new URL('./crashing-worker.ts', import.meta.url);

const crashes: [string, RegExp][] = [
  ['/throw', /thrown on purpose/],
  ['/exit', /exit code 3/],
];

for (const [crash, reason] of crashes) {
  test(`a worker that ends by ${crash}: calls and watches are told, another worker goes on`, async () => {
    const messages: string[] = [];
    const log = {
      debug() {},
      info() {},
      warn() {},
      error: (message: string) => messages.push(message),
    };
    const store = await openStore({ workerUrl, log });
    try {
      const before = await create(store, '/x/before');
      for (let round = 1; round <= 3; round++) {
        const watch = await Recorder.start(store, '/x/');
        const asked = [store.get(crash), create(store, `/x/${round}`), store.list('/'), watch.ended()];
        for (const call of asked.slice(0, 3)) await fails(call, 'Unavailable');
        assert.match((await watch.ended()).message, reason);
        await fails(watch.progress(), 'Unavailable');
        assert.equal(messages.length, round);

        assert.equal((await store.get('/x/before'))!.revision, before.revision);
        await store.check();
        const resumed = await Recorder.start(store, '/x/', before.revision);
        const after: Entry = await create(store, `/x/after${round}`);
        assert.equal(resumed.last, after.revision);
        assert.equal(resumed.changes.filter(change => change.key.startsWith('/x/after')).length, round);
        resumed.close();
      }
    } finally {
      await store.close();
    }
  });
}

test('a worker that cannot open the file again: Unavailable until it can', async () => {
  const store = await openStore({ workerUrl });
  const file = new DatabaseSync(join(directoryOf(store), 'store.db'));
  try {
    const { revision } = await create(store, '/a');
    file.exec('PRAGMA user_version = 9');
    await fails(store.get('/exit'), 'Unavailable');
    const error = await fails(store.get('/a'), 'Unavailable');
    assert.match(error.message, /format 9/);
    await fails(store.check(), 'Unavailable');
    await fails(Recorder.start(store, '/', 1), 'Unavailable');
    file.exec('PRAGMA user_version = 2');
    // It is tried again once a second.
    while (
      !(await store.check().then(
        () => true,
        () => false,
      ))
    ) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    assert.equal((await store.get('/a'))!.revision, revision);
  } finally {
    file.close();
    await store.close();
  }
});

test('close while the worker falls over', async () => {
  const store = await openStore({ workerUrl });
  const lost = Promise.allSettled([store.get('/throw'), store.get('/a')]);
  await store.close();
  for (const result of await lost) assert.equal(result.status, 'rejected');
  await fails(store.get('/a'), 'Closed');
});

test('a worker that cannot be started', async () => {
  const missing = new URL('./no-such-worker.ts', import.meta.url);
  const error = await fails(openStore({ workerUrl: missing }), 'Unavailable');
  assert.match(error.message, /no-such-worker/);
});
