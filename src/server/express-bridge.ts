import http from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import express, { type Express } from 'express';

/** What Express sets as the prototypes of a request and its response. */
interface Prototypes {
  request: Express['request'];
  response: Express['response'];
}

/**
 * An Express application that serves HTTP/1.1 and HTTP/2. Express 5 gives every request and response prototypes derived
 * from node:http, on which an HTTP/2 request fails at once (expressjs/express#6863). So there is a second pair of prototypes with
 * the same properties on top of node:http2's classes, and the pair is chosen for each request by its class: its version is only what
 * the peer wrote. This rests on app.handle() reading app.request and app.response synchronously; the version of Express is pinned, and
 * a test holds it.
 */
export function createApplication(): Express {
  const app = express();
  const http1: Prototypes = { request: app.request, response: app.response };
  const http2: Prototypes = {
    request: transplant(app.request, http.IncomingMessage.prototype, Http2ServerRequest.prototype),
    response: transplant(app.response, http.ServerResponse.prototype, Http2ServerResponse.prototype),
  };
  const bridged = app as Express & { handle(req: http.IncomingMessage, ...rest: unknown[]): void };
  const handle = bridged.handle;
  bridged.handle = function (req, ...rest) {
    const second = (req as object) instanceof Http2ServerRequest;
    Object.assign(app, second ? http2 : http1);
    // HTTP/2 names the host in :authority.
    if (second) req.headers.host ??= (req as unknown as Http2ServerRequest).authority;
    handle.call(this, req, ...rest);
  };
  return app;
}

/** A copy of the properties of `from`, and of its prototypes below `until`, on an object derived from `base`. */
function transplant<T extends object>(from: T, until: object, base: object): T {
  const chain: object[] = [];
  for (let at: object = from; at !== until; at = Object.getPrototypeOf(at)) chain.unshift(at);
  const copy = Object.create(base);
  for (const link of chain) Object.defineProperties(copy, Object.getOwnPropertyDescriptors(link));
  return copy;
}
