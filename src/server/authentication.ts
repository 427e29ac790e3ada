import type { X509Certificate } from 'node:crypto';
import type { Authenticator } from '../access/user.ts';
import { badRequest, StatusError } from '../machinery/status.ts';
import type { Exchange } from './exchange.ts';
import { connectionOf, type HttpRequest } from './http-message.ts';
import { TextError } from './respond.ts';

/** Certificate chains by connection: reading them from the socket costs more than a small request. */
const chains = new WeakMap<object, Uint8Array[]>();

/**
 * Finds out who makes the request, and then takes everything that speaks of identity off it, so that no later step can
 * mistake a header for a verdict. Throws a 401 StatusError for a credential that is not valid, a 400 for impersonation
 * (which kube-apiserver resolves for requests that come through it), a 500 in text when nobody could tell.
 */
export async function authenticate(exchange: Exchange, authenticator: Authenticator): Promise<void> {
  const { request } = exchange;
  const connection = connectionOf(request);
  try {
    exchange.user = await authenticator({
      rawHeaders: request.rawHeaders,
      peerCertificates: peerCertificates(request, connection),
      connection,
    });
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw internalText(exchange, error);
  }
  const impersonation = Object.keys(request.headers).find(name => name.startsWith('impersonate-'));
  stripIdentity(request);
  if (impersonation) {
    throw badRequest(
      `impersonation is not supported: the request has the header ${impersonation}; send it through kube-apiserver`,
    );
  }
}

/** The 500 of a request whose user or rights could not be found out (machinery.md §6). */
export function internalText(exchange: Exchange, error: unknown): TextError {
  const cause = error instanceof Error ? error.message : String(error);
  const text = new TextError(
    500,
    `Internal Server Error: ${JSON.stringify(exchange.request.url ?? '')}: ${cause}\n`,
  );
  text.cause = error;
  return text;
}

function peerCertificates(request: HttpRequest, connection: object): Uint8Array[] {
  let chain = chains.get(connection);
  if (!chain) {
    chain = readChain(request);
    chains.set(connection, chain);
  }
  return chain;
}

/** DER of the certificates that the peer sent, leaf first. */
function readChain(request: HttpRequest): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate: X509Certificate | undefined = request.socket.getPeerX509Certificate?.();
  // A self-signed certificate may name itself as its issuer.
  for (let depth = 0; certificate && depth < maxChainLength; depth++) {
    chain.push(certificate.raw);
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    certificate = issuer && !issuer.raw.equals(certificate.raw) ? issuer : undefined;
  }
  return chain;
}

const maxChainLength = 10;

function stripIdentity(request: HttpRequest): void {
  for (const name of Object.keys(request.headers)) {
    if (name === 'authorization' || name.startsWith('x-remote-') || name.startsWith('impersonate-')) {
      delete request.headers[name];
    }
  }
}
