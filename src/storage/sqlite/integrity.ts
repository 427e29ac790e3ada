import { Worker } from 'node:worker_threads';
import type { Log, Metrics } from '../../observability/observability.ts';
import type { StorageError } from '../errors.ts';
import { fromFailure } from './failure.ts';
import type { Failure } from './messages.ts';

/** What a check has found: damage, or what kept it from looking; neither where the file is sound. */
export interface CheckResult {
  damage?: Failure;
  problem?: string;
}

export interface IntegrityOptions {
  firstMs: number;
  everyMs: number;
  /** The script of the thread. A bundle has to name its own. */
  workerUrl?: URL;
}

/** Reads the whole file of a store some time after its start, and again and again, in a thread of low priority. */
export class IntegrityChecks {
  readonly #parts: {
    file: string;
    options: IntegrityOptions;
    onDamage: (error: StorageError) => void;
    log: Log | undefined;
  };
  readonly #timers: NodeJS.Timeout[];
  readonly #finished: (result: CheckResult, durationMs: number) => void;
  #worker: Worker | undefined;

  constructor(
    parts: {
      file: string;
      options: IntegrityOptions;
      onDamage: (error: StorageError) => void;
      log: Log | undefined;
    },
    metrics: Metrics | undefined,
  ) {
    this.#parts = parts;
    const { firstMs, everyMs } = parts.options;
    this.#timers = [setTimeout(() => this.#run(), firstMs), setInterval(() => this.#run(), everyMs)];
    for (const timer of this.#timers) timer.unref();
    const passed = metrics?.gauge(
      'tortie_store_check_timestamp_seconds',
      'When the embedded store was last read as a whole and found sound, in seconds since 1970.',
    );
    const duration = metrics?.gauge('tortie_store_check_duration_seconds', 'How long that took.');
    this.#finished = ({ damage, problem }, durationMs) => {
      if (damage) return parts.onDamage(fromFailure(damage));
      if (problem !== undefined) {
        parts.log?.warn('the embedded store was not checked', { error: problem });
        return;
      }
      passed?.set({}, Date.now() / 1000);
      duration?.set({}, durationMs / 1000);
      parts.log?.info('the embedded store was checked and is sound', { durationMs });
    };
  }

  /** Stops; resolves when no thread has the file open. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#worker?.terminate();
  }

  #run(): void {
    if (this.#worker) return;
    const { file, options } = this.#parts;
    const startedMs = performance.now();
    const worker = new Worker(options.workerUrl ?? new URL('./integrity-worker.ts', import.meta.url), {
      workerData: { file },
      name: 'storage-check',
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    worker.unref();
    this.#worker = worker;
    worker.once('message', (result: CheckResult) =>
      this.#finished(result, Math.round(performance.now() - startedMs)),
    );
    worker.once('error', error => this.#finished({ problem: error.message }, 0));
    worker.once('exit', () => {
      this.#worker = undefined;
    });
  }
}
