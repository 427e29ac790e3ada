import { limits } from '../limits.ts';
import type { Log } from '../observability/observability.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import { isHealthPath } from './health.ts';
import { brokeOff } from './http-message.ts';
import { LogSampler } from './log-sampler.ts';

/**
 * Writes the one line that each request leaves in the log, once it is over. Probes that found all well leave it at level debug. Of
 * requests that failed it has the reason, and of many from one user with one code a sample is written.
 */
export class RequestLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #failures: LogSampler;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#failures = new LogSampler(clock, (key, count) => {
      const [code, user] = key === '' ? [undefined, undefined] : keyParts(key);
      log.info('requests left out of the log', { user, code, count });
    });
  }

  write(exchange: Exchange): void {
    const { info, user, response, reason } = exchange;
    const code = response.statusCode;
    if (code >= 400 && !this.#failures.admits(`${code} ${user.name}`)) return;
    const about = info.isResource
      ? {
          verb: info.verb,
          resource: cut(info.subresource ? `${info.resource}/${info.subresource}` : info.resource),
          namespace: cut(info.namespace),
          name: cut(info.name),
        }
      : { verb: info.verb, path: cut(info.path) };
    const fields = {
      auditId: exchange.auditId,
      user: cut(user.name),
      ...about,
      code,
      ...(code >= 400 && reason !== undefined && { reason: cut(reason) }),
      ms: Math.round(this.#clock.elapsedMs() - exchange.receivedAtMs),
      userAgent: cut(exchange.userAgent),
      ...(info.verb !== 'watch' && brokeOff(response) && { aborted: true }),
    };
    if (isHealthPath(info.path) && code === 200) this.#log.debug('request', fields);
    else this.#log.info('request', fields);
  }
}

function keyParts(key: string): [code: number, user: string] {
  const space = key.indexOf(' ');
  return [Number(key.slice(0, space)), cut(key.slice(space + 1))];
}

/** Text that a client chose, as much of it as a line of the log should hold. */
function cut(text: string): string {
  const { maxLoggedCharacters } = limits;
  return text.length <= maxLoggedCharacters ? text : `${text.slice(0, maxLoggedCharacters)}...`;
}
