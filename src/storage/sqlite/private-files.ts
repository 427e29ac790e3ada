import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Files that only their owner may read, whatever the umask is and whatever modes they had: the store, its lock, the keys beside it. */

const wider = 0o077;

/**
 * Makes a directory of mode 0700, or takes the rights of others on one that is there. Throws what the file system throws, with what
 * the directory has to be.
 */
export function makeDirectoryPrivate(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  } catch (error) {
    const user = process.getuid ? `uid ${process.getuid()}` : 'the user of the server';
    const message = `${(error as Error).message}. It must be a directory that ${user} owns, on a file system that takes writes`;
    throw new Error(message, { cause: error });
  }
}

/** Takes the rights of others on a file. Nothing where it is missing, or is a link: then its target is not ours to change. */
export function makeFilePrivate(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() && (found.mode & wider) !== 0) chmodSync(path, found.mode & 0o700);
}

/** Makes an empty file of mode 0600 where there is none, so that what is written to it later is private from the start. */
export function createPrivateFile(path: string): void {
  const file = openSync(path, 'a', 0o600);
  try {
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a file of mode 0600 so that it is found whole, old or new, also after a power cut: under another name first, synced,
 * renamed, and the directory synced. Throws what the file system throws.
 */
export function writePrivateFile(path: string, text: string): void {
  const part = `${path}.new`;
  // One that is left over may have another mode, or be a link.
  rmSync(part, { force: true });
  const file = openSync(part, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
  syncDirectory(dirname(path));
}

/** Makes the names in a directory durable, where the system can. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
