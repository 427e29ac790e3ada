import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { endToEnd } from '../suite.ts';
import { type EventStream, type GoClient, goClient, type WatchEvent } from './go-client.ts';
import { datastores, type Installation, install } from './installation.ts';
import { rows } from './rows.ts';

/** Longer than the time between two bookmarks. */
const bookmarkWaitMs = 180_000;

for (const datastore of datastores) {
  endToEnd(`an idle watch of a component: ${datastore.name}`, {}, suite => {
    let installation: Installation;
    let client: GoClient;
    before(async () => {
      installation = await install(suite, datastore);
      client = goClient(await installation.clientFor('admin'), 'datastore');
    });

    const watch = async (resourceVersion: string): Promise<EventStream> => {
      const query = `allowWatchBookmarks=true&resourceVersion=${resourceVersion}&watch=true`;
      return client.watch('bgpfilters', query);
    };
    const nextEvent = async (stream: EventStream): Promise<WatchEvent> => {
      const event = await stream.next(bookmarkWaitMs);
      assert.ok(event, 'the watch has ended');
      return event;
    };

    test('bookmarks move on with writes of other kinds, and what is older than one may be forgotten', async () => {
      const start = (await client.list('bgpfilters', { resourceVersion: '0' })).metadata.resourceVersion;
      const stream = await watch(start);
      const { object: sample } = rows.find(({ plural }) => plural === 'globalnetworksets')!;
      const written = await client.create('globalnetworksets', sample);
      let bookmark: WatchEvent;
      do bookmark = await nextEvent(stream);
      while (Number(bookmark.object.metadata.resourceVersion) < Number(written.metadata.resourceVersion));
      stream.close();
      assert.equal(bookmark.type, 'BOOKMARK');

      await installation.restart({ forgetUpTo: Number(bookmark.object.metadata.resourceVersion) });
      const old = await watch(start);
      const told = await nextEvent(old);
      assert.deepEqual([told.type, told.object.code, told.object.reason], ['ERROR', 410, 'Expired']);
      assert.equal(await old.next(), undefined, 'the stream ends after it');

      const resumed = await watch(bookmark.object.metadata.resourceVersion!);
      const { object: filter } = rows.find(({ plural }) => plural === 'bgpfilters')!;
      const created = await client.create('bgpfilters', filter);
      const event = await nextEvent(resumed);
      resumed.close();
      assert.deepEqual([event.type, event.object], ['ADDED', created]);
    });
  });
}
