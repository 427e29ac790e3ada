import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { createMetrics } from '../../../../src/observability/metrics.ts';
import { directoryOf, newDirectory, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails } from '../../../conformance/storage/recorder.ts';

/** A log that can be waited for. */
function awaited() {
  const said = new EventEmitter();
  const write = (message: string, fields?: Record<string, unknown>) => void said.emit(message, fields);
  return { said, log: { debug() {}, info: write, warn: write, error: write } };
}

const sound = 'the embedded store was checked and is sound';
const found = 'the embedded store is damaged';
const often = { firstMs: 1, everyMs: 20 };

suite('the file is read as a whole in the background', () => {
  test('a sound one is told by a metric, and writes go on meanwhile', async () => {
    const metrics = createMetrics();
    const { said, log } = awaited();
    const store = await openStore({ integrity: often, metrics, log });
    try {
      const checked = once(said, sound);
      for (let index = 0; index < 200; index++) await create(store, `/x/${index}`, 'x'.repeat(5_000));
      await checked;
      await once(said, sound);
      assert.match(await metrics.render(), /^tortie_store_check_timestamp_seconds \d+/m);
      assert.match(await metrics.render(), /^tortie_store_damaged 0$/m);
      await store.check();
    } finally {
      await store.close();
    }
  });

  const damages: [string, (file: DatabaseSync) => void, RegExp][] = [
    [
      'a value that nobody reads',
      file => file.exec("UPDATE log SET value = x'00' WHERE key = '/x/7'"),
      /"\/x\/7" is not what was written/,
    ],
    [
      'one of history',
      file => file.exec("UPDATE log SET value = x'00' WHERE key = '/gone' AND value IS NOT NULL"),
      /"\/gone" is not what was written/,
    ],
    [
      'a live key without its row',
      file => file.exec("DELETE FROM log WHERE key = '/x/7'"),
      /the value of "\/x\/7" is missing/,
    ],
  ];
  for (const [name, damage, reason] of damages) {
    test(`${name}: writes end, and it is said why`, async () => {
      const { said, log } = awaited();
      const store = await openStore({ integrity: often, log });
      try {
        for (let index = 0; index < 20; index++) await create(store, `/x/${index}`);
        const { revision } = await create(store, '/gone');
        await store.write({ type: 'delete', key: '/gone', expect: revision });
        await once(said, sound);
        const told = once(said, found);
        const file = new DatabaseSync(join(directoryOf(store), 'store.db'));
        damage(file);
        file.close();
        const [{ error }] = await told;
        assert.match(error, reason);
        assert.match((await fails(store.check(), 'Unavailable')).message, reason);
        assert.match((await fails(create(store, '/y'), 'Unavailable')).message, reason);
        assert.ok(await store.get('/x/1'));
      } finally {
        await store.close();
      }
    });
  }

  test('an index that does not fit its table', async () => {
    const directory = newDirectory();
    const store = await openStore({ directory });
    for (let index = 0; index < 400; index++) await create(store, `/some/longer/key/${index}`);
    await store.close();
    const path = join(directory, 'store.db');
    const database = new DatabaseSync(path);
    const { rootpage } = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'log_by_key'")
      .get()! as { rootpage: number };
    database.close();
    const bytes = readFileSync(path);
    bytes.fill(0, (rootpage - 1) * 4_096, rootpage * 4_096);
    writeFileSync(path, bytes);

    const { said, log } = awaited();
    const told = once(said, found);
    const again = await openStore({ directory, integrity: often, log });
    try {
      await told;
      assert.equal((await again.list('/some/')).entries.length, 400, 'what is sound is read');
      await fails(create(again, '/y'), 'Unavailable');
    } finally {
      await again.close();
    }
  });

  test('a store can be closed while it is read', async () => {
    const store = await openStore({ integrity: { firstMs: 0, everyMs: 1 } });
    await create(store, '/a');
    await store.close();
  });
});
