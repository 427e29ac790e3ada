import { Worker } from 'node:worker_threads';
import type { Change, Entry, Write } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { fromFailure } from './failure.ts';
import type { Answer, Ask, CallName, Outcome, Reply, Request, WorkerOptions } from './messages.ts';

/** What is told of a worker beyond the answers to calls. All are called synchronously, as its messages come in. */
export interface ConnectionHandlers {
  /** Changes just committed, in order; their writes are acknowledged after this returns. */
  onCommitted(changes: Change[]): void;
  /** Something of the file cannot be read; nothing is written to it any more. */
  onDamage(error: StorageError): void;
  /** The worker is gone, with everything it had under way; another takes its place. */
  onCrash(error: StorageError): void;
}

interface Pending {
  write?: Write;
  resolve(answer: unknown): void;
  reject(error: StorageError): void;
}

const restartDelayMs = 1_000;
/** Values lie outside of the heap: what is short-lived there is small. */
const youngHeapMb = 12;

/** The line to the worker thread: numbered calls, each settled once; a worker that dies is replaced. */
export class Connection {
  readonly #url: URL;
  readonly #options: WorkerOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #worker: Worker | undefined;
  #unsent: Request[] = [];
  /** Why the worker is gone or going. */
  #failure: StorageError | undefined;
  #ready = false;
  #closing = false;
  #restart: NodeJS.Timeout | undefined;

  private constructor(url: URL, options: WorkerOptions, handlers: ConnectionHandlers) {
    this.#url = url;
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Starts the worker. Throws Unavailable when it cannot open the file. */
  static async open(url: URL, options: WorkerOptions, handlers: ConnectionHandlers): Promise<Connection> {
    const connection = new Connection(url, options, handlers);
    connection.#start();
    try {
      await connection.call('revision', {});
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  /** Asks the worker. Throws what it answers, Unavailable when it is gone, Closed when that was wanted. */
  call<Name extends CallName>(name: Name, ask: Ask<Name>): Promise<Answer<Name>> {
    return new Promise((resolve, reject) => this.send(name, ask, resolve, reject));
  }

  /** Commits a write; the entry as stored. Throws as `call` does. */
  write(ask: Ask<'write'>): Promise<Entry> {
    return new Promise((resolve, reject) => {
      this.#post('write', ask, { write: ask.write, resolve: entry => resolve(entry as Entry), reject });
    });
  }

  /** As `call`, but the answer is handed over before any later message of the worker is looked at. */
  send<Name extends CallName>(
    name: Name,
    ask: Ask<Name>,
    resolve: (answer: Answer<Name>) => void,
    reject: (error: StorageError) => void,
  ): void {
    this.#post(name, ask, { resolve: answer => resolve(answer as Answer<Name>), reject });
  }

  /** Lets the worker finish what it was asked before, and waits for its end. Later calls throw Closed. */
  async close(): Promise<void> {
    clearTimeout(this.#restart);
    const worker = this.#worker;
    const ended = worker && new Promise(resolve => worker.once('exit', resolve));
    // One that cannot answer has ended or will.
    const answered = this.call('close', {}).catch(() => {});
    this.#closing = true;
    await answered;
    await ended;
  }

  #post(type: CallName, ask: object, pending: Pending): void {
    if (this.#closing || !this.#worker) {
      pending.reject(this.#closing ? closed() : this.#failure!);
      return;
    }
    const id = ++this.#lastId;
    this.#pending.set(id, pending);
    // One message for all that is asked in this turn: each costs both threads as much as a small write.
    if (this.#unsent.length === 0) setImmediate(() => this.#send());
    this.#unsent.push({ id, type, ...ask } as Request);
  }

  #send(): void {
    const requests = this.#unsent;
    this.#unsent = [];
    if (requests.length > 0) this.#worker?.postMessage(requests);
  }

  #start(): void {
    const { heapBytes } = this.#options;
    const worker = new Worker(this.#url, {
      workerData: this.#options,
      name: 'storage',
      ...(heapBytes && {
        resourceLimits: {
          maxOldGenerationSizeMb: heapBytes / (1024 * 1024),
          maxYoungGenerationSizeMb: youngHeapMb,
        },
      }),
    });
    this.#worker = worker;
    this.#ready = false;
    this.#failure = undefined;
    worker.on('message', (reply: Reply) => this.#receive(reply));
    worker.on('error', error => {
      this.#failure = unavailable(error instanceof Error ? error.message : String(error), error);
    });
    worker.on('exit', code => this.#exited(code));
  }

  #receive(reply: Reply): void {
    switch (reply.type) {
      case 'ready':
        this.#ready = true;
        return;
      case 'refused':
        this.#failure = fromFailure(reply.failure);
        return;
      case 'damaged':
        this.#handlers.onDamage(fromFailure(reply.failure));
        return;
      case 'committed':
        this.#committed(reply.outcomes);
        return;
      case 'answer':
        this.#take(reply.id)?.resolve(reply.answer);
        return;
      case 'failed':
        this.#take(reply.id)?.reject(fromFailure(reply.failure));
        return;
    }
  }

  /** Tells of the changes first and acknowledges the writes then: who has an acknowledgment has seen the change. */
  #committed(outcomes: Outcome[]): void {
    const changes: Change[] = [];
    const settle: (() => void)[] = [];
    for (const outcome of outcomes) {
      const pending = this.#take(outcome.id);
      const write = pending?.write;
      if (!write) continue;
      if (outcome.failure) {
        const error = fromFailure(outcome.failure);
        settle.push(() => pending.reject(error));
        continue;
      }
      const { key } = write;
      const value = write.type === 'delete' ? outcome.last! : write.value;
      const entry: Entry = { key, value, revision: outcome.revision };
      changes.push({ type: write.type === 'delete' ? 'delete' : 'put', ...entry });
      settle.push(() => pending.resolve(entry));
    }
    this.#handlers.onCommitted(changes);
    for (const each of settle) each();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #exited(code: number): void {
    this.#worker = undefined;
    // What was not sent is not for the next worker: it fails with what was.
    this.#unsent = [];
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    if (this.#closing) {
      for (const pending of lost) pending.reject(closed());
      return;
    }
    const error = this.#failure ?? unavailable(`exit code ${code}`);
    this.#failure = error;
    // One that came up was able to open the file; one that did not is given time.
    if (this.#ready) this.#start();
    else {
      this.#restart = setTimeout(() => this.#start(), restartDelayMs);
      this.#restart.unref();
    }
    this.#handlers.onCrash(error);
    for (const pending of lost) pending.reject(error);
  }
}

function closed(): StorageError {
  return new StorageError('Closed', 'the store is closed');
}

function unavailable(reason: string, cause?: unknown): StorageError {
  return new StorageError('Unavailable', `the store's thread has ended: ${reason}`, { cause });
}
