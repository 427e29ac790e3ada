import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { parse } from 'yaml';
import { limits } from '../../src/limits.ts';
import { networkSets, type Started, startServer, temporaryFolder } from '../system/server.ts';
import { limitMemory, residentBytes } from './cgroup.ts';
import { frame, frameTypes, preface, request, settings, uint32 } from './frames.ts';

const MiB = 1024 * 1024;
const limitBytes = 1024 * MiB;
/** What V8 may fill with garbage before it collects, and code that was not yet compiled when the measurement began. */
const slackBytes = 160 * MiB;

interface Credentials {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

function credentialsOf(kubeconfig: string): Credentials {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const decode = (data: string) => Buffer.from(data, 'base64');
  return {
    ca: decode(clusters[0].cluster['certificate-authority-data']),
    cert: decode(users[0].user['client-certificate-data']),
    key: decode(users[0].user['client-key-data']),
  };
}

/** A NetworkSet of about a megabyte. */
function largeSet(name: string): string {
  const nets = Array.from({ length: 60_000 }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}/32`);
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name, namespace: 'default' },
    spec: { nets },
  });
}

async function patch({ client }: Started, name: string, value: string): Promise<void> {
  const body = JSON.stringify({ metadata: { labels: { value } } });
  const contentType = 'application/merge-patch+json';
  const answer = await client.request('PATCH', `${networkSets}/${name}`, { body, contentType });
  assert.ok([200, 429].includes(answer.status), answer.text);
}

/** Bytes that the server counts as used, of all parts. */
async function counted({ client }: Started): Promise<number> {
  const { text } = await client.request('GET', '/metrics');
  let sum = 0;
  for (const match of text.matchAll(/^tortie_memory_used_bytes\{[^}]*\} (\S+)$/gm)) sum += Number(match[1]);
  return sum;
}

/** A connection whose streams take nothing of their bodies. */
async function withoutWindow(server: Started, credentials: Credentials): Promise<ClientHttp2Session> {
  const session = connect(server.url, { ...credentials, settings: { initialWindowSize: 0 } });
  session.on('error', () => {});
  await new Promise(resolve => session.once('remoteSettings', resolve));
  return session;
}

/**
 * Asks so many times over as many connections as that takes, each with window 0, and waits for the heads of the answers. The function
 * returned lets go.
 */
async function askWithoutWindow(
  server: Started,
  credentials: Credentials,
  { count, path, accept = 'application/json' }: { count: number; path: string; accept?: string },
): Promise<() => void> {
  const sessions: ClientHttp2Session[] = [];
  for (let left = count; left > 0; left -= limits.maxStreamsOfOthers) {
    const session = await withoutWindow(server, credentials);
    sessions.push(session);
    await Promise.all(
      Array.from({ length: Math.min(left, limits.maxStreamsOfOthers) }, () => ask(session, path, accept)),
    );
  }
  return () => {
    for (const session of sessions) session.destroy();
  };
}

/** Asks, and waits for the head of the answer or the end of the stream. */
function ask(session: ClientHttp2Session, path: string, accept: string): Promise<ClientHttp2Stream> {
  const stream = session.request({ ':path': path, accept });
  stream.on('error', () => {});
  return new Promise(resolve => {
    stream.once('response', () => resolve(stream));
    stream.once('close', () => resolve(stream));
  });
}

/** Asks over connections with open windows of which nothing is read. */
async function askUnread(
  server: Started,
  credentials: Credentials,
  { connections, streams, path }: { connections: number; streams: number; path: string },
): Promise<() => void> {
  const { hostname, port } = new URL(server.url);
  const widest = 2 ** 31 - 1;
  const requests = Array.from({ length: streams }, (_, at) => request(2 * at + 1, { ':path': path }));
  const begin = [
    preface,
    settings([[4, widest]]),
    frame(frameTypes.windowUpdate, { payload: uint32(widest - 65_535) }),
    ...requests,
  ];
  const sockets = Array.from({ length: connections }, () => {
    const socket = connectTls({ host: hostname, port: Number(port), ...credentials, ALPNProtocols: ['h2'] });
    socket.on('error', () => {});
    socket.pause();
    socket.write(Buffer.concat(begin));
    return socket;
  });
  await sleep(3_000);
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

/** Sends a request over each of so many connections, of which nothing is read. */
async function openUnread(
  server: Started,
  credentials: Credentials,
  count: number,
  text: string,
): Promise<() => void> {
  const { hostname, port } = new URL(server.url);
  const sockets = Array.from({ length: count }, () => {
    const socket = connectTls({ host: hostname, port: Number(port), ...credentials });
    socket.on('error', () => {});
    socket.pause();
    socket.write(text);
    return socket;
  });
  await sleep(3_000);
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

function webSocketTo(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`;
}

/** One attack: it holds what it can of the server, and lets go when the function that it returns is called. */
type Attack = (server: Started, credentials: Credentials) => Promise<() => void>;

const large = `${networkSets}/large`;
const watchAll = `${networkSets}?watch=1&resourceVersion=0`;

const attacks: Record<string, Attack> = {
  '1,000 gets of a large object at window 0': (server, credentials) =>
    askWithoutWindow(server, credentials, { count: 1_000, path: large }),
  'the same with changes in between': async (server, credentials) => {
    const letGo: (() => void)[] = [];
    for (let round = 0; round < 10; round++) {
      await patch(server, 'large', `v${round}`);
      letGo.push(await askWithoutWindow(server, credentials, { count: 50, path: large }));
    }
    return () => {
      for (const each of letGo) each();
    };
  },
  '600 watches at window 0 that begin with a large object': async (server, credentials) => {
    const path = `${networkSets}?watch=1&resourceVersion=0`;
    const letGo = await askWithoutWindow(server, credentials, { count: 600, path });
    for (let round = 0; round < 5; round++) await patch(server, 'large', `v${round}`);
    return letGo;
  },
  '600 watches at window 0 of a Table with the objects in it': async (server, credentials) => {
    const path = `${networkSets}?watch=1&resourceVersion=0&includeObject=Object`;
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
    return askWithoutWindow(server, credentials, { count: 600, path, accept });
  },
  '2,000 gets of a large object, over connections that are not read': (server, credentials) =>
    askUnread(server, credentials, { connections: 8, streams: 250, path: large }),
  '300 WebSockets that begin with a large object and are not read': (server, credentials) =>
    openUnread(server, credentials, 300, webSocketTo(watchAll)),
  '500 gets of a large object as pretty JSON at window 0': (server, credentials) =>
    askWithoutWindow(server, credentials, { count: 500, path: `${large}?pretty=true` }),
  'pipelining connections that do not read': async (server, credentials) => {
    const { hostname, port } = new URL(server.url);
    const request = `GET ${large} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(500);
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connectTls({ host: hostname, port: Number(port), ...credentials });
      socket.on('error', () => {});
      socket.pause();
      socket.write(request);
      return socket;
    });
    await sleep(2_000);
    return () => {
      for (const socket of sockets) socket.destroy();
    };
  },
};

for (const [name, attack] of Object.entries(attacks)) {
  test(`memory: ${name}`, async t => {
    const limit = limitMemory(t, limitBytes);
    const server = await startServer(t, {
      data: `${temporaryFolder(t)}/data`,
      folder: temporaryFolder(t),
      args: ['--memory-limit=1Gi', '-v=0'],
      before: limit.before,
    });
    const credentials = credentialsOf(server.kubeconfig);
    const { pid } = server.process;
    const created = await server.client.request('POST', networkSets, { body: largeSet('large') });
    assert.equal(created.status, 201, created.text);
    for (let round = 0; round < 5; round++) await patch(server, 'large', `start${round}`);
    const start = residentBytes(pid)!;
    const startCounted = await counted(server);
    for (let round = 0; round < 3; round++) {
      const letGo = await attack(server, credentials);
      try {
        const [resident, bytes] = [residentBytes(pid)!, await counted(server)];
        t.diagnostic(`resident ${Math.round(resident / MiB)} MiB, counted ${Math.round(bytes / MiB)} MiB`);
        const bound = start + slackBytes + 1.3 * Math.max(0, bytes - startCounted);
        assert.ok(resident <= bound, `${resident} bytes are resident where ${bytes} are counted`);
      } finally {
        letGo();
      }
    }
    assert.equal(server.process.hasExited(), false, server.process.tail());
    assert.equal(limit.exceeded(), false);
    assert.equal((await server.client.request('GET', '/readyz')).status, 200);
    t.diagnostic(`start ${Math.round(start / MiB)} MiB, peak ${Math.round(limit.peakBytes() / MiB)} MiB`);
  });
}
