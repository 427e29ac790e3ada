import type { Budget } from '../memory/budget.ts';
import type { MemoryPlan } from '../memory/plan.ts';
import type { Metrics } from '../observability/observability.ts';

/** Shows in the metrics what the plan gives to each part, and what is counted as used of it. */
export function reportMemory(metrics: Metrics, plan: MemoryPlan, budget: Budget): void {
  const { total, heap, bodies, answers, watches, history, caches, connections, reserve } = plan;
  const parts = {
    total,
    heap,
    bodies,
    answers,
    watches,
    history,
    caches,
    connections: connections.bytes,
    reserve,
  };
  const planned = metrics.gauge('tortie_memory_planned_bytes', 'Memory that a part of the server may use.', [
    'part',
  ]);
  for (const [part, bytes] of Object.entries(parts)) planned.set({ part }, bytes);
  metrics.gauge(
    'tortie_memory_used_bytes',
    'Memory that the server counts as used by a part.',
    ['part'],
    gauge => {
      for (const [part, pool] of Object.entries(budget)) gauge.set({ part }, pool.used);
    },
  );
}
