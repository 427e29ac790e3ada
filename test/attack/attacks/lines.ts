/** Attacks with the bytes of HTTP/1.1, most of them by callers without a credential. */
import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import { type Attack, networkSets, type Target } from '../attack.ts';
import { openSocket, over, repeatedly, Tally } from '../connection.ts';
import { stored } from '../large.ts';

/** Requests whose line says something about the connection that is not so, or is no line at all. */
const lines = [
  'GET /version HTTP/2.0\r\nHost: x\r\n\r\n',
  'GET /version HTTP/2\r\nHost: x\r\n\r\n',
  'GET /version HTTP/3.0\r\nHost: x\r\n\r\n',
  'GET /version HTTP/1.2\r\nHost: x\r\n\r\n',
  'GET /version HTTP/0.9\r\n\r\n',
  'GET /version\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET https://elsewhere/version HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET //version HTTP/1.1\r\nHost: x\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n',
  'GET /version HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  'GET /version HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'GET /version HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\n\r\n',
  'GET /version HTTP/1.1\r\n\r\n',
  'BREW /version HTTP/1.1\r\nHost: x\r\n\r\n',
];

/** Sends bytes over a new connection; whether anything came back before it ended, or a client would have given up. */
async function send(
  target: Target,
  bytes: string | Buffer,
): Promise<'answered' | 'ended' | 'silent' | 'refused'> {
  const socket = await openSocket(target);
  if (!socket) return 'refused';
  const outcome = await new Promise<'answered' | 'ended' | 'silent'>(resolve => {
    socket.once('data', () => resolve('answered'));
    socket.once('close', () => resolve('ended'));
    socket.setTimeout(9_000, () => resolve('silent'));
    socket.write(bytes);
  });
  socket.destroy();
  return outcome;
}

/** Keeps so many connections, each of which sends a byte a second after its start. A connection that is cut off is opened again. */
async function trickle(
  target: Target,
  signal: AbortSignal,
  options: { connections: number; start: string; as?: 'user' },
): Promise<Record<string, number>> {
  const tally = new Tally();
  const open = new Set<TLSSocket>();
  const credential = options.as && target.credentials[options.as];
  await repeatedly(signal, options.connections, async () => {
    const socket = await openSocket(target, credential && { credential });
    if (!socket) return tally.add('refused');
    tally.add('opened');
    open.add(socket);
    socket.on('data', () => {});
    socket.write(options.start);
    const timer = setInterval(() => socket.write('a'), 1_000);
    await Promise.race([new Promise(resolve => socket.once('close', resolve)), over(signal)]);
    clearInterval(timer);
    if (socket.destroyed) tally.add('cutOff');
    socket.destroy();
  });
  return tally.counts;
}

/** Connections that send requests as fast as they are taken, and read no answer. */
async function pipeline(target: Target, signal: AbortSignal, path: string): Promise<Record<string, number>> {
  const tally = new Tally();
  const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(100));
  await repeatedly(signal, 4, async () => {
    const socket = await openSocket(target, { credential: target.credentials.user });
    if (!socket) return tally.add('refused');
    tally.add('opened');
    socket.pause();
    const closed = new Promise(resolve => socket.once('close', resolve));
    while (!signal.aborted && !socket.destroyed) {
      tally.add('sent', 100);
      if (!socket.write(bytes)) {
        await Promise.race([closed, over(signal), new Promise(resolve => socket.once('drain', resolve))]);
      }
    }
    if (socket.destroyed) tally.add('cutOff');
    socket.destroy();
  });
  return tally.counts;
}

const large = `${networkSets('large')}/large-0`;
const patch = `PATCH ${networkSets('attack')}/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/merge-patch+json\r\nContent-Length: 100000\r\n\r\n{"a":"`;

export const attacks: Attack[] = [
  {
    name: 'a version that the connection does not have',
    as: 'anonymous',
    run: async (target, signal) => {
      const tally = new Tally();
      await repeatedly(signal, 4, async index => tally.add(await send(target, lines[index % lines.length]!)));
      return tally.counts;
    },
    expect: ({ answered = 0, silent = 0 }) => {
      assert.ok(answered > 0, 'answered');
      assert.equal(silent, 0, 'none is left without an answer or an end');
    },
  },
  {
    name: 'garbage after requests',
    as: 'anonymous',
    run: async (target, signal) => {
      const tally = new Tally();
      const good = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
      const rubbish = Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 7919) % 256));
      await repeatedly(signal, 4, async () =>
        tally.add(await send(target, Buffer.concat([Buffer.from(good.repeat(20)), rubbish]))),
      );
      return tally.counts;
    },
    expect: ({ answered = 0 }) => assert.ok(answered > 0, 'answered'),
  },
  {
    name: '300 connections whose headers come a byte a second',
    as: 'anonymous',
    run: (target, signal) =>
      trickle(target, signal, { connections: 300, start: 'GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: ' }),
  },
  {
    name: '260 connections whose bodies come a byte a second',
    as: 'user',
    run: (target, signal) => trickle(target, signal, { connections: 260, start: patch, as: 'user' }),
  },
  {
    name: '4 connections that pipeline and do not read',
    as: 'user',
    prepare: stored('large', 1, 1_000_000),
    run: (target, signal) => pipeline(target, signal, large),
  },
];
