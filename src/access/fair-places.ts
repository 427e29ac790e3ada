import { ExpectedError } from '../machinery/expected-error.ts';

/** Why a place was refused, in the words of kube-apiserver's metrics. */
export type RefusalReason = 'queue-full' | 'time-out' | 'cancelled';

/** Thrown to a caller that gets no place. */
export class NoPlace extends ExpectedError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`no place: ${reason}`);
    this.name = 'NoPlace';
    this.reason = reason;
  }
}

/** Gives a place back; only the first call counts. */
export type Release = () => void;

export interface FairPlacesOptions {
  places: number;
  /** Callers that may wait. */
  maxQueued: number;
  maxWaitMs: number;
  /** Whether a flow leaves room for others. Not where all callers are one flow. */
  fair?: boolean;
  /** Calls back once after a time; the function returned cancels it. */
  after?: (delayMs: number, callback: () => void) => () => void;
  /** Called after each change of `running` or `queued`. */
  onChange?: () => void;
  /** Called for each caller that gets no place, but for those that have gone. */
  onRefused?: (reason: Exclude<RefusalReason, 'cancelled'>) => void;
}

interface Waiter {
  start(release: Release): void;
}

/**
 * A bounded number of places that flows (users, mostly) share. A flow may hold no more places than are free for everybody else,
 * so that a single one gets half of them, and a newcomer finds one (dynamic thresholds, as in SharedBytes). Beyond that its
 * callers wait in a queue of the flow, under the same rule and for a bounded time. Queues are served in turn (kube-apiserver's
 * fair queuing, KEP-1040, with requests counted alike).
 */
export class FairPlaces {
  readonly #options: FairPlacesOptions;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiter>>();
  #running = 0;
  #queued = 0;

  constructor(options: FairPlacesOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queued;
  }

  /**
   * Takes a place for the flow, after a wait if need be. Rejects with NoPlace: when the queue is full, when the wait has been
   * too long, or as soon as the signal is aborted.
   */
  async take(flow: string, signal?: AbortSignal): Promise<Release> {
    if (signal?.aborted) throw new NoPlace('cancelled');
    if (this.#waiting.has(flow) || !this.#mayTake(flow)) return this.#wait(flow, signal);
    return this.#start(flow);
  }

  #mayTake(flow: string): boolean {
    return this.#leavesRoom(this.#held.get(flow) ?? 0, this.#options.places - this.#running);
  }

  #leavesRoom(held: number, free: number): boolean {
    return this.#options.fair === false ? free > 0 : held < free;
  }

  #start(flow: string): Release {
    this.#running++;
    this.#held.set(flow, (this.#held.get(flow) ?? 0) + 1);
    this.#options.onChange?.();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#running--;
      const held = this.#held.get(flow)! - 1;
      if (held === 0) this.#held.delete(flow);
      else this.#held.set(flow, held);
      this.#serve();
      this.#options.onChange?.();
    };
  }

  #wait(flow: string, signal: AbortSignal | undefined): Promise<Release> {
    const { places, maxQueued, maxWaitMs, after = afterTimeout } = this.#options;
    const queue = this.#waiting.get(flow) ?? new Set<Waiter>();
    if (places === 0 || !this.#leavesRoom(queue.size, maxQueued - this.#queued)) {
      this.#options.onRefused?.('queue-full');
      throw new NoPlace('queue-full');
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        cancel();
        signal?.removeEventListener('abort', onAbort);
        queue.delete(waiter);
        this.#queued--;
        if (queue.size === 0) this.#waiting.delete(flow);
      };
      const giveUp = (reason: RefusalReason) => {
        leave();
        this.#options.onChange?.();
        if (reason !== 'cancelled') this.#options.onRefused?.(reason);
        reject(new NoPlace(reason));
      };
      const waiter: Waiter = {
        start: release => {
          leave();
          resolve(release);
        },
      };
      const onAbort = () => giveUp('cancelled');
      const cancel = after(maxWaitMs, () => giveUp('time-out'));
      signal?.addEventListener('abort', onAbort);
      this.#waiting.set(flow, queue.add(waiter));
      this.#queued++;
      this.#options.onChange?.();
    });
  }

  /** Gives free places to the flows that wait, in turn. A flow that has its share keeps its turn. */
  #serve(): void {
    for (const [flow, queue] of this.#waiting) {
      if (this.#running >= this.#options.places) return;
      if (!this.#mayTake(flow)) continue;
      const [first] = queue;
      // To the end of the line: the loop comes to it again there.
      this.#waiting.delete(flow);
      if (queue.size > 1) this.#waiting.set(flow, queue);
      first!.start(this.#start(flow));
    }
  }
}

function afterTimeout(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
