import { limits } from '../limits.ts';
import type { Metrics } from '../observability/observability.ts';
import { partOf, priorityLevelOf, type SharedLevel } from './priority-level.ts';
import { ReviewCache } from './review-cache.ts';
import { reviewPlaces } from './review-places.ts';
import type { Attributes, Authorizer, SelectorRequirement, User } from './user.ts';

/** The question (authorization/v1 SubjectAccessReviewSpec), as it goes on the wire. */
export interface SubjectAccessReviewSpec {
  user: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: { path: string; verb: string };
}

export interface ResourceAttributes {
  namespace?: string;
  verb: string;
  group: string;
  version: string;
  resource: string;
  subresource?: string;
  name?: string;
  fieldSelector?: { requirements: SelectorRequirement[] };
  labelSelector?: { requirements: SelectorRequirement[] };
}

/** The answer (authorization/v1 SubjectAccessReviewStatus). */
export interface SubjectAccessReviewStatus {
  allowed: boolean;
  denied?: boolean;
  reason?: string;
}

/** Asks the cluster. Tries again on its own; a rejection is final. */
export type CreateSubjectAccessReview = (spec: SubjectAccessReviewSpec) => Promise<SubjectAccessReviewStatus>;

/**
 * Asks the cluster for every decision (apiserver: plugin/authorizer/webhook). Answers, yes and no, are kept
 * for a while under the whole question; a question longer than limits.maxReviewCacheKeyBytes is asked each
 * time, since its length is the client's choice. `denied` beats `allowed`. Each user has a share of the reviews under way;
 * beyond it they wait. Throws when the cluster cannot be asked, and a 429 StatusError when too many wait.
 */
export function reviewAuthorizer(
  createSubjectAccessReview: CreateSubjectAccessReview,
  options: { now?: () => number; metrics?: Metrics } = {},
): Authorizer {
  const { metrics, ...rest } = options;
  const cache = new ReviewCache<SubjectAccessReviewStatus>({ isGood: ({ allowed }) => allowed, ...rest });
  const of = (priority: SharedLevel) =>
    reviewPlaces(
      { review: 'SubjectAccessReview', priority, places: partOf(priority, limits.maxReviewsInFlight) },
      metrics,
    );
  const places = { system: of('system'), users: of('users'), anonymous: of('anonymous') };
  return async (user, attributes, signal) => {
    const spec = reviewSpec(user, attributes);
    const keep = { keep: attributesBytes(spec) < limits.maxReviewCacheKeyBytes };
    const level = priorityLevelOf(user);
    const asker = { places: places[level === 'exempt' ? 'system' : level], flow: user.name, signal };
    const status = await cache.get(JSON.stringify(spec), () => createSubjectAccessReview(spec), asker, keep);
    return { allowed: status.allowed && !status.denied, reason: status.reason ?? '' };
  };
}

/** The question that a request comes down to; the same request always gives the same text. */
export function reviewSpec(user: User, attributes: Attributes): SubjectAccessReviewSpec {
  const extra = Object.entries(user.extra).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const subject = {
    user: user.name,
    ...(user.uid && { uid: user.uid }),
    ...(user.groups.length > 0 && { groups: user.groups }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  };
  if ('path' in attributes) {
    const { path, verb } = attributes;
    return { ...subject, nonResourceAttributes: { path, verb } };
  }
  const { namespace, verb, group, version, resource, subresource, name } = attributes;
  return {
    ...subject,
    resourceAttributes: {
      ...(namespace && { namespace }),
      verb,
      group,
      version,
      resource,
      ...(subresource && { subresource }),
      ...(name && { name }),
      ...selector('fieldSelector', attributes.fieldSelector),
      ...selector('labelSelector', attributes.labelSelector),
    },
  };
}

function selector<Field extends string>(
  field: Field,
  requirements: SelectorRequirement[] | undefined,
): { [name in Field]?: { requirements: SelectorRequirement[] } } {
  if (!requirements?.length) return {};
  return { [field]: { requirements } } as { [name in Field]: { requirements: SelectorRequirement[] } };
}

/** The length of what the client chose: not who it is, but what it asks for. */
function attributesBytes(spec: SubjectAccessReviewSpec): number {
  return JSON.stringify(spec.resourceAttributes ?? spec.nonResourceAttributes).length;
}
