import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import type { ServerOptions } from '../../../src/server/server.ts';
import { frame, frameTypes, preface, request, settings } from '../../attack/frames.ts';
import { type Frame, openRaw, type RawConnection } from '../../attack/raw-connection.ts';
import { http1 } from '../../conformance/http/client.ts';
import { certificates, type Setting, start } from '../../conformance/http/setting.ts';
import { until } from '../../conformance/http/until.ts';

const isGoaway = ({ type }: Frame) => type === frameTypes.goAway;
const isAnswer = ({ type }: Frame) => type === frameTypes.headers;
const admin = { authorization: 'Bearer admin' };
const open = { ':path': '/version' };

/** A server whose time stands still, and connections to it that end with the test. */
class Given {
  readonly setting: Setting;
  readonly #ca: string;
  readonly #opened: { destroy(): void }[] = [];

  constructor(setting: Setting, ca: string) {
    this.setting = setting;
    this.#ca = ca;
  }

  /** The server knows of it when this resolves: TLS 1.2 ends at the client. */
  async raw(protocol: 'h2' | 'http/1.1', more: object = {}): Promise<RawConnection> {
    const connection = await openRaw(this.setting.port, {
      ca: this.#ca,
      ALPNProtocols: [protocol],
      maxVersion: 'TLSv1.2',
      ...more,
    });
    this.#opened.push(connection.socket);
    return connection;
  }

  async http2(localAddress = '127.0.0.1', more: object = {}): Promise<RawConnection> {
    const connection = await this.raw('h2', { localAddress, ...more });
    await connection.write(preface, settings());
    return connection;
  }

  /** A connection that says nothing, not even in TLS. */
  silent(localAddress = '127.0.0.1'): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.setting.port, localAddress });
    socket.on('error', () => {}).resume();
    this.#opened.push(socket);
    return socket;
  }

  /** Makes a request on the raw connection, and waits until it is answered and over. */
  async ask(connection: RawConnection, stream: number, fields: Record<string, string> = open): Promise<void> {
    const { log } = this.setting;
    const before = log.length;
    await connection.write(request(stream, fields));
    assert.ok(await connection.until(frame => isAnswer(frame) && frame.stream === stream), 'it is answered');
    await until(() => log.length > before);
  }

  /** How many connections have been ended for a reason. */
  async ended(reason: string): Promise<number> {
    const { text } = await this.setting.connect().request({ path: '/metrics', headers: admin });
    return Number(new RegExp(`connections_ended_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  }

  close(): void {
    for (const each of this.#opened) each.destroy();
  }
}

function given(
  title: string,
  run: (given: Given) => Promise<void>,
  options: Partial<ServerOptions> = {},
): void {
  test(title, async () => {
    const { ca } = await certificates();
    const setting = await start(http1, { alwaysAllowPaths: ['/version'], ...options });
    const at = new Given(setting, ca.pem);
    try {
      await run(at);
    } finally {
      at.close();
      await setting.stop();
    }
  });
}

suite('idle connections are closed', () => {
  given('HTTP/2: by GOAWAY, after the time that kube-apiserver gives them', async at => {
    const connection = await at.http2();
    await at.ask(connection, 1, { ...open, ...admin });
    at.setting.clock.advance(limits.idleHttp2Ms - 1);
    await at.ask(connection, 3, { ...open, ...admin });
    at.setting.clock.advance(limits.idleHttp2Ms - 1);
    await at.ask(connection, 5, { ...open, ...admin });
    at.setting.clock.advance(limits.idleHttp2Ms);
    assert.ok(await connection.until(isGoaway));
    await connection.closed;
    assert.equal(await at.ended('idle'), 1);
  });

  given('HTTP/2: not while a watch is open', async at => {
    const connection = await at.http2();
    await connection.write(
      request(1, { ':path': '/apis/projectcalico.org/v3/widgets?watch=true', ...admin }),
    );
    assert.ok(await connection.until(isAnswer));
    at.setting.clock.advance(2 * limits.idleHttp2Ms);
    await at.ask(connection, 3);
  });

  const beginnings: Record<string, (at: Given) => Promise<RawConnection>> = {
    'HTTP/2, nothing but settings': at => at.http2(),
    'HTTP/2, a part of the preface': async at => {
      const connection = await at.raw('h2');
      await connection.write(preface.subarray(0, 1));
      return connection;
    },
    'HTTP/2, headers without an end': async at => {
      const connection = await at.http2();
      await connection.write(frame(frameTypes.headers, { stream: 1, payload: Buffer.from([0x82]) }));
      return connection;
    },
    'HTTP/1.1, nothing': at => at.raw('http/1.1'),
    'HTTP/1.1, a part of the headers': async at => {
      const connection = await at.raw('http/1.1');
      await connection.write('GET / HTTP/1.1\r\nHost: local');
      return connection;
    },
  };
  for (const [name, begin] of Object.entries(beginnings)) {
    given(`${name}: a request must come within the time for headers`, async at => {
      const connection = await begin(at);
      at.setting.clock.advance(limits.headersTimeoutMs);
      await connection.closed;
      assert.equal(await at.ended('idle'), 1);
    });
  }

  given('a TLS handshake must be over in time, however its bytes come', async at => {
    const silent = at.silent();
    const dribbling = at.silent();
    // The head of a TLS record that never becomes whole.
    dribbling.write(Buffer.from([0x16, 0x03, 0x01]));
    await Promise.all(
      [silent, dribbling].map(socket => new Promise(resolve => socket.once('connect', resolve))),
    );
    await at.ask(await at.http2(), 1);
    const closed = [silent, dribbling].map(socket => new Promise(resolve => socket.once('close', resolve)));
    at.setting.clock.advance(limits.handshakeTimeoutMs);
    await Promise.all(closed);
    assert.equal(await at.ended('handshake-timeout'), 2);
  });

  given('one that the client does not close is cut', async at => {
    const connection = await at.http2();
    await at.ask(connection, 1);
    connection.socket.pause();
    at.setting.clock.advance(limits.idleHttp2Ms);
    at.setting.clock.advance(limits.partingMs);
    at.setting.clock.advance(limits.partingMs);
    connection.socket.resume();
    await connection.closed;
  });
});

/** 16 places: 4 without an identity, 12 with one. */
const few = { bounds: { maxConnections: 16 } };

suite('connections without an identity share a few places', () => {
  given(
    'of one address no more than half; the one that is idle for longest goes',
    async at => {
      const [first, second] = [await at.http2('127.0.0.2'), await at.http2('127.0.0.2')];
      await at.ask(first, 1);
      at.setting.clock.advance(1);
      await at.ask(second, 1);
      at.setting.clock.advance(1);
      const third = await at.http2('127.0.0.2');
      await first.closed;
      await at.ask(second, 3);
      await at.ask(third, 1);
      assert.equal(await at.ended('connections'), 1);
    },
    few,
  );

  given(
    'another address finds a place, as long as one is idle',
    async at => {
      for (let index = 0; index < 10; index++) await at.http2('127.0.0.2');
      await at.ask(await at.http2('127.0.0.3'), 1);
      await at.ask(await at.http2('127.0.0.4'), 1);
    },
    few,
  );

  given(
    'a connection that has carried a request of a user has left them',
    async at => {
      const users = [await at.http2('127.0.0.2'), await at.http2('127.0.0.2')];
      for (const connection of users) await at.ask(connection, 1, { ...open, ...admin });
      for (let index = 0; index < 10; index++) await at.http2('127.0.0.2');
      for (const connection of users) await at.ask(connection, 3);
    },
    few,
  );

  given(
    'an invalid token is no identity',
    async at => {
      const first = await at.http2('127.0.0.2');
      await at.ask(first, 1, { ...open, authorization: 'Bearer invalid' });
      await at.http2('127.0.0.2');
      await at.http2('127.0.0.2');
      await first.closed;
    },
    few,
  );

  given(
    'they are closed sooner while their places are short',
    async at => {
      const connections = [];
      for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4'])
        connections.push(await at.http2(address));
      at.setting.clock.advance(limits.shortIdleMs);
      for (const connection of connections) await connection.closed;
    },
    few,
  );

  given(
    'one user has no more than half of the places of users; its idle ones go',
    async at => {
      const connections: RawConnection[] = [];
      for (let index = 0; index < 7; index++) {
        const connection = await at.http2();
        await at.ask(connection, 1, { ...open, authorization: 'Bearer tom' });
        at.setting.clock.advance(1);
        connections.push(connection);
      }
      await connections[0]!.closed;
      for (const connection of connections.slice(1)) await at.ask(connection, 3);
    },
    few,
  );

  given(
    'a user whose connections are all busy takes no place beyond that',
    async at => {
      const watch = request(1, { ':path': '/apis/projectcalico.org/v3/widgets?watch=true', ...admin });
      // From many addresses: those that find no place as users keep that of their address until they end.
      for (let index = 0; index < 14; index++) {
        const connection = await at.http2(`127.0.1.${index + 1}`).catch(() => undefined);
        if (!connection) continue;
        await connection.write(watch);
        await connection.until(isAnswer);
      }
      at.setting.clock.advance(limits.partingMs);
      const tom = { ...open, authorization: 'Bearer tom' };
      const other = await at.http2('127.0.0.5');
      await at.ask(other, 1, tom);
      await at.ask(other, 3, tom);
      assert.ok((await at.ended('connections')) > 0);
    },
    few,
  );

  given(
    'a front proxy comes in where all places are taken',
    async at => {
      for (let index = 0; index < 12; index++) await at.ask(await at.http2(), 1, { ...open, ...admin });
      const { client } = await certificates();
      const proxy = await at.http2('127.0.0.9', { cert: client.pem, key: client.keyPem });
      await at.ask(proxy, 1);
    },
    { ...few, isFrontProxy: ({ peerCertificates }) => peerCertificates.length > 0 },
  );

  given('handshakes under way are bounded', async at => {
    const count = limits.maxHandshakes / 2 + 50;
    let closed = 0;
    for (let index = 0; index < count; index++) at.silent('127.0.0.2').once('close', () => closed++);
    await until(() => closed >= 50);
    await at.ask(await at.http2('127.0.0.3'), 1);
    assert.equal(await at.ended('handshakes'), closed);
  });
});
