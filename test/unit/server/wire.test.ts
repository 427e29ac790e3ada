import assert from 'node:assert/strict';
import { connect, constants } from 'node:http2';
import { suite, test } from 'node:test';
import { http1, http2 } from '../../conformance/http/client.ts';
import { rawConnection } from '../../conformance/http/raw.ts';
import { base, certificates, type Setting, start } from '../../conformance/http/setting.ts';
import { until } from '../../conformance/http/until.ts';

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

/** Uncommon requests, what they are answered with, and whether the connection can be used on. */
const uncommon: [what: string, lines: string, code: number, says: RegExp, goesOn: boolean][] = [
  ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${as}\r\n`, 405, /"reason":"MethodNotAllowed"/, false],
  ['CONNECT of HTTP/2.0', `CONNECT a:443 HTTP/2.0\r\n${as}\r\n`, 505, /unsupported protocol version/, false],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${as}\r\n`, 400, /must begin with a slash/, true],
  ['an absolute target', `GET https://other:1/healthz HTTP/1.1\r\n${as}\r\n`, 200, /^ok$/, true],
  ['QUERY', `QUERY ${base}/widgets HTTP/1.1\r\n${as}\r\n`, 405, /MethodNotAllowed/, true],
  ['a method that Node does not know', `FOO / HTTP/1.1\r\n${as}\r\n`, 400, /^$/, false],
  ['an unknown expectation', `GET /healthz HTTP/1.1\r\n${as}Expect: 200-ok\r\n\r\n`, 417, /^417/, true],
  ['h2c', `GET /healthz HTTP/1.1\r\n${as}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`, 200, /^ok$/, true],
  [
    'an upgrade of a POST',
    `POST /healthz HTTP/1.1\r\n${as}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n`,
    405,
    /MethodNotAllowed/,
    true,
  ],
  [
    'an audit id that no header may hold',
    `GET /healthz HTTP/1.1\r\n${as}Audit-ID: \xff\x80\r\n\r\n`,
    200,
    /^ok$/,
    true,
  ],
];

suite('uncommon requests are answered', () => {
  for (const [what, lines, code, says, goesOn] of uncommon) {
    overHttp1(what, async ({ port }) => {
      const connection = await rawConnection(port);
      connection.write(lines);
      const answer = await connection.answer();
      assert.equal(answer?.code, code, answer?.text);
      assert.match(answer.text, says);
      if (!goesOn) assert.ok(await connection.ended());
      else {
        connection.write(`GET /healthz HTTP/1.1\r\n${as}\r\n`);
        assert.equal((await connection.answer())?.code, 200);
      }
      connection.socket.destroy();
    });
  }

  overHttp1('a body is asked for with 100', async ({ port }) => {
    const connection = await rawConnection(port);
    const body = '{"metadata":{"name":"a"}}';
    connection.write(
      `POST ${base}/widgets HTTP/1.1\r\n${as}Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    assert.equal((await connection.answer())?.code, 100);
    connection.write(body);
    assert.equal((await connection.answer())?.code, 201);
    connection.socket.destroy();
  });

  test('CONNECT and expectations over HTTP/2', async () => {
    const setting = await start(http2);
    const { ca } = await certificates();
    const session = connect(`https://127.0.0.1:${setting.port}`, { ca: ca.pem });
    try {
      for (const [headers, code] of [
        [{ ':method': 'CONNECT', ':authority': 'a:443' }, 405],
        [{ ':path': '/healthz', expect: '200-ok' }, 417],
        [{ ':path': '*', ':method': 'OPTIONS' }, 400],
        [{ ':path': '/healthz' }, 200],
      ] as const) {
        const stream = session.request(headers, { endStream: !(':authority' in headers) });
        const status = await new Promise(resolve => {
          stream.on('response', answered => resolve(answered[':status']));
          stream.on('error', resolve);
        });
        assert.equal(status, code);
        stream.on('error', () => {});
        stream.close(constants.NGHTTP2_CANCEL);
      }
    } finally {
      session.destroy();
      await setting.stop();
    }
  });
});

test('a request that is reset before it was begun leaves nothing but a count', async () => {
  const setting = await start(http2);
  const { ca } = await certificates();
  const session = connect(`https://127.0.0.1:${setting.port}`, { ca: ca.pem });
  try {
    // Corked, the frames of all of them go out as one piece.
    const floods = 50;
    await new Promise(resolve => session.once('connect', resolve));
    session.socket.cork?.();
    for (let sent = 0; sent < floods; sent++) {
      const stream = session.request({ ':path': `/reset/${sent}` });
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
    }
    const last = session.request({ ':path': '/healthz' });
    await new Promise(resolve => last.on('response', resolve));
    const counted = async () => {
      const text = (await setting.request({ path: '/metrics' })).text;
      return Number(/^tortie_requests_reset_early_total (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    const begun = () => setting.log.filter(({ fields }) => String(fields.path).startsWith('/reset/')).length;
    await until(() => begun() <= floods);
    const dropped = await counted();
    assert.equal(dropped + begun(), floods, `${dropped} dropped, ${begun()} begun`);
    assert.ok(dropped > 0);
  } finally {
    session.destroy();
    await setting.stop();
  }
});

overHttp1('a timeout that runs out leaves the connection to the next request', async setting => {
  const body = '{"metadata":{"name":"hangs"}}';
  const head = `POST ${base}/widgets?timeout=1s HTTP/1.1\r\n${as}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const begun = setting.clock.waiting;
  for (const sent of [body.length, 5]) {
    const connection = await rawConnection(setting.port);
    connection.write(head + body.slice(0, sent));
    if (sent === 5) await until(() => setting.clock.waiting > begun);
    else await until(() => setting.widgets.hanging.length === 1);
    setting.clock.advance(1_000);
    assert.equal((await connection.answer())?.code, 504);
    connection.write(`${body.slice(sent)}GET /healthz HTTP/1.1\r\n${as}\r\n`);
    assert.equal((await connection.answer())?.text, 'ok');
    connection.socket.destroy();
  }
});
