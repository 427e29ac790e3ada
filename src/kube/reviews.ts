import type {
  CreateSubjectAccessReview,
  SubjectAccessReviewStatus,
} from '../access/subject-access-review.ts';
import type { CreateTokenReview } from '../access/token.ts';
import type { User } from '../access/user.ts';
import { limits } from '../limits.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { ClusterClient } from './client.ts';
import { asObject, text, texts } from './fields.ts';
import { readObject } from './response.ts';

/** Reviews change nothing, so they can be sent twice. */
const options = {
  idempotent: true,
  timeoutMs: limits.reviewTimeoutMs,
  totalMs: limits.reviewTotalMs,
};

/**
 * Asks kube-apiserver whose token it is (authentication/v1 TokenReview), for the audiences of kube-apiserver.
 * Rejects when it does not answer.
 */
export function tokenReviews(client: ClusterClient): CreateTokenReview {
  return async token => {
    const path = '/apis/authentication.k8s.io/v1/tokenreviews';
    const review = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', spec: { token } };
    const status = statusOf(readObject(path, await client.request('POST', path, review, options)));
    const user = asObject(status.user ?? null);
    const error = text(status, 'error');
    return {
      authenticated: status.authenticated === true,
      ...(status.authenticated === true && { user: userOf(user) }),
      ...(error && { error }),
    };
  };
}

/**
 * Asks kube-apiserver whether a user may do something (authorization/v1 SubjectAccessReview). Rejects when it
 * does not answer.
 */
export function subjectAccessReviews(client: ClusterClient): CreateSubjectAccessReview {
  return async spec => {
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const review = {
      kind: 'SubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      spec: spec as unknown as JsonObject,
    };
    const status = statusOf(readObject(path, await client.request('POST', path, review, options)));
    const reason = text(status, 'reason');
    return {
      allowed: status.allowed === true,
      ...(status.denied === true && { denied: true }),
      ...(reason && { reason }),
    } satisfies SubjectAccessReviewStatus;
  };
}

function statusOf(review: JsonObject): JsonObject {
  return asObject(review.status ?? null);
}

function userOf(user: JsonObject): User {
  const uid = text(user, 'uid');
  const extra = Object.entries(asObject(user.extra ?? null)).map(([key, values]: [string, Json]) => [
    key,
    texts(values),
  ]);
  return {
    name: text(user, 'username') ?? '',
    ...(uid && { uid }),
    groups: texts(user.groups),
    extra: Object.fromEntries(extra),
  };
}
