import type { X509Certificate } from 'node:crypto';
import type { Server, TLSSocket } from 'node:tls';
import { limits } from '../limits.ts';
import type { Credentials } from './user.ts';

/** The part of a request's credentials that belongs to its connection. */
export type Peer = Pick<Credentials, 'peerCertificates' | 'connection'>;

/** Under this name the peer hangs on its socket; HTTP/2's stand-in for the socket passes it through. */
const peer = Symbol('peer');

type Socket = TLSSocket & { [peer]?: Peer };

/**
 * Makes a TLS server (https or http2) keep the certificates that clients send, intermediates too; to be
 * called before it listens. Some versions of Node drop the intermediates of a client that OpenSSL trusts
 * before the socket is handed out (nodejs/node#65579), so they are taken at the first moment of `secure`. The
 * `keylog` event is the only one that shows the socket before that.
 */
export function keepPeerCertificates(server: Server): void {
  const seen = new WeakSet<TLSSocket>();
  server.on('keylog', (_line, socket) => {
    if (seen.has(socket)) return;
    seen.add(socket);
    socket.prependOnceListener('secure', () => peerOf(socket));
  });
}

/** The peer of a connection; the same object each time, so that verdicts can be kept by it. */
export function peerOf(socket: TLSSocket): Peer {
  const known = (socket as Socket)[peer];
  if (known) return known;
  const peerCertificates = sentCertificates(socket);
  const made = { peerCertificates, connection: peerCertificates };
  (socket as Socket)[peer] = made;
  return made;
}

/** One more than the limit at most, so that the verifier still sees that there were too many. */
function sentCertificates(socket: TLSSocket): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (certificate && certificates.length <= limits.maxPeerCertificates) {
    certificates.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return certificates;
}
