import assert from 'node:assert/strict';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import type { HttpGroup } from '../http.ts';
import { base, certificates } from './setting.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Bytes that are no HTTP. */
export const noise: HttpGroup = suite => {
  suite.test('after the handshake end that connection, and no other', async setting => {
    const { ca } = await certificates();
    const watch = await setting.stream({ path: `${base}/widgets?watch=1` });
    const ALPNProtocols = [suite.transport.name === 'HTTP/2' ? 'h2' : 'http/1.1'];
    const send = (bytes: Uint8Array) =>
      new Promise<void>(resolve => {
        const socket = connectTls({ host: '127.0.0.1', port: setting.port, ca: ca.pem, ALPNProtocols });
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume().end(bytes);
      });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 300 }), async (greets, bytes) => {
        await send(greets ? Buffer.concat([preface, bytes]) : bytes);
        assert.equal((await setting.request({ path: '/healthz' })).code, 200);
      }),
      { numRuns: 50 },
    );
    setting.widgets.tell('ADDED', { apiVersion: 'v3', kind: 'Widget', metadata: { name: 'a' } });
    assert.equal((await watch.next())!.type, 'ADDED');
  });
};
