import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { limits } from '../../limits.ts';
import { StorageError } from '../errors.ts';
import { makeFilePrivate } from './private-files.ts';

/** What SQLite knows of the room within its file. */
export interface Pages {
  bytes: number;
  /** Of them, those that nothing is in. */
  freeBytes: number;
}

/** Result codes of SQLite for a disk that takes no more: FULL, and the I/O errors of writes. */
const full = 13;
const writeErrors = new Set([3, 4, 19].map(extension => 10 | (extension << 8)));

/** Whether a write has failed since the disk, a quota or a limit does not take it. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  const code = Number(error.errcode);
  return (code & 0xff) === full || writeErrors.has(code);
}

/**
 * The room that the store has: on the file system, and within its file. What makes it larger is refused while some is left yet, so
 * that removals, which need some themselves, are not. Should others take the rest, there is a file that can be given up for them.
 */
export class Room {
  readonly #file: string;
  readonly #reserve: string;
  readonly #pages: () => Pages;

  constructor(file: string, pages: () => Pages) {
    this.#file = file;
    this.#reserve = join(dirname(file), 'reserve');
    this.#pages = pages;
  }

  /** Bytes that can be written; not exact where they are many. */
  left(): number {
    const { bavail, bsize } = statfsSync(dirname(this.#file));
    const available = bavail * bsize;
    if (available >= limits.storeLowBytes) return available;
    const { bytes, freeBytes } = this.#pages();
    // What the write-ahead log has yet to bring into the file is spoken for.
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    return Math.max(0, available - Math.max(0, bytes - size)) + freeBytes;
  }

  /** Why nothing may be written that makes the store larger by so many bytes; undefined while it may. */
  refusal(bytes: number): StorageError | undefined {
    // Once in the log, once in the file.
    return this.#tooLittle(
      limits.storeRefuseBytes + 2 * bytes,
      'only deletes are taken until there is room again',
    );
  }

  /** Throws Unavailable when writes are about to be refused. Returns what should be known before that. */
  check(): string | undefined {
    const short = this.#tooLittle(limits.storeUnreadyBytes, 'writes are refused soon, or already');
    if (short) throw short;
    const left = this.left();
    return left < limits.storeLowBytes ? `${mebibytes(left)} are left for the store` : undefined;
  }

  /** Sets the reserve aside, where it is not and there is room for it. */
  hold(): void {
    makeFilePrivate(this.#reserve);
    const size = statSync(this.#reserve, { throwIfNoEntry: false })?.size;
    const { storeReserveBytes } = limits;
    if (size === storeReserveBytes || this.left() < limits.storeRefuseBytes + 2 * storeReserveBytes) return;
    try {
      const file = openSync(this.#reserve, 'w', 0o600);
      try {
        // Not zeros: some file systems give those no room.
        writeSync(file, randomFillSync(new Uint8Array(storeReserveBytes)));
      } finally {
        closeSync(file);
      }
    } catch {
      this.release();
    }
  }

  /** Gives the reserve up. */
  release(): void {
    rmSync(this.#reserve, { force: true });
  }

  #tooLittle(bytes: number, what: string): StorageError | undefined {
    const left = this.left();
    if (left >= bytes) return undefined;
    const message = `${this.#file}: the disk is full: ${mebibytes(left)} are left for the store, ${what}`;
    return new StorageError('Unavailable', message);
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
