import { createHmac, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { limits } from '../limits.ts';
import { ExpectedError } from '../machinery/expected-error.ts';
import type { Metrics } from '../observability/observability.ts';
import { ReviewCache } from './review-cache.ts';
import { reviewPlaces } from './review-places.ts';
import type { Credentials, User } from './user.ts';

/** What a TokenReview says (authentication/v1 TokenReviewStatus). */
export interface TokenReviewStatus {
  authenticated: boolean;
  /** Present when authenticated. */
  user?: User;
  error?: string;
}

/** Asks the cluster whose token this is. Tries again on its own; a rejection is final. */
export type CreateTokenReview = (token: string) => Promise<TokenReviewStatus>;

/** What the subprotocol begins with in which a browser, which can set no headers, sends a token. */
export const tokenProtocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/**
 * The token of `Authorization: Bearer <token>`, or of the subprotocol of a WebSocket; undefined when there is none
 * (apiserver: request/bearertoken, request/websocket).
 */
export function bearerToken(rawHeaders: string[]): string | undefined {
  const authorization = headerOf(rawHeaders, 'authorization');
  if (authorization === undefined) return protocolToken(rawHeaders);
  const [scheme = '', token] = authorization.trim().split(' ', 3);
  return scheme.toLowerCase() === 'bearer' && token ? token : undefined;
}

function protocolToken(rawHeaders: string[]): string | undefined {
  if (headerOf(rawHeaders, 'upgrade')?.toLowerCase() !== 'websocket') return undefined;
  const protocols = headerOf(rawHeaders, 'sec-websocket-protocol')?.split(',') ?? [];
  const found = protocols
    .map(protocol => protocol.trim())
    .find(protocol => protocol.startsWith(tokenProtocolPrefix));
  if (found === undefined) return undefined;
  return Buffer.from(found.slice(tokenProtocolPrefix.length), 'base64url').toString() || undefined;
}

function headerOf(rawHeaders: string[], name: string): string | undefined {
  const index = rawHeaders.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name);
  return index < 0 ? undefined : rawHeaders[index + 1];
}

/**
 * Signs in the holder of a bearer token through TokenReviews. Yes and no are kept for a while under a keyed
 * hash, so that a dump of memory shows no old tokens. Each address has a share of the reviews under way; tokens that were valid
 * lately have places of their own, which made-up tokens cannot fill. Undefined without a token; throws when the token is not
 * valid or the cluster cannot be asked, and a 429 StatusError when too many reviews wait.
 */
export function tokenUser(
  createTokenReview: CreateTokenReview,
  options: { now?: () => number; metrics?: Metrics } = {},
): (credentials: Pick<Credentials, 'rawHeaders' | 'remoteAddress' | 'signal'>) => Promise<User | undefined> {
  const { metrics, ...rest } = options;
  const cache = new ReviewCache<TokenReviewStatus>({ isGood: isUser, ...rest });
  const secret = randomBytes(32);
  const known = new Set<string>();
  const of = (priority: string) =>
    reviewPlaces({ review: 'TokenReview', priority, places: limits.maxReviewsInFlight / 2 }, metrics);
  const places = { known: of('known'), unknown: of('unknown') };
  return async ({ rawHeaders, remoteAddress = '', signal }) => {
    const token = bearerToken(rawHeaders);
    if (!token) return undefined;
    const key = createHmac('sha256', secret).update(token).digest('base64');
    const asker = {
      places: known.has(key) ? places.known : places.unknown,
      flow: networkOf(remoteAddress),
      signal,
    };
    const status = await cache.get(key, () => createTokenReview(token), asker);
    known.delete(key);
    if (!isUser(status)) throw new ExpectedError(`bearer token: ${status.error || 'not valid'}`);
    known.add(key);
    for (const oldest of known) {
      if (known.size <= limits.maxKnownTokens) break;
      known.delete(oldest);
    }
    return status.user;
  };
}

function isUser({ authenticated, user }: TokenReviewStatus): boolean {
  return authenticated && Boolean(user?.name);
}

/** An IPv4 address, or the /64 of an IPv6 address: whoever has one address of that has them all. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + after < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}
