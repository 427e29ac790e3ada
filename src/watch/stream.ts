import type { Revision } from '../storage/backend.ts';
import type { CacheEntry } from './entry.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** Where the bytes of one watch go. */
export interface WatchSink {
  /** Queues bytes: whole events. */
  write(chunk: Buffer): void;
  /** Bytes queued that the client has not taken. */
  bufferedBytes(): number;
  /** Resolves once the queue is about empty, or the client has gone. */
  drained(): Promise<void>;
  /** Ends the stream cleanly, after what is queued. */
  end(): void;
}

/** A stream that has been opened. */
export interface OpenStream {
  /** Ends it without a word. */
  close(): void;
  /** Tells its client how far it has come, if the client wants bookmarks. */
  bookmark(): void;
}

/** Turns events into the bytes of one representation: the object itself, its metadata, or a Table. */
export interface EventEncoder {
  /** Streams with equal keys share the encoded bytes. */
  key: string;
  /** One line. `first` marks the first event of a stream. */
  encode(type: EventType, entry: CacheEntry, first: boolean): Buffer;
  /** A bookmark; with `initialEventsEnd` the one that closes the initial events. */
  bookmark(resourceVersion: string, initialEventsEnd: boolean, first: boolean): Buffer;
}

/** Which objects a stream tells of. Streams with equal keys see the same events. */
export interface StreamFilter {
  key: string;
  matches(entry: CacheEntry): boolean;
}

/** Where a stream begins. */
export type StreamStart =
  /** ADDED for each object there is, then changes. */
  | { initialEvents: true }
  /** Changes after the revision. */
  | { initialEvents: false; after: Revision };

const envelopeStart = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};
const envelopeEnd = Buffer.from('}\n');

/** Wraps an object's JSON into a watch event of the type: one line. */
export function eventLine(type: EventType, json: Buffer): Buffer {
  return Buffer.concat([envelopeStart[type], json, envelopeEnd]);
}

/** An ERROR event: the end of a stream that cannot go on, with the Status that says why as JSON. */
export function errorLine(status: Buffer): Buffer {
  return Buffer.concat([Buffer.from('{"type":"ERROR","object":'), status, Buffer.from('}\n')]);
}

/** The encoder of plain objects of one kind. */
export function objectEncoder(kind: string, apiVersion: string): EventEncoder {
  return {
    key: 'object',
    encode: (type, entry) => eventLine(type, entry.json),
    bookmark: (resourceVersion, initialEventsEnd) =>
      Buffer.from(
        `${JSON.stringify({
          type: 'BOOKMARK',
          object: {
            kind,
            apiVersion,
            metadata: {
              resourceVersion,
              ...(initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
            },
          },
        })}\n`,
      ),
  };
}
