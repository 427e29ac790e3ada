import { createHmac, randomBytes } from 'node:crypto';
import { ReviewCache, type ReviewCacheOptions } from './review-cache.ts';
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
 * hash, so that a dump of memory shows no old tokens. Undefined without a token; throws when the token is not
 * valid or the cluster cannot be asked.
 */
export function tokenUser(
  createTokenReview: CreateTokenReview,
  options: ReviewCacheOptions = {},
): (credentials: Pick<Credentials, 'rawHeaders'>) => Promise<User | undefined> {
  const cache = new ReviewCache<TokenReviewStatus>(options);
  const secret = randomBytes(32);
  return async ({ rawHeaders }) => {
    const token = bearerToken(rawHeaders);
    if (!token) return undefined;
    const key = createHmac('sha256', secret).update(token).digest('base64');
    const status = await cache.get(key, () => createTokenReview(token));
    if (status.authenticated && status.user?.name) return status.user;
    throw new Error(`bearer token: ${status.error || 'not valid'}`);
  };
}
