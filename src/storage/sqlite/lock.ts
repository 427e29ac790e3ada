import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StorageError } from '../errors.ts';
import { createPrivateFile, makeDirectoryPrivate, writePrivateFile } from './private-files.ts';

/** Who holds a data directory, as written beside the lock for the one who is refused. */
interface Owner {
  pid: number;
  host: string;
  since: string;
}

export interface DirectoryLock {
  release(): void;
}

/**
 * Takes a data directory for this process, and makes it where there is none. The lock is SQLite's on a small file of its
 * own, so the kernel frees it whichever way the process ends. Throws Unavailable, naming the owner, when it is taken.
 */
export function lockDirectory(directory: string, nowMs: number): DirectoryLock {
  const ownerFile = join(directory, 'owner.json');
  const lockFile = join(directory, 'lock.db');
  makeDirectoryPrivate(directory);
  createPrivateFile(lockFile);
  // Two that start at the same moment may be in each other's way: the timeout lets one of them win.
  const lock = new DatabaseSync(lockFile, { timeout: 100 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new StorageError('Unavailable', `${directory} is in use by ${describe(ownerFile)}`);
  }
  const owner: Owner = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() };
  writePrivateFile(ownerFile, JSON.stringify(owner));
  return {
    release() {
      rmSync(ownerFile, { force: true });
      lock.close();
    },
  };
}

const sqliteBusy = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}

function describe(ownerFile: string): string {
  try {
    const { pid, host, since }: Owner = JSON.parse(readFileSync(ownerFile, 'utf8'));
    return `process ${pid} on host ${host} since ${since}`;
  } catch {
    return 'another process that has left no word of itself';
  }
}
