import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../client.ts';
import { endToEnd } from '../suite.ts';
import { type CalicoObject, type GoClient, goClient } from './go-client.ts';
import { datastores, type Installation, install } from './installation.ts';
import { rows } from './rows.ts';
import { Syncer } from './syncer.ts';

/** More than one page of 500. */
const blocks = 1_100;

for (const datastore of datastores) {
  endToEnd(`components that follow the datastore, as Typha does: ${datastore.name}`, {}, suite => {
    let installation: Installation;
    let admin: GoClient;
    let syncers: Syncer[];
    before(async () => {
      installation = await install(suite, datastore);
      admin = goClient(await installation.clientFor('admin', 32), 'datastore');
      const reader = goClient(await installation.clientFor('calico-node', 32), 'datastore');
      const watched = rows.filter(row => row.watch?.account === 'calico-node');
      syncers = watched.map(({ plural }) => new Syncer(reader, plural));
    });
    after(async () => {
      for (const syncer of syncers) await syncer.stop();
    });

    /** Waits until every component holds what the store holds. */
    const inSync = async () => {
      for (const syncer of syncers) {
        await eventually(
          `${syncer.plural} in sync; refused were ${syncer.refusals.join(', ')}`,
          async () => {
            const { items } = await admin.list(syncer.plural);
            const stored = items.map(({ metadata: { namespace = '', name, resourceVersion } }) => [
              `${namespace}/${name}`,
              resourceVersion,
            ]);
            return JSON.stringify(stored.sort()) === JSON.stringify([...syncer.objects].sort());
          },
          same => same,
        );
      }
    };

    const writeEverything = async () => {
      for (const { plural, object, present, change, remove } of rows) {
        if (present) continue;
        const stored = await admin.create(plural, object);
        const changed = structuredClone(stored);
        if (change) change(changed);
        else changed.metadata.labels = { written: 'twice' };
        const updated = await admin.update(plural, changed);
        if (remove) await admin.remove(plural, updated);
      }
    };
    const forgetEverything = async () => {
      for (const { plural, object, present, remove } of rows) {
        if (present || remove) continue;
        await admin.remove(plural, await admin.get(plural, object.metadata.name, object.metadata.namespace));
      }
    };
    const statuses = () => [...new Set(syncers.flatMap(({ refusals }) => refusals))];

    test(`more than a page: ${blocks} blocks come by pages of 500`, async () => {
      await createBlocks(admin);
      const first = await admin.page('ipamblocks', 'limit=500');
      assert.equal(first.items.length, 500);
      assert.ok(first.metadata.continue);
      assert.equal((await admin.list('ipamblocks')).items.length, blocks);
    });

    test('list and watch of every kind: each write arrives, nothing is refused', async () => {
      for (const syncer of syncers) syncer.start();
      await inSync();
      await writeEverything();
      await inSync();
      assert.deepEqual(statuses(), []);
      for (const { plural, fullResyncs, watches } of syncers) {
        assert.deepEqual({ plural, fullResyncs, watches }, { plural, fullResyncs: 1, watches: 1 });
      }
    });

    test('a restart of the server: watches go on where they were, no kind is read anew', async () => {
      await installation.restart();
      await forgetEverything();
      await writeEverything();
      await inSync();
      assert.deepEqual(
        statuses().filter(status => !/^(connection|503 .*)$/.test(status)),
        [],
      );
      for (const { plural, fullResyncs } of syncers) assert.deepEqual([plural, fullResyncs], [plural, 1]);
    });

    test('history that is lost: 410, then every kind is read anew', async () => {
      await forgetEverything();
      // The last writes are of kinds that nobody here follows, so that all others are behind.
      await writeEverything();
      await inSync();
      await installation.restart({ forgetUpTo: 'now' });
      await inSync();
      assert.ok(statuses().includes('410 Expired'), statuses().join(', '));
      for (const { plural, refusals } of syncers) {
        const unexpected = refusals.filter(each => !/^(connection|503 .*|410 Expired)$/.test(each));
        assert.deepEqual(unexpected, [], plural);
      }
    });
  });
}

async function createBlocks(admin: GoClient): Promise<void> {
  const { object } = rows.find(({ plural }) => plural === 'ipamblocks')!;
  let next = 0;
  const worker = async () => {
    while (next < blocks) {
      const index = next++;
      const cidr = `10.${70 + (index >> 8)}.${index & 255}.0/30`;
      const name = cidr.replaceAll(/[./]/g, '-');
      const block: CalicoObject = { ...object, metadata: { name }, spec: { ...object.spec, cidr } };
      await admin.create('ipamblocks', block);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
