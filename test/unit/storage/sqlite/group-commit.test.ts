import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryOf, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails, keysOf, Recorder } from '../../../conformance/storage/recorder.ts';

/** Number of commits in a write-ahead log: frames that carry the size of the database (sqlite.org/fileformat2.html §4.2). */
function commits(file: string): number {
  const log = readFileSync(file);
  const frameBytes = 24 + log.readUInt32BE(8);
  let count = 0;
  for (let frame = 32; frame + frameBytes <= log.length; frame += frameBytes) {
    const current = log.readUInt32BE(frame + 8) === log.readUInt32BE(16);
    if (current && log.readUInt32BE(frame + 4) > 0) count++;
  }
  return count;
}

test('writes that wait together are committed together, and told in order before they are acknowledged', async () => {
  const store = await openStore();
  try {
    const file = join(directoryOf(store), 'store.db-wal');
    const before = commits(file);
    await create(store, '/single');
    assert.equal(commits(file), before + 1, 'a commit is counted');
    const watch = await Recorder.start(store, '/x/');
    const writes = Array.from({ length: 200 }, async (_, index) => {
      const entry = await create(store, `/x/${index}`);
      assert.ok(watch.last >= entry.revision, 'told before it is acknowledged');
      return entry.revision;
    });
    const revisions = await Promise.all(writes);
    const added = commits(file) - before - 1;
    assert.ok(added >= 1 && added <= 20, `${added} commits for 200 writes`);
    assert.deepEqual(
      watch.changes.map(change => change.revision),
      revisions,
    );
  } finally {
    await store.close();
  }
});

test('a transaction that fails midway leaves nothing behind, and the next one is not in its way', async () => {
  const store = await openStore();
  try {
    const first = await create(store, '/first');
    const impossible = new Uint8Array(1) as unknown as string;
    const calls = [create(store, '/a'), create(store, impossible, 'x'), create(store, '/b')];
    await Promise.all(calls.map(call => fails(call, 'Unavailable')));
    assert.equal(await store.revision(), first.revision);
    await create(store, '/next');
    await store.check();
    assert.deepEqual(keysOf((await store.list('')).entries), ['/first', '/next']);
  } finally {
    await store.close();
  }
});
