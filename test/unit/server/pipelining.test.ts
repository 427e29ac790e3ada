import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import { openRaw, type RawConnection } from '../../attack/raw-connection.ts';
import { http1 } from '../../conformance/http/client.ts';
import { base, certificates, type Setting, start } from '../../conformance/http/setting.ts';
import { until } from '../../conformance/http/until.ts';

const path = `${base}/widgets`;

function text(method: string, target: string, body = '', more: string[] = []): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Authorization: Bearer admin',
    ...(body ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : []),
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

const create = (name: string, more: string[] = []) =>
  text('POST', path, JSON.stringify({ metadata: { name } }), more);

const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** Codes of the answers that have come; no body holds such a line. */
function codes({ received }: RawConnection): string[] {
  return [...received.toString('latin1').matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => code!);
}

function given(title: string, run: (setting: Setting, connection: RawConnection) => Promise<void>): void {
  test(title, async () => {
    const setting = await start(http1);
    const { ca } = await certificates();
    const connection = await openRaw(setting.port, { ca: ca.pem, ALPNProtocols: ['http/1.1'] });
    try {
      await run(setting, connection);
    } finally {
      connection.close();
      await setting.stop();
    }
  });
}

suite('pipelined requests of HTTP/1.1', () => {
  given('are handled one at a time, and answered in order', async (setting, connection) => {
    await connection.write(create('hangs'), create('next'), text('GET', `${path}/next`));
    await until(() => setting.widgets.hanging.length === 1);
    // A request on another connection is handled meanwhile.
    assert.equal((await setting.request({ path: '/version' })).code, 200);
    assert.equal(setting.widgets.objects.has('/next'), false, 'the next one waits');
    setting.clock.advance(limits.requestTimeoutMs);
    await until(() => codes(connection).length === 3);
    assert.deepEqual(codes(connection), ['504', '201', '200']);
  });

  given('that wait are not handled when the client goes', async (setting, connection) => {
    await connection.write(create('hangs'), create('next'));
    await until(() => setting.widgets.hanging.length === 1);
    connection.close();
    setting.clock.advance(limits.requestTimeoutMs);
    assert.equal((await setting.request({ path: '/version' })).code, 200);
    assert.equal(setting.widgets.objects.has('/next'), false);
  });

  given('behind one with Connection: close are not handled', async (setting, connection) => {
    await connection.write(create('last', ['Connection: close']), create('beyond'));
    await connection.closed;
    assert.equal(setting.widgets.objects.has('/beyond'), false);
  });

  given('are as many as may wait', async (_setting, connection) => {
    await connection.write(text('GET', '/version').repeat(1 + limits.maxPipelinedRequests));
    await until(() => codes(connection).length === 1 + limits.maxPipelinedRequests);
  });

  given('that are more end the connection', async (setting, connection) => {
    await connection.write(create('hangs'));
    await until(() => setting.widgets.hanging.length === 1);
    await connection.write(text('GET', '/version').repeat(1 + limits.maxPipelinedRequests));
    await connection.closed;
    assert.deepEqual(codes(connection), []);
    assert.ok(setting.widgets.hanging[0]!.aborted, 'the request before them has ended');
    assert.equal((await setting.request({ path: '/version' })).code, 200);
  });

  given('with bodies keep their bodies', async (setting, connection) => {
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    await connection.write(...names.map(name => create(name)));
    await until(() => codes(connection).length === names.length);
    assert.deepEqual(
      [...setting.widgets.objects.keys()],
      names.map(name => `/${name}`),
    );
  });

  given('are no WebSocket while an answer is due', async (setting, connection) => {
    await connection.write(create('hangs'), text('GET', `${path}?watch=true`, '', upgrade));
    await until(() => setting.widgets.hanging.length === 1);
    setting.clock.advance(limits.requestTimeoutMs);
    await until(() => codes(connection).length === 2);
    assert.deepEqual(codes(connection), ['504', '200'], 'the watch is a plain stream');
    assert.equal((await setting.request({ path: '/version' })).code, 200);
  });
});
