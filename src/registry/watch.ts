import type { ListOptions } from '../machinery/options.ts';
import { parseResourceVersion } from '../machinery/resource-version.ts';
import { expired, StatusError } from '../machinery/status.ts';
import {
  type EventEncoder,
  errorLine,
  type OpenStream,
  type StreamFilter,
  type StreamStart,
  type WatchSink,
} from '../watch/stream.ts';
import type { ResourceParts } from './context.ts';
import { position, selectionOf } from './read.ts';

/** Starts a stream into a sink. */
export type StartStream = (sink: WatchSink) => OpenStream;

/**
 * Prepares a watch by the table of machinery.md §5.2. Rejects with the Status of a request that is refused before any event
 * (400, 422); what goes wrong later, such as a version that is not reached in time, is told in the stream.
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
  try {
    if (initialEvents || !options.resourceVersion) await position(parts, options.resourceVersion);
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'Timeout') return failing(error);
    throw error;
  }
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

/** A stream that says what is wrong, and ends. */
function failing({ status }: StatusError): StartStream {
  return sink => {
    sink.write(errorLine(Buffer.from(JSON.stringify(status))));
    sink.end();
    return { close() {}, bookmark() {} };
  };
}

/** Without a word on it, a watch from no version or from 0 begins with what there is. */
function wantsInitialEvents(options: ListOptions): boolean {
  if (options.sendInitialEvents !== undefined) return options.sendInitialEvents;
  return options.resourceVersion === '' || options.resourceVersion === '0';
}
