import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probe } from '../../e2e/client.ts';
import type { Target } from '../attack.ts';
import { openSocket } from '../connection.ts';
import { startTarget } from '../target.ts';
import { lines } from './corpus.ts';
import { mutateBytes } from './mutate.ts';
import { type Random, seeded } from './random.ts';

const runs = 800;
const path = '/apis/projectcalico.org/v3/namespaces/default/networksets';
const body = '{"metadata":{"name":"a"}}';
const right = [
  'GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n',
  `GET ${path}?limit=1&watch=0 HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n\r\n`,
  `POST ${path}?dryRun=All HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  `POST ${path}?dryRun=All HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
  `GET ${path}?watch=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  `DELETE ${path}/a?dryRun=All HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
];

/** The statuses of the answers that came before the connection ended, or was silent for a moment. */
async function send(target: Target, bytes: Buffer, as: boolean): Promise<number[]> {
  const socket = await openSocket(target, as ? { credential: target.credentials.user } : {});
  if (!socket) return [];
  let text = '';
  await new Promise<void>(resolve => {
    socket.on('data', data => {
      text += data.toString('latin1');
    });
    socket.once('close', () => resolve());
    socket.setTimeout(100, () => resolve());
    socket.write(bytes);
  });
  socket.destroy();
  return [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(match => Number(match[1]));
}

function mutant(random: Random): Buffer {
  const base = Buffer.from(Array.from({ length: 1 + random.below(3) }, () => random.one(right)).join(''));
  return random.chance(0.05) ? random.bytes(random.below(2_000)) : mutateBytes(random, base);
}

test(`${runs} connections with mutated bytes of HTTP/1.1: the process lives, and fails at none`, async t => {
  const target = await startTarget(t, { memoryBytes: 2 ** 30, args: ['-v=1'] });
  const random = seeded();
  const counts: Record<number, number> = {};
  const check = async (bytes: Buffer, what: string) => {
    for (const status of await send(target, bytes, random.chance(0.5))) {
      counts[status] = (counts[status] ?? 0) + 1;
      // 501 and 505 are about methods and versions, 503 about Expect in Node's own words.
      assert.ok(status < 500 || status === 501 || status === 505, `${status} to ${what}`);
    }
    assert.equal(target.process.hasExited(), false, `ended after ${what}:\n${target.process.tail()}`);
  };
  for (const { what, bytes } of lines) await check(Buffer.from(bytes, 'latin1'), what);
  let left = runs;
  const worker = async () => {
    while (left-- > 0) {
      const bytes = mutant(random);
      await check(bytes, JSON.stringify(bytes.toString('latin1')));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  t.diagnostic(`answers: ${JSON.stringify(counts)}`);
  assert.equal(await probe(`${target.url}/livez`), 200);
});
