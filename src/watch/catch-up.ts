import { nextTurn, Slice } from '../machinery/slice.ts';
import type { Revision } from '../storage/backend.ts';
import type { CacheEntry } from './entry.ts';
import { chunksFor, inParts, Shared, type Stream } from './fanout.ts';
import type { History } from './history.ts';
import { chunksOf, lineOf } from './lines.ts';
import { errorLine } from './stream.ts';

/** Bytes that are made for a stream that catches up before its client has taken those before them. */
const sliceBytes = 64 * 1024;
/** Few enough that a slice of large objects is no more than a few megabytes. */
const sliceEvents = 100;

/** What a stream has to be told before it is live. */
export interface Backlog {
  /** The objects there were when the stream was opened, for one that begins with them. */
  initial: Iterable<CacheEntry[]> | undefined;
  /** The history as it is now: it may be another one after the store was read anew. */
  history(): History;
  /** The Status, as JSON, of a start that the history does not reach back to. */
  expired(revision: Revision, oldest: Revision): Buffer;
  /** Called in the very turn in which nothing is left to send: an event in between would be lost. */
  goLive(): void;
  /** Called when the stream is to be ended. */
  end(): void;
}

/**
 * Sends the initial objects, then what has happened since, at the client's pace; then the stream goes live. Where the history does
 * not reach back to its start, that is told in the stream as an ERROR event, and the stream is ended (machinery.md §5.1).
 */
export async function catchUp(stream: Stream, backlog: Backlog): Promise<void> {
  if (backlog.initial) await sendInitial(stream, backlog.initial);
  while (!stream.closed) {
    const events = backlog.history().after(stream.position, sliceEvents);
    if (!events) {
      stream.sink.write(errorLine(backlog.expired(stream.position, backlog.history().oldest)));
      return backlog.end();
    }
    if (events.length === 0) return backlog.goLive();
    for (const part of inParts(events)) {
      for (const chunk of chunksFor(stream, part, new Shared())) stream.sink.write(chunk);
      await pace(stream);
      if (stream.closed) return;
    }
  }
}

/**
 * Sends the objects as ADDED events. They are made as the client takes them, and none is kept over a turn that the sink does not
 * count: a client that takes nothing holds one slice.
 */
async function sendInitial(stream: Stream, batches: Iterable<CacheEntry[]>): Promise<void> {
  let lines: Buffer[] = [];
  let bytes = 0;
  const slice = new Slice();
  for (const batch of batches) {
    for (const entry of batch) {
      if (stream.filter.matches(entry)) {
        const line = lineOf(stream.encoder, 'ADDED', entry, !stream.started);
        stream.started = true;
        lines.push(line);
        bytes += line.length;
      }
      if (bytes < sliceBytes && !slice.isOver) continue;
      for (const chunk of chunksOf(lines)) stream.sink.write(chunk);
      lines = [];
      bytes = 0;
      if (stream.sink.bufferedBytes() >= sliceBytes) await stream.sink.drained();
      if (slice.isOver) await slice.next();
      if (stream.closed) return;
    }
  }
  if (stream.bookmarks) {
    lines.push(stream.encoder.bookmark(String(stream.position), true, !stream.started));
    stream.started = true;
  }
  for (const chunk of chunksOf(lines)) stream.sink.write(chunk);
}

/** Waits for a client that has much unread; lets other work in between slices in any case. */
async function pace(stream: Stream): Promise<void> {
  if (stream.sink.bufferedBytes() >= sliceBytes) await stream.sink.drained();
  else await nextTurn();
}
