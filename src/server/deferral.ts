import type { RequestListener } from 'node:http';
import { type HttpRequest, type HttpResponse, isHttp2 } from './http-message.ts';
import { OwnerLines } from './owner-lines.ts';
import { placeOf } from './place.ts';

/** Requests begun in one turn of the event loop. More make the turns longer, and with them each step of everybody's requests. */
const requestsPerTurn = 8;

/**
 * Begins a few requests in each turn of the event loop, one of each owner of connections after another. Those of HTTP/2 are put off
 * until the read in which they came has been parsed to its end: one that was cancelled by then, as in the rapid reset attack
 * (CVE-2023-44487), costs nothing more; `onReset` gets their number.
 */
export function deferred(
  onRequest: (request: HttpRequest, response: HttpResponse) => void,
  onReset: (count: number) => void,
): RequestListener {
  const lines = new OwnerLines<[HttpRequest, HttpResponse]>();
  /** In this turn. */
  let begun = 0;
  let scheduled = false;
  const schedule = () => {
    if (!scheduled) setImmediate(beginSome);
    scheduled = true;
  };
  const beginSome = () => {
    let reset = 0;
    begun = 0;
    scheduled = false;
    while (begun < requestsPerTurn) {
      const first = lines.take();
      if (!first) break;
      if (wasReset(first[0])) reset++;
      else {
        begun++;
        onRequest(...first);
      }
    }
    if (!lines.isEmpty) schedule();
    if (reset > 0) onReset(reset);
  };
  return (incoming, outgoing) => {
    const [request, response] = [incoming as unknown as HttpRequest, outgoing as unknown as HttpResponse];
    schedule();
    if (lines.isEmpty && begun < requestsPerTurn && !isHttp2(request)) {
      begun++;
      onRequest(request, response);
    } else lines.push(ownerOf(request), [request, response]);
  };
}

/** The owner of the connection; for a front proxy, which has not been asked yet whom it speaks for, the user that it names. */
function ownerOf({ socket, headers }: HttpRequest): string {
  const place = placeOf(socket);
  if (!place) return '';
  return place.frontProxy ? `user ${headers['x-remote-user']}` : place.owner;
}

function wasReset(request: HttpRequest): boolean {
  if (!isHttp2(request)) return !request.socket.writable;
  const { stream } = request;
  return stream === undefined || stream.destroyed || stream.closed;
}
