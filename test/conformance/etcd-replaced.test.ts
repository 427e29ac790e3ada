import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openEtcd } from '../../src/storage/etcd/backend.ts';
import { folderForEtcd, startEtcd } from '../e2e/etcd.ts';
import { etcdBinary, noEtcd } from './etcd-store.ts';
import { create, fails, Recorder } from './storage/recorder.ts';

suite('an etcd that is another one than before, at the same address', { skip: noEtcd }, () => {
  const others: [string, string[]][] = [
    // The same flags give the same cluster id, so only the revision tells.
    ['made again with the same flags', []],
    ['of another cluster', ['--initial-cluster-token=another']],
  ];
  for (const [name, args] of others) {
    test(`${name}: its emptiness is not served, neither to reads nor to watches, until the server is restarted`, async () => {
      const { folder, remove } = folderForEtcd();
      const first = await startEtcd({ binary: etcdBinary!, folder, data: join(folder, 'first') });
      const store = openEtcd({ endpoints: [first.url] });
      try {
        for (let index = 0; index < 5; index++) await create(store, `/networksets/${index}`);
        const watch = await Recorder.start(store, '/networksets/');
        await first.process.stop();
        const second = await startEtcd({
          binary: etcdBinary!,
          folder,
          data: join(folder, 'second'),
          port: first.port,
          args,
        });
        const calls = [
          () => store.list('/networksets/'),
          () => store.get('/networksets/1'),
          () => store.revision(),
          () => store.check(),
          () => create(store, '/networksets/new'),
          () => Recorder.start(store, '/networksets/', 1),
        ];
        // The first calls may meet an etcd that is not up yet.
        for (let message = ''; !/is not the one that this server has read/.test(message); ) {
          message = (await fails(store.revision(), 'Unavailable')).message;
        }
        for (const call of calls) {
          const error = await fails(call(), 'Unavailable');
          assert.match(error.message, /is not the one that this server has read.*restart the server/);
        }
        await watch.ended();
        assert.deepEqual(watch.changes, [], 'nothing was deleted');

        const restarted = openEtcd({ endpoints: [first.url] });
        assert.deepEqual((await restarted.list('/networksets/')).entries, []);
        await restarted.close();
        await second.process.stop();
      } finally {
        await store.close();
        await first.process.stop();
        remove();
      }
    });
  }
});
