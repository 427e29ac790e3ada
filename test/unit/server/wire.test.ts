import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { http1 } from '../../conformance/http/client.ts';
import { rawConnection } from '../../conformance/http/raw.ts';
import { base, type Setting, start } from '../../conformance/http/setting.ts';

/** Runs a test on both listeners that speak HTTP/1.1. */
function overHttp1(name: string, run: (setting: Setting) => Promise<void>): void {
  for (const http2 of [true, false]) {
    test(`${name}, ${http2 ? 'beside' : 'without'} HTTP/2`, async () => {
      const setting = await start({ ...http1, offer: { http2 } });
      try {
        await run(setting);
        assert.equal((await setting.request({ path: '/healthz' })).code, 200);
      } finally {
        await setting.stop();
      }
    });
  }
}

const as = 'Host: x\r\nAuthorization: Bearer admin\r\n';

suite('the version of a request', () => {
  const refused: [version: string, code: number][] = [
    ['HTTP/0.9', 505],
    ['HTTP/1.2', 400],
    ['HTTP/2.0', 505],
    ['HTTP/3.0', 400],
    ['HTTP/9.9', 400],
  ];
  for (const [version, code] of refused) {
    overHttp1(`${version} is answered ${code}, and the connection closed`, async ({ port }) => {
      for (const path of ['/version', '/healthz', '/nowhere', `${base}/widgets`, `${base}/widgets?watch=1`]) {
        const connection = await rawConnection(port);
        connection.write(`GET ${path} ${version}\r\n${as}\r\n`);
        const answer = await connection.answer();
        assert.equal(answer?.code, code, path);
        assert.equal(answer.headers.connection, 'close');
        assert.ok(await connection.ended());
      }
    });
  }

  overHttp1('a WebSocket of another version than 1.1 is none', async ({ port }) => {
    for (const [version, code] of [
      ['2.0', 505],
      ['0.9', 505],
      ['1.0', 200],
    ] as const) {
      const connection = await rawConnection(port);
      const upgrade =
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
      connection.write(`GET ${base}/widgets?watch=1&timeoutSeconds=1 HTTP/${version}\r\n${as}${upgrade}\r\n`);
      assert.equal((await connection.answer())?.code, code, version);
      connection.socket.destroy();
    }
  });

  overHttp1('HTTP/1.0 is served', async ({ port }) => {
    const connection = await rawConnection(port);
    connection.write(`GET /healthz HTTP/1.0\r\n${as}\r\n`);
    assert.equal((await connection.answer())?.text, 'ok');
    assert.ok(await connection.ended());
  });
});
