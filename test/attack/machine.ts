import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What tests may count on here. */
export interface Machine {
  root: boolean;
  /** The group below which a memory group can be made, undefined where none can. */
  memoryCgroup: { version: 1 | 2; path: string } | undefined;
  mount: boolean;
  networkNamespaces: boolean;
  nft: boolean;
  apt: boolean;
}

let known: Machine | undefined;

/** Tries each thing once for the whole process. It changes nothing that lasts. */
export function machine(): Machine {
  known ??= look();
  return known;
}

function look(): Machine {
  return {
    root: process.getuid?.() === 0,
    memoryCgroup: memoryCgroup(),
    mount: succeeds('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']),
    networkNamespaces: succeeds('unshare', ['--net', 'true']),
    nft: succeeds('nft', ['list', 'tables']),
    apt: succeeds('apt-get', ['--version']),
  };
}

/** The same in one line, for the log of a run. */
export function describeMachine({ memoryCgroup: group, ...rest } = machine()): string {
  const words = { ...rest, 'memory cgroup': group ? `v${group.version} below ${group.path}` : false };
  const said = Object.entries(words).map(
    ([what, value]) => `${what} ${value === true ? 'yes' : value || 'no'}`,
  );
  return `this machine: ${said.join(', ')}`;
}

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

function memoryCgroup(): Machine['memoryCgroup'] {
  if (!existsSync('/proc/self/cgroup')) return undefined;
  const own = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const pathOf = (pattern: RegExp) =>
    own.map(line => pattern.exec(line)?.[1]).find(path => path !== undefined);
  for (const { version, mounted, path, file } of [
    {
      version: 1,
      mounted: '/sys/fs/cgroup/memory',
      path: pathOf(/^\d+:memory:(.*)$/),
      file: 'memory.limit_in_bytes',
    },
    { version: 2, mounted: '/sys/fs/cgroup', path: pathOf(/^0::(.*)$/), file: 'memory.max' },
  ] as const) {
    // In a container the path may be the one that the host sees: then the mount itself is the own group.
    for (const parent of [join(mounted, path ?? ''), mounted]) {
      if (canLimit(parent, file)) return { version, path: parent };
    }
  }
  return undefined;
}

/** Whether a group below this one gets a file for its limit. */
function canLimit(parent: string, file: string): boolean {
  if (!existsSync(join(parent, 'cgroup.procs'))) return false;
  const group = join(parent, `tortie-probe-${process.pid}`);
  try {
    if (file === 'memory.max') writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
    mkdirSync(group);
  } catch {
    return false;
  }
  try {
    writeFileSync(join(group, file), String(64 * 2 ** 20));
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(group);
  }
}
