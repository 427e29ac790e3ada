import { limits } from '../limits.ts';
import type { Log } from '../observability/observability.ts';
import type { Exchange } from './exchange.ts';
import { sendText } from './respond.ts';

/** One thing that must hold for the server to be healthy. `check` throws or rejects when it does not. */
export interface HealthCheck {
  name: string;
  check(): Promise<void> | void;
  /** What a person should know though it holds; told with `?verbose`. No names: the endpoint is public. */
  note?(): string | undefined;
  /** Only part of /readyz: the server is alive without it. */
  readyOnly?: boolean;
}

export const healthEndpoints = ['healthz', 'livez', 'readyz'] as const;
export type HealthEndpoint = (typeof healthEndpoints)[number];

/** Whether a path is a health endpoint or one check of it. */
export function isHealthPath(path: string): boolean {
  return healthEndpoints.some(endpoint => path === `/${endpoint}` || path.startsWith(`/${endpoint}/`));
}

/** The checks of an endpoint, `ping` first: it holds whenever there is an answer. */
export function checksOf(endpoint: HealthEndpoint, checks: HealthCheck[]): HealthCheck[] {
  const ping: HealthCheck = { name: 'ping', check: () => {} };
  return [ping, ...checks.filter(check => endpoint === 'readyz' || !check.readyOnly)];
}

/**
 * Answers /healthz, /livez or /readyz in kube-apiserver's form: `ok`, or with `?verbose` a line for each check; 500 and always
 * verbose when one fails. `?exclude=<check>` leaves checks out. Reasons go to the log only, since the endpoint is public.
 */
export async function sendHealth(
  exchange: Exchange,
  endpoint: HealthEndpoint,
  checks: HealthCheck[],
  log: Log,
): Promise<void> {
  const excluded = new Set(exchange.query.getAll('exclude'));
  const results = await Promise.all(
    checks.map(async check => {
      if (excluded.delete(check.name)) return { line: `[+]${check.name} excluded: ok`, failed: false };
      const problem = await run(check);
      if (problem === undefined) return { line: okLine(check), failed: false };
      log.warn('health check failed', { endpoint, check: check.name, error: problem });
      return { line: `[-]${check.name} failed: reason withheld`, failed: true };
    }),
  );
  const lines = results.map(result => result.line);
  if (excluded.size > 0) {
    const names = [...excluded].sort().map(name => JSON.stringify(name));
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(', ')}`);
  }
  if (results.some(result => result.failed)) {
    sendText(exchange, 500, `${[...lines, `${endpoint} check failed`].join('\n')}\n`);
  } else if (exchange.query.has('verbose')) {
    sendText(exchange, 200, `${[...lines, `${endpoint} check passed`].join('\n')}\n`);
  } else {
    sendText(exchange, 200, 'ok');
  }
}

function okLine(check: HealthCheck): string {
  const note = check.note?.();
  return `[+]${check.name} ok${note ? `: ${note}` : ''}`;
}

/** Answers `/readyz/<check>` and the like: `ok`, or 500 with the reason. */
export async function sendHealthCheck(exchange: Exchange, check: HealthCheck): Promise<void> {
  const problem = await run(check);
  if (problem === undefined) sendText(exchange, 200, 'ok');
  else sendText(exchange, 500, `internal server error: ${problem}\n`);
}

/** What is wrong, or undefined. A check that does not come back in time has failed. */
async function run(check: HealthCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>(resolve => {
    const { healthCheckTimeoutMs } = limits;
    timer = setTimeout(() => resolve(`no answer within ${healthCheckTimeoutMs} ms`), healthCheckTimeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve(check.check()).then(() => undefined), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
