import { limits } from '../limits.ts';
import { type ContinuePoint, decodeContinue, encodeContinue } from '../machinery/continue-token.ts';
import { type FieldSelector, parseFieldSelector } from '../machinery/field-selector.ts';
import { type LabelSelector, parseLabelSelector } from '../machinery/label-selector.ts';
import type { ListOptions } from '../machinery/options.ts';
import { parseResourceVersion } from '../machinery/resource-version.ts';
import { Slice } from '../machinery/slice.ts';
import { badRequest, expired, notFound, tooLargeResourceVersion } from '../machinery/status.ts';
import { StorageError } from '../storage/errors.ts';
import type { CacheEntry } from '../watch/entry.ts';
import type { Listing } from '../watch/listing.ts';
import { groupResource, type ResourceParts } from './context.ts';

/** A page of objects. */
export interface ResourceList {
  entries: CacheEntry[];
  resourceVersion: string;
  /** Token of the next page, where there is one. */
  continue?: string;
  remainingItemCount?: number;
}

/** Which objects a list, watch or deletecollection is about. */
export interface Selection {
  labels: LabelSelector;
  fields: FieldSelector;
  /** Whether every object of the namespace is selected. */
  isEmpty: boolean;
  /** Whether its requirements contradict each other, so that no object can be selected. */
  isImpossible: boolean;
  matches(entry: CacheEntry): boolean;
}

/** Parses the selectors of a request. Throws 400 on a selector that cannot be parsed or a field that cannot be selected on. */
export function selectionOf(
  parts: ResourceParts,
  namespace: string,
  options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
): Selection {
  const labels = parseLabelSelector(options.labelSelector);
  const supported = ['metadata.name', 'metadata.namespace', ...parts.kind.selectableFields];
  const fields = parseFieldSelector(options.fieldSelector, supported);
  return {
    labels,
    fields,
    isEmpty: labels.empty && fields.empty,
    isImpossible: labels.impossible || fields.impossible,
    matches: entry =>
      (namespace === '' || entry.namespace === namespace) &&
      (labels.empty || labels.matches(entry.labels)) &&
      (fields.empty || fields.matches(entry.fields)),
  };
}

/** One object, at least as new as `resourceVersion` asks (machinery.md §2.7). Throws 404, 504 for a version not reached in time. */
export async function get(
  parts: ResourceParts,
  namespace: string,
  name: string,
  options: { resourceVersion: string },
): Promise<CacheEntry> {
  if (options.resourceVersion) await position(parts, options.resourceVersion);
  else await parts.cache.fresh({ namespace, name });
  const entry = parts.cache.get(namespace, name);
  if (!entry) throw notFound(groupResource(parts.kind), name);
  return entry;
}

/** Waits until the cache stands where a read of this resourceVersion may be answered. Throws Unavailable, 504. */
export async function position(parts: ResourceParts, resourceVersion: string): Promise<void> {
  parts.cache.mustBeLoaded();
  if (resourceVersion === '0') return;
  if (!resourceVersion) return parts.cache.fresh();
  const revision = parseResourceVersion(resourceVersion);
  if (await parts.cache.reaches(revision, limits.futureRevisionWaitMs)) return;
  throw tooLargeResourceVersion(revision, parts.cache.revision);
}

/**
 * A page of the objects in a namespace ('' for all), by the table of machinery.md §2.7 and the paging rules of §2.6. It costs
 * its size, or with a selector the objects up to its end; others get their turn in between.
 * Throws 400, 410 with a token to go on from when the snapshot is gone, 504, and the signal's reason once that is aborted.
 */
export async function list(
  parts: ResourceParts,
  namespace: string,
  options: ListOptions,
  signal?: AbortSignal,
): Promise<ResourceList> {
  const selection = selectionOf(parts, namespace, options);
  const start = await startOf(parts, namespace, options);
  const resourceVersion = String(start.revision);
  if (selection.isImpossible) return { entries: [], resourceVersion };
  const { batches, count, keepForPages } = start.listing;
  const { entries, more } = await expiredAsToken(
    start.token,
    pageOf(batches, selection, options.limit, signal),
  );
  if (!more) return { entries, resourceVersion };
  keepForPages();
  const next = `${relativeKey(parts, namespace, entries.at(-1)!.key)}\u0000`;
  return {
    entries,
    resourceVersion,
    continue: encodeContinue({ revision: start.revision, start: next }),
    ...(selection.isEmpty && count !== undefined && { remainingItemCount: count - entries.length }),
  };
}

/** The first so many of the objects that are selected, and whether more follow. */
async function pageOf(
  batches: Listing['batches'],
  selection: Selection,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<{ entries: CacheEntry[]; more: boolean }> {
  const entries: CacheEntry[] = [];
  const slice = new Slice();
  for await (const batch of batches) {
    for (const entry of batch) {
      if (slice.isOver) await slice.next(signal);
      if (!selection.isEmpty && !selection.matches(entry)) continue;
      if (limit && entries.length === limit) return { entries, more: true };
      entries.push(entry);
    }
  }
  return { entries, more: false };
}

/** What a list starts from. */
interface ListStart {
  listing: Listing;
  /** The revision at which it is exact. */
  revision: number;
  /** Where the list goes on, or the exact revision that was asked for; absent for the present. */
  token?: ContinuePoint;
}

async function startOf(parts: ResourceParts, namespace: string, options: ListOptions): Promise<ListStart> {
  const { cache } = parts;
  if (options.continue) {
    const token = decodeContinue(options.continue);
    if (options.resourceVersion && options.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const after = afterKey(parts, namespace, token.start);
    if (token.revision < 0) {
      await cache.fresh();
      return { listing: cache.listing(namespace, after), revision: cache.revision };
    }
    await position(parts, String(token.revision));
    return at(parts, namespace, token, after);
  }
  await position(parts, options.resourceVersion);
  const exact =
    options.resourceVersionMatch === 'Exact' ||
    (!options.resourceVersionMatch &&
      options.limit > 0 &&
      options.resourceVersion !== '' &&
      options.resourceVersion !== '0');
  if (!exact) return { listing: cache.listing(namespace), revision: cache.revision };
  const revision = parseResourceVersion(options.resourceVersion);
  return at(parts, namespace, { revision, start: '' }, '');
}

async function at(
  parts: ResourceParts,
  namespace: string,
  token: ContinuePoint,
  after: string,
): Promise<ListStart> {
  const listing = await expiredAsToken(token, parts.cache.listingAt(token.revision, namespace, after));
  return { listing, revision: token.revision, token };
}

/** Turns the end of what the store remembers into a 410 with a token to go on from. */
async function expiredAsToken<T>(token: ContinuePoint | undefined, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!token || !(error instanceof StorageError) || error.code !== 'Compacted') throw error;
    if (!token.start) {
      throw expired('The resourceVersion for the provided list is too old.');
    }
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
        'without the continue parameter, or use the continue token in this response to retrieve the remainder of ' +
        'the results. Continuing with the provided token results in an inconsistent list - objects that were ' +
        'created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      encodeContinue({ revision: -1, start: token.start }),
    );
  }
}

function relativeKey(parts: ResourceParts, namespace: string, key: string): string {
  return key.slice(parts.codec.prefix(namespace || undefined).length);
}

/** The last key of the page before: tokens hold the first key that may follow it. */
function afterKey(parts: ResourceParts, namespace: string, start: string): string {
  return parts.codec.prefix(namespace || undefined) + (start.endsWith('\u0000') ? start.slice(0, -1) : start);
}
