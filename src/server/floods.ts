import { limits } from '../limits.ts';
import { Allowance } from './allowance.ts';

/** What all connections of one address, or of one user, may do together without bringing a request. */
export interface FloodAllowances {
  /** Bytes that were neither a body nor a fair part of a request. */
  bytes: Allowance;
  /** Streams of HTTP/2 that the client gave up. */
  resets: Allowance;
}

/** Allowances of which nothing is spent. */
function floodAllowances(nowMs: number): FloodAllowances {
  return {
    bytes: new Allowance({ burst: limits.floodBurstBytes, perSecond: limits.floodBytesPerSecond }, nowMs),
    resets: new Allowance(
      { burst: limits.unidentifiedResetBurst, perSecond: limits.unidentifiedResetsPerSecond },
      nowMs,
    ),
  };
}

/** The allowances of remote addresses, or of users: a client that connects again does not begin with a new one. */
export class OwnerFloods {
  readonly #byOwner = new Map<string, FloodAllowances>();

  of(owner: string, nowMs: number): FloodAllowances {
    const known = this.#byOwner.get(owner);
    if (known) return known;
    const made = floodAllowances(nowMs);
    this.#byOwner.set(owner, made);
    return made;
  }

  /** Forgets the owners that have spent nothing. Connections that are open keep the allowances that they have. */
  forgetWhole(nowMs: number): void {
    for (const [owner, { bytes, resets }] of this.#byOwner) {
      if (bytes.isWhole(nowMs) && resets.isWhole(nowMs)) this.#byOwner.delete(owner);
    }
  }
}

/** What a connection has carried up to a moment. */
export interface Traffic {
  bytesRead: number;
  bytesWritten: number;
  bodyBytes: number;
  requests: number;
}

/**
 * Bytes received between two moments that were of no use: beyond bodies (twice, for small pieces in frames and records), the
 * headers of requests, and what a client must send while it reads (window updates). May be negative.
 */
export function uselessBytes(before: Traffic, now: Traffic): number {
  return (
    now.bytesRead -
    before.bytesRead -
    2 * (now.bodyBytes - before.bodyBytes) -
    limits.requestAllowanceBytes * (now.requests - before.requests) -
    (now.bytesWritten - before.bytesWritten) / 8
  );
}
