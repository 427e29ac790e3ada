import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import * as tls from 'node:tls';
import { CertificatePool } from '../../../src/access/certificate-pool.ts';
import { keepPeerCertificates, type Peer, peerOf } from '../../../src/access/peer.ts';
import { authority, client, type Issued, serverCertificate } from './certificates.ts';

let root: Issued;
let other: Issued;
let intermediate: Issued;
let leaf: Issued;
let server: Issued;

before(async () => {
  root = await authority('root');
  other = await authority('other');
  intermediate = await authority('intermediate', { issuer: root });
  leaf = await client(intermediate, 'alice');
  server = await serverCertificate(root);
});

interface Seen {
  peer: Peer;
  again: Peer;
  reused: boolean;
}

/** Starts a server that notes each request's peer, runs `use`, and returns what was noted. */
async function serve(
  protocol: 'h1' | 'h2',
  advertised: string,
  use: (port: number) => Promise<void>,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const options = {
    cert: server.pem,
    key: server.keyPem,
    ca: advertised,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const answer = (request: { socket: unknown }, response: { end(): unknown }) => {
    const socket = request.socket as tls.TLSSocket;
    seen.push({ peer: peerOf(socket), again: peerOf(socket), reused: socket.isSessionReused() });
    response.end();
  };
  const listener =
    protocol === 'h1' ? https.createServer(options, answer) : http2.createSecureServer(options, answer);
  keepPeerCertificates(listener);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    await use((listener.address() as AddressInfo).port);
  } finally {
    listener.close();
  }
  return seen;
}

/** One request on a new connection; returns the TLS session to resume with. */
async function request(
  port: number,
  protocol: 'h1' | 'h2',
  options: tls.ConnectionOptions,
): Promise<Buffer | undefined> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: root.pem,
    ALPNProtocols: [protocol === 'h1' ? 'http/1.1' : 'h2'],
    ...options,
  });
  let session: Buffer | undefined;
  socket.on('session', ticket => {
    session = ticket;
  });
  await once(socket, 'secureConnect');
  if (protocol === 'h1') {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    socket.resume();
  } else {
    const connection = http2.connect(`https://127.0.0.1:${port}`, { createConnection: () => socket });
    const stream = connection.request({ ':path': '/' });
    stream.resume();
    await once(stream, 'close');
    connection.close();
  }
  await once(socket, 'close');
  return session;
}

for (const protocol of ['h1', 'h2'] as const) {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    describe(`peer over ${protocol}, ${maxVersion}`, () => {
      const identity = () => ({ cert: leaf.pem + intermediate.pem, key: leaf.keyPem, maxVersion });

      it('keeps the intermediates, whether or not OpenSSL trusts the client', async () => {
        for (const advertised of [root.pem, other.pem]) {
          const [seen] = await serve(protocol, advertised, async port => {
            await request(port, protocol, identity());
          });
          const sent = seen!.peer.peerCertificates.map(der => Buffer.from(der).toString('hex'));
          assert.deepEqual(
            sent,
            [leaf, intermediate].map(each => Buffer.from(each.der).toString('hex')),
          );
          assert.equal(seen!.again, seen!.peer);
        }
      });

      it('a client without a certificate has none', async () => {
        const [seen] = await serve(protocol, root.pem, async port => {
          await request(port, protocol, { maxVersion });
        });
        assert.deepEqual(seen!.peer.peerCertificates, []);
      });

      it('a resumed session is trusted although it brings no intermediates', async () => {
        const pool = new CertificatePool({ pem: root.pem });
        const seen = await serve(protocol, root.pem, async port => {
          const session = await request(port, protocol, identity());
          await request(port, protocol, { ...identity(), ...(session && { session }) });
        });
        assert.deepEqual(
          seen.map(({ reused }) => reused),
          [false, true],
        );
        assert.equal(seen[1]!.peer.peerCertificates.length, 1);
        for (const { peer } of seen) assert.equal(pool.verify(peer)?.trusted, true);
        pool.replace(root.pem + other.pem);
        assert.equal(pool.verify(seen[1]!.peer)?.trusted, true, 'a wider bundle forgets nothing');
        pool.replace(other.pem);
        assert.equal(pool.verify(seen[1]!.peer)?.trusted, false, 'an intermediate is no authority');
        // The proof that this needs the memory of the first connection:
        assert.equal(new CertificatePool({ pem: root.pem }).verify(seen[1]!.peer)?.trusted, false);
      });
    });
  }
}
