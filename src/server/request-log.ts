import type { Log } from '../observability/observability.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import { isHealthPath } from './health.ts';
import { brokeOff } from './http-message.ts';

/** Writes the one line that each request leaves in the log, once it is over. Probes that found all well leave it at level debug. */
export function logRequest(exchange: Exchange, log: Log, clock: Clock): void {
  const { info, user, response } = exchange;
  const code = response.statusCode;
  const about = info.isResource
    ? {
        verb: info.verb,
        resource: info.subresource ? `${info.resource}/${info.subresource}` : info.resource,
        namespace: info.namespace,
        name: info.name,
      }
    : { verb: info.verb, path: info.path };
  const fields = {
    auditId: exchange.auditId,
    user: user.name,
    ...about,
    code,
    ms: Math.round(clock.elapsedMs() - exchange.receivedAtMs),
    userAgent: exchange.userAgent,
    ...(info.verb !== 'watch' && brokeOff(response) && { aborted: true }),
  };
  if (isHealthPath(info.path) && code === 200) log.debug('request', fields);
  else log.info('request', fields);
}
