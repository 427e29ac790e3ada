import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { createMetrics } from '../../../../src/observability/metrics.ts';
import { newDirectory, openStore } from '../../../conformance/sqlite-store.ts';
import { create, fails, Recorder, update } from '../../../conformance/storage/recorder.ts';

const pageBytes = 4_096;

/** A store that has been closed, with values that fill many pages. */
async function stored(): Promise<string> {
  const directory = newDirectory();
  const store = await openStore({ directory });
  for (let index = 0; index < 60; index++) {
    await create(store, `/${index % 2 ? 'odd' : 'even'}/${index}`, `value ${index} `.repeat(300));
  }
  await store.close();
  return directory;
}

const original = await stored();

function copyOf(change: (bytes: Buffer) => void): string {
  const directory = newDirectory();
  for (const file of ['store.db', 'store.id']) {
    const bytes = readFileSync(join(original, file));
    if (file === 'store.db') change(bytes);
    writeFileSync(join(directory, file), bytes);
  }
  return directory;
}

const text = /store\.db is damaged: .*takes no more writes; what can be read is served.*tortie import/;

suite('what cannot be read is not written to', () => {
  const whole = readFileSync(join(original, 'store.db'));
  const at = whole.indexOf('value 31 value 31 ');
  const page = Math.floor(at / pageBytes);
  const damages: [string, (bytes: Buffer) => void][] = [
    ['a page of other bytes', bytes => bytes.fill(0xff, page * pageBytes, (page + 1) * pageBytes)],
    ['a page of zeros', bytes => bytes.fill(0, page * pageBytes, (page + 1) * pageBytes)],
    ['one bit of a value', bytes => (bytes[at + 3]! ^= 1)],
  ];
  for (const [name, change] of damages) {
    test(`${name}: the first write is refused, reads of the rest go on, and it is logged and counted`, async () => {
      const messages: string[] = [];
      const log = { debug() {}, info() {}, warn() {}, error: (message: string) => messages.push(message) };
      const metrics = createMetrics();
      const store = await openStore({ directory: copyOf(change), log, metrics });
      try {
        const error = await fails(create(store, '/new'), 'Unavailable');
        assert.match(error.message, text);
        assert.match((await fails(store.check(), 'Unavailable')).message, text);
        await fails(store.compact(10), 'Unavailable');
        assert.equal(await store.get('/new'), undefined);
        assert.ok(await store.get('/even/0'), 'what is sound is read');
        assert.deepEqual(messages, ['the embedded store is damaged']);
        assert.match(await metrics.render(), /^tortie_store_damaged 1$/m);
        // It is not forgotten with the thread.
        await fails(create(store, '/again'), 'Unavailable');
      } finally {
        await store.close();
      }
    });
  }

  test('a read that fails later ends the writes too', async () => {
    const directory = copyOf(() => {});
    const store = await openStore({ directory });
    try {
      await create(store, '/before');
      const file = new DatabaseSync(join(directory, 'store.db'));
      file.exec("UPDATE log SET value = x'00' WHERE key = '/odd/31'");
      file.close();
      assert.match(
        (await fails(store.list('/odd/'), 'Unavailable')).message,
        /"\/odd\/31" is not what was written/,
      );
      assert.match((await fails(create(store, '/after'), 'Unavailable')).message, text);
      assert.equal((await store.list('/even/')).entries.length, 30);
    } finally {
      await store.close();
    }
  });

  test('a live key whose row is missing is no absent one', async () => {
    const directory = copyOf(() => {});
    const file = new DatabaseSync(join(directory, 'store.db'));
    file.exec("DELETE FROM log WHERE key = '/odd/31'");
    file.close();
    const store = await openStore({ directory });
    try {
      await fails(store.get('/odd/31'), 'Unavailable');
      await fails(store.list('/odd/'), 'Unavailable');
      await fails(create(store, '/new'), 'Unavailable');
    } finally {
      await store.close();
    }
  });

  test('a store that is whole takes writes, of every size, and tells every change', async () => {
    const store = await openStore({ directory: copyOf(() => {}) });
    try {
      const first = await create(store, '/new', '');
      await update(store, '/new', first.revision, 'x'.repeat(100_000));
      assert.equal((await Recorder.start(store, '/new', 0)).changes.length, 2);
      await store.check();
    } finally {
      await store.close();
    }
  });
});
