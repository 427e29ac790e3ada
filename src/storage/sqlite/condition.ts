import type { Gauge, Log, Metrics } from '../../observability/observability.ts';
import type { StorageError } from '../errors.ts';

/** Whether the store's file is sound, as far as has been seen. Damage stays until the process ends, whoever has found it. */
export class Condition {
  readonly #log: Log | undefined;
  readonly #gauge: Gauge | undefined;
  #damage: StorageError | undefined;

  constructor({ log, metrics }: { log?: Log; metrics?: Metrics }) {
    this.#log = log;
    this.#gauge = metrics?.gauge(
      'tortie_store_damaged',
      'Whether something of the embedded store cannot be read: it takes no writes then.',
    );
    this.#gauge?.set({}, 0);
  }

  /** Notes what has been found, and says so once. */
  damaged(error: StorageError): void {
    if (this.#damage) return;
    this.#damage = error;
    this.#gauge?.set({}, 1);
    this.#log?.error('the embedded store is damaged', { error: error.message });
  }

  /** Throws Unavailable while there may be no writes. */
  mustBeSound(): void {
    if (this.#damage) throw this.#damage;
  }
}
