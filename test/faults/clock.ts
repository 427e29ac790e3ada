import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Client } from '../e2e/client.ts';
import type { RunningProcess } from '../e2e/process.ts';
import { root } from '../e2e/suite.ts';
import { Load } from './load.ts';
import { networkSet } from './two-servers.ts';

/** The environment of a server whose wall clock `clockJumps` sets. */
export const settableClock = { NODE_OPTIONS: `--import=${join(root, 'test/faults/wall-clock.ts')}` };

const sets = '/apis/projectcalico.org/v3/globalnetworksets';

/**
 * The wall clock of a server jumps a day ahead under load and back again, so many times. Nothing is refused, nothing is lost, no
 * watch has to begin anew, and only what is to tell the time of day follows the clock.
 */
export async function clockJumps(
  test: TestContext,
  { client, process }: { client: Client; process: RunningProcess },
  { rounds, writes }: { rounds: number; writes: number },
): Promise<void> {
  const load = new Load(test, [client], { prefix: 'clock', writers: 8, followers: 4 });
  for (let jump = 0; jump < 2 * rounds; jump++) {
    await load.more(writes);
    const set = process.waitForNext(/^the wall clock says (.*)$/);
    process.signal('SIGUSR2');
    const [, time] = await set;
    const name = `clock-${jump}`;
    const created = await client.request('POST', sets, {
      body: JSON.stringify(networkSet(name)),
    });
    assert.equal(created.status, 201, created.text);
    const { creationTimestamp } = created.json<{ metadata: { creationTimestamp: string } }>().metadata;
    const lateMs = Date.parse(creationTimestamp) - Date.parse(time!);
    assert.ok(lateMs > -1_000 && lateMs < 60_000, `${name}: ${creationTimestamp}, at ${time}`);
    assert.equal((await client.request('GET', '/readyz')).status, 200);
  }
  await load.more(writes);
  await load.finish();
  assert.equal(load.refused, 0, 'writes were refused');
  for (const { relists } of load.followers) assert.equal(relists, 0, 'nobody had to begin anew');
  const { text } = await client.request('GET', '/metrics');
  const sums = [...text.matchAll(/^apiserver_request_duration_seconds_sum\{.*\} (\S+)$/gm)];
  assert.ok(sums.length > 0);
  for (const [line, seconds] of sums) {
    if (line.includes('verb="WATCH"')) continue;
    assert.ok(Number(seconds) >= 0 && Number(seconds) < 86_400, line);
  }
}
