import { X509Certificate } from 'node:crypto';
import type { Log, Metrics } from '../observability/observability.ts';

/** One certificate that the server presents or hands out. */
export interface Renewable {
  name: string;
  /** The certificate as it is now, PEM. */
  current(): string;
  /** Makes it again where that is due, and puts it to use. None for a certificate of others, which is only looked at. */
  renew?(): Promise<void>;
  /** Whether nobody can reach the server once it is not valid. */
  required?: boolean;
}

export interface Renewals {
  /** Looks at once; resolves when all that was due has been renewed, or has failed. */
  check(): Promise<void>;
  /** What a person should know: what could not be renewed, and what ends soon. */
  note(): string | undefined;
  /** Throws while one that is required is not valid by the clock. */
  mustBeValid(): void;
  close(): void;
}

const dayMs = 24 * 3600_000;
/** A certificate that ends within this time should have been renewed long since. */
const soonMs = 14 * dayMs;

/**
 * Looks every minute whether a certificate is due by the wall clock: a long timer does not run while a machine is suspended, and
 * knows nothing of a clock that is set. A failure is logged once as long as it stays the same, counted, and shown by `note`.
 */
export function keepRenewed(
  renewables: Renewable[],
  {
    log,
    metrics,
    now = Date.now,
    everyMs = 60_000,
  }: {
    log: Log;
    metrics: Metrics;
    now?: () => number;
    everyMs?: number;
  },
): Renewals {
  const failures = new Map<string, string>();
  const errors = metrics.counter(
    'tortie_certificate_renewal_errors_total',
    'Times that a certificate was due and could not be made again.',
    ['certificate'],
  );
  metrics.gauge(
    'tortie_certificate_expiry_timestamp_seconds',
    'When a certificate of the server ends, in seconds since 1970.',
    ['certificate'],
    gauge => {
      for (const { name, current } of renewables) {
        gauge.set({ certificate: name }, certificateOf(current()).validToDate.getTime() / 1000);
      }
    },
  );

  const renewOne = async ({ name, renew }: Renewable): Promise<void> => {
    try {
      await renew?.();
      failures.delete(name);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      errors.inc({ certificate: name });
      if (failures.get(name) !== message)
        log.warn('certificate not renewed', { certificate: name, error: message });
      failures.set(name, message);
    }
  };
  const check = async () => {
    for (const renewable of renewables) await renewOne(renewable);
  };
  let checking = Promise.resolve();
  const timer = setInterval(() => {
    checking = checking.then(check);
  }, everyMs).unref();
  return {
    check,
    note: () => {
      const notes = renewables.map(({ name, current }) => {
        if (failures.has(name)) return `${name} cannot be renewed`;
        const leftMs = certificateOf(current()).validToDate.getTime() - now();
        return leftMs < soonMs ? `${name} ends in ${Math.max(0, Math.floor(leftMs / dayMs))} days` : '';
      });
      return notes.filter(Boolean).join(', ') || undefined;
    },
    mustBeValid: () => {
      for (const { name, current, required } of renewables) {
        if (!required) continue;
        const { validFromDate, validToDate } = certificateOf(current());
        if (now() < validFromDate.getTime())
          throw new Error(`${name} is not valid yet by the clock of this machine`);
        if (now() > validToDate.getTime()) throw new Error(`${name} has ended`);
      }
    },
    close: () => clearInterval(timer),
  };
}

/** The first certificate of a PEM text. */
function certificateOf(pem: string): X509Certificate {
  return new X509Certificate(pem);
}
