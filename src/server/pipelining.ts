import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

/** Puts the requests of each HTTP/1.1 connection in a line (RFC 9112 §9.3.2). */
export interface Pipelining {
  /** In place of the listener for requests. */
  onRequest: RequestListener;
  /** Whether a request of the connection is being handled. */
  isBusy(socket: Socket): boolean;
}

/** Node's parser reads a socket of HTTP/1.1; the types do not tell. */
type Parsed = Socket & { parser?: { pause(): void } | null };

type Waiting = [IncomingMessage, ServerResponse];

/**
 * Node hands each request over as soon as it has read it, also when earlier ones of the same connection are not answered. This calls
 * `handle` for one request of a connection at a time: for the next one when the answer before it has been sent. While one waits, the
 * connection is not read. A read that is under way can bring more; `onFlood` gets a connection on which too many wait.
 */
export function createPipelining(handle: RequestListener, onFlood: (socket: Socket) => void): Pipelining {
  const lines = new WeakMap<Socket, Waiting[]>();

  function begin(line: Waiting[], request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    response.once('close', () => {
      const next = line.shift();
      if (!next) lines.delete(socket);
      // An answer with Connection: close was the last one.
      else if (!socket.writable) line.length = 0;
      else {
        begin(line, ...next);
        if (line.length === 0) socket.resume();
      }
    });
    handle(request, response);
  }

  return {
    isBusy: socket => lines.has(socket),
    onRequest: (request, response) => {
      const { socket } = request;
      const line = lines.get(socket);
      if (!line) {
        const alone: Waiting[] = [];
        lines.set(socket, alone);
        begin(alone, request, response);
      } else if (line.length >= limits.maxPipelinedRequests) {
        // A read can hold a thousand more, and Node makes an error with a stack for each when it ends them.
        (socket as Parsed).parser?.pause();
        onFlood(socket);
      } else {
        if (line.length === 0) stayPaused(socket, line);
        line.push([request, response]);
        socket.pause();
      }
    },
  };
}

/** Pauses the socket again when Node resumes it, as it does for each body, until nobody waits. */
function stayPaused(socket: Socket, line: Waiting[]): void {
  const onResume = () => {
    if (line.length > 0) socket.pause();
    else socket.off('resume', onResume);
  };
  socket.on('resume', onResume);
}
