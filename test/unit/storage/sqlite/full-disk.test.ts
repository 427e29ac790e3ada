import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { Backend, Revision } from '../../../../src/storage/backend.ts';
import { StorageError } from '../../../../src/storage/errors.ts';
import { newDirectory, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails, Recorder } from '../../../conformance/storage/recorder.ts';
import { startStoreProcess } from './child.ts';

/** Creates until it fails, and returns the last revision. */
async function fill(store: Backend, revision: Revision): Promise<Revision> {
  for (let index = 0; index < 1_000; index++) {
    try {
      revision = (await create(store, `/fill/${revision}`, 'x'.repeat(2_000))).revision;
    } catch (error) {
      assert.ok(error instanceof StorageError && error.code === 'Unavailable', String(error));
      return revision;
    }
  }
  throw new Error('the store never got full');
}

test('a full store: Unavailable, reads go on, check says so until it has tried again', async () => {
  let nowMs = 0;
  const store = await openStore({ now: () => nowMs });
  try {
    const watch = await Recorder.start(store, '/');
    const first = await create(store, '/first');
    await store.check();
    await store.pragma(`max_page_count = ${Number(await store.pragma('page_count')) + 10}`);
    const last = await fill(store, first.revision);

    const error = await fails(store.check(), 'Unavailable');
    assert.match(error.message, /full/);
    assert.equal(await store.revision(), last, 'what failed has left no trace');
    assert.equal((await store.get('/first'))!.revision, first.revision);
    assert.equal(watch.last, last);
    const calls = Array.from({ length: 10 }, (_, index) => create(store, `/y/${index}`, 'x'.repeat(9_000)));
    await Promise.all(calls.map(call => fails(call, 'Unavailable')));

    await store.pragma('max_page_count = 100000');
    await fails(store.check(), 'Unavailable');
    nowMs += 999;
    await fails(store.check(), 'Unavailable');
    nowMs += 1;
    await store.check();
    const next = await create(store, '/next');
    assert.ok(next.revision > last);
    assert.deepEqual(watch.changes.at(-1)!.key, '/next');
    assert.deepEqual(watch.errors, []);
  } finally {
    await store.close();
  }
});

test('a write that succeeds makes the store well again', async () => {
  const store = await openStore();
  try {
    await store.pragma(`max_page_count = ${Number(await store.pragma('page_count')) + 10}`);
    const last = await fill(store, 1);
    await fails(store.check(), 'Unavailable');
    await store.pragma('max_page_count = 100000');
    assert.ok((await create(store, '/next')).revision > last);
    await store.check();
  } finally {
    await store.close();
  }
});

// A limit on the size of files is the fault of the file system that needs no rights: writes beyond it fail.
const skip = process.platform !== 'linux' && 'needs prlimit (Linux)';

test('writes that the file system refuses: the same, and it recovers when they succeed again', {
  skip,
}, async () => {
  const other = await startStoreProcess(newDirectory(), 'ulimit -S -f 2048');
  try {
    const full = await other.ask('fill');
    assert.equal(full.error, 'Unavailable', String(full.message));
    assert.ok(Number(full.written) > 1);
    assert.equal((await other.ask('try')).error, 'Unavailable');
    execFileSync('prlimit', ['--pid', String(other.process.pid), '--fsize=unlimited']);
    // Tried at most once a second, as it says.
    let recovered = await other.ask('try');
    while (recovered.error) {
      await new Promise(resolve => setTimeout(resolve, 100));
      recovered = await other.ask('try');
    }
    const written = Number(full.written) + 1;
    assert.deepEqual(recovered, { written, listed: written });
  } finally {
    await other.end('SIGKILL');
  }
});
