import { limits } from '../limits.ts';

/** client-go's webhook backoff: 500 ms, half as much again each time, a fifth of it at random. */
const backoff = { firstMs: 500, factor: 1.5, jitter: 0.2, maxMs: 30_000 };

/** How long to wait before try number `attempt` + 1 (the first try is 0); `random` is in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const baseMs = Math.min(backoff.firstMs * backoff.factor ** attempt, backoff.maxMs);
  return baseMs * (1 + backoff.jitter * random);
}

/** Nothing reached the server, so even a request that must not run twice can be sent again. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** The server may or may not have acted. */
const lost = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_RESPONSE',
  'TimeoutError',
]);

/** What came of one try. */
export type Outcome =
  | { status: number; headers: Record<string, string | string[] | undefined> }
  | { error: unknown };

/**
 * The time to wait before a request is sent again, undefined when its outcome is final. 429 and any 5xx that
 * carries Retry-After are tried again whatever the method, as client-go does; a plain 5xx or a lost
 * connection only when running twice does no harm (`idempotent`).
 */
export function retryAfterMs(
  outcome: Outcome,
  options: { attempt: number; idempotent: boolean; random: number },
): number | undefined {
  const { attempt, idempotent, random } = options;
  if (attempt >= limits.maxClusterRetries) return undefined;
  const waitMs = backoffMs(attempt, random);
  if ('error' in outcome) {
    const code = errorCode(outcome.error);
    return notSent.has(code) || (idempotent && lost.has(code)) ? waitMs : undefined;
  }
  const { status, headers } = outcome;
  const asked = askedWaitMs(headers['retry-after']);
  const again = status === 429 || (status >= 500 && (idempotent || asked !== undefined));
  return again ? Math.max(waitMs, asked ?? 0) : undefined;
}

/** Retry-After in seconds, bounded; the form with a date is not in use in Kubernetes. */
function askedWaitMs(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '').trim();
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text) * 1000, limits.maxRetryAfterMs) : undefined;
}

function errorCode(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  if (cause instanceof Error) return errorCode(cause);
  return String(name);
}
