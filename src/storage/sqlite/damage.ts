import { crc32 } from 'node:zlib';
import { StorageError } from '../errors.ts';

/** What can be wrong with the store's file itself, as against a disk that is full or a file that is locked. */

/** Result codes of SQLite that tell of content that cannot be read: CORRUPT, NOTADB, and the I/O errors of reads. */
const primary = { ioError: 10, corrupt: 11, notADatabase: 26 };
const readErrors = new Set([1, 2, 32, 33].map(extension => primary.ioError | (extension << 8)));

/** A value, or a row of the tables, that is not what was written. */
export class DamagedRow extends Error {}

/** Whether an error tells that the file holds what cannot be read, so that nothing may be built on it. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedRow) return true;
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  const code = Number(error.errcode);
  return (code & 0xff) === primary.corrupt || (code & 0xff) === primary.notADatabase || readErrors.has(code);
}

/** The error for every write once a fault has been found in a file that is open: which file, what, and what helps. */
export function damaged(file: string, error: unknown): StorageError {
  const fault = error instanceof Error ? error.message : String(error);
  const message =
    `${file} is damaged: ${fault}. It takes no more writes; what can be read is served. ` +
    'Stop the server, move its data directory away, and start with a backup: tortie import of what tortie export has written';
  return new StorageError('Unavailable', message);
}

/** A checksum that is stored beside a value. SQLite has none of its own, so a page with other bytes may look whole. */
export function sumOf(key: string, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

/** The value of a row with its checksum. Throws DamagedRow when they do not agree; a row of format 1 has no checksum. */
export function checkedValue(key: string, row: { value?: unknown; sum?: unknown }): Uint8Array {
  const { value } = row;
  if (!(value instanceof Uint8Array)) throw new DamagedRow(`the value of ${JSON.stringify(key)} is missing`);
  if (row.sum !== null && row.sum !== sumOf(key, value)) {
    throw new DamagedRow(`the value of ${JSON.stringify(key)} is not what was written`);
  }
  return value;
}
