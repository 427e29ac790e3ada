import type { Kind } from '../kinds/kind.ts';
import { tooManyRequests } from '../machinery/status.ts';
import type { Exchange } from './exchange.ts';
import { isHealthPath } from './health.ts';
import { type RequestMetrics, targetLabels } from './metrics.ts';
import { TextError } from './respond.ts';

export interface InFlightBounds {
  maxRequestsInflight: number;
  maxMutatingRequestsInflight: number;
  maxWatchers: number;
}

const readOnlyVerbs = new Set(['get', 'list', 'head', 'options']);

/**
 * Bounds what is served at once (kube-apiserver's max-in-flight filter): reads and writes apart; watches have a bound of
 * their own. Members of system:masters and the probes always get through, so that an overloaded server can be mended
 * and is not taken for a dead one.
 */
export class InFlight {
  readonly #bounds: InFlightBounds;
  readonly #metrics: RequestMetrics;
  readonly #running = { readOnly: 0, mutating: 0 };
  readonly #kinds: ReadonlyMap<string, Kind>;
  #watchers = 0;
  readonly #watchersByTarget = new Map<string, number>();

  constructor(bounds: InFlightBounds, metrics: RequestMetrics, kinds: ReadonlyMap<string, Kind>) {
    this.#bounds = bounds;
    this.#metrics = metrics;
    this.#kinds = kinds;
  }

  /** Takes a place until the exchange ends. Throws a 429 with Retry-After when there is none. */
  admit(exchange: Exchange): void {
    const { info, user } = exchange;
    if (info.isResource && info.verb === 'watch') {
      this.#admitWatch(exchange);
      return;
    }
    if (isHealthPath(info.path)) return;
    const kind = readOnlyVerbs.has(info.verb) ? 'readOnly' : 'mutating';
    const max =
      kind === 'readOnly' ? this.#bounds.maxRequestsInflight : this.#bounds.maxMutatingRequestsInflight;
    if (this.#running[kind] >= max && !user.groups.includes('system:masters')) {
      this.#metrics.rejected.inc({ code: '429' });
      throw new TextError(429, 'Too many requests, please try again later.\n', { 'Retry-After': '1' });
    }
    this.#count(kind, 1);
    exchange.onEnd(() => this.#count(kind, -1));
  }

  #admitWatch(exchange: Exchange): void {
    if (this.#watchers >= this.#bounds.maxWatchers) {
      this.#metrics.rejected.inc({ code: '429' });
      throw tooManyRequests('Too many requests: too many watches are open, please try again later', 5);
    }
    const labels = targetLabels(exchange.info, this.#kinds);
    this.#countWatch(labels, 1);
    exchange.onEnd(() => this.#countWatch(labels, -1));
  }

  #countWatch(labels: Record<string, string>, by: 1 | -1): void {
    const target = JSON.stringify(labels);
    const open = (this.#watchersByTarget.get(target) ?? 0) + by;
    this.#watchers += by;
    this.#watchersByTarget.set(target, open);
    this.#metrics.longRunning.set(labels, open);
  }

  #count(kind: 'readOnly' | 'mutating', by: 1 | -1): void {
    this.#running[kind] += by;
    this.#metrics.inFlight.set({ request_kind: kind }, this.#running[kind]);
  }
}
