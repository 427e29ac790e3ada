import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import type { ServerOptions } from '../../../src/server/server.ts';
import { frame, frameTypes, request, settings } from '../../attack/frames.ts';
import {
  type Frame,
  openHttp2,
  openRaw,
  ping,
  type RawConnection,
  rstStream,
  windowUpdate,
} from '../../attack/raw-connection.ts';
import { http1 } from '../../conformance/http/client.ts';
import { certificates, type Setting, start } from '../../conformance/http/setting.ts';

const path = '/version';
const admin = { authorization: 'Bearer admin' };
const isPong = ({ type, payload }: Frame) => type === frameTypes.ping && payload.equals(mark);
const mark = Buffer.from('the mark');

/** A server whose time stands still: what a flood may do in one second is what it may do in the test. */
function given(
  title: string,
  run: (setting: Setting, ca: string) => Promise<void>,
  options: Partial<ServerOptions> = {},
): void {
  test(title, async () => {
    const { ca } = await certificates();
    const setting = await start(http1, options);
    try {
      await run(setting, ca.pem);
    } finally {
      await setting.stop();
    }
  });
}

async function ended(setting: Setting): Promise<string[]> {
  const { text } = await setting.connect().request({ path: '/metrics', headers: admin });
  return [...text.matchAll(/connections_ended_total\{reason="(.*)"\} \d+/g)].map(([, reason]) => reason!);
}

/** Writes in pieces, each of which the server has answered before the next: it is the count that ends a flood, not a full queue. */
async function inPieces(connection: RawConnection, pieces: Buffer[]): Promise<boolean> {
  for (const piece of pieces) {
    await connection.write(piece, ping(mark));
    if (!(await connection.until(isPong))) return false;
  }
  return true;
}

const repeated = (bytes: Buffer, count: number) => Buffer.concat(Array.from({ length: count }, () => bytes));

suite('frames of HTTP/2 that make work and are no part of a request end the connection', () => {
  const floods: Record<string, Buffer> = {
    PING: ping(),
    SETTINGS: settings(),
    PRIORITY: frame(frameTypes.priority, { stream: 1, payload: Buffer.from([0, 0, 0, 0, 15]) }),
  };
  for (const [name, bytes] of Object.entries(floods)) {
    given(name, async (setting, ca) => {
      const connection = await openHttp2(setting.port, { ca });
      const pieces = Array.from({ length: 2 * limits.maxControlFramesPerSecond }, () => bytes);
      assert.equal(await inPieces(connection, pieces), false);
      await connection.closed;
      assert.deepEqual(await ended(setting), ['frames']);
    });
  }

  given(
    'a front proxy may send them: other users are behind it',
    async (setting, ca) => {
      const { client } = await certificates();
      const connection = await openHttp2(setting.port, { ca, cert: client.pem, key: client.keyPem });
      const pieces = Array.from({ length: 2 * limits.maxControlFramesPerSecond }, () => ping());
      assert.equal(await inPieces(connection, pieces), true);
      connection.close();
    },
    { isFrontProxy: ({ peerCertificates }) => peerCertificates.length > 0 },
  );
});

suite('frames of HTTP/2 whose number Node bounds end the connection', () => {
  const begun = (flags: number) =>
    frame(frameTypes.headers, { stream: 1, flags, payload: Buffer.from([0x82]) });
  const floods: Record<string, Buffer> = {
    'empty DATA': Buffer.concat([
      request(1, { ':path': path, ':method': 'POST' }, { endStream: false }),
      repeated(frame(frameTypes.data, { stream: 1 }), 2_000),
    ]),
    CONTINUATION: Buffer.concat([
      begun(0),
      repeated(frame(frameTypes.continuation, { stream: 1, payload: Buffer.alloc(0) }), 100),
    ]),
    'SETTINGS of many values': settings(Array.from({ length: 100 }, () => [4, 65_535] as [number, number])),
    'unknown frames': repeated(frame(0xfa, { payload: Buffer.alloc(100) }), 20_000),
    'PING that is not taken': repeated(ping(), 20_000),
  };
  for (const [name, bytes] of Object.entries(floods)) {
    given(name, async (setting, ca) => {
      const connection = await openHttp2(setting.port, { ca });
      await connection.write(bytes);
      await connection.closed;
      assert.equal((await setting.request({ path })).code, 200);
    });
  }
});

/** More than the burst, in pieces that the server has read. */
function beyondBurst(bytes: Buffer): Buffer[] {
  const piece = repeated(bytes, Math.ceil(64_000 / bytes.length));
  return Array.from({ length: Math.ceil((1.2 * limits.floodBurstBytes) / piece.length) }, () => piece);
}

suite('bytes that bring nothing end the connection', () => {
  const floods: Record<string, Buffer> = {
    WINDOW_UPDATE: windowUpdate(0, 1),
  };
  for (const [name, bytes] of Object.entries(floods)) {
    given(`HTTP/2: ${name}`, async (setting, ca) => {
      const connection = await openHttp2(setting.port, { ca });
      // A ping behind each piece would be a flood of its own: time goes on beside it, but by less than gives bytes back.
      for (const piece of beyondBurst(bytes)) {
        await connection.write(piece, ping(mark));
        if (!(await connection.until(isPong))) break;
      }
      setting.clock.advance(limits.connectionSweepMs);
      await connection.closed;
      assert.deepEqual(await ended(setting), ['bytes']);
    });
  }

  given('HTTP/2: a body is not nothing', async (setting, ca) => {
    const connection = await openHttp2(setting.port, { ca });
    const [data, count] = [Buffer.alloc(16_000, 0x20), 3];
    for (
      let stream = 1;
      stream < 2 * Math.ceil((2 * limits.floodBurstBytes) / (count * data.length));
      stream += 2
    ) {
      await connection.write(
        request(
          stream,
          { ':path': '/apis/projectcalico.org/v3/widgets', ':method': 'POST', ...admin },
          { endStream: false },
        ),
        repeated(frame(frameTypes.data, { stream, payload: data }), count),
        frame(frameTypes.data, { stream, flags: 1, payload: Buffer.from('{}') }),
      );
      assert.ok(
        await connection.until(({ type, stream: on }) => type === frameTypes.headers && on === stream),
      );
    }
    setting.clock.advance(limits.connectionSweepMs);
    await connection.write(ping(mark));
    assert.ok(await connection.until(isPong));
    connection.close();
  });

  given('HTTP/1.1: empty lines', async (setting, ca) => {
    const connection = await openRaw(setting.port, { ca, ALPNProtocols: ['http/1.1'] });
    const rest = repeated(Buffer.from('\r\n'), 100_000);
    for (let sent = 0; sent < 1.2 * limits.floodBurstBytes; sent += rest.length) {
      // An answer says that what is before it has been read.
      await connection.write(rest, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      while (connection.received.length === 0)
        await new Promise(resolve => connection.socket.once('data', resolve));
      connection.received = Buffer.alloc(0);
    }
    setting.clock.advance(limits.connectionSweepMs);
    await connection.closed;
    assert.deepEqual(await ended(setting), ['bytes']);
  });
});

suite('streams of HTTP/2 that are cancelled', () => {
  const resets = (first: number, count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, index) => [
        request(first + 2 * index, { ':path': path }),
        rstStream(first + 2 * index),
      ]).flat(),
    );

  given('an address without an identity has a few, over all its connections', async (setting, ca) => {
    const connection = await openHttp2(setting.port, { ca, localAddress: '127.0.0.2' });
    await connection.write(resets(1, 2 * limits.unidentifiedResetBurst), ping());
    await connection.closed;
    assert.deepEqual(await ended(setting), ['resets']);
    const again = await openHttp2(setting.port, { ca, localAddress: '127.0.0.2' });
    await again.write(resets(1, 10));
    await again.closed;
    const elsewhere = await openHttp2(setting.port, { ca, localAddress: '127.0.0.3' });
    await elsewhere.write(resets(1, 10), ping(mark));
    assert.ok(await elsewhere.until(isPong));
    elsewhere.close();
  });
});
