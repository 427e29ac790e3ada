import type { SecureVersion } from 'node:tls';
import type { NextFunction, Request, Response } from 'express';
import type { Authenticator, Authorizer } from '../access/user.ts';
import type { Kind } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import type { JsonObject } from '../machinery/json.ts';
import { type Budget, createBudget } from '../memory/budget.ts';
import { defaultTotalBytes, memoryPlan } from '../memory/plan.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { Resource } from '../registry/resource.ts';
import { authenticate } from './authentication.ts';
import { type AuthorizationOptions, authorize, authorizeCreate } from './authorization.ts';
import { type BodyOptions, receiveBody } from './body.ts';
import { type Clock, systemClock } from './clock.ts';
import { startDeadline } from './deadline.ts';
import { createDiscovery } from './discovery.ts';
import { answerError } from './errors.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import { createApplication } from './express-bridge.ts';
import { type HandlerOptions, handleResource } from './handlers.ts';
import type { HealthCheck } from './health.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import { InFlight, isReadOnly } from './in-flight.ts';
import { createListener, type TlsProvider } from './listener.ts';
import { createRequestMetrics, type RequestMetrics } from './metrics.ts';
import { createOpenApi } from './openapi.ts';
import { exchangeOf, mountPaths } from './paths.ts';
import { parseTarget, requestInfo } from './request-info.ts';
import { logRequest } from './request-log.ts';
import { sendText } from './respond.ts';
import { route } from './routes.ts';
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
}

const defaultBounds: ServerBounds = {
  maxRequestsInflight: limits.maxReadRequestsInFlight,
  maxMutatingRequestsInflight: limits.maxMutatingRequestsInFlight,
  maxWatchers: limits.maxWatchers,
  requestTimeoutMs: limits.requestTimeoutMs,
  minRequestTimeoutS: limits.minWatchSeconds,
  maxBodyBytes: limits.maxBodyBytes,
  maxWatchBufferBytes: limits.maxWatchBufferBytes,
  maxStreamsPerConnection: limits.maxStreamsPerConnection,
  shutdownDelayMs: 0,
  drainTimeoutMs: limits.drainTimeoutMs,
};

/** The steps that every request goes through before it is routed, in kube-apiserver's order. */
interface Pipeline {
  /** Closes HTTP/1.1 connections that no request is on. */
  closeIdle(): void;
  options: ServerOptions;
  bounds: ServerBounds;
  clock: Clock;
  yaml: YamlThread;
  authorization: AuthorizationOptions;
  inFlight: InFlight;
  budget: Budget;
  bodies: BodyOptions;
  metrics: RequestMetrics;
  handlers: HandlerOptions;
  draining: boolean;
}

/** The API server: TLS, HTTP/1.1 and HTTP/2, identity, rights, bounds, and all paths. It serves nothing until listen() is called. */
export function createServer(options: ServerOptions): ApiServer {
  const bounds = { ...defaultBounds, ...options.bounds };
  const clock = options.clock ?? systemClock;
  const kinds = new Map(options.kinds.map(kind => [kind.plural, kind]));
  const metrics = createRequestMetrics(options.metrics, kinds, clock);
  const inFlight = new InFlight(bounds, { metrics, kinds, clock });
  const budget = options.budget ?? createBudget(memoryPlan(defaultTotalBytes));
  const watches = new WatchStreams();
  const yaml = new YamlThread({
    maxHeapBytes: options.yamlHeapBytes ?? memoryPlan(defaultTotalBytes).workers.yaml,
  });
  const authorization: AuthorizationOptions = {
    authorizer: options.authorize,
    alwaysAllowPaths: options.alwaysAllowPaths,
    kinds,
  };
  const pipeline: Pipeline = {
    options,
    bounds,
    clock,
    yaml,
    authorization,
    inFlight,
    budget,
    bodies: {
      maxBytes: bounds.maxBodyBytes,
      pool: budget.bodies,
      clock,
      onRefused: (exchange, reason) => inFlight.refused(exchange, reason),
    },
    metrics,
    handlers: {
      maxWatchBufferBytes: bounds.maxWatchBufferBytes,
      minWatchSeconds: bounds.minRequestTimeoutS,
      watches,
      clock,
      authorizeCreate: exchange => authorizeCreate(exchange, authorization),
      takePlace: exchange => inFlight.admit(exchange),
      onEvents: metrics.watchEvent,
    },
    draining: false,
    closeIdle: () => setImmediate(() => listener.closeIdle()),
  };
  const shutdown: HealthCheck = {
    name: 'shutdown',
    readyOnly: true,
    check: () => {
      if (pipeline.draining) throw new Error('the server is shutting down');
    },
  };
  const listener = createListener({
    tls: options.tls,
    http2: options.http2,
    minTlsVersion: options.minTlsVersion,
    cipherSuites: options.cipherSuites,
    maxStreamsPerConnection: bounds.maxStreamsPerConnection,
    requestTimeoutMs: bounds.requestTimeoutMs,
    onRequest: createApp(pipeline, shutdown),
    onTlsError: error => {
      metrics.tlsHandshakeErrors.inc();
      options.log.debug('TLS handshake failed', { error: error.message });
    },
    onError: error => options.log.error('the listener failed', { error }),
  });
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
  };
}

function createApp(pipeline: Pipeline, shutdown: HealthCheck) {
  const { options, clock } = pipeline;
  const app = createApplication();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('env', 'production');
  app.enable('case sensitive routing').enable('strict routing');
  app.use(async (request: Request, response: Response, next: NextFunction) => {
    const exchange = begin(pipeline, request as unknown as HttpRequest, response as unknown as HttpResponse);
    response.locals.exchange = exchange;
    await filter(pipeline, exchange);
    // Routes are found by the path that was authorized, whatever its spelling was.
    const { isResource, path } = exchange.info;
    if (!isResource) request.url = path.split('/').map(encodeURIComponent).join('/');
    next();
  });
  app.use(async (request: Request, response: Response, next: NextFunction) => {
    const exchange = exchangeOf(response);
    const found = route(request.method, exchange.info, options.resources);
    if (found) await handleResource(exchange, found, pipeline.handlers);
    else next();
  });
  mountPaths(app, {
    discovery: createDiscovery(options.resources.values()),
    openApi: createOpenApi(options.openApi, new Date(clock.nowMs())),
    version: versionBody(options.versionInfo),
    healthChecks: [...options.healthChecks, shutdown],
    metrics: options.metrics,
    log: options.log,
    clock,
  });
  app.use((_request: Request, response: Response) => {
    sendText(exchangeOf(response), 404, '404 page not found\n');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    answerError(exchangeOf(response), error, options.log);
  });
  return app;
}

function begin(pipeline: Pipeline, request: HttpRequest, response: HttpResponse): Exchange {
  const { options, clock, metrics } = pipeline;
  const exchange = beginExchange(request, response, pipeline);
  // HTTP/2 sessions are told by GOAWAY.
  if (pipeline.draining && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
  exchange.onEnd(() => {
    if (pipeline.draining) pipeline.closeIdle();
    logRequest(exchange, options.log, clock);
    metrics.finished(exchange, Number(response.getHeader('content-length') ?? 0));
  });
  return exchange;
}

/** What a request passes before it is routed. Throws what the client is to be answered. */
async function filter(pipeline: Pipeline, exchange: Exchange): Promise<void> {
  const { options, bounds, clock } = pipeline;
  const { method = '', url = '' } = exchange.request;
  const target = parseTarget(url);
  exchange.query = target.query;
  exchange.info = requestInfo(method, target);
  startDeadline(exchange, bounds.requestTimeoutMs, clock);
  await authenticate(exchange, options.authenticate);
  receiveBody(exchange, pipeline.bodies);
  await authorize(exchange, pipeline.authorization);
  if (exchange.info.isResource && exchange.info.verb === 'watch') pipeline.inFlight.admitWatch(exchange);
  // What has a body takes its place once that is there.
  else if (isReadOnly(exchange.info)) await pipeline.inFlight.admit(exchange);
}

function elapsed(clock: Clock, delayMs: number): Promise<void> {
  return new Promise(resolve => {
    clock.after(delayMs, resolve);
  });
}
