import { AsyncLocalStorage } from 'node:async_hooks';
import type { Counter, Log, Metrics } from '../observability/observability.ts';
import type { Clock } from './clock.ts';
import { LogSampler } from './log-sampler.ts';

/**
 * The net under everything that requests make the server do: an error that no code expected (a panic, as Go calls it) is logged with
 * its stack and counted, and ends the request that caused it, never the process. Why: docs/decisions/panics.md.
 */
export class Panics {
  readonly #log: Log;
  readonly #counter: Counter;
  readonly #lines: LogSampler;
  readonly #causes = new AsyncLocalStorage<(error: unknown) => void>();

  constructor(log: Log, metrics: Metrics, clock: Clock) {
    this.#log = log;
    this.#lines = new LogSampler(clock, (where, count) =>
      log.error('failures left out of the log', { where, count }),
    );
    this.#counter = metrics.counter(
      'tortie_panics_total',
      'Errors that no code expected; the log has the stack of each.',
      ['where'],
    );
  }

  /** Logs and counts an error. Never throws, whatever the log and the metrics do. */
  report(error: unknown, where: 'request' | 'background', fields: Record<string, unknown>): void {
    quietly(() => this.#counter.inc({ where }));
    if (quietly(() => this.#lines.admits(where)) === false) return;
    const what = quietly(() => (error instanceof Error ? error.message : String(error))) ?? 'unknown';
    quietly(() => this.#log.error(`${where} failed: ${what}`, { ...fields, error }));
  }

  /** Runs work so that `uncaught` knows who caused what its timers, promises and callbacks throw. */
  run<T>(onPanic: (error: unknown) => void, work: () => T): T {
    return this.#causes.run(onPanic, work);
  }

  /** Takes an error that nothing caught, and gives it to the request whose work threw it, as far as that is known. */
  uncaught(error: unknown): void {
    const cause = this.#causes.getStore();
    // Node leaves the context of what threw behind; the next error may be another's.
    this.#causes.enterWith(undefined as never);
    if (cause) cause(error);
    else this.report(error, 'background', {});
  }
}

/** Runs a step of a cleanup or a last resort, which must not keep the steps after it from running. */
export function quietly<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
