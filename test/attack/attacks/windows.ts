/** Attacks on memory: clients who ask for much and take nothing, or are many and ask for nothing. */
import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import { type Attack, type Counts, type Credential, networkSets, type Target } from '../attack.ts';
import { ask, openSession, openSocket, over, repeatedly, Tally } from '../connection.ts';
import { networkSet, stored } from '../large.ts';

const large = networkSets('large');
const listBytes = 16_000_000;

/** Streams at window 0 on one connection: each GET is answered with headers, and no byte of its body is taken. */
async function unread(
  target: Target,
  signal: AbortSignal,
  options: { streams: number; path: string; credential?: Credential; headers?: Record<string, string> },
): Promise<Counts> {
  const tally = new Tally();
  await repeatedly(signal, 1, async () => {
    const session = openSession(target, {
      credential: options.credential ?? target.credentials.user,
      windowBytes: 0,
      signal,
    });
    tally.add('sessions');
    session.once('close', () => tally.add('sessionsEnded'));
    const closed = Array.from({ length: options.streams }, () => {
      const stream = session.request({ ...options.headers, ':path': options.path });
      stream.on('response', answer => tally.add(Number(answer[':status'])));
      stream.on('error', () => {});
      return new Promise<void>(resolve => stream.once('close', () => resolve()));
    });
    const cut = Promise.all(closed).then(() => tally.add('allCut'));
    await Promise.race([cut, over(signal)]);
    session.destroy();
  });
  return tally.counts;
}

/** Connections that are opened and left alone. */
async function idle(
  target: Target,
  signal: AbortSignal,
  count: number,
  protocol: 'h2' | 'http/1.1',
): Promise<Counts> {
  const tally = new Tally();
  const open = new Set<TLSSocket>();
  await repeatedly(signal, 32, async () => {
    if (open.size >= count) {
      await Promise.race([over(signal), new Promise(resolve => setTimeout(resolve, 100))]);
      return;
    }
    const socket = await openSocket(target, { protocol });
    if (!socket) {
      tally.add('refused');
      return;
    }
    tally.add('opened');
    open.add(socket);
    socket.resume();
    if (protocol === 'h2') socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    socket.once('close', () => {
      open.delete(socket);
      tally.add('closed');
    });
  });
  tally.add('held', open.size);
  for (const socket of open) socket.destroy();
  return tally.counts;
}

/** Changes a large object again and again, so that watches have something to tell. */
async function change(target: Target, signal: AbortSignal): Promise<void> {
  const session = openSession(target, { credential: target.credentials.admin, signal });
  await repeatedly(signal, 1, async turn => {
    const body = JSON.stringify({ metadata: { annotations: { turn: String(turn) } } });
    const headers = {
      ':method': 'PATCH',
      ':path': `${large}/large-0`,
      'content-type': 'application/merge-patch+json',
    };
    await ask(session, headers, body);
  });
  session.destroy();
}

export const attacks: Attack[] = [
  {
    name: '1,000 GETs of 1 MB at window 0',
    as: 'user',
    prepare: stored('large', 1, 1_000_000),
    run: (target, signal) => unread(target, signal, { streams: 1_000, path: `${large}/large-0` }),
  },
  {
    name: '600 watches at window 0',
    as: 'user',
    prepare: stored('large', 1, 1_000_000),
    run: async (target, signal) => {
      const path = `${large}?watch=1`;
      const [counts] = await Promise.all([
        unread(target, signal, { streams: 600, path }),
        change(target, signal),
      ]);
      return counts;
    },
  },
  {
    name: '20 lists of 16 MB at once, read',
    as: 'user',
    prepare: stored('large', listBytes / 1_000_000, 1_000_000),
    run: async (target, signal) => {
      const tally = new Tally();
      await repeatedly(signal, 20, async () => {
        const session = openSession(target, { credential: target.credentials.user, signal });
        const { status } = await ask(session, { ':path': large });
        tally.add(status);
        session.destroy();
      });
      return tally.counts;
    },
    expect: counts => assert.ok(counts[200]! > 0 || counts[429]! > 0, 'lists are answered'),
  },
  {
    name: '200 lists of 16 MB at window 0',
    as: 'user',
    prepare: stored('large', listBytes / 1_000_000, 1_000_000),
    run: (target, signal) => unread(target, signal, { streams: 200, path: large }),
  },
  {
    name: '200 lists as YAML at window 0',
    as: 'user',
    prepare: stored('large', 2, 1_000_000),
    run: (target, signal) =>
      unread(target, signal, {
        streams: 200,
        path: `${large}?limit=2`,
        headers: { accept: 'application/yaml' },
      }),
  },
  {
    name: '500 GETs of 1 MB at window 0 for each of two users of a front proxy',
    as: 'front proxy',
    prepare: stored('large', 1, 1_000_000),
    run: async (target, signal) => {
      const credential = target.credentials.frontProxy;
      const path = `${large}/large-0`;
      const [counts] = await Promise.all(
        ['eve', 'trudy'].map(user =>
          unread(target, signal, { streams: 500, path, credential, headers: { 'x-remote-user': user } }),
        ),
      );
      return counts!;
    },
  },
  {
    name: '100 bodies of 3 MB that stop before their end',
    as: 'user',
    run: async (target, signal) => {
      const tally = new Tally();
      const body = networkSet('attack', 'never', 2_900_000).slice(0, -1);
      await repeatedly(signal, 100, async () => {
        const session = openSession(target, { credential: target.credentials.user, signal });
        const headers = {
          ':method': 'POST',
          ':path': networkSets('attack'),
          'content-type': 'application/json',
        };
        const stream = session.request(headers);
        stream.on('response', answer => tally.add(Number(answer[':status'])));
        stream.on('error', () => {});
        stream.write(body);
        tally.add('sent');
        await Promise.race([new Promise(resolve => stream.once('close', resolve)), over(signal)]);
        session.destroy();
      });
      return tally.counts;
    },
  },
  {
    name: '2,000 idle connections, HTTP/2',
    as: 'anonymous',
    run: (target, signal) => idle(target, signal, 2_000, 'h2'),
  },
  {
    name: '2,000 idle connections, HTTP/1.1',
    as: 'anonymous',
    run: (target, signal) => idle(target, signal, 2_000, 'http/1.1'),
  },
];
