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

/**
 * The token of `Authorization: Bearer <token>`, undefined when there is none (apiserver:
 * request/bearertoken).
 */
export function bearerToken(rawHeaders: string[]): string | undefined {
  const index = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization');
  if (index < 0) return undefined;
  const [scheme = '', token] = (rawHeaders[index + 1] ?? '').trim().split(' ', 3);
  return scheme.toLowerCase() === 'bearer' && token ? token : undefined;
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
