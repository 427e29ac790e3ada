import { IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { limits } from '../limits.ts';
import { isWebSocketRequest } from './websocket.ts';

/**
 * Gives the application also what Node would answer by itself or drop: requests to go on as a WebSocket, CONNECT, and
 * expectations that Node does not know. `isBusy` says whether an earlier request of an HTTP/1.1 connection is unanswered: the
 * connection belongs to that answer. A WebSocket then goes on without an upgrade, as RFC 9110 §7.8 allows.
 */
export function acceptUncommon(
  server: Server | Http2Server,
  onRequest: RequestListener,
  isBusy: (socket: Socket) => boolean,
): void {
  Object.assign(server, {
    shouldUpgradeCallback: (request: IncomingMessage) =>
      isWebSocketRequest(request) && !isBusy(request.socket),
  });
  const takeOver = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    // Node asks about WebSockets; a CONNECT it always takes out of HTTP.
    if (isBusy(request.socket)) {
      socket.destroy();
      return;
    }
    if (head.length > 0) socket.unshift(head);
    onRequest(request, responseOn(request, socket as Socket));
  };
  server.on('upgrade', takeOver);
  server.on('connect', (request: IncomingMessage, second: unknown, head: Buffer) => {
    // Over HTTP/2 a response comes with it, and its connection goes on.
    if (request instanceof IncomingMessage) takeOver(request, second as Socket, head);
    else onRequest(request, second as ServerResponse);
  });
  server.on('checkExpectation', onRequest);
}

/** The answer to a request whose connection is its own from now on: HTTP ends with the answer. */
function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    socket.end();
    // Node no longer watches over a connection that has left HTTP.
    socket.setTimeout(limits.unreadBodyGraceMs, () => socket.destroy());
  });
  return response;
}
