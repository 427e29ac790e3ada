import type { Budget } from '../memory/budget.ts';
import type { MemoryPlan } from '../memory/plan.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { Resources } from './resources.ts';

/** What the server says about its memory. */
export interface MemoryReport {
  /** What a person should know; undefined while the objects fit into their part. */
  note(): string | undefined;
  close(): void;
}

const MiB = 1024 * 1024;
const checkMs = 60_000;

/**
 * Shows in the metrics what the plan gives to each part, and what is counted as used of it. Objects cannot be refused: when they
 * outgrow their part, a warning says so.
 */
export function reportMemory(parts: {
  metrics: Metrics;
  plan: MemoryPlan;
  budget: Budget;
  resources: Pick<Resources, 'caches' | 'histories'>;
  log: Log;
}): MemoryReport {
  const { metrics, plan, budget, resources, log } = parts;
  const { total, heap, bodies, answers, watches, history, caches, connections, reserve } = plan;
  const planned = metrics.gauge('tortie_memory_planned_bytes', 'Memory that a part of the server may use.', [
    'part',
  ]);
  const pools = { bodies, answers, watches, history, caches, connections: connections.bytes };
  for (const [part, bytes] of Object.entries({ total, heap, ...pools, reserve }))
    planned.set({ part }, bytes);
  const cached = () => {
    let bytes = 0;
    for (const cache of resources.caches.values()) bytes += cache.bytes;
    return bytes;
  };
  metrics.gauge(
    'tortie_memory_used_bytes',
    'Memory that the server counts as used by a part.',
    ['part'],
    gauge => {
      for (const [part, pool] of Object.entries(budget)) gauge.set({ part }, pool.used);
      gauge.set({ part: 'history' }, resources.histories.used);
      gauge.set({ part: 'caches' }, cached());
    },
  );
  const note = () => {
    const bytes = cached();
    if (bytes <= caches) return undefined;
    return `the objects take ${Math.round(bytes / MiB)} MiB, more than the ${Math.round(caches / MiB)} MiB that are planned: give the server more memory`;
  };
  const warn = () => {
    const text = note();
    if (text) log.warn('memory is short', { reason: text });
  };
  const timer = setInterval(warn, checkMs).unref();
  return { note, close: () => clearInterval(timer) };
}
