import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import type { ServerOptions } from '../../../src/server/server.ts';
import { frameTypes, request } from '../../attack/frames.ts';
import { type Frame, openHttp2, ping, type RawConnection, rstStream } from '../../attack/raw-connection.ts';
import { http2 } from '../../conformance/http/client.ts';
import { certificates, type Setting, start } from '../../conformance/http/setting.ts';

interface Given {
  setting: Setting;
  connection: RawConnection;
}

/** A server and a raw HTTP/2 connection to it, with or without the certificate of the front proxy. */
function given(
  title: string,
  who: 'front proxy' | 'anybody',
  run: (given: Given) => Promise<void>,
  options: Partial<ServerOptions> = {},
): void {
  test(title, async () => {
    const { ca, client } = await certificates();
    const setting = await start(http2, {
      isFrontProxy: ({ peerCertificates: [leaf] }) =>
        leaf !== undefined && Buffer.compare(leaf, client.der) === 0,
      ...options,
    });
    const own = who === 'front proxy' ? { cert: client.pem, key: client.keyPem } : {};
    const connection = await openHttp2(setting.port, { ca: ca.pem, ...own });
    try {
      await run({ setting, connection });
    } finally {
      connection.close();
      await setting.stop();
    }
  });
}

const isSettings = ({ type, flags }: Frame) => type === frameTypes.settings && flags === 0;
const isPong = ({ type }: Frame) => type === frameTypes.ping;
const isGoaway = ({ type }: Frame) => type === frameTypes.goAway;

/** SETTINGS_MAX_CONCURRENT_STREAMS. */
const maxConcurrentStreams = 3;

function settingOf({ payload }: Frame, identifier: number): number | undefined {
  for (let at = 0; at < payload.length; at += 6) {
    if (payload.readUInt16BE(at) === identifier) return payload.readUInt32BE(at + 2);
  }
  return undefined;
}

/** Opens streams and cancels each at once. */
function resets(count: number): Buffer {
  const frames: Buffer[] = [];
  for (let index = 0; index < count; index++)
    frames.push(request(1 + 2 * index, { ':path': '/version' }), rstStream(1 + 2 * index));
  return Buffer.concat(frames);
}

suite('HTTP/2: a front proxy has wider bounds than anybody else', () => {
  const cases = { 'front proxy': 1_000, anybody: limits.maxStreamsOfOthers } as const;
  for (const who of ['front proxy', 'anybody'] as const) {
    given(`${who}: ${cases[who]} streams at once`, who, async ({ connection }) => {
      const first = await connection.until(isSettings);
      assert.equal(settingOf(first!, maxConcurrentStreams), cases[who]);
    });
  }

  given(
    'a flag may give everybody fewer',
    'anybody',
    async ({ connection }) => {
      assert.equal(settingOf((await connection.until(isSettings))!, maxConcurrentStreams), 7);
    },
    { bounds: { maxStreamsPerConnection: 7 } },
  );

  given('front proxy: 3,000 streams that are cancelled', 'front proxy', async ({ connection }) => {
    await connection.write(resets(3_000), ping());
    assert.ok(await connection.until(isPong), 'the connection goes on');
  });

  given(
    'anybody: the connection ends at 3,000 streams that are cancelled',
    'anybody',
    async ({ connection }) => {
      await connection.write(resets(3_000), ping());
      const end = await connection.until(frame => isPong(frame) || isGoaway(frame));
      assert.ok(!end || isGoaway(end), 'the connection ends');
    },
  );
});
