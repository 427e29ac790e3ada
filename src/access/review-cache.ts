import { limits } from '../limits.ts';
import { tooManyRequests } from '../machinery/status.ts';

export interface ReviewCacheOptions {
  /** A clock that never jumps, ms. */
  now?: () => number;
  maxEntries?: number;
  maxInFlight?: number;
}

/**
 * Answers of reviews, kept for limits.reviewCacheMs. All who ask the same question while it is under way
 * share one review. Failures are not kept: the next request asks again.
 */
export class ReviewCache<Answer> {
  readonly #kept = new Map<string, { answer: Answer; untilMs: number }>();
  readonly #underWay = new Map<string, Promise<Answer>>();
  readonly #now: () => number;
  readonly #maxEntries: number;
  readonly #maxInFlight: number;

  constructor(options: ReviewCacheOptions = {}) {
    this.#now = options.now ?? (() => performance.now());
    this.#maxEntries = options.maxEntries ?? limits.maxReviewCacheEntries;
    this.#maxInFlight = options.maxInFlight ?? limits.maxReviewsInFlight;
  }

  /** Answers kept just now, those that are too old included. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * The answer to the question that `key` stands for; `ask` puts it when no answer is kept. With `keep` false
   * the answer is only shared, not kept. Rejects as `ask` does, and with 429 when too many reviews are under
   * way.
   */
  get(key: string, ask: () => Promise<Answer>, options: { keep: boolean } = { keep: true }): Promise<Answer> {
    const kept = this.#kept.get(key);
    if (kept && this.#now() < kept.untilMs) return Promise.resolve(kept.answer);
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    if (this.#underWay.size >= this.#maxInFlight) {
      return Promise.reject(tooManyRequests('Too many requests: too many access reviews are under way', 1));
    }
    const review = this.#review(key, ask, options.keep).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, review);
    return review;
  }

  async #review(key: string, ask: () => Promise<Answer>, keep: boolean): Promise<Answer> {
    const answer = await ask();
    if (keep) this.#keep(key, answer);
    return answer;
  }

  #keep(key: string, answer: Answer): void {
    const nowMs = this.#now();
    this.#kept.delete(key);
    this.#kept.set(key, { answer, untilMs: nowMs + limits.reviewCacheMs });
    // All live equally long, so the oldest come first.
    for (const [oldKey, { untilMs }] of this.#kept) {
      if (nowMs < untilMs && this.#kept.size <= this.#maxEntries) break;
      this.#kept.delete(oldKey);
    }
  }
}
