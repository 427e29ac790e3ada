import { constants } from 'node:http2';
import type { Writable } from 'node:stream';
import { limits } from '../limits.ts';
import type { StartStream } from '../registry/watch.ts';
import type { WatchSink } from '../watch/stream.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import { beginAnswer } from './respond.ts';
import { closingFrame, handshake, isWebSocketRequest, linesAsMessages, readClient } from './websocket.ts';

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

  /**
   * Answers with a stream of events. The headers go out at once: clients wait for them. The stream ends cleanly (no error event)
   * when its time is up, shortly after a last bookmark, or endAll() is called, and the watch is closed when the client goes.
   * To a client that asks for it the stream is a WebSocket, a message an event. Throws a 400 StatusError where that cannot be.
   */
  start(exchange: Exchange, start: StartStream, options: WatchStreamOptions): void {
    // Only a connection that was taken out of HTTP can be one, whatever the headers say.
    const sink =
      exchange.request.upgrade && isWebSocketRequest(exchange.request)
        ? openWebSocket(exchange, options)
        : openBody(exchange, options);
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
function openBody(exchange: Exchange, options: WatchStreamOptions): WatchSink | undefined {
  if (!beginAnswer(exchange, 200, 'application/json')) return undefined;
  const { response } = exchange;
  response.flushHeaders();
  const { stream } = response;
  return new StreamSink(stream ?? response, options, {
    frame: lines => lines,
    lastBytes: undefined,
    reset: () => {
      if (stream) stream.close(constants.NGHTTP2_CANCEL);
      else response.destroy();
    },
  });
}

/** The events as messages on the connection itself, which nothing else uses from then on. */
function openWebSocket(exchange: Exchange, options: WatchStreamOptions): WatchSink | undefined {
  const { request, response } = exchange;
  const { socket } = request;
  const answer = handshake(request);
  if (!beginAnswer(exchange, 101)) return undefined;
  const sink = new StreamSink(socket, options, {
    frame: linesAsMessages,
    lastBytes: closingFrame,
    reset: () => socket.destroy(),
  });
  readClient(socket, {
    mayAnswer: () => sink.bufferedBytes() <= options.maxBufferBytes,
    // The end of the connection ends the exchange, and with it the watch.
    onClose: () => sink.end(),
  });
  response.statusCode = 101;
  socket.write(answer);
  return sink;
}

/** What differs between the ways on which events go out. */
interface Way {
  frame(lines: Buffer): Buffer;
  lastBytes: Buffer | undefined;
  /** For a client that does not take the rest. */
  reset(): void;
}

class StreamSink implements WatchSink {
  readonly #out: Writable;
  readonly #options: WatchStreamOptions;
  readonly #way: Way;
  #ended = false;

  constructor(out: Writable, options: WatchStreamOptions, way: Way) {
    this.#out = out;
    this.#options = options;
    this.#way = way;
    // A client that has gone; 'close' of the response follows.
    this.#out.on('error', () => {});
  }

  write(chunk: Buffer): void {
    if (this.#ended || this.#out.destroyed) return;
    // The watch cache ends slow streams; this holds whatever the writer does.
    if (this.bufferedBytes() > this.#options.maxBufferBytes) {
      this.end();
      return;
    }
    this.#out.write(this.#way.frame(chunk));
    this.#options.onEvents();
  }

  bufferedBytes(): number {
    return this.#out.writableLength;
  }

  drained(): Promise<void> {
    const out = this.#out;
    if (!out.writableNeedDrain || out.destroyed) return Promise.resolve();
    return new Promise(resolve => {
      const done = () => {
        out.off('drain', done).off('close', done);
        resolve();
      };
      out.on('drain', done).on('close', done);
    });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#out.destroyed) return;
    this.#out.end(this.#way.lastBytes);
    const cancel = this.#options.clock.after(limits.endedWatchGraceMs, () => this.#way.reset());
    this.#out.once('close', cancel);
  }
}
