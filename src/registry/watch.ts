import type { ListOptions } from '../machinery/options.ts';
import { parseResourceVersion } from '../machinery/resource-version.ts';
import { expired } from '../machinery/status.ts';
import type { EventEncoder, StreamFilter, StreamStart, WatchSink } from '../watch/stream.ts';
import type { ResourceParts } from './context.ts';
import { position, selectionOf } from './read.ts';

/** Starts a stream into a sink; `close` ends it without a word. */
export type StartStream = (sink: WatchSink) => { close(): void };

/**
 * Prepares a watch by the table of machinery.md §5.2. Rejects with the Status of a request that is refused before any event
 * (400, 422, 504); what goes wrong later is told in the stream.
 */
export async function watch(
  parts: ResourceParts,
  namespace: string,
  options: ListOptions,
  encoder: EventEncoder,
): Promise<StartStream> {
  const { cache } = parts;
  cache.mustBeLoaded();
  const selection = selectionOf(parts, namespace, options);
  const filter: StreamFilter = {
    key: JSON.stringify([namespace, options.labelSelector, options.fieldSelector]),
    matches: selection.matches,
  };
  const initialEvents = wantsInitialEvents(options);
  if (initialEvents || !options.resourceVersion) await position(parts, options.resourceVersion);
  const version = options.resourceVersion;
  const after = version && version !== '0' ? parseResourceVersion(version) : undefined;
  return sink => {
    const start: StreamStart = initialEvents
      ? { initialEvents: true }
      : { initialEvents: false, after: after ?? cache.revision };
    return cache.open({
      start,
      filter,
      encoder,
      sink,
      bookmarks: options.allowWatchBookmarks,
      expired: (revision, oldest) =>
        Buffer.from(JSON.stringify(expired(`too old resource version: ${revision} (${oldest})`).status)),
    });
  };
}

/** Without a word on it, a watch from no version or from 0 begins with what there is. */
function wantsInitialEvents(options: ListOptions): boolean {
  if (options.sendInitialEvents !== undefined) return options.sendInitialEvents;
  return options.resourceVersion === '' || options.resourceVersion === '0';
}
