import { constants } from 'node:http2';
import type { Writable } from 'node:stream';
import { limits } from '../limits.ts';
import { tooManyRequests } from '../machinery/status.ts';
import { SharedBuffers } from '../memory/shared-buffers.ts';
import type { SharedBytes } from '../memory/shared-bytes.ts';
import type { StartStream } from '../registry/watch.ts';
import type { WatchSink } from '../watch/stream.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import { beginAnswer } from './respond.ts';
import {
  closingFrame,
  floodFrame,
  handshake,
  isWebSocketRequest,
  linesAsMessages,
  readClient,
} from './websocket.ts';

export interface WatchStreamOptions {
  /** After this time the stream ends cleanly. */
  lifeMs: number;
  maxBufferBytes: number;
  clock: Clock;
  onEvents(): void;
}

/** The watches that are open, so that a drain can end them. */
export class WatchStreams {
  readonly #open = new Set<() => void>();
  readonly #room: WatchRoom;
  readonly #onFlood: () => void;

  /** `onFlood` is called when a WebSocket is ended since its client sends more frames than it may. */
  constructor(pool: SharedBytes, onFlood: () => void = () => {}) {
    this.#room = new WatchRoom(pool);
    this.#onFlood = onFlood;
  }

  /**
   * Answers with a stream of events. The headers go out at once: clients wait for them. The stream ends cleanly (no error event)
   * when its time is up, shortly after a last bookmark, or endAll() is called, and the watch is closed when the client goes.
   * To a client that asks for it the stream is a WebSocket, a message an event. Throws a 400 StatusError where that cannot be, a 429 where the user's share of watches is used up.
   */
  start(exchange: Exchange, start: StartStream, options: WatchStreamOptions): void {
    exchange.onEnd(this.#room.open(exchange.user.name));
    // Only a connection that was taken out of HTTP can be one, whatever the headers say.
    const sink =
      exchange.request.upgrade && isWebSocketRequest(exchange.request)
        ? openWebSocket(exchange, options, { room: this.#room, onFlood: this.#onFlood })
        : openBody(exchange, options, this.#room);
    if (!sink) return;
    const watch = start(sink);
    const end = () => {
      watch.close();
      sink.end();
    };
    const timers = [options.clock.after(options.lifeMs, end)];
    const bookmarkMs = options.lifeMs - limits.lastBookmarkMs;
    if (bookmarkMs > 0) timers.push(options.clock.after(bookmarkMs, () => watch.bookmark()));
    this.#open.add(end);
    exchange.onEnd(() => {
      for (const cancel of timers) cancel();
      this.#open.delete(end);
      watch.close();
    });
  }

  endAll(): void {
    for (const end of this.#open) end();
  }
}

/**
 * The life of a watch in seconds: what the client asks for, else a random time between the minimum and twice that, so that the
 * watches of a restarted client do not all end together (machinery.md §5.5).
 */
export function watchLifeSeconds(
  timeoutSeconds: number | undefined,
  minSeconds: number,
  clock: Clock,
): number {
  if (timeoutSeconds && timeoutSeconds > 0) return Math.min(timeoutSeconds, maxTimerSeconds);
  return Math.floor(minSeconds * (1 + clock.random()));
}

/** Timers hold no more than 2^31 - 1 ms. */
const maxTimerSeconds = 2_000_000;

/** The events as the body of the answer; over HTTP/2 on its stream itself, which costs less for each event. */
function openBody(exchange: Exchange, options: WatchStreamOptions, room: WatchRoom): WatchSink | undefined {
  if (!beginAnswer(exchange, 200, 'application/json')) return undefined;
  const { response } = exchange;
  response.flushHeaders();
  const { stream } = response;
  const way: Way = {
    frame: lines => [lines],
    lastBytes: undefined,
    reset: () => {
      if (stream) stream.close(constants.NGHTTP2_CANCEL);
      else response.destroy();
    },
  };
  return new StreamSink(stream ?? response, options, { way, room, owner: exchange.user.name });
}

/** The events as messages on the connection itself, which nothing else uses from then on. */
function openWebSocket(
  exchange: Exchange,
  options: WatchStreamOptions,
  { room, onFlood }: { room: WatchRoom; onFlood: () => void },
): WatchSink | undefined {
  const { request, response } = exchange;
  const { socket } = request;
  const answer = handshake(request);
  if (!beginAnswer(exchange, 101)) return undefined;
  const way: Way = {
    frame: linesAsMessages,
    lastBytes: closingFrame,
    reset: () => socket.destroy(),
  };
  const sink = new StreamSink(socket, options, { way, room, owner: exchange.user.name });
  readClient(socket, {
    nowMs: () => options.clock.elapsedMs(),
    onPing: pong => sink.interject(pong),
    // The end of the connection ends the exchange, and with it the watch.
    onClose: () => sink.end(),
    onFlood: () => {
      onFlood();
      way.lastBytes = floodFrame;
      // What else it sends is not read.
      socket.pause();
      socket.once('finish', () => socket.destroy());
      sink.end();
    },
  });
  response.statusCode = 101;
  socket.write(answer);
  return sink;
}

/** What differs between the ways on which events go out. */
interface Way {
  /** Whole lines as the client gets them, in parts: what is large is not copied. */
  frame(lines: Buffer): Buffer[];
  lastBytes: Buffer | undefined;
  /** For a client that does not take the rest. */
  reset(): void;
}

/** The bytes that the queues of all watches hold, within what their users share. */
class WatchRoom {
  readonly sinks = new Set<StreamSink>();
  readonly #pool: SharedBytes;
  readonly #buffers: SharedBuffers;

  constructor(pool: SharedBytes) {
    this.#pool = pool;
    this.#buffers = new SharedBuffers(pool);
  }

  /** Takes what an open watch costs. Throws a 429 where that is beyond the user's share. */
  open(owner: string): () => void {
    const hold = this.#pool.take(owner, limits.watchBytes);
    if (!hold)
      throw tooManyRequests('Too many requests: too many watches are open, please try again later', 5);
    return () => hold.release();
  }

  /** Counts a chunk. Where it finds no room, the user whose watches have most to take loses the slowest of them. */
  hold(owner: string, bytes: Buffer): () => void {
    const release = this.#buffers.take(owner, bytes);
    if (release) return release;
    this.#cutSlowest(() => this.#pool.allows(owner, bytes.length));
    return this.#buffers.hold(owner, bytes);
  }

  /** Counts the copy that TLS makes of a piece until the connection has taken it, and makes room for it as `hold` does. */
  holdCopy(owner: string, bytes: number): () => void {
    // What is small is part of what an open watch counts for.
    if (bytes < smallBytes) return () => {};
    let hold = this.#pool.take(owner, bytes);
    if (!hold) {
      this.#cutSlowest(() => this.#pool.allows(owner, bytes));
      hold = this.#pool.hold(owner, bytes);
    }
    return hold.release;
  }

  #cutSlowest(isEnough: () => boolean): void {
    const byOwner = new Map<string, { bytes: number; sinks: StreamSink[] }>();
    for (const sink of this.sinks) {
      const bytes = sink.bufferedBytes();
      if (bytes === 0) continue;
      const owned = byOwner.get(sink.owner) ?? { bytes: 0, sinks: [] };
      byOwner.set(sink.owner, owned);
      owned.bytes += bytes;
      owned.sinks.push(sink);
    }
    const [largest] = [...byOwner.values()].sort((a, b) => b.bytes - a.bytes);
    for (const sink of largest?.sinks.sort((a, b) => b.bufferedBytes() - a.bufferedBytes()) ?? []) {
      sink.cut();
      if (isEnough()) return;
    }
  }
}

/** As much as is handed to the connection at once; TLS keeps a copy of it. */
const pieceBytes = 16 * 1024;
const smallBytes = 4 * 1024;

interface Queued {
  bytes: Buffer;
  /** Whether something else may be written after it. */
  endsMessage: boolean;
  release(): void;
}

/** The events of one watch on their way. They wait here, as references to bytes that other watches share, and not below. */
class StreamSink implements WatchSink {
  readonly owner: string;
  readonly #out: Writable;
  readonly #options: WatchStreamOptions;
  readonly #way: Way;
  readonly #room: WatchRoom;
  #queue: Queued[] = [];
  /** Bytes of the first chunk that the connection has taken. */
  #taken = 0;
  #buffered = 0;
  #isWriting = false;
  #ended = false;
  #interjection: Buffer | undefined;
  /** Whether a message has begun that has not gone out whole. */
  #isInMessage = false;
  #releaseCopy: () => void = () => {};
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(
    out: Writable,
    options: WatchStreamOptions,
    parts: { way: Way; room: WatchRoom; owner: string },
  ) {
    this.#out = out;
    this.#options = options;
    this.#way = parts.way;
    this.#room = parts.room;
    this.owner = parts.owner;
    this.#room.sinks.add(this);
    // A client that has gone; 'close' of the response follows.
    this.#out.on('error', () => {});
    this.#out.once('close', () => this.#forget());
  }

  write(chunk: Buffer): void {
    if (this.#ended || this.#out.destroyed) return;
    // The watch cache ends slow streams; this holds whatever the writer does.
    if (this.bufferedBytes() > this.#options.maxBufferBytes) {
      this.end();
      return;
    }
    const parts = this.#way.frame(chunk);
    for (const [at, bytes] of parts.entries()) {
      const release = this.#room.hold(this.owner, bytes);
      // Making room may have cut off this very stream.
      if (this.#ended) {
        release();
        return;
      }
      this.#queue.push({ bytes, endsMessage: at === parts.length - 1, release });
      this.#buffered += bytes.length;
    }
    this.#options.onEvents();
    this.#writeNext();
  }

  /** Writes a few bytes between two chunks; of those that wait the last ones count (RFC 6455 §5.5.3). */
  interject(bytes: Buffer): void {
    if (this.#ended) return;
    this.#interjection = bytes;
    this.#writeNext();
  }

  bufferedBytes(): number {
    return this.#buffered;
  }

  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Nothing may be written behind the last bytes.
    this.#interjection = undefined;
    if (this.#out.destroyed) return;
    if (this.#queue.length === 0) this.#out.end(this.#way.lastBytes);
    const cancel = this.#options.clock.after(limits.endedWatchGraceMs, () => this.#way.reset());
    this.#out.once('close', cancel);
  }

  /** Ends it at once, without what is queued: the client resumes. */
  cut(): void {
    this.#ended = true;
    this.#forget();
    this.#way.reset();
  }

  #writeNext(): void {
    if (this.#isWriting || this.#out.destroyed) return;
    const interjection = this.#isInMessage ? undefined : this.#interjection;
    const piece = interjection ?? this.#queue[0]?.bytes.subarray(this.#taken, this.#taken + pieceBytes);
    if (!piece) return;
    const release = this.#room.holdCopy(this.owner, piece.length);
    // Making room may have cut off this very stream.
    if (!this.#room.sinks.has(this)) {
      release();
      return;
    }
    if (interjection) this.#interjection = undefined;
    this.#isWriting = true;
    this.#releaseCopy = release;
    this.#out.write(piece, () => {
      this.#isWriting = false;
      this.#releaseCopy();
      if (!interjection) this.#onTaken(piece.length);
      this.#goOn();
    });
  }

  #onTaken(bytes: number): void {
    const first = this.#queue[0];
    if (!first) return;
    this.#taken += bytes;
    this.#buffered -= bytes;
    this.#isInMessage = true;
    if (this.#taken < first.bytes.length) return;
    this.#queue.shift();
    this.#taken = 0;
    this.#isInMessage = !first.endsMessage;
    first.release();
  }

  #goOn(): void {
    this.#writeNext();
    if (this.#isWriting || this.#queue.length > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
    if (this.#ended && !this.#out.writableEnded && !this.#out.destroyed) this.#out.end(this.#way.lastBytes);
  }

  #forget(): void {
    this.#room.sinks.delete(this);
    for (const { release } of this.#queue.splice(0)) release();
    this.#releaseCopy();
    this.#buffered = 0;
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}
