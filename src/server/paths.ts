import type { NextFunction, Request, Response } from 'express';
import { group, version } from '../kinds/kind.ts';
import { methodNotAllowed } from '../machinery/status.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { Clock } from './clock.ts';
import { type Discovery, sendGroups, sendLegacy } from './discovery.ts';
import { answerError } from './errors.ts';
import { type Exchange, guarded } from './exchange.ts';
import { createApplication } from './express-bridge.ts';
import { checksOf, type HealthCheck, healthEndpoints, sendHealth, sendHealthCheck } from './health.ts';
import { type OpenApi, sendOpenApiV2, sendOpenApiV3, sendOpenApiV3Index } from './openapi.ts';
import { sendBytes, sendText } from './respond.ts';

/** What the paths that are no resources answer with. */
export interface PathOptions {
  discovery: Discovery;
  openApi: OpenApi;
  version: Buffer;
  healthChecks: HealthCheck[];
  metrics: Metrics;
  log: Log;
  clock: Clock;
}

type Answer = (exchange: Exchange) => Promise<void> | void;

/**
 * Serves every path that is no resource: GET and HEAD; other methods are answered 405, other paths 404. They are routes of an Express
 * application (docs/decisions/express.md). The function returned never throws.
 */
export function createPaths(options: PathOptions): (exchange: Exchange) => void {
  const app = createApplication();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('env', 'production');
  app.enable('case sensitive routing').enable('strict routing');
  const answers = pathAnswers(options);
  const index = Buffer.from(`${JSON.stringify({ paths: [...answers.keys()].sort() }, undefined, 2)}\n`);
  const sendIndex: Answer = exchange => sendBytes(exchange, 200, 'application/json', index);
  for (const path of ['/', '/index.html']) answers.set(path, sendIndex);
  for (const [path, answer] of answers) {
    app.get(path, async (_request: Request, response: Response) => {
      await answer(response.locals.exchange as Exchange);
    });
    app.all(path, (_request: Request, _response: Response, next: NextFunction) => next(methodNotAllowed()));
  }
  return exchange => {
    const request = exchange.request as unknown as Request;
    const response = exchange.response as unknown as Response;
    // Routes are found by the path that was authorized, whatever its spelling was.
    request.url = exchange.info.path.split('/').map(encodeURIComponent).join('/');
    response.locals = { exchange };
    const unanswered = guarded(exchange, (error: unknown) => {
      if (error) answerError(exchange, error, options.log);
      else sendText(exchange, 404, '404 page not found\n');
    });
    guarded(exchange, () => app(request, response, unanswered))();
  };
}

function pathAnswers(options: PathOptions): Map<string, Answer> {
  const { discovery, openApi, log } = options;
  const answers = new Map<string, Answer>([
    ['/apis', exchange => sendGroups(exchange, discovery)],
    [`/apis/${group}`, exchange => sendLegacy(exchange, discovery.group)],
    [`/apis/${group}/${version}`, exchange => sendLegacy(exchange, discovery.resources)],
    ['/openapi/v2', exchange => sendOpenApiV2(exchange, openApi)],
    ['/openapi/v3', exchange => sendOpenApiV3Index(exchange, openApi)],
    [
      `/openapi/v3/apis/${group}/${version}`,
      exchange => sendOpenApiV3(exchange, openApi, options.clock.nowMs()),
    ],
    ['/version', exchange => sendBytes(exchange, 200, 'application/json', options.version)],
    ['/metrics', exchange => sendMetrics(exchange, options.metrics)],
  ]);
  for (const endpoint of healthEndpoints) {
    const checks = checksOf(endpoint, options.healthChecks);
    answers.set(`/${endpoint}`, exchange => sendHealth(exchange, endpoint, checks, log));
    for (const check of checks) {
      answers.set(`/${endpoint}/${check.name}`, exchange => sendHealthCheck(exchange, check));
    }
  }
  return answers;
}

async function sendMetrics(exchange: Exchange, metrics: Metrics): Promise<void> {
  const text = await metrics.render();
  await sendBytes(exchange, 200, 'text/plain; version=0.0.4; charset=utf-8', Buffer.from(text));
}
