import { group, type Kind, version } from '../kinds/kind.ts';
import type { Counter, Gauge, Metrics } from '../observability/observability.ts';
import type { Clock } from './clock.ts';
import type { EndReason } from './connections.ts';
import type { Exchange } from './exchange.ts';
import type { RequestInfo } from './request-info.ts';

/** The request metrics, under the names that kube-apiserver gives them, so that its dashboards work. */
export interface RequestMetrics {
  /** Counts and times one finished request. */
  finished(exchange: Exchange, responseBytes: number): void;
  inFlight: Gauge;
  longRunning: Gauge;
  /** Counts a write of events to a watch of the resource. */
  watchEvent(resource: string): void;
  rejected: Counter;
  /** By class of callers, kind of request and reason. */
  refused: Counter;
  /** Requests that have a place, and that wait for one, by class of callers. */
  executing: Gauge;
  inQueue: Gauge;
  aborted: Counter;
  /** HTTP/2 requests that were reset before they were begun. */
  resetEarly: Counter;
  tlsHandshakeErrors: Counter;
  /** Counts a connection that the server refused or ended. */
  connectionEnded(reason: EndReason): void;
}

const seconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const bytes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const target = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];

/** Makes the request metrics. Labels come from the kinds served, never from what a client made up. */
export function createRequestMetrics(
  metrics: Metrics,
  kinds: ReadonlyMap<string, Kind>,
  clock: Clock,
): RequestMetrics {
  const requests = metrics.counter('apiserver_request_total', 'Requests by target and HTTP code.', [
    ...target,
    'dry_run',
    'code',
  ]);
  const duration = metrics.histogram(
    'apiserver_request_duration_seconds',
    'Time from a request to the end of its answer; watches are left out.',
    [...target, 'dry_run'],
    seconds,
  );
  const sizes = metrics.histogram(
    'apiserver_response_sizes',
    'Bytes of the answers that have a known length.',
    target,
    bytes,
  );
  const connectionsEnded = metrics.counter(
    'tortie_connections_ended_total',
    'Connections that the server refused, or ended for what their client did or did not do.',
    ['reason'],
  );
  return {
    finished: (exchange, responseBytes) => {
      const labels = targetLabels(exchange.info, kinds);
      const dryRun = exchange.query.get('dryRun') === 'All' ? 'All' : '';
      requests.inc({ ...labels, dry_run: dryRun, code: String(exchange.response.statusCode) });
      if (exchange.info.verb === 'watch') return;
      const ms = clock.elapsedMs() - exchange.receivedAtMs;
      duration.observe({ ...labels, dry_run: dryRun }, ms / 1000);
      if (responseBytes > 0) sizes.observe(labels, responseBytes);
    },
    inFlight: metrics.gauge('apiserver_current_inflight_requests', 'Requests in flight by kind.', [
      'request_kind',
    ]),
    longRunning: metrics.gauge('apiserver_longrunning_requests', 'Watches open.', target),
    watchEvent: batched(
      metrics.counter('apiserver_watch_events_total', 'Writes of events to watches.', [
        'group',
        'version',
        'resource',
      ]),
    ),
    rejected: metrics.counter(
      'apiserver_request_terminations_total',
      'Requests answered by the server in self-defence.',
      ['code'],
    ),
    refused: metrics.counter(
      'apiserver_flowcontrol_rejected_requests_total',
      'Requests refused to keep room for others, by class of callers and reason.',
      ['priority_level', 'request_kind', 'reason'],
    ),
    executing: metrics.gauge(
      'apiserver_flowcontrol_current_executing_requests',
      'Requests that have a place.',
      ['priority_level', 'request_kind'],
    ),
    inQueue: metrics.gauge(
      'apiserver_flowcontrol_current_inqueue_requests',
      'Requests that wait for a place.',
      ['priority_level', 'request_kind'],
    ),
    connectionEnded: reason => connectionsEnded.inc({ reason }),
    aborted: metrics.counter('apiserver_request_aborts_total', 'Requests whose client went before the end.'),
    resetEarly: metrics.counter(
      'tortie_requests_reset_early_total',
      'HTTP/2 requests that were reset before they were begun; nothing else counts them.',
    ),
    tlsHandshakeErrors: metrics.counter('apiserver_tls_handshake_errors_total', 'Failed TLS handshakes.'),
  };
}

/** Adds up the events of one turn: counting each by itself would cost as much as writing it. */
function batched(counter: Counter): (resource: string) => void {
  const counts = new Map<string, number>();
  const flush = () => {
    for (const [resource, count] of counts) counter.inc({ group, version, resource }, count);
    counts.clear();
  };
  return resource => {
    if (counts.size === 0) setImmediate(flush);
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
  };
}

/** The labels that say what a request was about; empty where it was about nothing that is served. */
export function targetLabels(
  info: RequestInfo,
  kinds: ReadonlyMap<string, Kind>,
): Record<(typeof target)[number], string> {
  const known = info.isResource && kinds.has(info.resource);
  return {
    verb: reportedVerb(info),
    group: known ? info.group : '',
    version: known ? info.version : '',
    resource: known ? info.resource : '',
    subresource: known && info.subresource === 'status' ? 'status' : '',
    scope: known ? scopeOf(info) : '',
    component: 'apiserver',
  };
}

const reportedVerbs: Record<string, string> = {
  get: 'GET',
  head: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  post: 'POST',
  update: 'PUT',
  put: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

function reportedVerb({ verb }: RequestInfo): string {
  return Object.hasOwn(reportedVerbs, verb) ? reportedVerbs[verb]! : 'OTHER';
}

function scopeOf({ name, verb, namespace }: RequestInfo): string {
  if (name || verb === 'create') return 'resource';
  return namespace ? 'namespace' : 'cluster';
}
