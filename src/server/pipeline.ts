import type { RequestListener } from 'node:http';
import type { Authenticator } from '../access/user.ts';
import { methodNotAllowed } from '../machinery/status.ts';
import type { Log } from '../observability/observability.ts';
import type { Resource } from '../registry/resource.ts';
import type { Answers } from './answers.ts';
import { authenticate } from './authentication.ts';
import { type AuthorizationOptions, authorize } from './authorization.ts';
import { type BodyOptions, receiveBody } from './body.ts';
import type { Clock } from './clock.ts';
import { startDeadline } from './deadline.ts';
import { deferred } from './deferral.ts';
import { answerError, endInPanic } from './errors.ts';
import { beginExchange, type Exchange, over } from './exchange.ts';
import { type HandlerOptions, handleResource } from './handlers.ts';
import { type HttpRequest, type HttpResponse, isHttp2 } from './http-message.ts';
import { type InFlight, isReadOnly } from './in-flight.ts';
import type { RequestMetrics } from './metrics.ts';
import type { Panics } from './panic.ts';
import { identified } from './place.ts';
import { parseTarget, requestInfo } from './request-info.ts';
import type { RequestLog } from './request-log.ts';
import { TextError } from './respond.ts';
import { route } from './routes.ts';
import type { YamlThread } from './yaml-thread.ts';

/** What requests pass through, in kube-apiserver's order: identity, bounds, rights, and then a resource or one of the other paths. */
export interface Pipeline {
  requestTimeoutMs: number;
  authenticate: Authenticator;
  bodies: BodyOptions;
  authorization: AuthorizationOptions;
  inFlight: InFlight;
  /** By plural. */
  resources: ReadonlyMap<string, Resource>;
  handlers: HandlerOptions;
  /** Answers a request that is for no resource. */
  servePath(exchange: Exchange): void;
  draining: boolean;
  /** Closes HTTP/1.1 connections that no request is on. */
  closeIdle(): void;
  clock: Clock;
  yaml: YamlThread;
  answers: Answers;
  log: Log;
  requestLog: RequestLog;
  metrics: RequestMetrics;
  panics: Panics;
}

/** The listener that takes each request through the pipeline. Whatever happens on the way, it ends that request alone. */
export function requestListener(pipeline: Pipeline): RequestListener {
  const { panics, metrics } = pipeline;
  return deferred(
    (request, response) => {
      try {
        const exchange = begin(pipeline, request, response);
        panics.run(exchange.panic, () => serve(pipeline, exchange));
      } catch (error) {
        panics.report(error, 'request', { url: request.url });
        endInPanic(request, response);
      }
    },
    count => metrics.resetEarly.inc({}, count),
  );
}

function begin(pipeline: Pipeline, request: HttpRequest, response: HttpResponse): Exchange {
  const { requestLog, clock, yaml, answers, metrics, panics } = pipeline;
  const onPanic = ({ auditId, info, user, abort }: Exchange, error: unknown) => {
    panics.report(error, 'request', { auditId, user: user.name, path: info.path });
    endInPanic(request, response);
    abort.abort(over);
  };
  const exchange = beginExchange(request, response, { clock, yaml, answers, onPanic });
  // HTTP/2 sessions are told by GOAWAY.
  if (pipeline.draining && !isHttp2(request)) response.setHeader('Connection', 'close');
  exchange.onEnd(() => {
    if (pipeline.draining) pipeline.closeIdle();
  });
  exchange.onEnd(() => requestLog.write(exchange));
  exchange.onEnd(() => metrics.finished(exchange, Number(response.getHeader('content-length') ?? 0)));
  return exchange;
}

/** Answers a request. Never rejects. */
async function serve(pipeline: Pipeline, exchange: Exchange): Promise<void> {
  try {
    await filter(pipeline, exchange);
    const found = route(exchange.request.method ?? '', exchange.info, pipeline.resources);
    if (found) await handleResource(exchange, found, pipeline.handlers);
    else pipeline.servePath(exchange);
  } catch (error) {
    answerError(exchange, error, pipeline.log);
  }
}

/** What a request passes before it is routed. Throws what the client is to be answered. */
async function filter(pipeline: Pipeline, exchange: Exchange): Promise<void> {
  const { request, abort } = exchange;
  const { method = '', url = '' } = request;
  checkVersion(request);
  if (method === 'CONNECT') throw methodNotAllowed();
  checkExpectation(request);
  const target = parseTarget(url);
  exchange.query = target.query;
  exchange.info = requestInfo(method, target);
  startDeadline(exchange, pipeline.requestTimeoutMs, pipeline.clock);
  await authenticate(exchange, pipeline.authenticate);
  identified(request, exchange.user);
  abort.signal.throwIfAborted();
  receiveBody(exchange, pipeline.bodies);
  await authorize(exchange, pipeline.authorization);
  abort.signal.throwIfAborted();
  if (exchange.info.isResource && exchange.info.verb === 'watch') pipeline.inFlight.admitWatch(exchange);
  // What has a body takes its place once that is there.
  else if (isReadOnly(exchange.info)) await pipeline.inFlight.admit(exchange);
}

/** Throws a 417 in text for an Expect header other than 100-continue, which Node has answered already (RFC 9110 §10.1.1). */
function checkExpectation({ headers: { expect } }: HttpRequest): void {
  if (expect === undefined || expect.trim().toLowerCase() === '100-continue') return;
  throw new TextError(417, '417 Expectation Failed\n');
}

/** Node's parser of HTTP/1.1 also takes what says that it is HTTP/0.9 or HTTP/2.0. Throws a 505 in text (RFC 9110 §15.6.6). */
function checkVersion(request: HttpRequest): void {
  if (isHttp2(request) || request.httpVersion === '1.1' || request.httpVersion === '1.0') return;
  const text = '505 HTTP Version Not Supported: unsupported protocol version\n';
  throw new TextError(505, text, { Connection: 'close' });
}
