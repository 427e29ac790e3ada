import {
  closeSync,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../limits.ts';
import type { UnreadableFile } from './report.ts';

/** How standard input is called in reports. */
export const stdinName = '<stdin>';

/** Folders in which nobody keeps manifests, but thousands of other files. */
const passedOverFolders = new Set(['.git', 'node_modules']);

const manifestName = /\.(ya?ml|json)$/i;

/**
 * The files that the arguments name, each once, in order: a file as it is, of a folder all *.yaml, *.yml and *.json below it,
 * sorted. `-` stays `-`. What cannot be looked at is in `unreadable`.
 */
export function findFiles(paths: string[]): { files: string[]; unreadable: UnreadableFile[] } {
  const files: string[] = [];
  const unreadable: UnreadableFile[] = [];
  const known = new Set<string>();
  const add = (file: string) => {
    const real = file === '-' ? file : realpathSync(file);
    if (known.has(real)) return;
    known.add(real);
    files.push(file);
  };
  for (const path of paths) {
    try {
      if (path !== '-' && statSync(path).isDirectory()) {
        for (const file of filesBelow(path, unreadable)) add(file);
      } else {
        add(path);
      }
    } catch (error) {
      unreadable.push({ file: path, message: reasonOf(error) });
    }
  }
  return { files, unreadable };
}

function filesBelow(folder: string, unreadable: UnreadableFile[]): string[] {
  const found: string[] = [];
  const waiting = [folder];
  const trying = (path: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      unreadable.push({ file: path, message: reasonOf(error) });
    }
  };
  const look = (path: string, entry: Dirent) => {
    if (entry.isDirectory() && !passedOverFolders.has(entry.name)) waiting.push(path);
    if (!manifestName.test(entry.name)) return;
    // A link to a folder is not followed: it may lead back up.
    if (entry.isFile() || (entry.isSymbolicLink() && statSync(path).isFile())) found.push(path);
  };
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    const at = current;
    trying(at, () => {
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        const path = join(at, entry.name);
        trying(path, () => look(path, entry));
      }
    });
  }
  return found.sort();
}

/** Thrown for a file that cannot be read; the message says why. */
export class UnreadableError extends Error {}

/** The bytes of a file. Throws UnreadableError, also for what is larger than it may be. */
export function readManifest(file: string, maxBytes = limits.maxManifestFileBytes): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw new UnreadableError(reasonOf(error));
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxBytes) throw new UnreadableError(tooLarge(maxBytes));
    // The size is a first guess only: a pipe has none.
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.max(size - total + 1, 64 * 1024));
      const length = readSync(descriptor, chunk, 0, chunk.length, null);
      if (length === 0) return Buffer.concat(chunks, total);
      total += length;
      if (total > maxBytes) throw new UnreadableError(tooLarge(maxBytes));
      chunks.push(chunk.subarray(0, length));
    }
  } catch (error) {
    throw error instanceof UnreadableError ? error : new UnreadableError(reasonOf(error));
  } finally {
    closeSync(descriptor);
  }
}

/** All that comes from a stream. Throws UnreadableError, also for more than it may be. */
export async function readStream(
  stream: AsyncIterable<Uint8Array | string>,
  maxBytes = limits.maxManifestFileBytes,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of stream) {
      total += chunk.length;
      if (total > maxBytes) throw new UnreadableError(tooLarge(maxBytes));
      chunks.push(Buffer.from(chunk as Uint8Array));
    }
  } catch (error) {
    throw error instanceof UnreadableError ? error : new UnreadableError(reasonOf(error));
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): string {
  return `larger than ${maxBytes / 1024 / 1024} MiB, the most that is read; split it`;
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
};

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message ?? String(error);
}
