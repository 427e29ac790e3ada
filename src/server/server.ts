import type { SecureVersion } from 'node:tls';
import type { Peer } from '../access/peer.ts';
import type { Authenticator, Authorizer } from '../access/user.ts';
import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import type { JsonObject } from '../machinery/json.ts';
import { type Budget, createBudget } from '../memory/budget.ts';
import { defaultTotalBytes, memoryPlan } from '../memory/plan.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { Resource } from '../registry/resource.ts';
import { Answers } from './answers.ts';
import { type AuthorizationOptions, authorizeCreate } from './authorization.ts';
import { type Clock, systemClock } from './clock.ts';
import { createDiscovery } from './discovery.ts';
import type { HealthCheck } from './health.ts';
import { InFlight } from './in-flight.ts';
import { createListener, type TlsProvider } from './listener.ts';
import { createRequestMetrics } from './metrics.ts';
import { createOpenApi } from './openapi.ts';
import { Panics } from './panic.ts';
import { createPaths } from './paths.ts';
import { type Pipeline, requestListener } from './pipeline.ts';
import { RequestLog } from './request-log.ts';
import { type VersionInfo, versionBody } from './version.ts';
import { WatchStreams } from './watch-stream.ts';
import { YamlThread } from './yaml-thread.ts';

/** Bounds that a flag or a test may set; the others are those of limits.ts. */
export interface ServerBounds {
  maxRequestsInflight: number;
  maxMutatingRequestsInflight: number;
  maxWatchers: number;
  requestTimeoutMs: number;
  /** Shortest life of a watch without timeoutSeconds. */
  minRequestTimeoutS: number;
  maxBodyBytes: number;
  maxWatchBufferBytes: number;
  /** All connections together. */
  maxConnections: number;
  maxStreamsPerConnection: number;
  /** How long to go on serving, not ready, before a drain. */
  shutdownDelayMs: number;
  drainTimeoutMs: number;
}

export interface ServerOptions {
  bindAddress: string;
  /** 0: any free port. */
  securePort: number;
  tls: TlsProvider;
  minTlsVersion?: SecureVersion;
  cipherSuites?: string;
  http2: boolean;
  kinds: Kind[];
  /** By plural. */
  resources: ReadonlyMap<string, Resource>;
  authenticate: Authenticator;
  /** Whether a connection is that of a front proxy, which brings the requests of all users; without it none is. */
  isFrontProxy?: ((peer: Peer) => boolean) | undefined;
  authorize: Authorizer;
  alwaysAllowPaths: string[];
  log: Log;
  metrics: Metrics;
  versionInfo: VersionInfo;
  healthChecks: HealthCheck[];
  openApi: { v2: JsonObject; v3: JsonObject };
  bounds?: Partial<ServerBounds>;
  /** The bytes that users share; those of a server of 1 GiB by default. */
  budget?: Budget;
  /** Of the thread that reads and writes YAML; that of a server of 1 GiB by default. */
  yamlHeapBytes?: number;
  clock?: Clock;
}

export interface ApiServer {
  listen(): Promise<{ address: string; port: number }>;
  /**
   * Stops serving as upstream does on SIGTERM (machinery.md §8): not ready at once, optional delay, no new connections, watches
   * ended cleanly, up to drainTimeoutMs for the rest. Resolves when all connections are closed.
   */
  drain(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
  /**
   * Takes an exception that nothing in the process caught: it ends the request whose work threw it, or is logged and counted where no
   * request did. It never throws.
   */
  uncaught(error: unknown): void;
}

const defaultBounds: ServerBounds = {
  maxRequestsInflight: limits.maxReadRequestsInFlight,
  maxMutatingRequestsInflight: limits.maxMutatingRequestsInFlight,
  maxWatchers: limits.maxWatchers,
  requestTimeoutMs: limits.requestTimeoutMs,
  minRequestTimeoutS: limits.minWatchSeconds,
  maxBodyBytes: limits.maxBodyBytes,
  maxWatchBufferBytes: limits.maxWatchBufferBytes,
  maxConnections: limits.maxConnections,
  maxStreamsPerConnection: limits.maxStreamsPerConnection,
  shutdownDelayMs: 0,
  drainTimeoutMs: limits.drainTimeoutMs,
};

/** The API server: TLS, HTTP/1.1 and HTTP/2, identity, rights, bounds, and all paths. It serves nothing until listen() is called. */
export function createServer(options: ServerOptions): ApiServer {
  const bounds = { ...defaultBounds, ...options.bounds };
  const clock = options.clock ?? systemClock;
  const budget = options.budget ?? createBudget(memoryPlan(defaultTotalBytes));
  const watches = new WatchStreams(budget.watches, () => metrics.connectionEnded('frames'));
  const yaml = new YamlThread({
    maxHeapBytes: options.yamlHeapBytes ?? memoryPlan(defaultTotalBytes).workers.yaml,
  });
  const pipeline = createPipeline(options, { bounds, clock, budget, watches, yaml });
  const { metrics, panics } = pipeline;
  const listener = createListener({
    tls: options.tls,
    http2: options.http2,
    minTlsVersion: options.minTlsVersion,
    cipherSuites: options.cipherSuites,
    isFrontProxy: options.isFrontProxy,
    maxConnections: bounds.maxConnections,
    maxStreamsPerConnection: bounds.maxStreamsPerConnection,
    requestTimeoutMs: bounds.requestTimeoutMs,
    onRequest: requestListener(pipeline),
    clock,
    onConnectionEnd: metrics.connectionEnded,
    onTlsError: error => {
      metrics.tlsHandshakeErrors.inc();
      options.log.debug('TLS handshake failed', { error: error.message });
    },
    onError: error => options.log.error('the listener failed', { error }),
  });
  pipeline.closeIdle = () => setImmediate(() => listener.closeIdle());
  return {
    listen: () => listener.listen(options.securePort, options.bindAddress),
    drain: async () => {
      pipeline.draining = true;
      if (bounds.shutdownDelayMs > 0) await elapsed(clock, bounds.shutdownDelayMs);
      listener.stop();
      watches.endAll();
      const cancel = clock.after(bounds.drainTimeoutMs, () => listener.destroy());
      await listener.closed;
      cancel();
      await yaml.close();
    },
    close: async () => {
      listener.stop();
      listener.destroy();
      await listener.closed;
      await yaml.close();
    },
    uncaught: error => panics.uncaught(error),
  };
}

/** What requests pass through, set up as the options say. */
function createPipeline(
  options: ServerOptions,
  {
    bounds,
    clock,
    budget,
    watches,
    yaml,
  }: { bounds: ServerBounds; clock: Clock; budget: Budget; watches: WatchStreams; yaml: YamlThread },
): Pipeline {
  const kinds = new Map(options.kinds.map(kind => [kind.plural, kind]));
  const metrics = createRequestMetrics(options.metrics, kinds, clock);
  const inFlight = new InFlight(bounds, { metrics, kinds, clock });
  const authorization: AuthorizationOptions = {
    authorizer: options.authorize,
    alwaysAllowPaths: options.alwaysAllowPaths,
    kinds,
  };
  const shutdown: HealthCheck = {
    name: 'shutdown',
    readyOnly: true,
    check: () => {
      if (pipeline.draining) throw new Error('the server is shutting down');
    },
  };
  const pipeline: Pipeline = {
    requestTimeoutMs: bounds.requestTimeoutMs,
    authenticate: options.authenticate,
    bodies: {
      maxBytes: bounds.maxBodyBytes,
      pool: budget.bodies,
      clock,
      onRefused: (exchange, reason) => inFlight.refused(exchange, reason),
    },
    authorization,
    inFlight,
    resources: options.resources,
    handlers: {
      maxWatchBufferBytes: bounds.maxWatchBufferBytes,
      minWatchSeconds: bounds.minRequestTimeoutS,
      watches,
      clock,
      authorizeCreate: exchange => authorizeCreate(exchange, authorization),
      takePlace: exchange => inFlight.admit(exchange),
      onEvents: metrics.watchEvent,
    },
    servePath: createPaths({
      discovery: createDiscovery(options.resources.values()),
      openApi: createOpenApi(options.openApi, new Date(clock.nowMs())),
      version: versionBody(options.versionInfo),
      healthChecks: [...options.healthChecks, shutdown],
      metrics: options.metrics,
      log: options.log,
      clock,
    }),
    draining: false,
    closeIdle: () => {},
    clock,
    yaml,
    answers: new Answers(budget.answers, clock),
    log: options.log,
    requestLog: new RequestLog(options.log, clock),
    metrics,
    panics: new Panics(options.log, options.metrics, clock),
  };
  return pipeline;
}

function elapsed(clock: Clock, delayMs: number): Promise<void> {
  return new Promise(resolve => {
    clock.after(delayMs, resolve);
  });
}
