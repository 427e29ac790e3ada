import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { tokenProtocolPrefix } from '../access/token.ts';
import { limits } from '../limits.ts';
import { badRequest } from '../machinery/status.ts';
import { Allowance } from './allowance.ts';
import type { HttpRequest } from './http-message.ts';

/** RFC 6455: what the server answers the key of a client with. */
const keySuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 };
/** Status codes of a closing frame (RFC 6455 §7.4.1). */
const closeCodes = { normal: 1000, policyViolation: 1008 };
/** From this length on a message is not copied. */
const largeBytes = 64 * 1024;
/** Of control frames; longer ones are not allowed. */
const maxControlBytes = 125;

/** Whether a request asks to go on as a WebSocket, and the listener has not said no; one of HTTP/1.0 cannot (RFC 9110 §7.8). */
export function isWebSocketRequest({
  method,
  headers,
  httpVersion,
  upgrade,
}: {
  method?: string | undefined;
  headers: IncomingHttpHeaders;
  httpVersion: string;
  upgrade?: boolean | null | undefined;
}): boolean {
  if (upgrade === false) return false;
  const connection = (headers.connection ?? '').toLowerCase().split(',');
  const asks = connection.some(option => option.trim() === 'upgrade');
  return (
    httpVersion === '1.1' && method === 'GET' && asks && (headers.upgrade ?? '').toLowerCase() === 'websocket'
  );
}

/**
 * The answer to the handshake of a client (RFC 6455 §4.2), with its one subprotocol, if any; one that carries a token is
 * left out. Throws a 400 StatusError for a handshake that is none.
 */
export function handshake({ headers }: Pick<HttpRequest, 'headers'>): string {
  const key = headers['sec-websocket-key'] ?? '';
  if (headers['sec-websocket-version'] !== '13') throw badRequest('missing or bad WebSocket Version');
  if (Buffer.from(key, 'base64').length !== 16) throw badRequest('mismatch challenge/response');
  const protocols = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(protocol => protocol.trim())
    .filter(protocol => protocol !== '' && !protocol.startsWith(tokenProtocolPrefix));
  if (protocols.length > 1) throw badRequest('one WebSocket protocol at most can be asked for');
  const accept = createHash('sha1')
    .update(key + keySuffix)
    .digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...protocols.map(protocol => `Sec-WebSocket-Protocol: ${protocol}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/**
 * Whole lines as text messages, one each, as kube-apiserver sends the events of a watch. One large line is not copied: many
 * clients may have it to take.
 */
export function linesAsMessages(lines: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < lines.length; ) {
    const newline = lines.indexOf(0x0a, start);
    const end = newline < 0 ? lines.length : newline + 1;
    const message = lines.subarray(start, end);
    parts.push(frameHead(opcodes.text, message.length), message);
    start = end;
  }
  const isOne = parts[1]?.length === lines.length;
  return isOne && lines.length >= largeBytes ? [parts[0]!, lines] : [Buffer.concat(parts)];
}

/** The frame that says that all is well and nothing follows. */
export const closingFrame = closing(closeCodes.normal);
/** The frame for a client that sends more than it may. */
export const floodFrame = closing(closeCodes.policyViolation);

function closing(code: number): Buffer {
  return Buffer.concat([frameHead(opcodes.close, 2), Buffer.from([code >> 8, code & 0xff])]);
}

function frameHead(opcode: number, length: number): Buffer {
  const final = 0x80 | opcode;
  if (length <= maxControlBytes) return Buffer.from([final, length]);
  if (length < 0x10000) return Buffer.from([final, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = final;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/**
 * Reads what a client sends on the socket of a watch: each ping calls back with its answer, messages are ignored. Calls back once
 * the client has closed, or has sent what is no frame of a client, or (`onFlood`) more frames than it may; nothing is read after that.
 * Nothing is kept but the head of a frame and a control frame.
 */
export function readClient(
  socket: Duplex,
  {
    nowMs,
    onPing,
    onClose,
    onFlood,
  }: { nowMs(): number; onPing(pong: Buffer): void; onClose(): void; onFlood(): void },
): void {
  const frames = new Allowance(
    { burst: limits.webSocketFrameBurst, perSecond: limits.webSocketFramesPerSecond },
    nowMs(),
  );
  const reader = new FrameReader({
    mayBegin: bytes => {
      const may = frames.spend(1 + Math.floor(bytes / 1024), nowMs());
      if (!may) onFlood();
      return may;
    },
    onPing: payload => onPing(Buffer.concat([frameHead(opcodes.pong, payload.length), payload])),
    onClose,
  });
  socket.on('data', (chunk: Buffer) => reader.read(chunk));
  socket.on('end', onClose);
}

interface Head {
  opcode: number;
  /** Bytes of the payload that have not come yet. */
  left: number;
  mask: Buffer;
  payload: Buffer[];
}

interface FrameHandlers {
  /** Asked for each frame, with the length that it claims; where the answer is no, nothing more is read. */
  mayBegin(bytes: number): boolean;
  onPing(payload: Buffer): void;
  onClose(): void;
}

class FrameReader {
  readonly #on: FrameHandlers;
  #pending: Buffer = Buffer.alloc(0);
  #frame: Head | undefined;
  #closed = false;

  constructor(on: FrameHandlers) {
    this.#on = on;
  }

  read(chunk: Buffer): void {
    if (this.#closed) return;
    let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = Buffer.alloc(0);
    while (!this.#closed) {
      if (!this.#frame) {
        if (rest.length < 2) break;
        if (!mayBeSent(rest)) {
          this.#close();
          return;
        }
        const size = headSize(rest);
        if (rest.length < size) break;
        const frame = parseHead(rest.subarray(0, size));
        if (!this.#on.mayBegin(frame.left)) {
          this.#closed = true;
          return;
        }
        this.#frame = frame;
        rest = rest.subarray(size);
      }
      rest = this.#take(this.#frame, rest);
      if (this.#frame.left > 0) break;
      this.#finish(this.#frame);
      this.#frame = undefined;
    }
    this.#pending = rest;
  }

  /** Takes the bytes of the payload that are there, and returns what is behind them. */
  #take(frame: Head, bytes: Buffer): Buffer {
    const taken = bytes.subarray(0, frame.left);
    frame.left -= taken.length;
    if (frame.opcode >= opcodes.close) frame.payload.push(taken);
    return bytes.subarray(taken.length);
  }

  #finish({ opcode, mask, payload }: Head): void {
    if (opcode === opcodes.close) this.#close();
    if (opcode !== opcodes.ping) return;
    const masked = Buffer.concat(payload);
    this.#on.onPing(masked.map((byte, index) => byte ^ mask[index % 4]!) as Buffer);
  }

  #close(): void {
    this.#closed = true;
    this.#on.onClose();
  }
}

/** Whether a client may send a frame with these first two bytes: a masked one, and no control frame that is long or in pieces. */
function mayBeSent([first = 0, second = 0]: Buffer): boolean {
  if ((second & 0x80) === 0) return false;
  return (first & 0x0f) < opcodes.close || ((second & 0x7f) <= maxControlBytes && (first & 0x80) !== 0);
}

/** How long the head of a masked frame is. */
function headSize(bytes: Buffer): number {
  const length = bytes[1]! & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + 4;
}

function parseHead(bytes: Buffer): Head {
  const short = bytes[1]! & 0x7f;
  const left =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  return { opcode: bytes[0]! & 0x0f, left, mask: bytes.subarray(-4), payload: [] };
}
