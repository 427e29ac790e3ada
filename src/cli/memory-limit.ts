import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { posix } from 'node:path';
import { minTotalBytes } from '../memory/plan.ts';

/** Reads a file; undefined where there is none. */
type Read = (path: string) => string | undefined;

/** Where the hierarchies that bound memory are mounted, with the file that holds the bound: version 1, version 2, both at once. */
const hierarchies = [
  { controller: 'memory', root: '/sys/fs/cgroup/memory', file: 'memory.limit_in_bytes' },
  { controller: '', root: '/sys/fs/cgroup', file: 'memory.max' },
  { controller: '', root: '/sys/fs/cgroup/unified', file: 'memory.max' },
];

/** Without a limit the server leaves most of the machine to others. */
const machineShare = 4;
const minMachineBytes = 512 * 1024 * 1024;

/**
 * The memory that the process may use: what the option says, else the limit of its control group or of one above it, else a
 * quarter of the machine's.
 */
export function memoryLimit(option: number | undefined, read: Read = readText, machine = totalmem()): number {
  if (option !== undefined) return option;
  const limit = cgroupLimit(read);
  if (limit < machine) return Math.max(limit, minTotalBytes);
  return Math.max(machine / machineShare, Math.min(minMachineBytes, machine));
}

/** The least limit of the process's own control group and those above it; Infinity where there is none. */
function cgroupLimit(read: Read): number {
  const own = new Map<string, string>();
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const controller of controllers.split(',')) if (line) own.set(controller, path);
  }
  let least = Number.POSITIVE_INFINITY;
  for (const { controller, root, file } of hierarchies) {
    // In a container the path may be the host's, of which only the root is mounted.
    for (let path = own.get(controller) ?? '/'; ; path = posix.dirname(path)) {
      const limit = Number.parseInt(read(posix.join(root, path, file)) ?? '', 10);
      if (limit > 0) least = Math.min(least, limit);
      if (path === posix.dirname(path)) break;
    }
  }
  return least;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
