import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type TLSSocket } from 'node:tls';
import { Agent, WebSocket } from 'undici';
import { limits } from '../../../src/limits.ts';
import type { HttpGroup } from '../http.ts';
import { base, certificates, json, type Setting } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/widgets`;

function create(setting: Setting, name: string, note = ''): ReturnType<Setting['request']> {
  return setting.request({
    method: 'POST',
    path,
    headers: json,
    body: JSON.stringify({ metadata: { name }, spec: { note } }),
  });
}

/** A client of its own making: what it takes for a WebSocket is one. */
async function open(setting: Setting, query = '', protocols: string[] = []) {
  const { ca } = await certificates();
  const dispatcher = new Agent({ connect: { ca: ca.pem } });
  const socket = new WebSocket(`wss://127.0.0.1:${setting.port}${path}?watch=true${query}`, {
    dispatcher,
    protocols,
    headers: { authorization: 'Bearer admin' },
  });
  const messages: string[] = [];
  socket.addEventListener('message', ({ data }) => messages.push(String(data)));
  const closed = new Promise<{ code: number; wasClean: boolean }>(resolve => {
    socket.addEventListener('close', ({ code, wasClean }) => {
      resolve({ code, wasClean });
      void dispatcher.close();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', ({ message }) => reject(new Error(message)));
  });
  return { socket, messages, closed };
}

const upgrade = [
  'Authorization: Bearer admin',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** A connection on which a test writes what it likes. */
async function raw(setting: Setting, lines: string[], target = `${path}?watch=true`) {
  const { ca } = await certificates();
  const socket = connect({ host: '127.0.0.1', port: setting.port, ca: ca.pem, ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  const ended = once(socket, 'close');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`);
  return { socket, ended, received: () => Buffer.concat(chunks) };
}

/** A frame as a client sends it, with a mask that changes something. */
function frame(opcode: number, payload: Buffer, { final = true, masked = true } = {}): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const first = (final ? 0x80 : 0) | opcode;
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  if (!masked) return Buffer.concat([Buffer.from([first, ...length]), payload]);
  const head = Buffer.from([first, 0x80 | length[0]!, ...length.slice(1)]);
  return Buffer.concat([head, mask, Buffer.from(payload.map((byte, at) => byte ^ mask[at % 4]!))]);
}

/** The frames of a server that are there whole. */
function serverFrames(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const frames = [];
  for (let at = 0; at + 10 <= bytes.length; ) {
    const short = bytes[at + 1]!;
    const [head, length] =
      short === 127
        ? [10, Number(bytes.readBigUInt64BE(at + 2))]
        : short === 126
          ? [4, bytes.readUInt16BE(at + 2)]
          : [2, short];
    const payload = bytes.subarray(at + head, at + head + length);
    if (payload.length < length) break;
    frames.push({ opcode: bytes[at]! & 0x0f, payload });
    at += head + length;
  }
  return frames;
}

function write(socket: TLSSocket, bytes: Buffer, pieces: number): void {
  for (let at = 0; at < bytes.length; at += pieces) socket.write(bytes.subarray(at, at + pieces));
}

/** Watches as WebSockets, which there are over HTTP/1.1 only. */
export const websockets: HttpGroup = suite => {
  if (suite.transport.name === 'HTTP/2') {
    suite.test('HTTP/2 offers no WebSockets (RFC 8441)', async setting => {
      const { ca } = await certificates();
      const session = connectHttp2(`https://127.0.0.1:${setting.port}`, { ca: ca.pem });
      const [settings] = await once(session, 'remoteSettings');
      assert.notEqual(settings.enableConnectProtocol, true);
      session.destroy();
    });
    return;
  }

  suite.test('a message an event', async setting => {
    const { messages, socket } = await open(setting);
    const created = (await create(setting, 'a')).json();
    await create(setting, 'large', 'n'.repeat(70_000));
    await create(setting, 'middle', 'n'.repeat(300));
    await until(() => messages.length === 3);
    assert.deepEqual(JSON.parse(messages[0]!), { type: 'ADDED', object: created });
    assert.ok(messages.every(message => message.endsWith('}\n')));
    assert.deepEqual(
      messages.map(message => JSON.parse(message).object.metadata.name),
      ['a', 'large', 'middle'],
    );
    socket.close();
    await until(() => setting.widgets.watches.size === 0);
  });

  suite.test('events that are written at once are messages of their own', async setting => {
    const { messages } = await open(setting);
    const [watch] = setting.widgets.watches;
    watch!.sink.write(Buffer.from('{"a":1}\n{"b":2}\n'));
    await until(() => messages.length === 2);
    assert.deepEqual(messages, ['{"a":1}\n', '{"b":2}\n']);
  });

  suite.test('it ends with a closing frame when its time is up, after a bookmark', async setting => {
    const { messages, closed } = await open(setting, '&timeoutSeconds=7&allowWatchBookmarks=true');
    setting.clock.advance(5_000);
    await until(() => messages.length === 1);
    assert.equal(JSON.parse(messages[0]!).type, 'BOOKMARK');
    setting.clock.advance(2_000);
    assert.deepEqual(await closed, { code: 1000, wasClean: true });
    assert.equal(setting.widgets.watches.size, 0);
  });

  suite.test('a drain ends it', async setting => {
    const { closed } = await open(setting);
    await setting.server.drain();
    assert.equal((await closed).code, 1000);
  });

  suite.test('the one protocol that is asked for is told; one with a token is not', async setting => {
    const { socket } = await open(setting, '', ['plain']);
    assert.equal(socket.protocol, 'plain');
    socket.close();
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from('x').toString('base64url')}`;
    const other = await raw(setting, [...upgrade, `Sec-WebSocket-Protocol: ${token}, plain`]);
    await until(() => other.received().includes('\r\n\r\n'));
    const head = other.received().toString().split('\r\n');
    assert.equal(head[0], 'HTTP/1.1 101 Switching Protocols');
    assert.ok(head.includes('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='));
    assert.ok(head.includes('Sec-WebSocket-Protocol: plain'));
    other.socket.destroy();
  });

  const refusals: [what: string, lines: string[], message: string][] = [
    ['no version', upgrade.filter(line => !line.includes('Version')), 'missing or bad WebSocket Version'],
    ['no key', upgrade.filter(line => !line.includes('Key')), 'mismatch challenge/response'],
    [
      'two protocols',
      [...upgrade, 'Sec-WebSocket-Protocol: a, b'],
      'one WebSocket protocol at most can be asked for',
    ],
  ];
  for (const [what, lines, message] of refusals) {
    suite.test(`${what} is 400`, async setting => {
      const { received, ended } = await raw(setting, lines);
      await ended;
      const text = received().toString();
      assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).message, message);
      assert.equal(setting.widgets.watches.size, 0);
    });
  }

  suite.test(
    'what is no watch, or may not be, is answered as ever, and the connection ends',
    async setting => {
      for (const [target, lines, code] of [
        [path, upgrade, 200],
        [`${path}?watch=true&resourceVersion=refused`, upgrade, 400],
        [`${path}?watch=true`, upgrade.filter(line => !line.includes('admin')), 403],
        [`${base}/things?watch=true`, upgrade, 404],
      ] as const) {
        const { received, ended } = await raw(setting, [...lines], target);
        await ended;
        assert.match(received().toString(), new RegExp(`^HTTP/1\\.1 ${code} `), target);
      }
    },
  );

  suite.test('another upgrade that is offered is passed over', async setting => {
    const lines = ['Authorization: Bearer admin', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'];
    const { socket, received } = await raw(setting, lines, path);
    await until(() => received().includes('items'));
    assert.match(received().toString(), /^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
  });

  suite.test(
    'what clients send: pings are answered, messages passed over, in whatever pieces',
    async setting => {
      for (const pieces of [1, 3, 1_000]) {
        const { socket, received } = await raw(setting, upgrade);
        write(socket, frame(1, Buffer.from('hello')), pieces);
        write(socket, frame(2, Buffer.alloc(500, 'x'), { final: false }), pieces);
        write(socket, frame(0, Buffer.from('end')), pieces);
        write(socket, frame(10, Buffer.from('pong')), pieces);
        write(socket, frame(9, Buffer.from('are you there')), pieces);
        const pong = Buffer.concat([Buffer.from([0x8a, 13]), Buffer.from('are you there')]);
        await until(() => received().includes(pong));
        socket.destroy();
      }
      await until(() => setting.widgets.watches.size === 0);
    },
  );

  suite.test(
    'a ping that comes while a large message goes out is answered between messages',
    async setting => {
      const { socket, received } = await raw(setting, upgrade);
      await until(() => setting.widgets.watches.size === 1);
      const [watch] = setting.widgets.watches;
      for (const name of ['one', 'two']) {
        watch!.sink.write(
          Buffer.from(`${JSON.stringify({ type: 'ADDED', name, filler: 'x'.repeat(1_500_000) })}\n`),
        );
      }
      for (let at = 0; at < 5; at++) socket.write(frame(9, Buffer.from(`ping ${at}`)));
      await until(() => received().includes('ping 4'));
      const messages = () => serverFrames(received().subarray(received().indexOf('\r\n\r\n') + 4));
      await until(() => messages().filter(({ opcode }) => opcode === 1).length === 2);
      for (const { opcode, payload } of messages()) {
        if (opcode === 1) assert.equal(JSON.parse(payload.toString()).type, 'ADDED');
        else assert.match(payload.toString(), /^ping \d$/);
      }
      socket.destroy();
      await until(() => setting.widgets.watches.size === 0);
    },
  );

  const ends: [what: string, bytes: Buffer][] = [
    ['a closing frame', frame(8, Buffer.from([0x03, 0xe8]))],
    ['a frame without a mask', frame(1, Buffer.from('x'), { masked: false })],
    ['a long control frame', frame(9, Buffer.alloc(200))],
    ['a control frame in pieces', frame(9, Buffer.from('x'), { final: false })],
  ];
  for (const [what, bytes] of ends) {
    suite.test(`${what} ends it`, async setting => {
      const { socket, received, ended } = await raw(setting, upgrade);
      socket.write(bytes);
      await ended;
      assert.deepEqual(received().subarray(-4), Buffer.from([0x88, 2, 0x03, 0xe8]));
      await until(() => setting.widgets.watches.size === 0);
    });
  }

  const { webSocketFrameBurst: burst, webSocketFramesPerSecond: perSecond } = limits;
  const floods: [what: string, bytes: Buffer][] = [
    ['pings', frame(9, Buffer.from('p'))],
    ['empty pings', frame(9, Buffer.alloc(0))],
    ['pongs that nothing asked for', frame(10, Buffer.alloc(0))],
    ['empty messages', frame(1, Buffer.alloc(0))],
    ['messages of a byte', frame(2, Buffer.from('x'))],
    ['empty parts of a message', frame(0, Buffer.alloc(0), { final: false })],
  ];
  for (const [what, bytes] of floods) {
    suite.test(`a flood of ${what} ends it with 1008, and no frame after that is answered`, async setting => {
      const { socket, received, ended } = await raw(setting, upgrade);
      await until(() => received().includes('\r\n\r\n'));
      socket.write(Buffer.concat(Array<Buffer>(burst + 1).fill(bytes)));
      await until(() =>
        received()
          .subarray(-4)
          .equals(Buffer.from([0x88, 2, 0x03, 0xf0])),
      );
      const length = received().length;
      await until(() => setting.widgets.watches.size === 0);
      const others = await setting.request({ path });
      assert.equal(others.code, 200);
      await ended;
      assert.equal(received().length, length);
    });
  }

  suite.test('a flood of long messages ends it, if need be with a reset', async setting => {
    const { socket, ended } = await raw(setting, upgrade);
    const message = frame(2, Buffer.alloc(20 * 1024));
    socket.write(Buffer.concat(Array<Buffer>(burst).fill(message)));
    await ended;
    await until(() => setting.widgets.watches.size === 0);
  });

  suite.test('a message that claims to be very long ends it at its head', async setting => {
    const { socket, received } = await raw(setting, upgrade);
    socket.write(Buffer.from([0x82, 0xff, 0x7f, ...Array<number>(7).fill(0xff), 1, 2, 3, 4]));
    await until(() =>
      received()
        .subarray(-4)
        .equals(Buffer.from([0x88, 2, 0x03, 0xf0])),
    );
    socket.destroy();
  });

  suite.test('pings at a rate that clients use are answered for as long as it lasts', async setting => {
    const { socket, received } = await raw(setting, upgrade);
    for (let second = 0; second < (3 * burst) / perSecond; second++) {
      const pings = Array.from({ length: perSecond }, (_, index) =>
        frame(9, Buffer.from(`${second}-${index}-`)),
      );
      socket.write(Buffer.concat(pings));
      await until(() => received().includes(`${second}-${perSecond - 1}-`));
      setting.clock.advance(1_000);
    }
    socket.destroy();
  });

  suite.test('a client that goes without a word is let go', async setting => {
    const { socket } = await raw(setting, upgrade);
    await until(() => setting.widgets.watches.size === 1);
    socket.destroy();
    await until(() => setting.widgets.watches.size === 0);
  });
};
