import assert from 'node:assert/strict';
import type { Backend, Change, Entry, Revision, Watch } from '../../../src/storage/backend.ts';
import { StorageError, type StorageErrorCode } from '../../../src/storage/errors.ts';

/** An entry or a change with its value as text. */
export interface Seen {
  type?: Change['type'];
  key: string;
  value: string;
  revision: Revision;
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Entries or changes in a form to compare and to read; the revision of the create, which not every store keeps, left out. */
export function seen(entries: (Entry | Change)[]): Seen[] {
  return entries.map(({ createRevision: _, ...entry }) => ({
    ...entry,
    value: Buffer.from(entry.value).toString(),
  }));
}

export function keysOf(entries: Entry[]): string[] {
  return entries.map(entry => entry.key);
}

/** Writes that need no thought. */
export const create = (store: Backend, key: string, value = key): Promise<Entry> =>
  store.write({ type: 'create', key, value: bytes(value) });
export const update = (store: Backend, key: string, expect: Revision, value: string): Promise<Entry> =>
  store.write({ type: 'update', key, value: bytes(value), expect });
export const remove = (store: Backend, key: string, expect: Revision): Promise<Entry> =>
  store.write({ type: 'delete', key, expect });

/** Asserts that a call throws the StorageError of this code, and returns it. */
export async function fails(call: Promise<unknown>, code: StorageErrorCode): Promise<StorageError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof StorageError, `not a StorageError: ${error}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `nothing thrown, expected ${code}` });
}

/** A watch that remembers what it was told, and checks what holds for every watch: order, and nothing empty. */
export class Recorder {
  readonly changes: Seen[] = [];
  readonly errors: Error[] = [];
  readonly prefix: string;
  readonly from: Revision;
  #watch: Watch | undefined;
  #waiters: (() => void)[] = [];

  private constructor(prefix: string, from: Revision) {
    this.prefix = prefix;
    this.from = from;
  }

  static async start(store: Backend, prefix: string, from?: Revision): Promise<Recorder> {
    const recorder = new Recorder(prefix, from ?? (await store.revision()));
    recorder.#watch = await store.watch(prefix, recorder.from, {
      onChanges: changes => recorder.#take(changes),
      onError: error => {
        recorder.errors.push(error);
        recorder.#wake();
      },
    });
    return recorder;
  }

  /** Key and value of each change, a deletion marked. */
  get story(): string[] {
    return this.changes.map(change => `${change.key}${change.type === 'delete' ? ' -' : '='}${change.value}`);
  }

  get last(): Revision {
    return this.changes.at(-1)?.revision ?? this.from;
  }

  progress(keys?: string[]): Promise<Revision> {
    return this.#watch!.progress(keys);
  }

  close(): void {
    this.#watch!.close();
  }

  /** Waits until the revision has been delivered or passed, or the watch has ended. */
  async reaches(revision: Revision): Promise<void> {
    while (this.last < revision && this.errors.length === 0) {
      await new Promise<void>(resolve => this.#waiters.push(resolve));
    }
  }

  /** Waits until the watch has ended, and returns why. */
  async ended(): Promise<Error> {
    while (this.errors.length === 0) await new Promise<void>(resolve => this.#waiters.push(resolve));
    return this.errors[0]!;
  }

  #take(changes: Change[]): void {
    assert.notEqual(changes.length, 0, 'changes are never empty');
    assert.equal(this.errors.length, 0, 'nothing follows an error');
    for (const change of seen(changes)) {
      assert.ok(change.revision > this.last, `${change.revision} told after ${this.last}`);
      assert.ok(change.key.startsWith(this.prefix), `${change.key} is not under ${this.prefix}`);
      this.changes.push(change);
    }
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
