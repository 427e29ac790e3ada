/** Attacks by many requests, each of which costs little. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Attack, type Counts, type Credential, networkSets, type Target } from '../attack.ts';
import { ask, openSession, openSocket, over, repeatedly, Tally } from '../connection.ts';
import { networkSet, stored } from '../large.ts';

const many = networkSets('many');

/** Requests over some connections, as many at once as are asked for, each as `next` says. */
async function crowd(
  target: Target,
  signal: AbortSignal,
  options: { connections: number; atOnce: number; credential?: Credential },
  next: (turn: number) => { headers: Record<string, string>; body?: string },
): Promise<Counts> {
  const tally = new Tally();
  const open = () => openSession(target, { credential: options.credential, signal });
  const sessions = Array.from({ length: options.connections }, open);
  await repeatedly(signal, options.atOnce, async turn => {
    const place = turn % sessions.length;
    if (sessions[place]!.closed || sessions[place]!.destroyed) {
      tally.add('cutOff');
      sessions[place] = open();
    }
    const { headers, body } = next(turn);
    tally.add((await ask(sessions[place]!, headers, body)).status);
  });
  for (const session of sessions) session.destroy();
  return tally.counts;
}

const user = (target: Target) => ({ credential: target.credentials.user });
const selector = Array.from({ length: 900 }, (_, index) => `k${index}!=v`).join(',');
const tenThousand = stored('many', 10_000, 100, { app: 'x' });

export const attacks: Attack[] = [
  {
    name: 'anonymous callers whose reviews take a second',
    as: 'anonymous',
    run: (target, signal) =>
      crowd(target, signal, { connections: 8, atOnce: 2_000 }, turn => ({
        headers: { ':path': `${networkSets('attack')}/n${turn}` },
      })),
  },
  {
    name: 'random tokens',
    as: 'token',
    run: (target, signal) =>
      crowd(target, signal, { connections: 8, atOnce: 2_000 }, () => ({
        headers: { ':path': '/version', authorization: `Bearer ${randomBytes(24).toString('hex')}` },
      })),
  },
  {
    name: 'anonymous writes with bodies of 100 KB',
    as: 'anonymous',
    run: (target, signal) => {
      const body = networkSet('attack', 'a', 100_000);
      return crowd(target, signal, { connections: 8, atOnce: 400 }, () => ({
        headers: { ':method': 'POST', ':path': networkSets('attack'), 'content-type': 'application/json' },
        body,
      }));
    },
  },
  {
    name: 'refused requests, each a line of the log',
    as: 'user',
    run: (target, signal) =>
      crowd(target, signal, { connections: 4, atOnce: 400, ...user(target) }, turn => ({
        headers: { ':path': `/apis/${'x'.repeat(200)}/${turn}` },
      })),
  },
  {
    name: 'reads without pause',
    as: 'user',
    prepare: stored('many', 10),
    run: (target, signal) =>
      crowd(target, signal, { connections: 4, atOnce: 1_000, ...user(target) }, () => ({
        headers: { ':path': `${many}/many-0` },
      })),
  },
  {
    name: 'writes without pause',
    as: 'user',
    prepare: stored('many', 10),
    run: (target, signal) =>
      crowd(target, signal, { connections: 4, atOnce: 1_000, ...user(target) }, turn => ({
        headers: {
          ':method': 'PATCH',
          ':path': `${many}/many-${turn % 10}`,
          'content-type': 'application/merge-patch+json',
        },
        body: JSON.stringify({ metadata: { annotations: { turn: String(turn) } } }),
      })),
  },
  {
    name: 'timeouts that run out',
    as: 'user',
    prepare: stored('many', 10),
    run: (target, signal) =>
      crowd(target, signal, { connections: 4, atOnce: 200, ...user(target) }, turn => ({
        headers: { ':path': `${many}/many-${turn % 10}?timeout=1ms` },
      })),
    expect: counts =>
      assert.equal(counts.cutOff, undefined, 'a request that runs out takes no connection along'),
  },
  {
    name: 'a selector of 900 requirements over 10,000 objects',
    as: 'user',
    prepare: tenThousand,
    run: (target, signal) =>
      crowd(target, signal, { connections: 1, atOnce: 2, ...user(target) }, () => ({
        headers: { ':path': `${many}?limit=1&labelSelector=${encodeURIComponent(`${selector},no=where`)}` },
      })),
  },
  {
    name: 'pages of one object of 10,000',
    as: 'user',
    prepare: tenThousand,
    run: async (target, signal) => {
      const session = openSession(target, { ...user(target), signal });
      const { status, text } = await ask(session, { ':path': `${many}?limit=5000` });
      session.destroy();
      // Beside other attacks the time may be over.
      if (signal.aborted || status !== 200) return { unprepared: 1 };
      const token = encodeURIComponent(JSON.parse(text).metadata.continue);
      return crowd(target, signal, { connections: 4, atOnce: 100, ...user(target) }, () => ({
        headers: { ':path': `${many}?limit=1&continue=${token}` },
      }));
    },
  },
  {
    name: 'lists of 10,000 objects without pause',
    as: 'user',
    prepare: tenThousand,
    run: (target, signal) =>
      crowd(target, signal, { connections: 4, atOnce: 40, ...user(target) }, () => ({
        headers: { ':path': many },
      })),
  },
  {
    name: 'deletes of a collection of 10,000',
    as: 'user',
    prepare: tenThousand,
    run: (target, signal) =>
      crowd(target, signal, { connections: 1, atOnce: 4, ...user(target) }, () => ({
        headers: { ':method': 'DELETE', ':path': `${many}?dryRun=All&labelSelector=app%3Dx` },
      })),
  },
  {
    name: '3,000 watches of one user',
    as: 'user',
    run: async (target, signal) => {
      const tally = new Tally();
      await repeatedly(signal, 30, async () => {
        const session = openSession(target, { ...user(target), signal });
        for (let index = 0; index < 100; index++) {
          const stream = session.request({ ':path': `${networkSets('good')}?watch=1&resourceVersion=0` });
          stream.on('response', answer => tally.add(Number(answer[':status'])));
          stream.on('data', () => {});
          stream.on('error', () => {});
        }
        await Promise.race([new Promise(resolve => session.once('close', resolve)), over(signal)]);
        session.destroy();
      });
      return tally.counts;
    },
  },
  {
    name: 'handshakes that end at once',
    as: 'anonymous',
    run: async (target, signal) => {
      const tally = new Tally();
      await repeatedly(signal, 16, async () => {
        const socket = await openSocket(target);
        tally.add(socket ? 'opened' : 'refused');
        socket?.destroy();
      });
      return tally.counts;
    },
  },
];
