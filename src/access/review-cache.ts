import { limits } from '../limits.ts';
import { tooManyRequests } from '../machinery/status.ts';
import { SharedBytes } from '../memory/shared-bytes.ts';
import { type FairPlaces, NoPlace } from './fair-places.ts';

export interface ReviewCacheOptions<Answer> {
  /** A clock that never jumps, ms. */
  now?: () => number;
  /** Whether the answer is a yes. Others are kept apart, so that questions that anybody can make up do not push it out. */
  isGood: (answer: Answer) => boolean;
  /** Bytes of answers that are kept of each sort. */
  maxBytes?: { good: number; other: number };
}

/** For whom a question is put. */
export interface Asker {
  places: FairPlaces;
  /** Who shares the places with others: a user or an address. */
  flow: string;
  /** Aborted when nobody waits for this asker's answer any more. */
  signal?: AbortSignal | undefined;
}

interface Kept<Answer> {
  answer: Answer;
  untilMs: number;
  release(): void;
}

interface Review<Answer> {
  answer: Promise<Answer>;
  /** Askers that still wait. */
  waiting: number;
  /** Takes the review out of the queue, unless it has been sent. */
  leave(): void;
}

/** What an entry takes beside its texts: measured, with its answer as an object. */
const entryBytes = 500;

/**
 * Answers of reviews, kept for limits.reviewCacheMs within a bound in bytes that askers share. All who ask the same question
 * while it is under way share one review. Failures are not kept: the next request asks again.
 */
export class ReviewCache<Answer> {
  readonly #good = new Map<string, Kept<Answer>>();
  readonly #other = new Map<string, Kept<Answer>>();
  readonly #underWay = new Map<string, Review<Answer>>();
  readonly #pools: { good: SharedBytes; other: SharedBytes };
  readonly #now: () => number;
  readonly #isGood: (answer: Answer) => boolean;

  constructor(options: ReviewCacheOptions<Answer>) {
    const maxBytes = options.maxBytes ?? {
      good: limits.maxReviewCacheBytes,
      other: limits.maxRefusalCacheBytes,
    };
    this.#now = options.now ?? (() => performance.now());
    this.#isGood = options.isGood;
    this.#pools = { good: new SharedBytes(maxBytes.good), other: new SharedBytes(maxBytes.other) };
  }

  /** Answers kept just now, those that are too old included. */
  get size(): number {
    return this.#good.size + this.#other.size;
  }

  /**
   * The answer to the question that `key` stands for; `ask` puts it when no answer is kept. With `keep` false
   * the answer is only shared, not kept. Rejects as `ask` does, with 429 when there is no place for the review, and with NoPlace
   * as soon as the asker's signal is aborted.
   */
  get(key: string, ask: () => Promise<Answer>, asker: Asker, { keep = true } = {}): Promise<Answer> {
    const kept = this.#good.get(key) ?? this.#other.get(key);
    if (kept && this.#now() < kept.untilMs) return Promise.resolve(kept.answer);
    const review = this.#underWay.get(key) ?? this.#start(key, ask, asker, keep);
    return join(review, asker.signal);
  }

  #start(key: string, ask: () => Promise<Answer>, asker: Asker, keep: boolean): Review<Answer> {
    const queue = new AbortController();
    let sent = false;
    const end = () => {
      if (this.#underWay.get(key) === review) this.#underWay.delete(key);
    };
    const run = async () => {
      const release = await placeOf(asker, queue.signal);
      sent = true;
      try {
        const answer = await ask();
        if (keep) this.#keep(key, answer, asker.flow);
        return answer;
      } finally {
        release();
        end();
      }
    };
    const leave = () => {
      if (sent) return;
      end();
      queue.abort();
    };
    const review: Review<Answer> = { answer: run(), waiting: 0, leave };
    this.#underWay.set(key, review);
    review.answer.catch(end);
    return review;
  }

  #keep(key: string, answer: Answer, owner: string): void {
    const nowMs = this.#now();
    for (const answers of [this.#good, this.#other]) {
      // All live equally long, so the oldest come first.
      for (const [oldKey, old] of answers) {
        if (nowMs < old.untilMs) break;
        old.release();
        answers.delete(oldKey);
      }
    }
    const part = this.#isGood(answer) ? 'good' : 'other';
    const bytes = 2 * (key.length + JSON.stringify(answer).length) + entryBytes;
    const hold = this.#pools[part].take(owner, bytes);
    if (!hold) return;
    const answers = part === 'good' ? this.#good : this.#other;
    answers.set(key, { answer, untilMs: nowMs + limits.reviewCacheMs, release: () => hold.release() });
  }
}

/** Waits for the answer as long as its asker does. A review that nobody waits for leaves the queue. */
function join<Answer>(review: Review<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  review.waiting++;
  if (!signal) return review.answer;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      if (--review.waiting === 0) review.leave();
      reject(new NoPlace('cancelled'));
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    review.answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function placeOf({ places, flow }: Asker, signal: AbortSignal) {
  try {
    return await places.take(flow, signal);
  } catch (error) {
    if (!(error instanceof NoPlace) || error.reason === 'cancelled') throw error;
    throw tooManyRequests('Too many requests: too many access reviews are under way', 1);
  }
}
