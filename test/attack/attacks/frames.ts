/** Floods of HTTP/2 frames and of WebSocket frames. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Attack, type Counts, networkSets, type Target } from '../attack.ts';
import { openSocket, over, repeatedly, Tally } from '../connection.ts';
import { frame, frameTypes, preface, request, settings, uint32 } from '../frames.ts';

/** Writes what `next` makes, as fast as it is taken, over two connections; one that is cut off is opened again. */
async function flood(
  target: Target,
  signal: AbortSignal,
  next: (turn: number) => Buffer,
  start: Buffer = settings(),
): Promise<Counts> {
  const tally = new Tally();
  await repeatedly(signal, 2, async () => {
    const socket = await openSocket(target, { protocol: 'h2' });
    if (!socket) return tally.add('refused');
    tally.add('opened');
    socket.on('data', () => {});
    socket.write(Buffer.concat([preface, start]));
    await pour(socket, signal, turn => {
      tally.add('writes');
      return next(turn);
    });
    if (socket.destroyed) tally.add('cutOff');
    socket.destroy();
  });
  return tally.counts;
}

async function pour(socket: TLSSocket, signal: AbortSignal, next: (turn: number) => Buffer): Promise<void> {
  const closed = new Promise(resolve => socket.once('close', resolve));
  for (let turn = 0; !signal.aborted && !socket.destroyed; turn++) {
    if (socket.write(next(turn))) await new Promise(setImmediate);
    else await Promise.race([closed, over(signal), new Promise(resolve => socket.once('drain', resolve))]);
  }
}

/** So many of what `one` makes, for streams that a client may open: odd numbers, upwards. */
function streams(turn: number, one: (stream: number) => Buffer, count = 100): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => one(2 * (turn * count + index) + 1)));
}

function repeated(bytes: Buffer, count: number): () => Buffer {
  const all = Buffer.concat(Array(count).fill(bytes));
  return () => all;
}

const version = { ':path': '/version' };
const cutOff = ({ cutOff: count = 0 }: Counts) => assert.ok(count > 0, 'a connection is cut off');

const floods: Record<string, { start?: Buffer; next: (turn: number) => Buffer }> = {
  'rapid reset': {
    next: turn =>
      streams(turn, stream =>
        Buffer.concat([request(stream, version), frame(frameTypes.reset, { stream, payload: uint32(8) })]),
      ),
  },
  'streams reset by the server: each is wrong': {
    next: turn =>
      streams(turn, stream =>
        Buffer.concat([
          request(stream, version, { endStream: false }),
          frame(frameTypes.windowUpdate, { stream, payload: uint32(0) }),
        ]),
      ),
  },
  SETTINGS: { next: repeated(settings([[4, 65_535]]), 500) },
  PING: { next: repeated(frame(frameTypes.ping, { payload: Buffer.alloc(8) }), 500) },
  CONTINUATION: {
    start: Buffer.concat([settings(), request(1, version, { endHeaders: false })]),
    next: repeated(
      frame(frameTypes.continuation, { stream: 1, payload: Buffer.from([0, 1, 97, 1, 98]) }),
      500,
    ),
  },
  'empty CONTINUATION': {
    start: Buffer.concat([settings(), request(1, version, { endHeaders: false })]),
    next: repeated(frame(frameTypes.continuation, { stream: 1 }), 500),
  },
  'empty DATA': {
    start: Buffer.concat([settings(), request(1, { ...version, ':method': 'POST' }, { endStream: false })]),
    next: repeated(frame(frameTypes.data, { stream: 1 }), 500),
  },
  PRIORITY: {
    next: turn =>
      streams(turn, stream =>
        frame(frameTypes.priority, { stream, payload: Buffer.concat([uint32(0), Buffer.from([16])]) }),
      ),
  },
  WINDOW_UPDATE: { next: repeated(frame(frameTypes.windowUpdate, { payload: uint32(1) }), 500) },
  'unknown frames': { next: repeated(frame(0x42, { payload: Buffer.alloc(8) }), 500) },
};

export const attacks: Attack[] = [
  ...Object.entries(floods).map(
    ([name, { start, next }]): Attack => ({
      name: `flood: ${name}`,
      as: 'anonymous',
      run: (target, signal) => flood(target, signal, next, start),
      // A small WINDOW_UPDATE costs no more than its bytes.
      ...(name !== 'WINDOW_UPDATE' && { expect: cutOff }),
    }),
  ),
  {
    name: 'CONNECT on streams',
    as: 'anonymous',
    run: (target, signal) =>
      flood(target, signal, turn =>
        streams(turn, stream => request(stream, { ':method': 'CONNECT', ':authority': 'elsewhere:443' }), 10),
      ),
  },
  {
    name: 'flood: pings of a WebSocket',
    as: 'user',
    run: async (target, signal) => {
      const tally = new Tally();
      const head = `GET ${networkSets('attack')}?watch=1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;
      // A ping of 125 bytes, masked with zeros (RFC 6455 §5.2).
      const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125]), Buffer.alloc(4 + 125)]);
      const pings = repeated(ping, 500);
      await repeatedly(signal, 2, async () => {
        const socket = await openSocket(target, { credential: target.credentials.user });
        if (!socket) return tally.add('refused');
        tally.add('opened');
        socket.write(head);
        const first = await new Promise<string>(resolve => {
          socket.once('data', data => resolve(data.toString()));
          socket.once('close', () => resolve(''));
        });
        if (first.startsWith('HTTP/1.1 101')) tally.add('upgraded');
        socket.pause();
        await pour(socket, signal, pings);
        if (socket.destroyed) tally.add('cutOff');
        socket.destroy();
      });
      return tally.counts;
    },
    expect: counts => {
      assert.ok(counts.upgraded! > 0, 'the handshake was answered');
    },
  },
];
