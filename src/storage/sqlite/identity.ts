import { readFileSync } from 'node:fs';
import type { Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { writePrivateFile } from './private-files.ts';

/**
 * Which store a data directory has been used with. The id stands in the store's file, and beside it in a small file, the marker.
 * So a store that is missing, empty, another's or older than what was acknowledged is not taken for the right one: agents that
 * read an empty store drop every policy.
 */
export interface Marker {
  id: string;
  /** A revision up to which everything was durable when this was written; the store may be further. */
  revision: Revision;
}

/** What lies in the store's file: nothing yet, or a store. One of format 1 has no id. */
export type Found = 'nothing' | { id: string | undefined; revision: Revision };

/** What is known of the directory before the store's file is looked into. */
export interface Known {
  file: string;
  marker: Marker | 'unreadable' | undefined;
  /** Whether there is a write-ahead log with something in it. */
  hasLog: boolean;
  /** The id of the store that the user does without. */
  acceptStore: string | undefined;
}

/** Stands for an id that cannot be told. */
const unknownId = 'unknown';

/** Reads the marker; undefined where there is none. */
export function readMarker(path: string): Known['marker'] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { id, revision } = JSON.parse(text) as Partial<Marker>;
    if (typeof id === 'string' && id !== '' && Number.isSafeInteger(revision))
      return { id, revision: revision! };
  } catch {
    // As one that lacks a field.
  }
  return 'unreadable';
}

/** Writes the marker, durably and at once. Throws what the file system throws. */
export function writeMarker(path: string, { id, revision }: Marker): void {
  const about =
    'which store this directory is used with, so that another or an empty one is not taken for it';
  writePrivateFile(path, `${JSON.stringify({ about, id, revision }, null, 2)}\n`);
}

/**
 * Decides whether a store may be served. Returns whether it takes the place of the one that the directory was used with, as the
 * user wants it. Throws Unavailable, with the reason and the cure, when it is not that one and nobody has said so.
 */
export function mustBeTheRightOne(found: Found, known: Known): 'right' | 'replaces' {
  const reason = whyNot(found, known);
  if (reason === undefined) return 'right';
  const { file, marker, acceptStore } = known;
  const id = typeof marker === 'object' ? marker.id : unknownId;
  if (acceptStore === id) return 'replaces';
  const what = found === 'nothing' ? 'begin with an empty store' : 'serve it as it is';
  throw new StorageError(
    'Unavailable',
    `${file} ${reason}. Put back the file that belongs here, with its -wal file where there is one. ` +
      `If this is meant, start once with --accept-store=${id} to ${what}`,
  );
}

function whyNot(found: Found, { marker, hasLog }: Known): string | undefined {
  if (marker === 'unreadable') return 'cannot be told from another store: the file store.id cannot be read';
  if (found === 'nothing') {
    if (marker) {
      return `is missing or empty, but this directory was used with the store ${marker.id} up to revision ${marker.revision}`;
    }
    return hasLog ? 'is missing or empty, but its write-ahead log is there' : undefined;
  }
  if (!marker) return undefined;
  if (found.id !== marker.id) {
    return `holds ${found.id ? `the store ${found.id}` : 'a store of an older format'}, but this directory was used with ${marker.id}`;
  }
  if (found.revision < marker.revision) {
    return `is older than what was acknowledged: it ends at revision ${found.revision}, but was at ${marker.revision} already`;
  }
  return undefined;
}
