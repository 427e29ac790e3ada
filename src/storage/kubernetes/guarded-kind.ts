import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { Lease } from './lease.ts';

/**
 * What a write does with a guarded kind: changes it, rests on it, or both. Those who change it do not disturb each other, nor do those
 * who rest on it; one sort excludes the other, and whoever does both excludes everybody.
 */
export type Use = 'change' | 'rest' | 'both';

interface Waiting {
  use: Use;
  start(until: number): void;
  fail(error: Error): void;
}

/** Admits the writes of this server that touch one guarded kind, while it holds the kind's Lease. */
export class GuardedKind {
  readonly #lease: Lease;
  readonly #clock: () => number;
  readonly #queue: Waiting[] = [];
  #use: Use = 'change';
  #active = 0;
  #until = 0;
  #takenMs = 0;
  #state: 'free' | 'changing' | 'held' = 'free';

  constructor(lease: Lease, clock: () => number = () => performance.now()) {
    this.#lease = lease;
    this.#clock = clock;
  }

  /**
   * Does the work while nobody else, on any server, does what its use excludes; it must be done by `until`. Throws Unavailable
   * where the Lease cannot be had, else what the work throws.
   */
  async run<T>(use: Use, work: (until: number) => Promise<T>): Promise<T> {
    const until = await new Promise<number>((start, fail) => {
      this.#queue.push({ use, start, fail });
      this.#admit();
    });
    try {
      return await work(until);
    } finally {
      this.#active--;
      this.#admit();
    }
  }

  /** Lets in who may come in now. Other servers get their turn once the Lease was held for a while, or is not needed. */
  #admit(): void {
    if (this.#state === 'changing') return;
    const longEnough = this.#clock() - this.#takenMs > limits.guardHoldMs;
    if (this.#state === 'held' && (longEnough || this.#queue.length === 0)) {
      if (this.#active === 0) void this.#giveBack();
      return;
    }
    if (this.#queue.length === 0) return;
    if (this.#state === 'free') {
      void this.#take();
      return;
    }
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (this.#active > 0 && (next.use !== this.#use || next.use === 'both')) return;
      this.#queue.shift();
      this.#use = next.use;
      this.#active++;
      next.start(this.#until);
    }
  }

  /** Gives the Lease back, where no work is under way; it would run out by itself. */
  async close(): Promise<void> {
    await this.#lease.giveBack();
  }

  async #take(): Promise<void> {
    this.#state = 'changing';
    try {
      this.#until = await this.#lease.take();
      this.#takenMs = this.#clock();
      this.#state = 'held';
    } catch (error) {
      this.#state = 'free';
      for (const waiting of this.#queue.splice(0)) waiting.fail(error as Error);
    }
    this.#admit();
  }

  async #giveBack(): Promise<void> {
    this.#state = 'changing';
    await this.#lease.giveBack();
    // Other servers look at it now and then; one that has more to do would always be faster.
    if (this.#queue.length > 0) await sleep(limits.guardPauseMs);
    this.#state = 'free';
    this.#admit();
  }
}
