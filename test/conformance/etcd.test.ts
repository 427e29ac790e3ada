import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noEtcd, openEtcdStore, reopenEtcdStore } from './etcd-store.ts';
import { create, fails, Recorder, update } from './storage/recorder.ts';
import { storageConformance } from './storage.ts';

storageConformance({
  name: 'etcd',
  // As far back as the suite goes.
  open: () => openEtcdStore({ historyRevisions: 20_000 }),
  reopen: reopenEtcdStore,
  agesByRevisions: true,
  unavailable: noEtcd,
});

test('what lies far back is Compacted, and what is offered instead stays so for a while', {
  skip: noEtcd,
}, async () => {
  const store = await openEtcdStore({ historyRevisions: 5 });
  try {
    let { revision } = await create(store, '/a');
    const first = revision;
    for (let index = 0; index < 10; index++) ({ revision } = await update(store, '/a', revision, `${index}`));
    assert.equal((await store.list('/', { at: first })).entries[0]!.revision, first);
    ({ revision } = await update(store, '/a', revision, 'last'));
    const { oldest } = await fails(store.list('/', { at: first }), 'Compacted');
    assert.equal(oldest, revision - 5);
    assert.equal((await fails(Recorder.start(store, '/', first), 'Compacted')).oldest, oldest);
    for (let index = 0; index < 5; index++) ({ revision } = await update(store, '/a', revision, `${index}`));
    assert.equal((await store.list('/', { at: oldest! })).entries[0]!.revision, oldest);
    const watch = await Recorder.start(store, '/', oldest);
    assert.equal(watch.changes.length, 10);
  } finally {
    await store.close();
  }
});
