import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { frame, frameTypes, preface, settings, uint32 } from './frames.ts';

export const cancel = 8;
export const enhanceYourCalm = 11;

export function ping(payload: Buffer = Buffer.alloc(8)): Buffer {
  return frame(frameTypes.ping, { payload });
}

export function rstStream(stream: number, code: number = cancel): Buffer {
  return frame(frameTypes.reset, { stream, payload: uint32(code) });
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameTypes.windowUpdate, { stream, payload: uint32(increment) });
}

/** A frame of a client on a WebSocket (RFC 6455 §5.2), masked with zeros; of at most 125 bytes. */
export function webSocketFrame(opcode: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** A frame that has come in. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** A TLS connection on which a test writes what it likes. */
export class RawConnection {
  readonly socket: TLSSocket;
  /** Resolves once both sides have ended, or the connection has broken off. */
  readonly closed: Promise<void>;
  /** All bytes that came, as long as frames() does not take them. */
  received: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', chunk => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#wake?.();
    });
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.#ended = true;
        this.#wake?.();
        resolve();
      });
    });
  }

  /** Writes, and resolves when the bytes are with the kernel, or the connection has ended. */
  write(...parts: (Buffer | string)[]): Promise<void> {
    const bytes = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)));
    return new Promise(resolve => {
      if (this.#ended || !this.socket.writable) resolve();
      else this.socket.write(bytes, () => resolve());
    });
  }

  /** The next frame of HTTP/2; undefined at the end of the connection. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const { received } = this;
      const length = received.length < 9 ? Number.POSITIVE_INFINITY : 9 + received.readUIntBE(0, 3);
      if (received.length >= length) {
        this.received = received.subarray(length);
        return {
          type: received[3]!,
          flags: received[4]!,
          stream: received.readUInt32BE(5) & 0x7fffffff,
          payload: received.subarray(9, length),
        };
      }
      if (this.#ended) return undefined;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  /** Skips frames up to one that fits; undefined where the connection ends before it. */
  async until(fits: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const frame = await this.next();
      if (!frame || fits(frame)) return frame;
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Opens a connection and speaks TLS; `localAddress` may be any of 127.0.0.0/8, so that a test has several addresses. */
export async function openRaw(
  port: number,
  options: ConnectionOptions & { localAddress?: string },
): Promise<RawConnection> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  await once(socket, 'secureConnect');
  return new RawConnection(socket);
}

/** A connection that has begun to speak HTTP/2. */
export async function openHttp2(
  port: number,
  options: ConnectionOptions & { localAddress?: string },
): Promise<RawConnection> {
  const connection = await openRaw(port, { ...options, ALPNProtocols: ['h2'] });
  await connection.write(preface, settings());
  return connection;
}

/** The code of a GOAWAY. */
export function goawayCode({ payload }: Frame): number {
  return payload.readUInt32BE(4);
}
