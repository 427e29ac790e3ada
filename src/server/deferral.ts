import type { RequestListener } from 'node:http';
import { type HttpRequest, type HttpResponse, isHttp2 } from './http-message.ts';

/** Requests begun in one turn, before sockets are read again. */
const requestsPerTurn = 64;

/**
 * Puts off requests of HTTP/2 until the read in which they came has been parsed to its end. One that was cancelled by then, as in the rapid
 * reset attack (CVE-2023-44487), costs nothing more; `onReset` is told how many there were. Many at once are begun over several turns.
 */
export function deferred(
  onRequest: (request: HttpRequest, response: HttpResponse) => void,
  onReset: (count: number) => void,
): RequestListener {
  let waiting: [HttpRequest, HttpResponse][] = [];
  const beginSome = () => {
    let [begun, reset, at] = [0, 0, 0];
    const batch = waiting;
    for (; at < batch.length && begun < requestsPerTurn; at++) {
      const [request, response] = batch[at]!;
      if (wasReset(request)) reset++;
      else {
        begun++;
        onRequest(request, response);
      }
    }
    waiting = batch.slice(at);
    if (waiting.length > 0) setImmediate(beginSome);
    if (reset > 0) onReset(reset);
  };
  return (incoming, outgoing) => {
    const [request, response] = [incoming as unknown as HttpRequest, outgoing as unknown as HttpResponse];
    if (!isHttp2(request)) {
      onRequest(request, response);
      return;
    }
    if (waiting.length === 0) setImmediate(beginSome);
    waiting.push([request, response]);
  };
}

function wasReset({ stream }: HttpRequest): boolean {
  return stream === undefined || stream.destroyed || stream.closed;
}
