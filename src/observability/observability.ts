/** What the layers below `cli` report to; main wires it to pino and prom-client. Field names are camelCase, times in ms. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface Counter {
  inc(labels?: Record<string, string>, by?: number): void;
}

export interface Gauge {
  set(labels: Record<string, string>, value: number): void;
}

export interface Histogram {
  observe(labels: Record<string, string>, value: number): void;
}

/** Makes metrics by name, once; `labels` lists the label names. */
export interface Metrics {
  counter(name: string, help: string, labels?: string[]): Counter;
  /** `collect` is called before the gauge is rendered, to set it. */
  gauge(name: string, help: string, labels?: string[], collect?: (gauge: Gauge) => void): Gauge;
  histogram(name: string, help: string, labels: string[], buckets: number[]): Histogram;
  /** The Prometheus text exposition. */
  render(): Promise<string>;
}
