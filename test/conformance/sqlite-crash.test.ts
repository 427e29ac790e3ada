import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Revision } from '../../src/storage/backend.ts';
import { newDirectory, openStore } from './sqlite-store.ts';
import { create, Recorder, seen } from './storage/recorder.ts';

const rounds = 10;
const creates = 1_000;
const script = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

/** Runs a process that writes and kills it after so many acknowledgments. All that it acknowledged, by key. */
async function writeUntilKilled(
  directory: string,
  round: number,
  killAfter: number,
): Promise<Map<string, Revision>> {
  const child = spawn(process.execPath, [script, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > killAfter) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL', `round ${round} ended by itself`);
  const lines = output.split('\n').slice(0, -1);
  return new Map(lines.map(line => [line.split(' ')[0]!, Number(line.split(' ')[1])]));
}

test(`killed during ${creates} creates, ${rounds} times over: nothing acknowledged is lost, revisions never go back`, async () => {
  const directory = newDirectory();
  const acknowledged = new Map<string, Revision>();
  let before: Revision = 1;
  for (let round = 0; round < rounds; round++) {
    const killAfter = 20 + Math.floor((round * creates) / rounds);
    const latest = await writeUntilKilled(directory, round, killAfter);
    assert.ok(latest.size >= killAfter, `${latest.size} acknowledged`);
    for (const [key, revision] of latest) {
      assert.ok(revision > before, `${key} got ${revision}, the store was at ${before} already`);
      acknowledged.set(key, revision);
    }

    const store = await openStore({ directory });
    try {
      const { entries, revision } = await store.list('/');
      assert.ok(revision >= Math.max(...latest.values()), 'the revision never goes back');
      const found = new Map(seen(entries).map(entry => [entry.key, entry]));
      for (const [key, at] of acknowledged) {
        assert.deepEqual(found.get(key), { key, value: key.repeat(50), revision: at });
      }
      // What was under way may be there or not, but never in part; and the watch tells the same as the list.
      const watch = await Recorder.start(store, '/', before);
      const newer = seen(entries).filter(entry => entry.revision > before);
      for (const { key, value } of newer) assert.equal(value, key.repeat(50));
      const told = watch.changes.map(({ type: _, ...entry }) => entry);
      assert.deepEqual(
        told,
        newer.sort((a, b) => a.revision - b.revision),
      );
      before = (await create(store, `/after/${round}`, `/after/${round}`.repeat(50))).revision;
      assert.ok(before > revision);
      acknowledged.set(`/after/${round}`, before);
    } finally {
      await store.close();
    }
  }
});
