import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProcess } from '../e2e/process.ts';
import { temporaryFolder } from '../system/server.ts';
import { limitMemory } from './cgroup.ts';
import { describeMachine } from './machine.ts';

const MiB = 2 ** 20;

/** Runs a program that holds so much, prints a line, and waits. */
async function holding(t: import('node:test').TestContext, megabytes: number, limit: number) {
  const memory = limitMemory(t, limit);
  const program = `const held = Buffer.alloc(${megabytes} << 20, 1); console.log('holds', held.length); setInterval(() => {}, 1000)`;
  const args = ['-c', `${memory.before}; exec "$@"`, 'bash', process.execPath, '-e', program];
  const running = await startProcess({ name: 'held', command: 'bash', args, folder: temporaryFolder(t) });
  t.after(() => running.stop());
  return { memory, running };
}

test('a process that uses more than its bound is killed, and that is seen', async t => {
  t.diagnostic(describeMachine());
  const { memory, running } = await holding(t, 600, 200 * MiB);
  assert.equal(await running.exited, 'SIGKILL');
  assert.equal(memory.exceeded(), true);
});

test('one that keeps to its bound lives, and its peak is known', async t => {
  const { memory, running } = await holding(t, 100, 400 * MiB);
  await running.waitForLine(/holds/);
  assert.equal(memory.exceeded(), false);
  assert.ok(memory.peakBytes() > 100 * MiB || Number.isNaN(memory.peakBytes()), String(memory.peakBytes()));
});
