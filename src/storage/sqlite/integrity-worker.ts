import { setPriority } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { checkedValue, DamagedRow, damaged, isDamage } from './damage.ts';
import { toFailure } from './failure.ts';
import { openFileToRead } from './format.ts';
import type { CheckResult } from './integrity.ts';

/**
 * The thread of one check: reads the whole file over a connection of its own, which holds up no write, and ends. It says what it has
 * found.
 */

const lowestPriority = 19;
const usualPriority = 0;

/** Sets that of this thread; on other systems it would be that of the whole process. */
function setPriorityOnLinux(priority: number): void {
  if (process.platform === 'linux') setPriority(priority);
}

/** Rows in one step: each step is a transaction of its own, so that the write-ahead log can begin again between them. */
const stepRows = 1_000;

/** Throws what tells of damage. */
function check(database: DatabaseSync): void {
  const rows = database.prepare(
    'SELECT revision, key, value, sum FROM log WHERE revision > :after ORDER BY revision LIMIT :limit',
  );
  for (let after = 0, last = -1; after !== last; ) {
    last = after;
    for (const row of rows.iterate({ after, limit: stepRows })) {
      after = Number(row.revision);
      if (row.value !== null) checkedValue(String(row.key), row);
    }
  }
  const lost = database
    .prepare(
      'SELECT live.key FROM live LEFT JOIN log ON log.revision = live.revision WHERE log.key IS NOT live.key LIMIT 1',
    )
    .get();
  if (lost) throw new DamagedRow(`the value of ${JSON.stringify(lost.key)} is missing`);
  // One transaction: while it waits for a core, the write-ahead log cannot begin again and only grows.
  setPriorityOnLinux(usualPriority);
  const { integrity_check: found } = database.prepare('PRAGMA integrity_check(1)').get()!;
  if (found !== 'ok') throw new DamagedRow(String(found));
}

function run(file: string): CheckResult {
  setPriorityOnLinux(lowestPriority);
  try {
    const database = openFileToRead(file);
    try {
      check(database);
    } finally {
      database.close();
    }
    return {};
  } catch (error) {
    return isDamage(error)
      ? { damage: toFailure(damaged(file, error)) }
      : { problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.postMessage(run(workerData.file));
