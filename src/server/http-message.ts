import type { IncomingHttpHeaders } from 'node:http';
import { constants, Http2ServerRequest, type Http2Stream, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** What the server uses of a request, the same over HTTP/1.1 (http.IncomingMessage) and HTTP/2 (Http2ServerRequest). */
export interface HttpRequest extends Readable {
  method?: string | undefined;
  url?: string | undefined;
  /** What the peer wrote; `isHttp2` says what it speaks. */
  httpVersion: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  /** Whether the whole request has been received. */
  complete: boolean;
  socket: TLSSocket;
  /** HTTP/1.1 only: whether the connection was taken out of HTTP for this request. */
  upgrade?: boolean;
  /** HTTP/2 only. */
  stream?: Http2Stream;
}

/** What the server uses of a response, the same over HTTP/1.1 and HTTP/2. */
export interface HttpResponse extends Writable {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string | number | string[]): void;
  hasHeader(name: string): boolean;
  getHeader(name: string): unknown;
  getHeaderNames(): string[];
  removeHeader(name: string): void;
  flushHeaders(): void;
  /** HTTP/2 only. */
  stream?: ServerHttp2Stream;
}

/** Whether a request came over HTTP/2: by the parser that read it, never by the version that it claims. */
export function isHttp2(request: HttpRequest): boolean {
  return (request as object) instanceof Http2ServerRequest;
}

/** Whether an answer that is over did not reach the client whole. */
export function brokeOff({ stream, writableFinished }: HttpResponse): boolean {
  return stream ? stream.aborted || stream.rstCode !== 0 : !writableFinished;
}

/**
 * Ends an answer that cannot be completed so that the client takes it for broken: over HTTP/2 its stream is reset, over HTTP/1.1, which
 * has no other way, the connection is closed.
 */
export function breakOff(response: HttpResponse, code: number = constants.NGHTTP2_INTERNAL_ERROR): void {
  const { stream } = response;
  // Not destroy(): it resets with NO_ERROR, which clients may take for the end of the body.
  if (stream) stream.close(code);
  else response.destroy();
}
