import { limits } from '../limits.ts';
import type { Metrics } from '../observability/observability.ts';
import { FairPlaces } from './fair-places.ts';

/** Places for the reviews of one class of callers, with what a person needs to see of them. */
export function reviewPlaces(
  { review, priority, places }: { review: string; priority: string; places: number },
  metrics?: Metrics,
): FairPlaces {
  const labels = { review, priority_level: priority };
  const names = Object.keys(labels);
  const running = metrics?.gauge('tortie_reviews_executing', 'Access reviews under way.', names);
  const queued = metrics?.gauge('tortie_reviews_inqueue', 'Access reviews that wait for a place.', names);
  const refused = metrics?.counter('tortie_reviews_rejected_total', 'Access reviews refused.', [
    ...names,
    'reason',
  ]);
  const made = new FairPlaces({
    places,
    maxQueued: limits.maxQueuedReviews,
    maxWaitMs: limits.maxQueueWaitMs,
    onChange: () => {
      running?.set(labels, made.running);
      queued?.set(labels, made.queued);
    },
    onRefused: reason => refused?.inc({ ...labels, reason }),
  });
  return made;
}
