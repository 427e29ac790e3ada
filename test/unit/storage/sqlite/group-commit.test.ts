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
    const impossible = new Uint8Array(1) as unknown as string;
    const acknowledged: string[] = [];
    // Which writes share a transaction depends on when the worker looks: tried until a good one fell with the bad one.
    for (let attempt = 0, fallen = 0; fallen === 0; attempt++) {
      assert.ok(attempt < 100, 'no two writes ever shared a transaction');
      const before = await store.revision();
      const keys = [`/a${attempt}`, `/b${attempt}`];
      const good = keys.map(key => create(store, key));
      await fails(create(store, impossible, 'x'), 'Unavailable');
      const results = await Promise.allSettled([...good, create(store, `/c${attempt}`)]);
      for (const [index, key] of [...keys, `/c${attempt}`].entries()) {
        if (results[index]!.status === 'fulfilled') acknowledged.push(key);
        else fallen++;
      }
      const stored = results.filter(({ status }) => status === 'fulfilled').length;
      assert.equal(await store.revision(), before + stored);
    }
    await create(store, '/next');
    await store.check();
    assert.deepEqual(keysOf((await store.list('')).entries), [...acknowledged, '/next'].sort());
  } finally {
    await store.close();
  }
});
