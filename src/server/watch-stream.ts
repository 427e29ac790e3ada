import { constants } from 'node:http2';
import type { Writable } from 'node:stream';
import { limits } from '../limits.ts';
import type { StartStream } from '../registry/watch.ts';
import type { WatchSink } from '../watch/stream.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import type { HttpResponse } from './http-message.ts';
import { beginAnswer } from './respond.ts';

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
   */
  start(exchange: Exchange, start: StartStream, options: WatchStreamOptions): void {
    if (!beginAnswer(exchange, 200, 'application/json')) return;
    exchange.response.flushHeaders();
    const sink = new ResponseSink(exchange.response, options);
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

/** Writes events to a response; over HTTP/2 to its stream itself, which costs less for each event. */
class ResponseSink implements WatchSink {
  readonly #response: HttpResponse;
  readonly #out: Writable;
  readonly #options: WatchStreamOptions;
  #ended = false;

  constructor(response: HttpResponse, options: WatchStreamOptions) {
    this.#response = response;
    this.#out = response.stream ?? response;
    this.#options = options;
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
    this.#out.write(chunk);
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
    this.#out.end();
    const cancel = this.#options.clock.after(limits.endedWatchGraceMs, () => this.#reset());
    this.#response.once('close', cancel);
  }

  /** For a client that does not take the rest. */
  #reset(): void {
    const { stream } = this.#response;
    if (stream) stream.close(constants.NGHTTP2_CANCEL);
    else this.#response.destroy();
  }
}
