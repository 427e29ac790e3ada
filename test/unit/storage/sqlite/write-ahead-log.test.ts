import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Entry } from '../../../../src/storage/backend.ts';
import { newDirectory, openStore } from '../../../conformance/sqlite-store.ts';
import { create, Recorder, seen } from '../../../conformance/storage/recorder.ts';

const script = fileURLToPath(new URL('../../../conformance/crash-child.ts', import.meta.url));

/** What a writer that was killed has left behind: few enough writes that all are in the log, and none in the file proper. */
async function leftBehind(): Promise<string> {
  const directory = newDirectory();
  const child = spawn(process.execPath, [script, directory, 'x'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > 150) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return directory;
}

const original = await leftBehind();
const log = readFileSync(join(original, 'store.db-wal'));
const whole = await entriesOf(original);

async function entriesOf(directory: string): Promise<Entry[]> {
  const store = await openStore({ directory: copyOf(directory) });
  try {
    return (await store.list('/')).entries;
  } finally {
    await store.close();
  }
}

/** A copy without the marker, which would tell that the store has been further. */
function copyOf(directory: string): string {
  const copy = newDirectory();
  cpSync(directory, copy, { recursive: true });
  rmSync(join(copy, 'store.id'), { force: true });
  return copy;
}

/** Some places in the log, its ends and the border of its header among them. */
const places = [0, 1, 31, 32, 33, ...[0.2, 0.4, 0.6, 0.8, 0.95].map(part => Math.floor(log.length * part))];

suite(`a write-ahead log of ${log.length} bytes with ${whole.length} writes`, () => {
  const damages: [string, (file: string, at: number) => void][] = [
    ['cut off', (file, at) => truncateSync(file, at)],
    [
      'with a wrong byte',
      (file, at) => {
        const bytes = readFileSync(file);
        bytes[at]! ^= 0xff;
        writeFileSync(file, bytes);
      },
    ],
  ];
  for (const [what, damage] of damages) {
    test(`${what}: the store opens with the writes before that, all of each, and takes new ones`, async () => {
      const kept: number[] = [];
      for (const at of places) {
        const directory = copyOf(original);
        damage(join(directory, 'store.db-wal'), at);
        const store = await openStore({ directory });
        try {
          const { entries, revision } = await store.list('/');
          kept.push(entries.length);
          const before = whole.filter(entry => entry.revision <= revision);
          assert.deepEqual(seen(entries), seen(before), `at ${at}: the writes up to ${revision}`);
          for (const { key, value } of seen(entries)) assert.equal(value, key.repeat(50));
          const watch = await Recorder.start(store, '/', 0);
          assert.deepEqual(
            watch.changes.map(({ key }) => key),
            before.toSorted((a, b) => a.revision - b.revision).map(({ key }) => key),
          );
          const next = await create(store, '/after');
          assert.equal(next.revision, revision + 1);
          assert.equal(watch.changes.at(-1)!.key, '/after');
        } finally {
          await store.close();
        }
      }
      assert.equal(kept[0]! < whole.length, true, 'the damage was felt');
      assert.ok(new Set(kept).size > 2, `${kept}`);
    });
  }

  test('that is whole holds every acknowledged write', () => {
    assert.ok(whole.length >= 150);
  });
});
