import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StorageError } from '../errors.ts';
import { damaged, isDamage } from './damage.ts';
import { Database, type WriteResult } from './database.ts';
import { storageError, toFailure } from './failure.ts';
import type { Answer, CallName, Outcome, Reply, Request, WorkerOptions } from './messages.ts';
import { packChanges, packEntries } from './packing.ts';

/** The thread that owns the store's file: takes requests in groups, commits all writes of a group at once, answers in order. */

/** No more messages are taken once there are so many requests. */
const maxGroup = 1_000;
const probeIntervalMs = 1_000;

/** How far the marker may be behind what is acknowledged, in time. */
const markDelayMs = 1_000;

type WriteRequest = Extract<Request, { type: 'write' }>;
type OtherRequest = Exclude<Request, { type: 'write' }>;

class StorageWorker {
  readonly #port: MessagePort;
  readonly #file: string;
  readonly #database: Database;
  /** Why the last write failed; undefined while writes succeed. */
  #failure: StorageError | undefined;
  #probedMs = Number.NEGATIVE_INFINITY;
  /** Why nothing is written any more: something of the file could not be read. */
  #damage: StorageError | undefined;
  /** Whether all live values have been read, so that there may be a first write. */
  #readAll = false;
  #marking: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, file: string, database: Database) {
    this.#port = port;
    this.#file = file;
    this.#database = database;
  }

  /**
   * Serves a group: first its writes, in one transaction, then the rest. A read that was asked for before a write may see
   * it, which is as if it had been asked for later; it never misses one that was acknowledged.
   */
  serve(requests: Request[]): void {
    const writes = requests.filter(request => request.type === 'write');
    if (writes.length > 0) this.#post({ type: 'committed', outcomes: this.#commit(writes) });
    for (const request of requests) {
      if (request.type === 'write') continue;
      const { id, type } = request;
      try {
        const { answer, transfer } = this.#answer(request);
        this.#post({ type: 'answer', id, answer }, transfer);
      } catch (error) {
        this.#post({ type: 'failed', id, failure: toFailure(this.#storageError(error)) });
      }
      if (type === 'close') this.#port.close();
    }
  }

  #commit(requests: WriteRequest[]): Outcome[] {
    let results: WriteResult[];
    try {
      this.#mustBeReadable();
      results = this.#database.commit(requests, Math.max(...requests.map(request => request.nowMs)));
      // What was refused for want of room beside deletes that were taken.
      this.#failure = results.find(
        (result): result is StorageError => result instanceof StorageError && result.code === 'Unavailable',
      );
      this.#markLater();
    } catch (error) {
      const failure = this.#storageError(error);
      this.#failure = failure;
      results = requests.map(() => failure);
    }
    return results.map((result, index) => {
      const { id } = requests[index]!;
      return result instanceof StorageError ? { id, failure: toFailure(result) } : { id, ...result };
    });
  }

  #answer(request: OtherRequest): Answered {
    switch (request.type) {
      case 'get': {
        const found = this.#database.get(request.key);
        const entries = packEntries(found ? [found] : []);
        return answered<'get'>(entries, entries.slabs);
      }
      case 'list': {
        const page = this.#database.list(request.prefix, request.options);
        const entries = packEntries(page.entries);
        return answered<'list'>({ ...page, entries }, entries.slabs);
      }
      case 'changes': {
        const part = this.#database.changes(request.prefix, request.from);
        const changes = packChanges(part.changes);
        return answered<'changes'>({ ...part, changes }, changes.slabs);
      }
      case 'revision':
        return answered<'revision'>(this.#database.revision);
      case 'compact':
        this.#mustBeReadable();
        this.#database.compact(request.revision);
        return answered<'compact'>(undefined);
      case 'check':
        return answered<'check'>(this.#check(request.nowMs));
      case 'pragma':
        return answered<'pragma'>(this.#database.pragma(request.statement));
      case 'close':
        clearTimeout(this.#marking);
        this.#database.mark();
        this.#database.close();
        return answered<'close'>(undefined);
    }
  }

  /**
   * Throws while writes fail, or soon will for want of room. Tries the disk anew when asked, but not for every asker. Returns what
   * should be known besides.
   */
  #check(nowMs: number): string | undefined {
    if (this.#damage) throw this.#damage;
    const note = this.#database.checkRoom();
    if (!this.#failure) return note;
    if (Math.abs(nowMs - this.#probedMs) < probeIntervalMs) throw this.#failure;
    this.#probedMs = nowMs;
    try {
      this.#database.probe();
      this.#failure = undefined;
      return note;
    } catch (error) {
      this.#failure = this.#storageError(error);
      throw this.#failure;
    }
  }

  /** Throws while something of the file cannot be read: nothing is written to such a file. Reads all of it before the first write. */
  #mustBeReadable(): void {
    if (this.#damage) throw this.#damage;
    if (this.#readAll) return;
    this.#database.readAll();
    this.#readAll = true;
  }

  /** Any error as a StorageError; one that tells of damage is the end of all writes. */
  #storageError(error: unknown): StorageError {
    if (!isDamage(error)) return storageError(error, this.#file);
    if (!this.#damage) {
      this.#damage = damaged(this.#file, error);
      this.#post({ type: 'damaged', failure: toFailure(this.#damage) });
    }
    return this.#damage;
  }

  #markLater(): void {
    if (!this.#database.isUnmarked) return;
    this.#marking ??= setTimeout(() => {
      this.#marking = undefined;
      this.#database.mark();
    }, markDelayMs);
  }

  #post(reply: Reply, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(reply, transfer);
  }
}

interface Answered {
  answer: unknown;
  /** What is handed over rather than copied. */
  transfer: ArrayBuffer[];
}

function answered<Name extends CallName>(answer: Answer<Name>, transfer: ArrayBuffer[] = []): Answered {
  return { answer, transfer };
}

function start(port: MessagePort, options: WorkerOptions): void {
  let database: Database;
  try {
    database = new Database(options);
  } catch (error) {
    const refused: Reply = { type: 'refused', failure: toFailure(storageError(error, options.file)) };
    port.postMessage(refused);
    port.close();
    return;
  }
  const worker = new StorageWorker(port, options.file, database);
  const ready: Reply = { type: 'ready' };
  port.postMessage(ready);
  port.on('message', (requests: Request[]) => {
    while (requests.length < maxGroup) {
      const next = receiveMessageOnPort(port);
      if (!next) break;
      requests.push(...next.message);
    }
    worker.serve(requests);
  });
}

start(parentPort!, workerData);
