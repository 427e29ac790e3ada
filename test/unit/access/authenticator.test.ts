import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createAuthenticator } from '../../../src/access/authenticator.ts';
import { CertificatePool } from '../../../src/access/certificate-pool.ts';
import { FrontProxy, type RequestHeaderSettings } from '../../../src/access/front-proxy.ts';
import { keepPeerCertificates, peerOf } from '../../../src/access/peer.ts';
import type { TokenReviewStatus } from '../../../src/access/token.ts';
import { anonymous, type User } from '../../../src/access/user.ts';
import { StatusError, tooManyRequests } from '../../../src/machinery/status.ts';
import type { Log } from '../../../src/observability/observability.ts';
import {
  authority,
  client,
  type Issued,
  issue,
  type Shape,
  serverCertificate,
  usage,
} from './certificates.ts';

const authenticated = 'system:authenticated';
const forgedAdmin = [
  ['X-Remote-User', 'admin'],
  ['X-Remote-Group', 'system:masters'],
];

let serverRoot: Issued;
let proxyRoot: Issued;
let clientRoot: Issued;
let serving: Issued;
let proxy: Issued;

before(async () => {
  serverRoot = await authority('server-ca');
  proxyRoot = await authority('front-proxy-ca');
  clientRoot = await authority('kubernetes');
  serving = await serverCertificate(serverRoot);
  proxy = await client(proxyRoot, 'front-proxy-client');
});

function silentLog(lines: unknown[] = []): Log {
  const note = (message: string, fields?: Record<string, unknown>) => void lines.push([message, fields]);
  return { debug: note, info: note, warn: note, error: note };
}

function settings(changes: Partial<RequestHeaderSettings> = {}): RequestHeaderSettings {
  return {
    ca: proxyRoot.pem,
    allowedNames: ['front-proxy-client'],
    usernameHeaders: ['X-Remote-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraPrefixes: ['X-Remote-Extra-'],
    ...changes,
  };
}

async function reviewToken(token: string): Promise<TokenReviewStatus> {
  if (token === 'down') throw new Error('connect ECONNREFUSED');
  if (token === 'busy') throw tooManyRequests('Too many requests: reviews', 1);
  if (token !== 'good') return { authenticated: false, error: 'invalid' };
  return { authenticated: true, user: { name: 'tom', groups: ['token'], extra: {} } };
}

/** What the server made of one request: the user, or the code of the refusal. */
type Answer = User | number;

interface Harness {
  frontProxy: FrontProxy;
  clientCertificates: CertificatePool;
  /** A request on a new connection. */
  request(headers: string[][], identity?: Issued[]): Promise<Answer>;
  /** A connection to send several requests on. */
  connect(identity: Issued[]): (headers: string[][]) => Promise<Answer>;
}

/** A server that answers with the user it sees; it advertises both CAs, as a real one does. */
async function start(protocol: 'h1' | 'h2'): Promise<Harness & { close(): void }> {
  const frontProxy = new FrontProxy(settings());
  const clientCertificates = new CertificatePool({ pem: clientRoot.pem });
  const authenticate = createAuthenticator({
    frontProxy,
    clientCertificates,
    createTokenReview: reviewToken,
    log: silentLog(),
  });
  const options = {
    cert: serving.pem,
    key: serving.keyPem,
    ca: proxyRoot.pem + clientRoot.pem,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const answer = async (
    request: { socket: unknown; rawHeaders: string[] },
    response: { end(text: string): unknown },
  ) => {
    const credentials = { ...peerOf(request.socket as TLSSocket), rawHeaders: request.rawHeaders };
    const body: Answer = await authenticate(credentials).catch((error: StatusError) => error.status.code);
    response.end(JSON.stringify(body));
  };
  const server =
    protocol === 'h1' ? https.createServer(options, answer) : http2.createSecureServer(options, answer);
  keepPeerCertificates(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open: (() => void)[] = [];
  const connect = (identity: Issued[]) => {
    const tlsOptions = {
      ca: serverRoot.pem,
      ...(identity[0] && { cert: identity.map(({ pem }) => pem).join(''), key: identity[0].keyPem }),
    };
    const connection = protocol === 'h1' ? connectH1(port, tlsOptions) : connectH2(port, tlsOptions);
    open.push(connection.close);
    return async (headers: string[][]) => JSON.parse(await connection.send(headers)) as Answer;
  };
  return {
    frontProxy,
    clientCertificates,
    connect,
    request: (headers, identity = []) => connect(identity)(headers),
    close: () => {
      for (const close of open) close();
      server.close();
    },
  };
}

interface Connection {
  send(headers: string[][]): Promise<string>;
  close(): void;
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function valuesOf(headers: string[][], name: string): string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value!);
}

function connectH1(port: number, tlsOptions: object): Connection {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async send(headers) {
      const request = https.request({ host: '127.0.0.1', port, agent, ...tlsOptions });
      for (const [name] of headers) request.setHeader(name!, valuesOf(headers, name!));
      request.end();
      const [response] = await once(request, 'response');
      return bodyOf(response);
    },
    close: () => agent.destroy(),
  };
}

function connectH2(port: number, tlsOptions: object): Connection {
  const session = http2.connect(`https://127.0.0.1:${port}`, tlsOptions);
  return {
    send(headers) {
      const byName = Object.fromEntries(
        headers.map(([name]) => [name!.toLowerCase(), valuesOf(headers, name!)]),
      );
      return bodyOf(session.request({ ':path': '/', ...byName }));
    },
    close: () => session.destroy(),
  };
}

interface Case {
  name: string;
  identity?: () => Promise<Issued[]>;
  headers?: string[][];
  expected: Answer | { name: string; groups: string[] };
}

const withProxy = async () => [proxy];
const withClient = (subject: Shape['subject'], shape?: Partial<Shape>) => async () => [
  await client(clientRoot, subject, shape),
];

const cases: Case[] = [
  { name: 'nothing at all', expected: anonymous },
  { name: 'identity headers without a certificate', headers: forgedAdmin, expected: anonymous },
  {
    name: 'identity headers with a client certificate',
    identity: withClient([{ CN: ['al'] }, { O: ['dev'] }]),
    headers: forgedAdmin,
    expected: { name: 'al', groups: ['dev', authenticated] },
  },
  {
    name: 'identity headers with a client certificate that has the name of the front proxy',
    identity: withClient('front-proxy-client'),
    headers: forgedAdmin,
    expected: { name: 'front-proxy-client', groups: [authenticated] },
  },
  {
    name: 'identity headers with a self-signed certificate that has the name of the front proxy',
    identity: async () => [
      await issue({ subject: 'front-proxy-client', extendedKeyUsage: [usage.clientAuth] }),
    ],
    headers: forgedAdmin,
    expected: 401,
  },
  {
    name: 'identity headers with a token',
    headers: [...forgedAdmin, ['Authorization', 'Bearer good']],
    expected: { name: 'tom', groups: ['token', authenticated] },
  },
  {
    name: 'the front proxy with a user',
    identity: withProxy,
    headers: forgedAdmin,
    expected: { name: 'admin', groups: ['system:masters', authenticated] },
  },
  {
    name: 'the front proxy with a user without groups (kube-aggregator reading OpenAPI)',
    identity: withProxy,
    headers: [['X-Remote-User', 'system:aggregator']],
    expected: { name: 'system:aggregator', groups: [authenticated] },
  },
  {
    name: 'the front proxy with repeated groups, one with a comma',
    identity: withProxy,
    headers: [
      ['X-Remote-User', 'al'],
      ['X-Remote-Group', 'b,c'],
      ['X-Remote-Group', 'a'],
      ['X-Remote-Group', authenticated],
    ],
    expected: { name: 'al', groups: ['b,c', 'a', authenticated] },
  },
  {
    name: 'the front proxy with the anonymous user',
    identity: withProxy,
    headers: [
      ['X-Remote-User', 'system:anonymous'],
      ['X-Remote-Group', 'system:unauthenticated'],
    ],
    expected: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  },
  {
    name: 'the front proxy with the anonymous user without its group',
    identity: withProxy,
    headers: [['X-Remote-User', 'system:anonymous']],
    expected: { name: 'system:anonymous', groups: [] },
  },
  {
    name: 'the front proxy with another user that is unauthenticated',
    identity: withProxy,
    headers: [
      ['X-Remote-User', 'x'],
      ['X-Remote-Group', 'system:unauthenticated'],
    ],
    expected: { name: 'x', groups: ['system:unauthenticated'] },
  },
  { name: 'the front proxy naming nobody', identity: withProxy, expected: 401 },
  {
    name: 'the front proxy naming nobody, with a token',
    identity: withProxy,
    headers: [['Authorization', 'Bearer good']],
    expected: { name: 'tom', groups: ['token', authenticated] },
  },
  {
    name: 'another name of the front-proxy CA',
    identity: async () => [await client(proxyRoot, 'other')],
    headers: forgedAdmin,
    expected: 401,
  },
  {
    name: 'an expired certificate of the front proxy',
    identity: async () => [
      await client(proxyRoot, 'front-proxy-client', { notAfterMs: Date.now() - 60_000 }),
    ],
    headers: forgedAdmin,
    expected: 401,
  },
  {
    name: 'an expired client certificate',
    identity: withClient('al', { notAfterMs: Date.now() - 60_000 }),
    expected: 401,
  },
  {
    name: 'a server certificate as client',
    identity: withClient('al', { extendedKeyUsage: [usage.serverAuth] }),
    expected: 401,
  },
  {
    name: 'an expired client certificate with a good token',
    identity: withClient('al', { notAfterMs: Date.now() - 60_000 }),
    headers: [['Authorization', 'Bearer good']],
    expected: { name: 'tom', groups: ['token', authenticated] },
  },
  {
    name: 'a client certificate with a bad token',
    identity: withClient('al'),
    headers: [['Authorization', 'Bearer bad']],
    expected: { name: 'al', groups: [authenticated] },
  },
  {
    name: 'a client certificate behind an intermediate',
    identity: async () => {
      const middle = await authority('middle', { issuer: clientRoot });
      return [await client(middle, [{ CN: ['al'] }, { O: ['system:masters'] }]), middle];
    },
    expected: { name: 'al', groups: ['system:masters', authenticated] },
  },
  {
    name: 'a client certificate without a name',
    identity: withClient([{ O: ['system:masters'] }]),
    expected: 401,
  },
  { name: 'a bad token', headers: [['Authorization', 'Bearer bad']], expected: 401 },
  { name: 'a token while the cluster is down', headers: [['Authorization', 'Bearer down']], expected: 401 },
  { name: 'a token while too many are reviewed', headers: [['Authorization', 'Bearer busy']], expected: 429 },
  { name: 'a password', headers: [['Authorization', 'Basic YTpi']], expected: anonymous },
];

for (const protocol of ['h1', 'h2'] as const) {
  describe(`authenticator over ${protocol}`, () => {
    let harness: Awaited<ReturnType<typeof start>>;
    before(async () => {
      harness = await start(protocol);
    });
    after(() => harness.close());

    for (const { name, identity, headers = [], expected } of cases) {
      it(name, async () => {
        const answer = await harness.request(headers, await identity?.());
        const seen = typeof answer === 'number' || typeof expected === 'number' || 'extra' in expected;
        assert.deepEqual(seen ? answer : { name: answer.name, groups: answer.groups }, expected);
      });
    }

    it('carries uid and extra of the front proxy', async () => {
      const headers = [
        ['X-Remote-User', 'system:serviceaccount:ns:sa'],
        ['X-Remote-Uid', 'u-1'],
        ['X-Remote-Extra-Authentication.kubernetes.io%2fpod-name', 'p'],
        ['X-Remote-Extra-Scopes', 'a'],
        ['X-Remote-Extra-Scopes', 'b,c'],
      ];
      assert.deepEqual(await harness.request(headers, [proxy]), {
        name: 'system:serviceaccount:ns:sa',
        uid: 'u-1',
        groups: [authenticated],
        extra: { 'authentication.kubernetes.io/pod-name': ['p'], scopes: ['a', 'b,c'] },
      });
    });

    it('a rotated CA counts on the open connection', async () => {
      const rotating = await start(protocol);
      try {
        const nextRoot = await authority('kubernetes');
        const send = rotating.connect([await client(clientRoot, 'al')]);
        const sendAsProxy = rotating.connect([proxy]);
        assert.equal(((await send([])) as User).name, 'al');
        assert.equal(((await sendAsProxy(forgedAdmin)) as User).name, 'admin');
        rotating.clientCertificates.replace(nextRoot.pem);
        rotating.frontProxy.replace(settings({ ca: nextRoot.pem }));
        assert.equal(await send([]), 401);
        assert.equal(await sendAsProxy(forgedAdmin), 401);
        rotating.clientCertificates.replace(nextRoot.pem + clientRoot.pem);
        assert.equal(((await send([])) as User).name, 'al');
        rotating.frontProxy.replace(undefined);
        assert.equal(await sendAsProxy(forgedAdmin), 401);
      } finally {
        rotating.close();
      }
    });

    it('one connection, several users of the front proxy', async () => {
      const send = harness.connect([proxy]);
      for (const name of ['al', 'bo', 'al']) {
        assert.equal(((await send([['X-Remote-User', name]])) as User).name, name);
      }
    });
  });
}

describe('createAuthenticator', () => {
  const nobody = { rawHeaders: [], peerCertificates: [], connection: {} };

  it('without any way of signing in, all are anonymous', async () => {
    const authenticate = createAuthenticator({ log: silentLog() });
    const rawHeaders = ['Authorization', 'Bearer good', ...forgedAdmin.flat()];
    assert.equal(await authenticate({ ...nobody, rawHeaders, peerCertificates: [proxy.der] }), anonymous);
  });

  it('logs why, but no token', async () => {
    const lines: unknown[] = [];
    const log = silentLog(lines);
    const clientCertificates = new CertificatePool({ pem: clientRoot.pem });
    const authenticate = createAuthenticator({ clientCertificates, createTokenReview: reviewToken, log });
    const rawHeaders = ['Authorization', 'Bearer very-secret'];
    await assert.rejects(
      authenticate({ ...nobody, rawHeaders, peerCertificates: [proxy.der] }),
      (error: unknown) => error instanceof StatusError && error.message === 'Unauthorized',
    );
    const text = JSON.stringify(lines);
    assert.match(text, /unknown authority.*invalid/);
    assert.doesNotMatch(text, /very-secret/);
  });

  it('does not change the user it was given', async () => {
    const user = { name: 'tom', groups: ['token'], extra: {} };
    const createTokenReview = async () => ({ authenticated: true, user });
    const authenticate = createAuthenticator({ createTokenReview, log: silentLog() });
    const credentials = { ...nobody, rawHeaders: ['Authorization', 'Bearer good'] };
    for (let i = 0; i < 2; i++) {
      assert.deepEqual((await authenticate(credentials)).groups, ['token', authenticated]);
    }
    assert.deepEqual(user.groups, ['token']);
  });
});
