import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Credentials } from '../../../src/access/user.ts';
import { anonymous } from '../../../src/access/user.ts';
import { authority, client, serverCertificate } from '../../unit/access/certificates.ts';
import type { HttpGroup } from '../http.ts';
import { base, certificates, json, type Setting } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/widgets`;

/** A TLS handshake, without a request. */
async function handshake(port: number, options: object = {}): Promise<TLSSocket> {
  const { ca } = await certificates();
  return await new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca: ca.pem, ...options }, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** Collects what an authenticator is given. */
function watchful(seen: Credentials[]) {
  return async (credentials: Credentials) => {
    seen.push(credentials);
    return { ...anonymous, name: 'admin', groups: ['system:masters'] };
  };
}

/** TLS, client certificates, reload, drain. */
export const connections: HttpGroup = suite => {
  const seen: Credentials[] = [];

  suite.test(
    'client certificates are asked for, never required, and read once a connection',
    async setting => {
      seen.length = 0;
      const { client: issued } = await certificates();
      await setting.connection.request({ path });
      const named = setting.connect({ cert: issued.pem, key: issued.keyPem });
      await named.request({ path });
      await named.request({ path });
      const [without, first, second] = seen;
      assert.deepEqual(without!.peerCertificates, []);
      assert.deepEqual(Buffer.from(first!.peerCertificates[0]!), Buffer.from(issued.der));
      assert.equal(second!.peerCertificates, first!.peerCertificates);
      assert.equal(second!.connection, first!.connection);
      assert.notEqual(without!.connection, first!.connection);
    },
    { authenticate: watchful(seen) },
  );

  suite.test(
    'a certificate of an unknown authority gets as far as the authenticator',
    async setting => {
      seen.length = 0;
      const stranger = await client(await authority('elsewhere'), 'stranger');
      const connection = setting.connect({ cert: stranger.pem, key: stranger.keyPem });
      assert.equal((await connection.request({ path })).code, 200);
      assert.deepEqual(Buffer.from(seen[0]!.peerCertificates[0]!), Buffer.from(stranger.der));
    },
    { authenticate: watchful(seen) },
  );

  suite.test('protocols and versions of TLS', async ({ port }) => {
    const both = await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(both.alpnProtocol, suite.transport.offer.http2 ? 'h2' : 'http/1.1');
    both.destroy();
    const old = await handshake(port, { ALPNProtocols: ['http/1.1'] });
    assert.equal(old.alpnProtocol, 'http/1.1');
    old.destroy();
    await assert.rejects(handshake(port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
    const least = await handshake(port, { maxVersion: 'TLSv1.2' });
    assert.equal(least.getProtocol(), 'TLSv1.2');
    least.destroy();
  });

  suite.test('failed handshakes are counted', async setting => {
    const socket = createConnection(setting.port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'));
    await new Promise<void>(resolve => socket.on('close', () => resolve()).resume());
    const counted = async () => (await setting.request({ path: '/metrics' })).text;
    assert.match(await counted(), /\napiserver_tls_handshake_errors_total 1\n/);
  });

  suite.test('new certificates and authorities are taken up without dropping a connection', async setting => {
    const { ca } = await certificates();
    const watch = await setting.stream({ path: `${path}?watch=true` });
    const next = await serverCertificate(ca, { subject: 'renewed' });
    const other = await authority('second client ca');
    setting.tls.change({ cert: next.pem, key: next.keyPem, clientCas: [ca.pem, other.pem] });
    const socket = await handshake(setting.port, { ALPNProtocols: ['http/1.1'] });
    assert.equal(socket.getPeerCertificate().subject.CN, 'renewed');
    socket.destroy();
    await setting.request({ method: 'POST', path, headers: json, body: '{"metadata":{"name":"a"}}' });
    assert.equal((await watch.next())!.type, 'ADDED');
    assert.equal((await setting.connect().request({ path: '/healthz' })).code, 200);
  });

  suite.test(
    'a drain lets what runs come to its end',
    async setting => {
      const watch = await setting.stream({ path: `${path}?watch=true` });
      const slow = slowCreate(setting);
      await until(() => setting.widgets.hanging.length === 1);
      let drained = false;
      const drain = setting.server.drain().then(() => {
        drained = true;
      });
      assert.equal(await watch.next(), undefined);
      await assert.rejects(setting.connect().request({ path: '/healthz' }));
      assert.equal(drained, false);
      setting.clock.advance(60_000);
      assert.equal((await slow).code, 504);
      await drain;
    },
    { bounds: { drainTimeoutMs: 120_000 } },
  );

  suite.test(
    'a drain tells the probes first, and goes on serving for a while',
    async setting => {
      const drain = setting.server.drain();
      const ready = await setting.connection.request({ path: '/readyz' });
      assert.equal(ready.code, 500);
      assert.match(ready.text, /\[-\]shutdown failed/);
      assert.equal((await setting.connection.request({ path: '/livez' })).code, 200);
      assert.equal((await setting.connect().request({ path: '/healthz' })).code, 200);
      setting.clock.advance(5_000);
      await drain;
    },
    { bounds: { shutdownDelayMs: 5_000 } },
  );

  suite.test(
    'a drain does not wait for ever',
    async setting => {
      const slow = slowCreate(setting);
      await until(() => setting.widgets.hanging.length === 1);
      const drain = setting.server.drain();
      setting.clock.advance(1_000);
      await assert.rejects(slow);
      await drain;
    },
    { bounds: { drainTimeoutMs: 1_000 } },
  );
};

function slowCreate(setting: Setting): ReturnType<Setting['request']> {
  return setting.request({ method: 'POST', path, headers: json, body: '{"metadata":{"name":"hangs"}}' });
}
