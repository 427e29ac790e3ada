import type { TLSSocket } from 'node:tls';
import { peerOf } from '../access/peer.ts';
import type { Authenticator } from '../access/user.ts';
import { badRequest, StatusError } from '../machinery/status.ts';
import type { Exchange } from './exchange.ts';
import type { HttpRequest } from './http-message.ts';
import { TextError } from './respond.ts';

/**
 * Finds out who makes the request, and then takes everything that speaks of identity off it, so that no later step can
 * mistake a header for a verdict. Throws a 401 StatusError for a credential that is not valid, a 400 for impersonation
 * (which kube-apiserver resolves for requests that come through it), a 500 in text when nobody could tell.
 */
export async function authenticate(exchange: Exchange, authenticator: Authenticator): Promise<void> {
  const { request, abort } = exchange;
  try {
    exchange.user = await authenticator({
      rawHeaders: request.rawHeaders,
      ...peerOf(request.socket as TLSSocket),
      remoteAddress: request.socket.remoteAddress,
      signal: abort.signal,
    });
  } catch (error) {
    abort.signal.throwIfAborted();
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

function stripIdentity(request: HttpRequest): void {
  for (const name of Object.keys(request.headers)) {
    if (name === 'authorization' || name.startsWith('x-remote-') || name.startsWith('impersonate-')) {
      delete request.headers[name];
    }
  }
}
