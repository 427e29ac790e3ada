import { FairPlaces, NoPlace, type RefusalReason } from '../access/fair-places.ts';
import { partOf, priorityLevelOf, type SharedLevel } from '../access/priority-level.ts';
import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import { tooManyRequests } from '../machinery/status.ts';
import { SharedBytes } from '../memory/shared-bytes.ts';
import type { Clock } from './clock.ts';
import { type Exchange, over } from './exchange.ts';
import { isHealthPath } from './health.ts';
import { type RequestMetrics, targetLabels } from './metrics.ts';
import type { RequestInfo } from './request-info.ts';
import { TextError } from './respond.ts';

export interface InFlightBounds {
  maxRequestsInflight: number;
  maxMutatingRequestsInflight: number;
  maxWatchers: number;
}

type RequestKind = 'readOnly' | 'mutating';

const readOnlyVerbs = new Set(['get', 'list', 'head', 'options']);

function kindOf(info: RequestInfo): RequestKind {
  return isReadOnly(info) ? 'readOnly' : 'mutating';
}

/** Whether a request only reads. Others have a body, or change something. */
export function isReadOnly({ verb }: RequestInfo): boolean {
  return readOnlyVerbs.has(verb);
}

/**
 * Bounds what is served at once: reads and writes apart, and watches by a bound of their own. Each class of callers has places
 * that the others cannot fill, and within a class each user has a share and a bounded queue (kube-apiserver's API Priority and
 * Fairness, KEP-1040). Members of system:masters and the probes always get through, so that an overloaded server can be mended
 * and is not taken for a dead one.
 */
export class InFlight {
  readonly #metrics: RequestMetrics;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #places: Record<RequestKind, Record<SharedLevel, FairPlaces>>;
  readonly #exempt = { readOnly: 0, mutating: 0 };
  readonly #maxWatchers: number;
  /** Watches of those who are no part of the system, by user. */
  readonly #watchers: Record<'users' | 'anonymous', SharedBytes>;
  #open = 0;
  readonly #openByTarget = new Map<string, number>();

  constructor(
    bounds: InFlightBounds,
    { metrics, kinds, clock }: { metrics: RequestMetrics; kinds: ReadonlyMap<string, Kind>; clock: Clock },
  ) {
    this.#metrics = metrics;
    this.#kinds = kinds;
    const places = (kind: RequestKind, total: number) => {
      const of = (level: SharedLevel) => this.#placesOf(kind, level, total, clock);
      return { system: of('system'), users: of('users'), anonymous: of('anonymous') };
    };
    this.#places = {
      readOnly: places('readOnly', bounds.maxRequestsInflight),
      mutating: places('mutating', bounds.maxMutatingRequestsInflight),
    };
    this.#maxWatchers = bounds.maxWatchers;
    this.#watchers = {
      users: new SharedBytes(partOf('users', bounds.maxWatchers)),
      anonymous: new SharedBytes(partOf('anonymous', bounds.maxWatchers)),
    };
  }

  /**
   * Takes a place until the exchange ends, after a wait if need be. To be asked once the caller is known and allowed, and the body
   * is there: nobody holds a place while others are waited for. Throws a 429 with Retry-After when there is none.
   */
  async admit(exchange: Exchange): Promise<void> {
    const { info, user, abort } = exchange;
    if (isHealthPath(info.path)) return;
    const kind = kindOf(info);
    const level = priorityLevelOf(user);
    if (level === 'exempt') {
      this.#countExempt(kind, 1);
      exchange.onEnd(() => this.#countExempt(kind, -1));
      return;
    }
    try {
      exchange.onEnd(await this.#places[kind][level].take(user.name, abort.signal));
    } catch (error) {
      if (!(error instanceof NoPlace)) throw error;
      if (error.reason === 'cancelled') throw over;
      this.refused(exchange, error.reason);
      throw new TextError(429, 'Too many requests, please try again later.\n', { 'Retry-After': '1' });
    }
  }

  /**
   * Counts a watch until the exchange ends. One user has at most half of what all users have together; the system may use all
   * there is, since the agents of all nodes are one user. Throws a 429 with Retry-After.
   */
  admitWatch(exchange: Exchange): void {
    const { user } = exchange;
    const level = priorityLevelOf(user);
    const shared = level === 'users' || level === 'anonymous' ? this.#watchers[level] : undefined;
    const room = this.#open < this.#maxWatchers;
    const hold = room && shared ? shared.take(user.name, 1) : undefined;
    if (!room || (shared && !hold)) {
      this.refused(exchange, 'queue-full');
      throw tooManyRequests('Too many requests: too many watches are open, please try again later', 5);
    }
    const labels = targetLabels(exchange.info, this.#kinds);
    this.#countWatch(labels, 1);
    exchange.onEnd(() => {
      hold?.release();
      this.#countWatch(labels, -1);
    });
  }

  /** Counts a request that was refused to keep room for others. */
  refused(
    { info, user }: Exchange,
    reason: Exclude<RefusalReason, 'cancelled'> | 'body-share' | 'body-rate',
  ): void {
    const kind = info.verb === 'watch' ? 'watch' : kindOf(info);
    this.#metrics.rejected.inc({ code: reason === 'body-rate' ? '408' : '429' });
    this.#metrics.refused.inc({ priority_level: priorityLevelOf(user), request_kind: kind, reason });
  }

  #placesOf(kind: RequestKind, level: SharedLevel, total: number, clock: Clock): FairPlaces {
    const labels = { request_kind: kind, priority_level: level };
    const places = new FairPlaces({
      places: partOf(level, total),
      maxQueued: limits.maxQueuedRequests,
      maxWaitMs: limits.maxQueueWaitMs,
      fair: level !== 'anonymous',
      after: (delayMs, callback) => clock.after(delayMs, callback),
      onChange: () => {
        this.#metrics.executing.set(labels, places.running);
        this.#metrics.inQueue.set(labels, places.queued);
        this.#tellRunning(kind);
      },
    });
    return places;
  }

  #countExempt(kind: RequestKind, by: 1 | -1): void {
    this.#exempt[kind] += by;
    this.#tellRunning(kind);
  }

  #tellRunning(kind: RequestKind): void {
    const levels = Object.values(this.#places[kind]);
    const running = levels.reduce((sum, places) => sum + places.running, this.#exempt[kind]);
    this.#metrics.inFlight.set({ request_kind: kind }, running);
  }

  #countWatch(labels: Record<string, string>, by: 1 | -1): void {
    const target = JSON.stringify(labels);
    const open = (this.#openByTarget.get(target) ?? 0) + by;
    this.#open += by;
    this.#openByTarget.set(target, open);
    this.#metrics.longRunning.set(labels, open);
  }
}
