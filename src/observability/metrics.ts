import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import type { Gauge, Metrics } from './observability.ts';

/**
 * Metrics in a registry of their own, rendered as the Prometheus text format. Asking for a name a second time gives the
 * metric made first. `processMetrics` adds process_* and nodejs_*.
 */
export function createMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const made = new Map<string, unknown>();
  const once = <M>(name: string, make: () => M): M => {
    const existing = made.get(name) as M | undefined;
    if (existing) return existing;
    const metric = make();
    made.set(name, metric);
    return metric;
  };
  return {
    counter: (name, help, labelNames = []) =>
      once(name, () => {
        const metric = new PromCounter({ name, help, labelNames, registers: [registry] });
        return { inc: (labels = {}, by = 1) => metric.inc(labels, by) };
      }),
    gauge: (name, help, labelNames = [], collect) =>
      once(name, () => {
        const metric = new PromGauge({
          name,
          help,
          labelNames,
          registers: [registry],
          ...(collect && { collect: () => collect(gauge) }),
        });
        const gauge: Gauge = { set: (labels, value) => metric.set(labels, value) };
        return gauge;
      }),
    histogram: (name, help, labelNames, buckets) =>
      once(name, () => {
        const metric = new PromHistogram({ name, help, labelNames, buckets, registers: [registry] });
        return { observe: (labels, value) => metric.observe(labels, value) };
      }),
    render: () => registry.metrics(),
  };
}
