import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { machine } from './machine.ts';

/** A bound on the memory of one process. */
export interface MemoryLimit {
  bytes: number;
  /** A shell line for the process that is to be bound: it runs first in it (`before` of startServer). */
  before: string;
  /** Binds a process that runs already, for what it takes from now on. */
  adopt(pid: number): void;
  /** Whether the process was killed since it used more. */
  exceeded(): boolean;
  /** The most that it used: with a group all that the kernel counts, its files in memory among it. */
  peakBytes(): number;
}

interface Cleanup {
  after(work: () => unknown): void;
}

/**
 * Bounds a process that is started afterwards with the line `before`: in a memory group, whose kernel ends it, or, where none can
 * be made, by a watchdog that reads its resident memory every 20 ms and ends it. The bound goes away with the test.
 */
export function limitMemory(test: Cleanup, bytes: number): MemoryLimit {
  const group = machine().memoryCgroup;
  return group ? inGroup(test, group, bytes) : watched(test, bytes);
}

let made = 0;

function inGroup(
  test: Cleanup,
  { version, path }: { version: 1 | 2; path: string },
  bytes: number,
): MemoryLimit {
  const group = join(path, `tortie-${process.pid}-${++made}`);
  mkdirSync(group);
  test.after(() => remove(group));
  const file = (name: string) => join(group, name);
  const limits: Record<string, number> =
    version === 1
      ? { 'memory.limit_in_bytes': bytes, 'memory.memsw.limit_in_bytes': bytes }
      : { 'memory.max': bytes, 'memory.swap.max': 0 };
  for (const [name, value] of Object.entries(limits)) {
    // A kernel may have no account of swap.
    if (existsSync(file(name))) writeFileSync(file(name), String(value));
  }
  const kills = version === 1 ? 'memory.oom_control' : 'memory.events';
  const peak = version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak';
  return {
    bytes,
    before: `echo $$ > '${file('cgroup.procs')}'`,
    adopt: pid => writeFileSync(file('cgroup.procs'), String(pid)),
    exceeded: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(file(kills), 'utf8'))?.[1]) > 0,
    peakBytes: () => (existsSync(file(peak)) ? Number(readFileSync(file(peak), 'utf8')) : Number.NaN),
  };
}

/** Ends what still runs in a group. The group is busy until the kernel has taken down its last process. */
async function remove(group: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n')) end(Number(pid));
    try {
      return rmdirSync(group);
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(50);
    }
  }
}

function end(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function watched(test: Cleanup, bytes: number): MemoryLimit {
  const folder = mkdtempSync(join(tmpdir(), 'tortie-'));
  const pidFile = join(folder, 'pid');
  let exceeded = false;
  let peak = 0;
  const watchdog = setInterval(() => {
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
    const resident = pid > 0 ? residentBytes(pid) : undefined;
    if (resident === undefined) return;
    peak = Math.max(peak, resident);
    if (resident <= bytes || exceeded) return;
    exceeded = true;
    process.kill(pid, 'SIGKILL');
  }, 20);
  test.after(() => {
    clearInterval(watchdog);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    bytes,
    before: `echo $$ > '${pidFile}'`,
    adopt: pid => writeFileSync(pidFile, String(pid)),
    exceeded: () => exceeded,
    peakBytes: () => peak,
  };
}

/** Resident memory of a process now, undefined when none of that id runs (Linux: /proc). */
export function residentBytes(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}
