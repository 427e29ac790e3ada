import { constants } from 'node:http2';
import { limits } from '../limits.ts';
import { tooManyRequests } from '../machinery/status.ts';
import { SharedBuffers } from '../memory/shared-buffers.ts';
import type { SharedBytes } from '../memory/shared-bytes.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import { breakOff } from './http-message.ts';

/** One answer on its way to a client. What it counts it gives back when the exchange is over. */
export interface OpenAnswer {
  /** Counts a buffer that is kept until it is sent. Throws a 429 to a read whose user has no room left. */
  keep(bytes: Buffer): void;
  /** Counts memory of another sort, for as long or until the function returned is called. Throws as `keep` does. */
  charge(bytes: number): () => void;
  /** Writes bytes at the client's pace. Resolves when it has taken them: true, or when it has gone: false. */
  write(bytes: Buffer): Promise<boolean>;
}

interface Unsent {
  owner: string;
  /** When the client last took something. */
  progressMs: number;
  cut(): void;
}

/** As much as is handed to the connection at once. TLS keeps a copy of it, which the code that opens the answer counts. */
export const pieceBytes = 64 * 1024;
const noRoom = 'Too many requests: earlier answers have not been read, please try again later';

/**
 * The answers that are not sent yet, within the bytes that users share. A read that finds no room is refused. The answer to a
 * write cannot be, so a write that finds no room is not begun. When room is short, clients that have taken nothing for a while
 * are cut off.
 */
export class Answers {
  readonly #pool: SharedBytes;
  readonly #buffers: SharedBuffers;
  readonly #clock: Clock;
  readonly #unsent = new Set<Unsent>();

  constructor(pool: SharedBytes, clock: Clock) {
    this.#pool = pool;
    this.#buffers = new SharedBuffers(pool);
    this.#clock = clock;
  }

  /** Throws a 429 when the user's unsent answers have used up its share: called before a write is begun. */
  mustHaveRoom({ user }: Exchange): void {
    const hasRoom = () => this.#pool.allows(user.name, 0);
    if (hasRoom()) return;
    this.#makeRoom(hasRoom);
    if (!hasRoom()) throw tooManyRequests(noRoom, 1);
  }

  /** Begins an answer. */
  open(exchange: Exchange): OpenAnswer {
    const owner = exchange.user.name;
    const mustHold = isWrite(exchange) || exchange.answered;
    const releases: (() => void)[] = [];
    let wake: (() => void) | undefined;
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
      this.#unsent.delete(unsent);
      for (const release of releases.splice(0)) release();
      wake?.();
    };
    const unsent: Unsent = {
      owner,
      progressMs: this.#clock.elapsedMs(),
      cut: () => {
        breakOff(exchange.response, constants.NGHTTP2_ENHANCE_YOUR_CALM);
        end();
      },
    };
    this.#unsent.add(unsent);
    exchange.onEnd(end);
    const count = (take: () => (() => void) | undefined, hold: () => () => void) => {
      if (hasEnded) return () => {};
      let release = take();
      if (!release) {
        this.#makeRoom(() => {
          release = take();
          return release !== undefined;
        });
      }
      if (!release && !mustHold) throw tooManyRequests(noRoom, 1);
      release ??= hold();
      releases.push(release);
      return release;
    };
    return {
      keep: bytes => {
        count(
          () => this.#buffers.take(owner, bytes),
          () => this.#buffers.hold(owner, bytes),
        );
      },
      charge: bytes =>
        count(
          () => this.#pool.take(owner, bytes)?.release,
          () => this.#pool.hold(owner, bytes).release,
        ),
      write: async bytes => {
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          if (isOver(exchange)) return false;
          await new Promise<void>(resolve => {
            wake = resolve;
            exchange.response.write(bytes.subarray(at, at + pieceBytes), () => resolve());
          });
          unsent.progressMs = this.#clock.elapsedMs();
        }
        return !isOver(exchange);
      },
    };
  }

  /** Cuts off clients that have taken nothing for a while, those of the user that holds most first, until that is enough. */
  #makeRoom(isEnough: () => boolean): void {
    const since = this.#clock.elapsedMs() - limits.unreadAnswerMs;
    const stalled = [...this.#unsent].filter(({ progressMs }) => progressMs <= since);
    stalled.sort(
      (a, b) =>
        this.#pool.heldBy(b.owner) - this.#pool.heldBy(a.owner) ||
        compareText(a.owner, b.owner) ||
        a.progressMs - b.progressMs,
    );
    for (const unsent of stalled) {
      unsent.cut();
      if (isEnough()) return;
    }
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a request may have changed something by the time that it is answered. */
function isWrite({ info }: Exchange): boolean {
  return !['get', 'list', 'watch', 'head', 'options'].includes(info.verb);
}

function isOver({ response, abort }: Exchange): boolean {
  return response.destroyed || abort.signal.aborted;
}
