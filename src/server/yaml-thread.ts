import { Worker } from 'node:worker_threads';
import { FairPlaces, NoPlace } from '../access/fair-places.ts';
import { limits } from '../limits.ts';
import { type Decoded, DecodeError, decode, decodeAsJson } from '../machinery/decode.ts';
import type { Json } from '../machinery/json.ts';
import { Slice } from '../machinery/slice.ts';
import { badRequest, requestEntityTooLarge, StatusError, tooManyRequests } from '../machinery/status.ts';
import { inSlices } from '../machinery/steps.ts';
import { over } from './exchange.ts';
import { toYaml } from './yaml.ts';

/** What the thread is asked for: the value of a YAML document, or the YAML of a JSON document. */
export interface YamlRequest {
  type: 'read' | 'write';
  bytes: Uint8Array;
}

/** What it answers. */
export type YamlReply =
  | { value: Json; duplicates: string[] }
  | { problem: { message: string; line: number; column: number } }
  | { bytes: Uint8Array<ArrayBuffer> };

/** Who asks, and when that is over. */
export interface YamlCaller {
  /** The user's name. */
  owner: string;
  signal: AbortSignal;
}

interface Job {
  request: YamlRequest;
  resolve(reply: YamlReply): void;
  reject(error: unknown): void;
}

/**
 * Reads and writes YAML. What is small is done at once; the rest in a thread of its own, since a megabyte holds the event loop
 * for seconds. The thread takes one document at a time, from each user in turn; it is started when it is first needed and ends
 * when it has been idle for a while.
 */
export class YamlThread {
  readonly #maxHeapBytes: number;
  readonly #timeoutMs: number;
  /** One: the thread's. */
  readonly #places = new FairPlaces({
    places: 1,
    maxQueued: limits.maxYamlWaiting,
    maxWaitMs: limits.requestTimeoutMs,
  });
  #worker: Worker | undefined;
  #job: Job | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: { maxHeapBytes: number; timeoutMs?: number }) {
    this.#maxHeapBytes = options.maxHeapBytes;
    this.#timeoutMs = options.timeoutMs ?? limits.yamlTimeoutMs;
  }

  /**
   * Decodes a YAML body, without the positions of its fields. Throws DecodeError as `decode` does; 400 or 413 for a document that
   * takes too much time or memory, 429 where too many wait, and the signal's reason once that is aborted.
   */
  async read(bytes: Buffer, caller: YamlCaller): Promise<Decoded> {
    // kubectl sends JSON under the name of YAML.
    const json = await inSlices(decodeAsJson(bytes), new Slice(), caller.signal);
    if (json) return json;
    if (isSmall(bytes)) return decode(bytes, 'application/yaml');
    const reply = await this.#ask({ type: 'read', bytes }, caller);
    if ('problem' in reply) throw new DecodeError(reply.problem.message, reply.problem);
    if (!('value' in reply)) throw new Error('the YAML thread answered something else');
    return { ...reply, position: () => undefined };
  }

  /**
   * A compact JSON document as YAML. Where the thread lacks the time, the memory or a place it is the JSON itself, which is YAML too:
   * what is answered may have been written already, so that an error would not be true. Throws the signal's reason.
   */
  async write(json: Buffer, caller: YamlCaller): Promise<Buffer> {
    if (json.length <= limits.smallYamlAnswerBytes) {
      return Buffer.from(toYaml(decode(json, 'application/json').value));
    }
    try {
      const reply = await this.#ask({ type: 'write', bytes: json }, caller);
      if (!('bytes' in reply)) throw new Error('the YAML thread answered something else');
      return Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.byteLength);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return Buffer.concat([json, Buffer.from('\n')]);
    }
  }

  /** Ends the thread. A document that it is at fails with an AbortError. */
  async close(): Promise<void> {
    this.#settle(job => job.reject(over));
    await this.#endWorker();
  }

  async #ask(request: YamlRequest, { owner, signal }: YamlCaller): Promise<YamlReply> {
    const release = await this.#takePlace(owner, signal);
    clearTimeout(this.#idle);
    const timer = setTimeout(() => this.#giveUp(), this.#timeoutMs);
    try {
      return await new Promise((resolve, reject) => {
        this.#job = { request, resolve, reject };
        // The thread gets a copy of its own: the bytes may lie in a buffer that others use.
        const bytes = new Uint8Array(request.bytes);
        this.#worker ??= this.#start();
        this.#worker.postMessage({ ...request, bytes }, [bytes.buffer]);
      });
    } finally {
      clearTimeout(timer);
      this.#idle = setTimeout(() => void this.#endWorker(), limits.yamlIdleMs).unref();
      release();
    }
  }

  async #takePlace(owner: string, signal: AbortSignal): Promise<() => void> {
    try {
      return await this.#places.take(owner, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NoPlace)) throw error;
      throw tooManyRequests('too many YAML documents wait to be read or written: use JSON, or try again', 1);
    }
  }

  #start(): Worker {
    const file = process.env.TORTIE_BUNDLED ? './yaml-worker.mjs' : './yaml-worker.ts';
    const worker = new Worker(new URL(file, import.meta.url), {
      name: 'yaml',
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(this.#maxHeapBytes / 1024 / 1024) },
    });
    worker.unref();
    worker.on('message', (reply: YamlReply) => {
      if (this.#worker === worker) this.#settle(job => job.resolve(reply));
    });
    worker.on('error', error => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#settle(job => job.reject(isTooLarge ? tooLarge(job.request) : error));
    });
    return worker;
  }

  #settle(settle: (job: Job) => void): void {
    const job = this.#job;
    this.#job = undefined;
    if (job) settle(job);
  }

  #giveUp(): void {
    void this.#endWorker();
    const seconds = this.#timeoutMs / 1000;
    this.#settle(({ reject }) =>
      reject(badRequest(`the YAML takes longer than ${seconds} s to read or write: use JSON`)),
    );
  }

  async #endWorker(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function tooLarge({ type }: YamlRequest): StatusError {
  return requestEntityTooLarge(`to ${type} the YAML takes more memory than there is: use JSON`);
}

/** Whether a document can be read at once. One with aliases may be far larger than its text. */
function isSmall(bytes: Buffer): boolean {
  return bytes.length <= limits.smallYamlBytes && !(bytes.includes('&') && bytes.includes('*'));
}
