import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { writePrivateFile } from '../../storage/sqlite/private-files.ts';

const title = 'journal of a migration by tortie';
const version = 1;

/** The stores that a journal is about. */
export interface Route {
  from: string;
  to: string;
}

/** States of one object that are remembered: the one before a write that was cut short, and that write's. */
const remembered = 3;

/**
 * What a migration has brought into its target: of each object the fingerprints of the states that were written, noted before each
 * write. So a later run knows what it may change or remove: an object that still is as it was brought.
 */
export class Journal {
  readonly #states = new Map<string, string[]>();
  readonly #file: number;

  /**
   * Opens the journal, and begins one where there is none. Throws where the file is the journal of other stores, or none, and what
   * the file system throws.
   */
  constructor(path: string, route: Route) {
    const header = { title, version, ...route };
    if (existsSync(path)) this.#read(path, header);
    // Written anew, so that it has each object once.
    const lines = [JSON.stringify(header)];
    for (const [id, states] of this.#states) for (const state of states) lines.push(lineOf({ id, state }));
    writePrivateFile(path, `${lines.join('\n')}\n`);
    this.#file = openSync(path, 'a');
  }

  /** Whether the object has been brought here in this very state. */
  has(id: string, state: string): boolean {
    return this.#states.get(id)?.includes(state) === true;
  }

  /** Notes that the object is about to be written so. */
  note(id: string, state: string): void {
    if (this.#states.get(id)?.at(-1) === state) return;
    this.#add(id, state);
    appendFileSync(this.#file, `${lineOf({ id, state })}\n`);
  }

  /** Notes that the object has been removed. */
  forget(id: string): void {
    if (!this.#states.delete(id)) return;
    appendFileSync(this.#file, `${lineOf({ id })}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  #add(id: string, state: string): void {
    const before = (this.#states.get(id) ?? []).filter(other => other !== state);
    this.#states.set(id, [...before, state].slice(-remembered));
  }

  #read(path: string, header: Route & { title: string; version: number }): void {
    const [first = '', ...lines] = readFileSync(path, 'utf8').split('\n');
    const found = parse(first);
    if (found?.title !== title) throw new Error(`${path} is no journal of a migration`);
    if (found.version !== version) throw new Error(`${path} is a journal of another version of tortie`);
    if (found.from !== header.from || found.to !== header.to) {
      throw new Error(`${path} is the journal of a migration from ${found.from} to ${found.to}`);
    }
    for (const line of lines) {
      // A process that was killed may have left half a line: the write after it did not begin.
      const { id, state } = parse(line) ?? {};
      if (id === undefined) continue;
      if (state === undefined) this.#states.delete(id);
      else this.#add(id, state);
    }
  }
}

function lineOf(line: { id: string; state?: string }): string {
  return JSON.stringify(line);
}

function parse(
  line: string,
): (Record<string, string | number | undefined> & { id?: string; state?: string }) | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
