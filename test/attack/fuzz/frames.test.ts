import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probe } from '../../e2e/client.ts';
import type { Target } from '../attack.ts';
import { openSocket } from '../connection.ts';
import { flags, frame, frameTypes, preface, request, settings, uint32 } from '../frames.ts';
import { startTarget } from '../target.ts';
import { mutateBytes } from './mutate.ts';
import { type Random, seeded } from './random.ts';

const runs = 800;
const path = '/apis/projectcalico.org/v3/namespaces/default/networksets';
const fields: Record<string, string>[] = [
  { ':path': '/version' },
  { ':path': `${path}?limit=1` },
  { ':path': `${path}?watch=1` },
  { ':path': path, ':method': 'POST', 'content-type': 'application/json' },
  { ':path': path, ':method': 'POST', 'content-length': '5' },
  { ':path': '', ':method': 'CONNECT' },
  { ':path': '*', ':method': 'OPTIONS' },
  { ':path': '/version', te: 'trailers', connection: 'close' },
  { ':path': '/version', 'UPPER-CASE': 'x', ':late': 'x' },
  { ':path': '/version', cookie: 'a=b', host: 'elsewhere' },
];

/** A sequence of frames, most of them right by themselves. */
function sequence(random: Random): Buffer {
  const parts: Buffer[] = random.chance(0.95) ? [preface] : [];
  if (random.chance(0.95))
    parts.push(settings(random.chance(0.5) ? [] : [[random.below(8), random.below(2 ** 31)]]));
  for (let left = 1 + random.below(12); left > 0; left--) parts.push(oneFrame(random));
  const all = Buffer.concat(parts);
  return random.chance(0.3) ? mutateBytes(random, all) : all;
}

function oneFrame(random: Random): Buffer {
  const stream = random.chance(0.9) ? 2 * random.below(5) + 1 : random.below(2 ** 31);
  const payload = random.bytes(random.below(40));
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      return request(stream, random.one(fields), {
        endStream: random.chance(0.5),
        endHeaders: random.chance(0.9),
      });
    case 3:
      return frame(frameTypes.data, {
        stream,
        payload,
        flags: random.one([0, flags.endStream, flags.padded]),
      });
    case 4:
      return frame(frameTypes.reset, { stream, payload: uint32(random.below(16)) });
    case 5:
      return frame(frameTypes.windowUpdate, {
        stream: random.one([0, stream]),
        payload: uint32(random.one([0, 1, 65_535, 2 ** 31 - 1])),
      });
    case 6:
      return frame(frameTypes.continuation, { stream, payload, flags: random.one([0, flags.endHeaders]) });
    case 7:
      return frame(
        random.one([frameTypes.ping, frameTypes.goAway, frameTypes.priority, frameTypes.pushPromise]),
        {
          stream: random.one([0, stream]),
          payload: random.one([Buffer.alloc(8), Buffer.alloc(5), payload]),
          flags: random.one([0, flags.ack]),
        },
      );
    default:
      return frame(random.below(256), {
        stream,
        payload,
        flags: random.below(256),
        ...(random.chance(0.1) && { claimedLength: random.below(2 ** 24) }),
      });
  }
}

/** What the server says until it ends the connection, or is silent for a moment. */
async function send(target: Target, bytes: Buffer, as: boolean): Promise<'frames' | 'nothing'> {
  const options = as ? { credential: target.credentials.user } : {};
  const socket = await openSocket(target, { protocol: 'h2', ...options });
  if (!socket) return 'nothing';
  let length = 0;
  await new Promise<void>(resolve => {
    socket.on('data', data => {
      length += data.length;
    });
    socket.once('close', () => resolve());
    socket.setTimeout(50, () => resolve());
    socket.write(bytes);
  });
  socket.destroy();
  return length > 0 ? 'frames' : 'nothing';
}

test(`${runs} connections with random frames of HTTP/2: the process lives`, async t => {
  const target = await startTarget(t, { memoryBytes: 2 ** 30, args: ['-v=1'] });
  const random = seeded();
  const counts = { frames: 0, nothing: 0 };
  let left = runs;
  const worker = async () => {
    while (left-- > 0) {
      const bytes = sequence(random);
      counts[await send(target, bytes, random.chance(0.5))]++;
      assert.equal(
        target.process.hasExited(),
        false,
        `ended after ${bytes.toString('base64')}:\n${target.process.tail()}`,
      );
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.frames > runs / 2, 'most are answered with frames');
  assert.doesNotMatch(target.process.tail(), /"level":"error"/);
  assert.equal(await probe(`${target.url}/livez`), 200);
});
