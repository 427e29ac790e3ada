import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryOf, newDirectory, openStore, reopenStore } from '../../../conformance/sqlite-store.ts';
import { create, fails } from '../../../conformance/storage/recorder.ts';
import { startStoreProcess } from './child.ts';

test('a directory in use is refused, with the owner named', async () => {
  const nowMs = Date.UTC(2030, 0, 2, 3, 4, 5);
  const store = await openStore({ now: () => nowMs });
  const directory = directoryOf(store);
  try {
    const error = await fails(openStore({ directory }), 'Unavailable');
    assert.equal(
      error.message,
      `${directory} is in use by process ${process.pid} on host ${hostname()} since 2030-01-02T03:04:05.000Z`,
    );
    await create(store, '/still-works');
  } finally {
    await store.close();
  }
  const again = await reopenStore(store);
  await again.close();
  assert.ok(!readdirSync(directory).includes('owner.json'));
});

test('the lock of a killed process is free at once', async () => {
  const directory = newDirectory();
  const other = await startStoreProcess(directory);
  const error = await fails(openStore({ directory }), 'Unavailable');
  assert.ok(error.message.includes(`in use by process ${other.process.pid} on host ${hostname()} since 20`));
  await other.end('SIGKILL');
  const store = await openStore({ directory });
  const refused = await fails(openStore({ directory }), 'Unavailable');
  assert.ok(refused.message.includes(`process ${process.pid} on`), 'names the new owner, not the dead one');
  await store.close();
});

test('the directory is made, and is for its owner only', async () => {
  const directory = join(newDirectory(), 'some', 'where');
  const store = await openStore({ directory });
  await store.close();
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test('a directory that cannot be made is Unavailable', async () => {
  await fails(openStore({ directory: '/dev/null/store' }), 'Unavailable');
});
